//! Which attributes a sender must give, must not give, or gives if it knows them.
//!
//! ITI TF-3 4.3.1, Table 4.3.1-3. Attributes that an object of ours cannot lack have no row.

use Need::{Forbidden as X, IfKnown as K, Optional as O, Required as R};

use crate::object::Identity;
use crate::registry_object::Attribute;
use crate::{
    DocumentEntry, ErrorCode, Finding, Folder, RegistryErrors, Submission, SubmissionSet,
    document_entry as entry, folder, submission_set as set,
};

/// Who sends; the column of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// An XDS Document Source (ITI-41).
    DocumentSource,
    /// An XDS Document Repository (ITI-42).
    Repository,
    /// An XDM Portable Media Creator.
    MediaCreator,
    /// An XDR Document Source.
    RecipientSource,
    /// An XDR Metadata-limited Document Source.
    LimitedSource,
    /// An On-Demand Document Source (ITI-61).
    OnDemandSource,
}

/// What is demanded of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    /// R2: required if known, which only the sender can tell.
    IfKnown,
    Optional,
    Forbidden,
}

/// An attribute, what each sender must do about it, and whether an object has it.
struct Row<T> {
    attribute: Attribute,
    needs: [Need; 6],
    has: fn(&T) -> bool,
}

/// Adds an error for each attribute that is missing or that may not be there.
pub fn check(submission: &Submission, sender: Sender, errors: &mut RegistryErrors) {
    let Submission { submission_set, entries, folders, .. } = submission;
    check_object(submission_set, submission_set.identity(), SUBMISSION_SET, sender, errors);
    for entry in entries {
        check_object(entry, entry.identity(), DOCUMENT_ENTRY, sender, errors);
    }
    for folder in folders {
        check_object(folder, folder.identity(), FOLDER, sender, errors);
    }
}

fn check_object<T>(
    object: &T,
    identity: Identity<'_>,
    rows: &[Row<T>],
    sender: Sender,
    errors: &mut RegistryErrors,
) {
    for row in rows {
        let (received, expected) = match (row.need(sender), (row.has)(object)) {
            (Need::Required, false) => ("missing", "a value"),
            (Need::Forbidden, true) => ("given", "none"),
            (Need::Required | Need::IfKnown | Need::Optional | Need::Forbidden, _) => continue,
        };
        let Attribute { name, clause, .. } = row.attribute;
        let (expected, clause) =
            (format!("{expected} from {}", sender.name()), format!("TF-3 {clause}, 4.3.1"));
        let finding = Finding::new(name, &received, &expected, &clause);
        errors.push(finding.about(ErrorCode::Metadata, identity));
    }
}

impl Sender {
    const fn name(self) -> &'static str {
        match self {
            Self::DocumentSource => "an XDS Document Source",
            Self::Repository => "a Document Repository",
            Self::MediaCreator => "an XDM Portable Media Creator",
            Self::RecipientSource => "an XDR Document Source",
            Self::LimitedSource => "a Metadata-limited Document Source",
            Self::OnDemandSource => "an On-Demand Document Source",
        }
    }
}

impl<T> Row<T> {
    const fn need(&self, sender: Sender) -> Need {
        let [source, repository, media, recipient, limited, on_demand] = self.needs;
        match sender {
            Sender::DocumentSource => source,
            Sender::Repository => repository,
            Sender::MediaCreator => media,
            Sender::RecipientSource => recipient,
            Sender::LimitedSource => limited,
            Sender::OnDemandSource => on_demand,
        }
    }
}

const fn row<T>(attribute: Attribute, needs: [Need; 6], has: fn(&T) -> bool) -> Row<T> {
    Row { attribute, needs, has }
}

/// Required, but for media and limited metadata.
const MAIN: [Need; 6] = [R, R, K, R, K, R];
const ALL_IF_KNOWN: [Need; 6] = [K; 6];
const ALL_OPTIONAL: [Need; 6] = [O; 6];
/// The marker of limited metadata, for those who may limit it.
const MARKER: [Need; 6] = [X, X, O, X, R, X];
const SERVICE_TIME: [Need; 6] = [K, K, K, K, K, O];
const INTEGRITY: [Need; 6] = [O, R, R, O, O, X];

/// Of a document entry.
const DOCUMENT_ENTRY: &[Row<DocumentEntry>] = &[
    row(entry::AUTHOR, ALL_IF_KNOWN, |it| !it.author.is_empty()),
    row(entry::CLASS_CODE, MAIN, |it| it.class_code.is_some()),
    row(entry::CONFIDENTIALITY_CODE, MAIN, |it| !it.confidentiality_code.is_empty()),
    row(entry::CREATION_TIME, [R, R, K, R, K, X], |it| it.creation_time.is_some()),
    row(entry::DOCUMENT_AVAILABILITY, [O, O, O, O, O, X], |it| it.document_availability.is_some()),
    row(entry::EVENT_CODE_LIST, ALL_OPTIONAL, |it| !it.event_code_list.is_empty()),
    row(entry::FORMAT_CODE, MAIN, |it| it.format_code.is_some()),
    row(entry::HASH, INTEGRITY, |it| it.hash.is_some()),
    row(entry::HEALTHCARE_FACILITY_TYPE_CODE, MAIN, |it| it.healthcare_facility_type_code.is_some()),
    row(entry::LANGUAGE_CODE, MAIN, |it| it.language_code.is_some()),
    row(entry::LEGAL_AUTHENTICATOR, ALL_OPTIONAL, |it| it.legal_authenticator.is_some()),
    row(entry::LIMITED_METADATA, MARKER, |it| it.limited_metadata),
    row(entry::PATIENT_ID, MAIN, |it| it.patient_id.is_some()),
    row(entry::PRACTICE_SETTING_CODE, MAIN, |it| it.practice_setting_code.is_some()),
    row(entry::REFERENCE_ID_LIST, ALL_OPTIONAL, |it| !it.reference_id_list.is_empty()),
    row(entry::REPOSITORY_UNIQUE_ID, [O, R, O, O, O, R], |it| it.repository_unique_id.is_some()),
    row(entry::SERVICE_START_TIME, SERVICE_TIME, |it| it.service_start_time.is_some()),
    row(entry::SERVICE_STOP_TIME, SERVICE_TIME, |it| it.service_stop_time.is_some()),
    row(entry::SIZE, INTEGRITY, |it| it.size.is_some()),
    row(entry::SOURCE_PATIENT_ID, MAIN, |it| it.source_patient_id.is_some()),
    row(entry::SOURCE_PATIENT_INFO, [O, O, K, O, K, O], |it| !it.source_patient_info.0.is_empty()),
    row(entry::TYPE_CODE, MAIN, |it| it.type_code.is_some()),
    row(entry::URI, [O, O, R, O, O, O], |it| it.uri.is_some()),
];

/// Of a submission set.
const SUBMISSION_SET: &[Row<SubmissionSet>] = &[
    row(set::AUTHOR, ALL_IF_KNOWN, |it| !it.author.is_empty()),
    row(set::CONTENT_TYPE_CODE, MAIN, |it| it.content_type_code.is_some()),
    row(set::INTENDED_RECIPIENT, [O, O, K, K, K, O], |it| !it.intended_recipient.is_empty()),
    row(set::LIMITED_METADATA, MARKER, |it| it.limited_metadata),
    row(set::PATIENT_ID, MAIN, |it| it.patient_id.is_some()),
];

/// Of a folder.
const FOLDER: &[Row<Folder>] = &[
    row(folder::CODE_LIST, MAIN, |it| !it.code_list.is_empty()),
    row(folder::LAST_UPDATE_TIME, ALL_OPTIONAL, |it| it.last_update_time.is_some()),
    row(folder::LIMITED_METADATA, MARKER, |it| it.limited_metadata),
    row(folder::PATIENT_ID, MAIN, |it| it.patient_id.is_some()),
    row(folder::TITLE, [R, R, O, R, O, R], |it| !it.title.is_empty()),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, ObjectType, sample_with_folder};

    fn problems(submission: &Submission, sender: Sender) -> Vec<String> {
        let mut errors = RegistryErrors::default();
        check(submission, sender, &mut errors);
        assert!(errors.0.iter().all(|error| error.code == ErrorCode::Metadata && error.location.is_some()));
        errors.0.into_iter().map(|error| error.context).collect()
    }

    #[test]
    fn the_sample_meets_the_demands_on_sources_and_repositories() {
        let sample = sample_with_folder();
        for sender in [Sender::DocumentSource, Sender::Repository, Sender::RecipientSource] {
            assert_eq!(problems(&sample, sender), Vec::<String>::new(), "{sender:?}");
        }
    }

    #[test]
    fn refuses_an_entry_without_patient_id() {
        let mut sample = sample_with_folder();
        sample.entries[0].patient_id = None;
        assert_eq!(
            problems(&sample, Sender::DocumentSource),
            ["DocumentEntry Document01: patientId is missing, expected a value from an XDS Document Source \
              (ITI TF-3 4.2.3.2.16, 4.3.1)"]
        );
        sample.entries[0].uri = Some("IHE_XDM/SUBSET01/DOC0001.DCM".to_owned());
        assert_eq!(problems(&sample, Sender::MediaCreator), Vec::<String>::new());
    }

    #[test]
    fn names_everything_that_is_missing_at_once() {
        let mut sample = sample_with_folder();
        let entry = &mut sample.entries[0];
        (entry.hash, entry.size, entry.repository_unique_id) = (None, None, None);
        sample.submission_set.content_type_code = None;
        sample.folders[0].title = "".into();
        assert_eq!(problems(&sample, Sender::DocumentSource).len(), 2);
        let from_repository = problems(&sample, Sender::Repository);
        let expected = ["contentTypeCode", "hash", "repositoryUniqueId", "size", "title"];
        assert_eq!(from_repository.len(), expected.len(), "{from_repository:?}");
        for (problem, name) in from_repository.iter().zip(expected) {
            assert!(problem.contains(&format!(": {name} is missing")), "{problem}");
        }
    }

    #[test]
    fn refuses_what_an_on_demand_entry_cannot_have() {
        let mut sample = sample_with_folder();
        sample.entries[0].object_type = ObjectType::OnDemand;
        let given = problems(&sample, Sender::OnDemandSource);
        let expected = ["creationTime", "hash", "size"];
        assert_eq!(given.len(), expected.len(), "{given:?}");
        for (problem, name) in given.iter().zip(expected) {
            assert!(problem.contains(&format!(": {name} is given, expected none")), "{problem}");
        }
    }

    #[test]
    fn limited_metadata_is_marked_and_may_lack_codes() {
        let mut sample = sample_with_folder();
        for entry in &mut sample.entries {
            entry.type_code = None::<Code>;
            entry.limited_metadata = true;
        }
        sample.submission_set.limited_metadata = true;
        assert_eq!(problems(&sample, Sender::LimitedSource).len(), 1, "the folder is not marked");
        assert_eq!(problems(&sample, Sender::DocumentSource).len(), 3);
    }
}
