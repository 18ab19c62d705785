//! A submission set: what was submitted together, by whom and why.
//!
//! ITI TF-3 4.2.3.3, Table 4.2.3.3-1. Fields stand in the order of the table.

use soap::xml::Element;

use crate::author::{Author, Recipient};
use crate::code::{Code, LocalizedStrings};
use crate::registry_object::{Attribute, Extra, Reader, Rim, Sketch, Writer, made_up};
use crate::vocabulary::{part, submission_set as scheme};
use crate::{AvailabilityStatus, HomeCommunityId, ObjectId, Oid, PatientId, RegistryErrors, Timestamp};

/// The metadata of one submission (`rim:RegistryPackage` under the node of a submission set).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionSet {
    /// Who submitted (4.2.3.3.1).
    pub author: Vec<Author>,
    /// Always approved once registered (4.2.3.3.2).
    pub availability_status: Option<AvailabilityStatus>,
    /// Free text about the submission (4.2.3.3.3).
    pub comments: LocalizedStrings,
    /// The clinical activity that led to it (4.2.3.3.4).
    pub content_type_code: Option<Code>,
    /// The id of this set (4.2.3.3.5).
    pub entry_uuid: ObjectId,
    /// The community that holds it (4.2.3.3.6).
    pub home_community_id: Option<HomeCommunityId>,
    /// Whom it is meant for (4.2.3.3.7).
    pub intended_recipient: Vec<Recipient>,
    /// Whether fewer attributes than usual are given on purpose (4.2.3.3.13).
    pub limited_metadata: bool,
    /// The patient as the affinity domain knows them (4.2.3.3.8).
    pub patient_id: Option<PatientId>,
    /// The Document Source (4.2.3.3.9).
    pub source_id: Oid,
    /// When it was submitted, in UTC (4.2.3.3.10).
    pub submission_time: Timestamp,
    /// The title (4.2.3.3.11).
    pub title: LocalizedStrings,
    /// The globally unique id of the submission (4.2.3.3.12).
    pub unique_id: Oid,
    /// What the standard does not name.
    pub extra: Extra,
}

pub(crate) const AUTHOR: Attribute = Attribute::new("author", scheme::AUTHOR, "4.2.3.3.1");
pub(crate) const CONTENT_TYPE_CODE: Attribute =
    Attribute::new("contentTypeCode", scheme::CONTENT_TYPE_CODE, "4.2.3.3.4");
pub(crate) const INTENDED_RECIPIENT: Attribute =
    Attribute::new("intendedRecipient", "intendedRecipient", "4.2.3.3.7");
pub(crate) const LIMITED_METADATA: Attribute =
    Attribute::new("limitedMetadata", scheme::LIMITED_METADATA, "4.2.3.3.13");
pub(crate) const PATIENT_ID: Attribute = Attribute::new("patientId", scheme::PATIENT_ID, "4.2.3.3.8");
pub(crate) const SOURCE_ID: Attribute = Attribute::new("sourceId", scheme::SOURCE_ID, "4.2.3.3.9");
pub(crate) const SUBMISSION_TIME: Attribute =
    Attribute::new("submissionTime", "submissionTime", "4.2.3.3.10");
pub(crate) const UNIQUE_ID: Attribute = Attribute::new("uniqueId", scheme::UNIQUE_ID, "4.2.3.3.12");

impl SubmissionSet {
    /// Reads a `rim:RegistryPackage`. What is wrong is added to `errors` and left out; `None` if it is something
    /// that no submission set lacks.
    pub fn read(element: &Element, errors: &mut RegistryErrors) -> Option<Self> {
        Self::sketch(element, errors)?.whole()
    }

    /// Reads as much as there is; what no submission set lacks is made up. Only without an id there is nothing.
    pub(crate) fn sketch(element: &Element, errors: &mut RegistryErrors) -> Option<Sketch<Self>> {
        let mut reader = Reader::new("SubmissionSet", element, errors);
        reader.marked(scheme::MARKER);
        let entry_uuid = reader.id();
        let source_id: Option<Oid> =
            reader.required(SOURCE_ID, |reader, attribute| reader.identifier(attribute, str::parse));
        let submission_time: Option<Timestamp> =
            reader.required(SUBMISSION_TIME, |reader, attribute| reader.slot(attribute, str::parse));
        let unique_id: Option<Oid> =
            reader.required(UNIQUE_ID, |reader, attribute| reader.identifier(attribute, str::parse));
        let is_whole = source_id.is_some() && submission_time.is_some() && unique_id.is_some();
        let set = Self {
            author: reader.authors(AUTHOR),
            availability_status: reader.status(),
            comments: reader.description(),
            content_type_code: reader.code(CONTENT_TYPE_CODE),
            home_community_id: reader.home(),
            intended_recipient: reader.slots(INTENDED_RECIPIENT, str::parse),
            limited_metadata: reader.marked(LIMITED_METADATA.key),
            patient_id: reader.identifier(PATIENT_ID, str::parse),
            title: reader.name(),
            extra: reader.finish(),
            // Last, so that all that is wrong has been found.
            source_id: source_id.unwrap_or_else(|| made_up(entry_uuid.as_ref(), SOURCE_ID)),
            submission_time: submission_time.unwrap_or_else(|| Timestamp::from_unix(0)),
            unique_id: unique_id.unwrap_or_else(|| made_up(entry_uuid.as_ref(), UNIQUE_ID)),
            entry_uuid: entry_uuid?,
        };
        Some(Sketch { object: set, is_whole })
    }

    /// Writes a `rim:RegistryPackage`.
    pub(crate) fn write(&self, rim: &mut Rim) {
        Writer::new(rim, "RegistryPackage", self.identity(), &self.extra)
            .attribute("home", self.home_community_id.as_ref())
            .attribute("objectType", Some(part::REGISTRY_PACKAGE))
            .attribute("status", self.availability_status.map(AvailabilityStatus::urn))
            .slot(INTENDED_RECIPIENT, &self.intended_recipient)
            .slot(SUBMISSION_TIME, Some(self.submission_time))
            .name(&self.title)
            .description(&self.comments)
            .mark(scheme::MARKER, true)
            .authors(AUTHOR, &self.author)
            .codes(CONTENT_TYPE_CODE, &self.content_type_code)
            .mark(LIMITED_METADATA.key, self.limited_metadata)
            .identifier(PATIENT_ID, self.patient_id.as_ref())
            .identifier(SOURCE_ID, Some(&self.source_id))
            .identifier(UNIQUE_ID, Some(&self.unique_id))
            .finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{golden, spoiled, written};
    use crate::sample;

    fn read(element: &Element) -> (Option<SubmissionSet>, Vec<String>) {
        let mut errors = RegistryErrors::default();
        let set = SubmissionSet::read(element, &mut errors);
        (set, errors.0.into_iter().map(|error| error.context).collect())
    }

    #[test]
    fn reads_and_writes_the_sample() {
        let file = golden("submission_set/sample.xml");
        assert_eq!(read(&file), (Some(sample().submission_set), vec![]));
        assert_eq!(written(|rim| sample().submission_set.write(rim)), file);
    }

    #[test]
    fn refuses_a_set_without_what_no_set_lacks() {
        let cases = [
            (">20240305102000<", "><", "submissionTime is missing, expected one value (ITI TF-3 4.2.3.3.10)"),
            (
                scheme::SOURCE_ID,
                "urn:example:x",
                "sourceId is missing, expected one value (ITI TF-3 4.2.3.3.9)",
            ),
            ("\"1.2.3.4.5.8\"", "\"urn:uuid:x\"", "uniqueId is 'urn:uuid:x', expected an OID"),
            ("id=\"SubmissionSet01\" ", "", "entryUUID is missing, expected one value"),
        ];
        for (from, to, expected) in cases {
            let (set, errors) = read(&spoiled("submission_set/sample.xml", from, to));
            assert_eq!(set, None);
            assert!(errors.iter().any(|error| error.contains(expected)), "{errors:?}");
        }
    }
}
