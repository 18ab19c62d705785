//! What a person says of documents that say nothing themselves: `--metadata FILE`, TOML.

use std::path::Path;

use metadata::{
    Association, AssociationType, Author, DocumentEntry, Extra, Hash, LocalizedStrings, MimeType, ObjectId,
    ObjectType, Oid, Organization, PatientId, Person, SourcePatientInfo, Submission, SubmissionSet,
    Timestamp, UniqueId,
};
use serde::Deserialize;

use super::description::{Describing, fresh};
use crate::config::{Code, Text};
use crate::exit::{Failure, file};
use crate::node::now;

/// The attributes of a document entry that a person can give; the rest is made or comes from the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// `mimeType`.
    mime_type: Text<MimeType>,
    /// `formatCode`.
    format: Code,
    /// `typeCode`.
    r#type: Code,
    /// `classCode`; that of the configuration if it is not given.
    class: Option<Code>,
    /// `practiceSettingCode`; radiology if it is not given.
    practice_setting: Option<Code>,
    /// `title`; the name of the file if it is not given.
    title: Option<String>,
    /// `uniqueId`; made of the bytes and the patient if it is not given, the same each time.
    unique_id: Option<Text<UniqueId>>,
    /// `creationTime`, in UTC; when the file was changed if it is not given.
    creation_time: Option<Text<Timestamp>>,
    /// `serviceStartTime`, in UTC.
    service_start: Option<Text<Timestamp>>,
    /// `serviceStopTime`, in UTC.
    service_stop: Option<Text<Timestamp>>,
    /// `eventCodeList`.
    #[serde(default)]
    event: Vec<Code>,
    /// Who wrote it: family name, given name.
    author: Option<[String; 2]>,
}

const EXAMPLE: &str = "\
    mime_type = \"application/pdf\"\n  \
    format = { code = \"urn:ihe:iti:xds-sd:pdf:2008\", scheme = \"1.3.6.1.4.1.19376.1.2.3\", display = \"PDF\" }\n  \
    type = { code = \"11528-7\", scheme = \"2.16.840.1.113883.6.1\", display = \"Radiology report\" }";

impl Said {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| file(path, "read it", &error))?;
        toml::from_str(&text).map_err(|error| {
            Failure::Usage(format!("--metadata {}: {error}\nexpected at least\n  {EXAMPLE}", path.display()))
        })
    }

    /// One document in one submission.
    pub(super) fn submission(
        &self,
        path: &Path,
        hash: Hash,
        describing: &Describing,
    ) -> Result<Submission, String> {
        let (set, document) = (symbol("submission"), symbol(DOCUMENT));
        let member = Association::new(AssociationType::HasMember, symbol("member"), set.clone(), document);
        let original = Some(metadata::SubmissionSetStatus::Original);
        let entry = self.entry(path, hash, describing)?;
        Ok(Submission {
            submission_set: SubmissionSet {
                author: entry.author.clone(),
                availability_status: None,
                comments: LocalizedStrings::default(),
                content_type_code: Some((&describing.codes().content).into()),
                entry_uuid: set,
                home_community_id: None,
                intended_recipient: Vec::new(),
                limited_metadata: false,
                patient_id: entry.patient_id.clone(),
                source_id: describing.source_id().clone(),
                submission_time: Timestamp::from_unix(now()),
                title: entry.title.clone(),
                unique_id: fresh(),
                extra: Extra::default(),
            },
            entries: vec![entry],
            folders: Vec::new(),
            associations: vec![Association { submission_set_status: original, ..member }],
        })
    }

    fn entry(&self, path: &Path, hash: Hash, describing: &Describing) -> Result<DocumentEntry, String> {
        let codes = describing.codes();
        let patient = describing.patient(None)?;
        let unique_id = self.unique_id.as_deref().cloned().unwrap_or_else(|| made_of(hash, &patient));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(DocumentEntry {
            author: vec![self.author(describing.institution())?],
            availability_status: None,
            class_code: Some(self.class.as_ref().unwrap_or(&codes.class).into()),
            comments: LocalizedStrings::default(),
            confidentiality_code: vec![(&codes.confidentiality).into()],
            creation_time: self.creation_time.as_deref().copied().or_else(|| changed(path)),
            document_availability: None,
            entry_uuid: symbol(DOCUMENT),
            event_code_list: self.event.iter().map(Into::into).collect(),
            format_code: Some((&self.format).into()),
            hash: None,
            healthcare_facility_type_code: Some((&codes.facility).into()),
            home_community_id: None,
            language_code: Some(describing.language().clone()),
            legal_authenticator: None,
            limited_metadata: false,
            logical_id: None,
            mime_type: MimeType::clone(&self.mime_type),
            object_type: ObjectType::Stable,
            patient_id: Some(patient.clone()),
            practice_setting_code: Some(self.practice_setting.as_ref().unwrap_or(&codes.radiology).into()),
            reference_id_list: Vec::new(),
            repository_unique_id: None,
            service_start_time: self.service_start.as_deref().copied(),
            service_stop_time: self.service_stop.as_deref().copied(),
            size: None,
            source_patient_id: Some(patient.into()),
            source_patient_info: SourcePatientInfo::default(),
            title: self.title.as_deref().unwrap_or(&name).into(),
            type_code: Some((&self.r#type).into()),
            unique_id,
            uri: None,
            version: None,
            extra: Extra::default(),
        })
    }

    fn author(&self, institution: Option<&Organization>) -> Result<Author, String> {
        let person = self.author.as_ref().map(|[family, given]| Person::named(family, given)).transpose();
        let author_person = person.map_err(|error| format!("author: {error}"))?;
        if author_person.is_none() && institution.is_none() {
            return Err(
                "nobody is said to have written it; give author = [\"FAMILY\", \"GIVEN\"] in the metadata \
                        file, or institution.name in the configuration"
                    .to_owned(),
            );
        }
        Ok(Author {
            author_person,
            author_institution: institution.cloned().into_iter().collect(),
            ..Author::default()
        })
    }
}

/// The entry, inside its submission.
const DOCUMENT: &str = "document";

fn symbol(name: &str) -> ObjectId {
    ObjectId::Symbolic(name.to_owned())
}

/// The same id for the same bytes and patient, so that a second submission is recognised.
fn made_of(hash: Hash, patient: &PatientId) -> UniqueId {
    let name = format!("{hash} {patient}");
    Oid::from_uuid(uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, name.as_bytes())).into()
}

/// When the file was last changed.
fn changed(path: &Path) -> Option<Timestamp> {
    let changed = std::fs::metadata(path).ok()?.modified().ok()?;
    let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_unix(i64::try_from(since.as_secs()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_enough() {
        let said: Said = toml::from_str(EXAMPLE).unwrap();
        assert_eq!(said.mime_type.as_str(), "application/pdf");
        assert!(toml::from_str::<Said>(&format!("{EXAMPLE}\nkind = 1")).is_err());
    }
}
