//! Rules about the objects themselves: attributes, patients, ids.

use std::collections::HashSet;

use metadata::requirements::{self, Sender};
use metadata::{ErrorCode, ObjectType, RegistryErrors};

use super::{Case, finding};
use crate::PatientPolicy;

/// What a repository must give (ITI TF-3 4.3.1), `repositoryUniqueId`, `hash` and `size` among it.
pub(super) fn required_attributes_are_given(case: &Case<'_>, errors: &mut RegistryErrors) {
    requirements::check(case.submission, Sender::Repository, errors);
}

/// On-demand entries are registered with ITI-61.
pub(super) fn entries_are_stable(case: &Case<'_>, errors: &mut RegistryErrors) {
    for entry in case.submission.entries.iter().filter(|entry| entry.object_type != ObjectType::Stable) {
        let problem =
            "objectType is on-demand, expected stable: on-demand entries are registered with ITI-61";
        errors.push(finding(ErrorCode::Metadata, entry.identity(), problem, "TF-2 3.42.4.1.2"));
    }
}

/// Patients are known from the identity feed, where there is one, and have not been merged into others.
pub(super) fn patients_are_known(case: &Case<'_>, errors: &mut RegistryErrors) {
    let mut seen = HashSet::new();
    for object in case.submission.identities() {
        let ours = object.patient_id.filter(|id| case.terms.domain.has_authority(id.authority()));
        let Some(id) = ours.filter(|id| seen.insert(*id)) else { continue };
        let problem = match case.known.patient(id) {
            None if case.terms.patients == PatientPolicy::Feed => "is not known to this registry",
            Some(patient) if patient.merged_into.is_some() => "was merged into another patient",
            _ => continue,
        };
        let problem = format!("patientId '{id}' {problem}");
        errors.push(finding(ErrorCode::UnknownPatientId, object, &problem, "TF-2 3.42.4.1.3.3.1"));
    }
}

/// One submission is about one patient.
pub(super) fn all_are_of_one_patient(case: &Case<'_>, errors: &mut RegistryErrors) {
    let Some(expected) = &case.submission.submission_set.patient_id else { return };
    for object in case.submission.identities() {
        if let Some(id) = object.patient_id.filter(|id| *id != expected) {
            let problem = format!("patientId '{id}' is not '{expected}' of the SubmissionSet");
            errors.push(finding(ErrorCode::PatientIdDoesNotMatch, object, &problem, "TF-2 3.42.4.1.3.3.1"));
        }
    }
}

/// Submission sets and folders have unique ids that nothing else has.
pub(super) fn unique_ids_are_free(case: &Case<'_>, errors: &mut RegistryErrors) {
    let set = std::iter::once(case.submission.submission_set.identity());
    let folders = case.submission.folders.iter().map(metadata::Folder::identity);
    for object in set.chain(folders) {
        let unique_id = object.unique_id.unwrap_or_default();
        if let Some(owner) = case.known.owner(unique_id) {
            let problem = format!("uniqueId '{unique_id}' is that of a registered {}", owner.kind);
            errors.push(finding(
                ErrorCode::DuplicateUniqueIdInRegistry,
                object,
                &problem,
                "TF-2 3.42.4.1.3.3",
            ));
        }
    }
}

/// A document may be registered again under its unique id, but only the same document.
pub(super) fn documents_do_not_change(case: &Case<'_>, errors: &mut RegistryErrors) {
    for entry in &case.submission.entries {
        let unique_id = entry.unique_id.as_str();
        let Some(owner) = case.known.owner(unique_id) else { continue };
        let mut refuse = |code, problem: &str| {
            let problem = format!("uniqueId '{unique_id}' is that of a registered {}{problem}", owner.kind);
            errors.push(finding(code, entry.identity(), &problem, "TF-2 3.42.4.1.3.3"));
        };
        if !owner.kind.is_entry() {
            refuse(ErrorCode::DuplicateUniqueIdInRegistry, "");
            continue;
        }
        if entry.hash.is_some_and(|hash| !owner.has_hash(&hash)) {
            refuse(ErrorCode::NonIdenticalHash, " with another hash");
        }
        if entry.size.is_some_and(|size| !owner.has_size(size)) {
            refuse(ErrorCode::NonIdenticalSize, " with another size");
        }
    }
}

/// Nothing is registered twice under one entryUUID.
pub(super) fn uuids_are_free(case: &Case<'_>, errors: &mut RegistryErrors) {
    for object in case.submission.identities() {
        if object.id.uuid().and_then(|uuid| case.known.object(uuid)).is_some() {
            let problem = "entryUUID is registered already, expected a symbolic id or a new UUID";
            errors.push(finding(ErrorCode::Metadata, object, problem, "TF-3 4.2.3.2"));
        }
    }
}
