//! A folder: documents of one patient that belong together.
//!
//! ITI TF-3 4.2.3.4, Table 4.2.3.4-1. Fields stand in the order of the table.

use soap::xml::Element;

use crate::code::{Code, LocalizedStrings};
use crate::registry_object::{Attribute, Extra, Reader, Rim, Sketch, Writer, made_up};
use crate::vocabulary::{folder as scheme, part};
use crate::{
    AvailabilityStatus, EntryUuid, HomeCommunityId, ObjectId, Oid, PatientId, RegistryErrors, Timestamp,
};

/// The metadata of one folder (`rim:RegistryPackage` under the node of a folder).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Whether the folder is current; set by the registry (4.2.3.4.1).
    pub availability_status: Option<AvailabilityStatus>,
    /// What the folder is for, in codes (4.2.3.4.2).
    pub code_list: Vec<Code>,
    /// Free text about the folder (4.2.3.4.3).
    pub comments: LocalizedStrings,
    /// The id of this folder (4.2.3.4.4).
    pub entry_uuid: ObjectId,
    /// The community that holds it (4.2.3.4.5).
    pub home_community_id: Option<HomeCommunityId>,
    /// When a document was last put in; set by the registry (4.2.3.4.6).
    pub last_update_time: Option<Timestamp>,
    /// Whether fewer attributes than usual are given on purpose (4.2.3.4.10).
    pub limited_metadata: bool,
    /// The id that all versions of this folder share; set by the registry.
    pub logical_id: Option<EntryUuid>,
    /// The patient as the affinity domain knows them (4.2.3.4.7).
    pub patient_id: Option<PatientId>,
    /// The title (4.2.3.4.8).
    pub title: LocalizedStrings,
    /// The globally unique id of the folder (4.2.3.4.9).
    pub unique_id: Oid,
    /// The version of this folder, from 1; set by the registry.
    pub version: Option<u32>,
    /// What the standard does not name.
    pub extra: Extra,
}

pub(crate) const CODE_LIST: Attribute = Attribute::new("codeList", scheme::CODE_LIST, "4.2.3.4.2");
pub(crate) const LAST_UPDATE_TIME: Attribute =
    Attribute::new("lastUpdateTime", "lastUpdateTime", "4.2.3.4.6");
pub(crate) const LIMITED_METADATA: Attribute =
    Attribute::new("limitedMetadata", scheme::LIMITED_METADATA, "4.2.3.4.10");
pub(crate) const PATIENT_ID: Attribute = Attribute::new("patientId", scheme::PATIENT_ID, "4.2.3.4.7");
pub(crate) const TITLE: Attribute = Attribute::new("title", "Name", "4.2.3.4.8");
pub(crate) const UNIQUE_ID: Attribute = Attribute::new("uniqueId", scheme::UNIQUE_ID, "4.2.3.4.9");

impl Folder {
    /// Reads a `rim:RegistryPackage`. What is wrong is added to `errors` and left out; `None` if it is something
    /// that no folder lacks.
    pub fn read(element: &Element, errors: &mut RegistryErrors) -> Option<Self> {
        Self::sketch(element, errors)?.whole()
    }

    /// Reads as much as there is; what no folder lacks is made up. Only without an id there is nothing.
    pub(crate) fn sketch(element: &Element, errors: &mut RegistryErrors) -> Option<Sketch<Self>> {
        let mut reader = Reader::new("Folder", element, errors);
        reader.marked(scheme::MARKER);
        let entry_uuid = reader.id();
        let unique_id: Option<Oid> =
            reader.required(UNIQUE_ID, |reader, attribute| reader.identifier(attribute, str::parse));
        let is_whole = unique_id.is_some();
        let folder = Self {
            availability_status: reader.status(),
            code_list: reader.codes(CODE_LIST),
            comments: reader.description(),
            home_community_id: reader.home(),
            last_update_time: reader.slot(LAST_UPDATE_TIME, str::parse),
            limited_metadata: reader.marked(LIMITED_METADATA.key),
            logical_id: reader.logical_id(),
            patient_id: reader.identifier(PATIENT_ID, str::parse),
            title: reader.name(),
            version: reader.version(),
            extra: reader.finish(),
            // Last, so that all that is wrong has been found.
            unique_id: unique_id.unwrap_or_else(|| made_up(entry_uuid.as_ref(), UNIQUE_ID)),
            entry_uuid: entry_uuid?,
        };
        Some(Sketch { object: folder, is_whole })
    }

    /// Writes a `rim:RegistryPackage`.
    pub(crate) fn write(&self, rim: &mut Rim) {
        Writer::new(rim, "RegistryPackage", self.identity(), &self.extra)
            .attribute("lid", self.logical_id)
            .attribute("home", self.home_community_id.as_ref())
            .attribute("objectType", Some(part::REGISTRY_PACKAGE))
            .attribute("status", self.availability_status.map(AvailabilityStatus::urn))
            .slot(LAST_UPDATE_TIME, self.last_update_time)
            .name(&self.title)
            .description(&self.comments)
            .version(self.version)
            .mark(scheme::MARKER, true)
            .codes(CODE_LIST, &self.code_list)
            .mark(LIMITED_METADATA.key, self.limited_metadata)
            .identifier(PATIENT_ID, self.patient_id.as_ref())
            .identifier(UNIQUE_ID, Some(&self.unique_id))
            .finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{golden, spoiled, written};
    use crate::sample_with_folder;

    fn read(element: &Element) -> (Option<Folder>, Vec<String>) {
        let mut errors = RegistryErrors::default();
        let folder = Folder::read(element, &mut errors);
        (folder, errors.0.into_iter().map(|error| error.context).collect())
    }

    #[test]
    fn reads_and_writes_the_sample() {
        let folder = sample_with_folder().folders.remove(0);
        let file = golden("folder/sample.xml");
        assert_eq!(read(&file), (Some(folder.clone()), vec![]));
        assert_eq!(written(|rim| folder.write(rim)), file);
    }

    #[test]
    fn refuses_a_folder_whose_unique_id_is_not_an_oid() {
        let (folder, errors) = read(&spoiled("folder/sample.xml", "\"1.2.3.4.5.9\"", "\"Folder\""));
        assert_eq!(folder, None);
        assert!(
            errors.len() == 1
                && errors[0].starts_with("Folder Folder01: uniqueId is 'Folder', expected an OID")
        );
    }
}
