//! A document entry: what is known of one document.
//!
//! ITI TF-3 4.2.3.2, Table 4.2.3.2-1. Fields stand in the order of the table.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use soap::xml::Element;

use crate::author::{Author, Person};
use crate::code::{Code, LocalizedStrings};
use crate::registry_object::{Attribute, Extra, Reader, Rim, Sketch, Writer, made_up, number};
use crate::vocabulary::document_entry as scheme;
use crate::{
    AvailabilityStatus, DocumentAvailability, EntryUuid, Hash, HomeCommunityId, Invalid, LanguageCode,
    MimeType, ObjectId, Oid, PatientId, ReferenceId, RegistryErrors, SourcePatientId, SourcePatientInfo,
    Timestamp, UniqueId,
};

/// The metadata of one document (`rim:ExtrinsicObject`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEntry {
    /// Who made the document (4.2.3.2.1).
    pub author: Vec<Author>,
    /// Whether the entry is current; set by the registry (4.2.3.2.2).
    pub availability_status: Option<AvailabilityStatus>,
    /// The high-level kind of document (4.2.3.2.3).
    pub class_code: Option<Code>,
    /// Free text about the document (4.2.3.2.4).
    pub comments: LocalizedStrings,
    /// How confidential it is (4.2.3.2.5).
    pub confidentiality_code: Vec<Code>,
    /// When the document was made, in UTC; absent on on-demand entries (4.2.3.2.6).
    pub creation_time: Option<Timestamp>,
    /// Whether the document can be retrieved now; absent means it can.
    pub document_availability: Option<DocumentAvailability>,
    /// The id of this entry (4.2.3.2.7).
    pub entry_uuid: ObjectId,
    /// What was done to the patient, in codes (4.2.3.2.8).
    pub event_code_list: Vec<Code>,
    /// The technical format of the content (4.2.3.2.9).
    pub format_code: Option<Code>,
    /// The SHA-1 of the document (4.2.3.2.10).
    pub hash: Option<Hash>,
    /// The kind of facility where it was made (4.2.3.2.11).
    pub healthcare_facility_type_code: Option<Code>,
    /// The community that holds it (4.2.3.2.12).
    pub home_community_id: Option<HomeCommunityId>,
    /// The language of the content (4.2.3.2.13).
    pub language_code: Option<LanguageCode>,
    /// Who attested it legally (4.2.3.2.14).
    pub legal_authenticator: Option<Person>,
    /// Whether fewer attributes than usual are given on purpose (4.2.3.2.29).
    pub limited_metadata: bool,
    /// The id that all versions of this entry share; set by the registry.
    pub logical_id: Option<EntryUuid>,
    /// The media type of the document (4.2.3.2.15).
    pub mime_type: MimeType,
    /// Whether the document exists or is made when asked for (4.2.3.2.30).
    pub object_type: ObjectType,
    /// The patient as the affinity domain knows them (4.2.3.2.16).
    pub patient_id: Option<PatientId>,
    /// The clinical specialty (4.2.3.2.17).
    pub practice_setting_code: Option<Code>,
    /// Other identifiers to find it by (4.2.3.2.28).
    pub reference_id_list: Vec<ReferenceId>,
    /// The repository that holds the document (4.2.3.2.18).
    pub repository_unique_id: Option<Oid>,
    /// When the service began (4.2.3.2.19).
    pub service_start_time: Option<Timestamp>,
    /// When the service ended (4.2.3.2.20).
    pub service_stop_time: Option<Timestamp>,
    /// The size of the document in bytes (4.2.3.2.21).
    pub size: Option<u64>,
    /// The patient as the source knows them (4.2.3.2.22).
    pub source_patient_id: Option<SourcePatientId>,
    /// What the source knows of the patient (4.2.3.2.23).
    pub source_patient_info: SourcePatientInfo,
    /// The title (4.2.3.2.24).
    pub title: LocalizedStrings,
    /// The precise kind of document (4.2.3.2.25).
    pub type_code: Option<Code>,
    /// The globally unique id of the document (4.2.3.2.26).
    pub unique_id: UniqueId,
    /// The file of the document on media (4.2.3.2.27).
    pub uri: Option<String>,
    /// The version of this entry, from 1; set by the registry.
    pub version: Option<u32>,
    /// What the standard does not name.
    pub extra: Extra,
}

/// What kind of document an entry stands for (ITI TF-3 4.2.3.2.30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectType {
    /// The document exists and does not change.
    Stable,
    /// The document is made when it is asked for.
    OnDemand,
}

impl ObjectType {
    /// Its UUID, as a URN.
    pub const fn urn(self) -> &'static str {
        match self {
            Self::Stable => scheme::STABLE,
            Self::OnDemand => scheme::ON_DEMAND,
        }
    }
}

impl FromStr for ObjectType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        [Self::Stable, Self::OnDemand]
            .into_iter()
            .find(|kind| text.trim_ascii().eq_ignore_ascii_case(kind.urn()))
            .ok_or_else(|| Invalid::new(text, "the objectType of a stable or an on-demand document entry"))
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.urn())
    }
}

pub(crate) const AUTHOR: Attribute = Attribute::new("author", scheme::AUTHOR, "4.2.3.2.1");
pub(crate) const CLASS_CODE: Attribute = Attribute::new("classCode", scheme::CLASS_CODE, "4.2.3.2.3");
pub(crate) const CONFIDENTIALITY_CODE: Attribute =
    Attribute::new("confidentialityCode", scheme::CONFIDENTIALITY_CODE, "4.2.3.2.5");
pub(crate) const CREATION_TIME: Attribute = Attribute::new("creationTime", "creationTime", "4.2.3.2.6");
pub(crate) const DOCUMENT_AVAILABILITY: Attribute =
    Attribute::new("documentAvailability", "documentAvailability", "4.2.3.2");
pub(crate) const EVENT_CODE_LIST: Attribute =
    Attribute::new("eventCodeList", scheme::EVENT_CODE_LIST, "4.2.3.2.8");
pub(crate) const FORMAT_CODE: Attribute = Attribute::new("formatCode", scheme::FORMAT_CODE, "4.2.3.2.9");
pub(crate) const HASH: Attribute = Attribute::new("hash", "hash", "4.2.3.2.10");
pub(crate) const HEALTHCARE_FACILITY_TYPE_CODE: Attribute =
    Attribute::new("healthcareFacilityTypeCode", scheme::HEALTHCARE_FACILITY_TYPE_CODE, "4.2.3.2.11");
pub(crate) const LANGUAGE_CODE: Attribute = Attribute::new("languageCode", "languageCode", "4.2.3.2.13");
pub(crate) const LEGAL_AUTHENTICATOR: Attribute =
    Attribute::new("legalAuthenticator", "legalAuthenticator", "4.2.3.2.14");
pub(crate) const LIMITED_METADATA: Attribute =
    Attribute::new("limitedMetadata", scheme::LIMITED_METADATA, "4.2.3.2.29");
pub(crate) const MIME_TYPE: Attribute = Attribute::new("mimeType", "mimeType", "4.2.3.2.15");
pub(crate) const OBJECT_TYPE: Attribute = Attribute::new("objectType", "objectType", "4.2.3.2.30");
pub(crate) const PATIENT_ID: Attribute = Attribute::new("patientId", scheme::PATIENT_ID, "4.2.3.2.16");
pub(crate) const PRACTICE_SETTING_CODE: Attribute =
    Attribute::new("practiceSettingCode", scheme::PRACTICE_SETTING_CODE, "4.2.3.2.17");
pub(crate) const REFERENCE_ID_LIST: Attribute =
    Attribute::new("referenceIdList", scheme::REFERENCE_ID_LIST, "4.2.3.2.28");
pub(crate) const REPOSITORY_UNIQUE_ID: Attribute =
    Attribute::new("repositoryUniqueId", "repositoryUniqueId", "4.2.3.2.18");
pub(crate) const SERVICE_START_TIME: Attribute =
    Attribute::new("serviceStartTime", "serviceStartTime", "4.2.3.2.19");
pub(crate) const SERVICE_STOP_TIME: Attribute =
    Attribute::new("serviceStopTime", "serviceStopTime", "4.2.3.2.20");
pub(crate) const SIZE: Attribute = Attribute::new("size", "size", "4.2.3.2.21");
pub(crate) const SOURCE_PATIENT_ID: Attribute =
    Attribute::new("sourcePatientId", "sourcePatientId", "4.2.3.2.22");
pub(crate) const SOURCE_PATIENT_INFO: Attribute =
    Attribute::new("sourcePatientInfo", "sourcePatientInfo", "4.2.3.2.23");
pub(crate) const TYPE_CODE: Attribute = Attribute::new("typeCode", scheme::TYPE_CODE, "4.2.3.2.25");
pub(crate) const UNIQUE_ID: Attribute = Attribute::new("uniqueId", scheme::UNIQUE_ID, "4.2.3.2.26");
pub(crate) const URI: Attribute = Attribute::new("URI", "URI", "4.2.3.2.27");

impl DocumentEntry {
    /// Reads a `rim:ExtrinsicObject`. What is wrong is added to `errors` and left out; `None` if it is something
    /// that no entry lacks.
    pub fn read(element: &Element, errors: &mut RegistryErrors) -> Option<Self> {
        Self::sketch(element, errors)?.whole()
    }

    /// Reads as much as there is; what no entry lacks is made up. Only without an id there is nothing.
    pub(crate) fn sketch(element: &Element, errors: &mut RegistryErrors) -> Option<Sketch<Self>> {
        let mut reader = Reader::new("DocumentEntry", element, errors);
        let entry_uuid = reader.id();
        let mime_type: Option<MimeType> =
            reader.required(MIME_TYPE, |reader, attribute| reader.attribute(attribute, str::parse));
        let object_type: Option<ObjectType> =
            reader.required(OBJECT_TYPE, |reader, attribute| reader.attribute(attribute, str::parse));
        let unique_id: Option<UniqueId> =
            reader.required(UNIQUE_ID, |reader, attribute| reader.identifier(attribute, str::parse));
        let is_whole = mime_type.is_some() && object_type.is_some() && unique_id.is_some();
        let entry = Self {
            author: reader.authors(AUTHOR),
            availability_status: reader.status(),
            class_code: reader.code(CLASS_CODE),
            comments: reader.description(),
            confidentiality_code: reader.codes(CONFIDENTIALITY_CODE),
            creation_time: reader.slot(CREATION_TIME, str::parse),
            document_availability: reader.slot(DOCUMENT_AVAILABILITY, str::parse),
            event_code_list: reader.codes(EVENT_CODE_LIST),
            format_code: reader.code(FORMAT_CODE),
            hash: reader.slot(HASH, str::parse),
            healthcare_facility_type_code: reader.code(HEALTHCARE_FACILITY_TYPE_CODE),
            home_community_id: reader.home(),
            language_code: reader.slot(LANGUAGE_CODE, str::parse),
            legal_authenticator: reader.slot(LEGAL_AUTHENTICATOR, str::parse),
            limited_metadata: reader.marked(LIMITED_METADATA.key),
            logical_id: reader.logical_id(),
            patient_id: reader.identifier(PATIENT_ID, str::parse),
            practice_setting_code: reader.code(PRACTICE_SETTING_CODE),
            reference_id_list: reader.slots(REFERENCE_ID_LIST, str::parse),
            repository_unique_id: reader.slot(REPOSITORY_UNIQUE_ID, str::parse),
            service_start_time: reader.slot(SERVICE_START_TIME, str::parse),
            service_stop_time: reader.slot(SERVICE_STOP_TIME, str::parse),
            size: reader.slot(SIZE, read_size),
            source_patient_id: reader.slot(SOURCE_PATIENT_ID, str::parse),
            source_patient_info: SourcePatientInfo(reader.slots(SOURCE_PATIENT_INFO, str::parse)),
            title: reader.name(),
            type_code: reader.code(TYPE_CODE),
            uri: quirk_uri_in_parts(reader.texts(URI)),
            version: reader.version(),
            extra: reader.finish(),
            // Last, so that all that is wrong has been found.
            mime_type: mime_type.unwrap_or_else(MimeType::unknown),
            object_type: object_type.unwrap_or(ObjectType::Stable),
            unique_id: unique_id.unwrap_or_else(|| made_up(entry_uuid.as_ref(), UNIQUE_ID).into()),
            entry_uuid: entry_uuid?,
        };
        Some(Sketch { object: entry, is_whole })
    }

    /// Writes a `rim:ExtrinsicObject`.
    pub(crate) fn write(&self, rim: &mut Rim) {
        Writer::new(rim, "ExtrinsicObject", self.identity(), &self.extra)
            .attribute("lid", self.logical_id)
            .attribute("home", self.home_community_id.as_ref())
            .attribute("mimeType", Some(&self.mime_type))
            .attribute("objectType", Some(self.object_type))
            .attribute("status", self.availability_status.map(AvailabilityStatus::urn))
            .slot(CREATION_TIME, self.creation_time)
            .slot(DOCUMENT_AVAILABILITY, self.document_availability.map(DocumentAvailability::urn))
            .slot(HASH, self.hash)
            .slot(LANGUAGE_CODE, &self.language_code)
            .slot(LEGAL_AUTHENTICATOR, &self.legal_authenticator)
            .slot(REFERENCE_ID_LIST, &self.reference_id_list)
            .slot(REPOSITORY_UNIQUE_ID, &self.repository_unique_id)
            .slot(SERVICE_START_TIME, self.service_start_time)
            .slot(SERVICE_STOP_TIME, self.service_stop_time)
            .slot(SIZE, self.size)
            .slot(SOURCE_PATIENT_ID, &self.source_patient_id)
            .slot(SOURCE_PATIENT_INFO, &self.source_patient_info.0)
            .slot(URI, &self.uri)
            .name(&self.title)
            .description(&self.comments)
            .version(self.version)
            .authors(AUTHOR, &self.author)
            .codes(CLASS_CODE, &self.class_code)
            .codes(CONFIDENTIALITY_CODE, &self.confidentiality_code)
            .codes(EVENT_CODE_LIST, &self.event_code_list)
            .codes(FORMAT_CODE, &self.format_code)
            .codes(HEALTHCARE_FACILITY_TYPE_CODE, &self.healthcare_facility_type_code)
            .mark(LIMITED_METADATA.key, self.limited_metadata)
            .codes(PRACTICE_SETTING_CODE, &self.practice_setting_code)
            .codes(TYPE_CODE, &self.type_code)
            .identifier(PATIENT_ID, self.patient_id.as_ref())
            .identifier(UNIQUE_ID, Some(&self.unique_id))
            .finish();
    }
}

fn read_size(text: &str) -> Result<u64, Invalid> {
    number(text).ok_or_else(|| Invalid::new(text, "a size in bytes, decimal digits"))
}

/// Early XDS split a long URI over several values, `1|first`, `2|second`; it is read and never written.
fn quirk_uri_in_parts(mut values: Vec<Cow<'_, str>>) -> Option<String> {
    if values.len() < 2 {
        return values.pop().map(Cow::into_owned);
    }
    let numbered = values.iter().map(|value| match value.split_once('|') {
        Some((at, part)) => number::<u32>(at).map_or((0, &**value), |at| (at, part)),
        None => (0, &**value),
    });
    let mut parts: Vec<_> = numbered.collect();
    parts.sort_by_key(|(at, _)| *at);
    Some(parts.into_iter().map(|(_, part)| part).collect())
}

#[cfg(test)]
mod tests;
