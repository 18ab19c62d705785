//! Rules about the objects themselves: attributes, patients, ids.

use std::collections::HashSet;

use metadata::requirements::{self, Sender};
use metadata::{ErrorCode, Finding, Identity, ObjectType, RegistryErrors, quoted};

use super::Case;
use crate::PatientPolicy;

/// The ids of a message differ.
pub(super) fn ids_differ(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check_ids(errors);
}

/// No unique id stands twice in a message.
pub(super) fn unique_ids_differ(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check_unique_ids(errors);
}

/// What a repository must give (ITI TF-3 4.3.1), `repositoryUniqueId`, `hash` and `size` among it.
pub(super) fn required_attributes_are_given(case: &Case<'_>, errors: &mut RegistryErrors) {
    requirements::check(case.submission, Sender::Repository, errors);
}

/// No service ends before it began.
pub(super) fn service_times_are_in_order(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check_service_times(errors);
}

/// On-demand entries are registered with ITI-61.
pub(super) fn entries_are_stable(case: &Case<'_>, errors: &mut RegistryErrors) {
    for entry in case.submission.entries.iter().filter(|entry| entry.object_type != ObjectType::Stable) {
        let received = format!("{}, on-demand", quoted(entry.object_type));
        let expected = "the one of a stable entry: on-demand entries are registered with ITI-61";
        let finding = Finding::new("objectType", &received, &expected, "TF-2 3.42.4.1.2");
        errors.push(finding.about(ErrorCode::Metadata, entry.identity()));
    }
}

/// Patients are known from the identity feed, where there is one, and have not been merged into others.
pub(super) fn patients_are_known(case: &Case<'_>, errors: &mut RegistryErrors) {
    let mut seen = HashSet::new();
    for object in case.submission.identities() {
        let ours = object.patient_id.filter(|id| case.terms.domain.has_authority(id.authority()));
        let Some(id) = ours.filter(|id| seen.insert(*id)) else { continue };
        let problem = match case.known.patient(id) {
            None if case.terms.patients == PatientPolicy::Feed => "not known to this registry",
            Some(patient) if patient.merged_into.is_some() => "merged into another patient",
            _ => continue,
        };
        let received = format!("{}, {problem}", quoted(id));
        let expected = "a patient of whom the identity feed has told";
        let finding = Finding::new("patientId", &received, &expected, "TF-2 3.42.4.1.3.3.1");
        errors.push(finding.about(ErrorCode::UnknownPatientId, object));
    }
}

/// One submission is about one patient.
pub(super) fn all_are_of_one_patient(case: &Case<'_>, errors: &mut RegistryErrors) {
    let Some(of_set) = &case.submission.submission_set.patient_id else { return };
    for object in case.submission.identities() {
        if let Some(id) = object.patient_id.filter(|id| *id != of_set) {
            let (received, expected) = (quoted(id), format!("{} as of the SubmissionSet", quoted(of_set)));
            let finding = Finding::new("patientId", &received, &expected, "TF-2 3.42.4.1.3.3.1");
            errors.push(finding.about(ErrorCode::PatientIdDoesNotMatch, object));
        }
    }
}

/// Submission sets and folders have unique ids that nothing else has.
pub(super) fn unique_ids_are_free(case: &Case<'_>, errors: &mut RegistryErrors) {
    let set = std::iter::once(case.submission.submission_set.identity());
    let folders = case.submission.folders.iter().map(metadata::Folder::identity);
    set.chain(folders).for_each(|object| unique_id_is_free(case, object, errors));
}

fn unique_id_is_free(case: &Case<'_>, object: Identity<'_>, errors: &mut RegistryErrors) {
    let unique_id = object.unique_id.unwrap_or_default();
    if let Some(owner) = case.known.owner(unique_id) {
        let received = format!("{}, that of a registered {}", quoted(unique_id), owner.kind);
        let finding = Finding::new("uniqueId", &received, &"one that nothing has yet", "TF-2 3.42.4.1.3.3");
        errors.push(finding.about(ErrorCode::DuplicateUniqueIdInRegistry, object));
    }
}

/// A document may be registered again under its unique id, but only the same document.
pub(super) fn documents_do_not_change(case: &Case<'_>, errors: &mut RegistryErrors) {
    const CLAUSE: &str = "TF-2 3.42.4.1.3.3";
    for entry in &case.submission.entries {
        let Some(owner) = case.known.owner(entry.unique_id.as_str()) else { continue };
        if !owner.kind.is_entry() {
            unique_id_is_free(case, entry.identity(), errors);
            continue;
        }
        let id = quoted(&entry.unique_id);
        if let Some(hash) = entry.hash.filter(|hash| !owner.has_hash(hash)) {
            let expected =
                format!("{} as of the document registered under uniqueId {id}", quoted(owner.hash()));
            let received = quoted(hash);
            let finding = Finding::new("hash", &received, &expected, CLAUSE);
            errors.push(finding.about(ErrorCode::NonIdenticalHash, entry.identity()));
        }
        if let Some(size) = entry.size.filter(|size| !owner.has_size(*size)) {
            let expected =
                format!("{} as of the document registered under uniqueId {id}", quoted(owner.size()));
            let received = quoted(size);
            let finding = Finding::new("size", &received, &expected, CLAUSE);
            errors.push(finding.about(ErrorCode::NonIdenticalSize, entry.identity()));
        }
    }
}

/// Nothing is registered twice under one entryUUID.
pub(super) fn uuids_are_free(case: &Case<'_>, errors: &mut RegistryErrors) {
    for object in case.submission.identities() {
        if object.id.uuid().and_then(|uuid| case.known.object(uuid)).is_some() {
            let received = format!("{}, which is registered already", quoted(object.id));
            let expected = "a symbolic id or a new UUID";
            let finding = Finding::new("entryUUID", &received, &expected, "TF-3 4.2.3.2");
            errors.push(finding.about(ErrorCode::Metadata, object));
        }
    }
}
