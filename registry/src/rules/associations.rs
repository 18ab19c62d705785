//! Rules about how objects stand to each other (ITI TF-3 4.2.2).

use std::collections::HashSet;

use metadata::{Association, AssociationType, ErrorCode, ObjectId, RegistryErrors, SubmissionSetStatus};

use super::{Case, End, finding};
use crate::store::{Kind, Object};

/// The submission set has every document, folder and folder membership of the submission as its member.
pub(super) fn all_are_members(case: &Case<'_>, errors: &mut RegistryErrors) {
    let set = &case.submission.submission_set.entry_uuid;
    let from_set = case.memberships().filter(|association| association.source_object == *set);
    let members: HashSet<&ObjectId> = from_set.map(|association| &association.target_object).collect();
    let entries = case.submission.entries.iter().map(metadata::DocumentEntry::identity);
    let folders = case.submission.folders.iter().map(metadata::Folder::identity);
    let contents = case.memberships().filter(|association| case.is_folder_membership(association));
    for object in entries.chain(folders).chain(contents.map(Association::identity)) {
        if !members.contains(object.id) {
            let problem = "the SubmissionSet has no HasMember association to it";
            errors.push(finding(ErrorCode::Metadata, object, problem, "TF-3 4.2.2.1"));
        }
    }
}

/// A membership leads from the submission set to what it brings or refers to, or from a folder to a document.
pub(super) fn memberships_make_sense(case: &Case<'_>, errors: &mut RegistryErrors) {
    let contents = case.memberships().filter(|association| case.is_folder_membership(association));
    let contents: HashSet<&ObjectId> = contents.map(|association| &association.entry_uuid).collect();
    for association in case.memberships() {
        let Some((source, target)) = both_ends(case, association, errors) else { continue };
        let problem = match (source.kind(), target.kind()) {
            (Kind::SubmissionSet, _) if !source.is_brought() => {
                "sourceObject is the SubmissionSet of another submission".to_owned()
            }
            (Kind::SubmissionSet, kind) if kind.is_entry() => {
                match status_problem(association, target.is_brought()) {
                    Some(problem) => problem.to_owned(),
                    None => continue,
                }
            }
            (Kind::SubmissionSet, Kind::Folder) if !target.is_brought() => {
                "targetObject is a Folder of another submission".to_owned()
            }
            (Kind::SubmissionSet, Kind::Association) if !contents.contains(&association.target_object) => {
                "targetObject is no HasMember from a folder to a document of this submission".to_owned()
            }
            (Kind::SubmissionSet, Kind::Folder | Kind::Association) => continue,
            (Kind::Folder, kind) if kind.is_entry() => continue,
            (source, target) => format!("HasMember cannot lead from a {source} to a {target}"),
        };
        errors.push(finding(ErrorCode::Metadata, association.identity(), &problem, "TF-3 4.2.2.1"));
    }
}

/// What is wrong with `SubmissionSetStatus` (ITI TF-3 4.2.2.1.2).
const fn status_problem(association: &Association, brought: bool) -> Option<&'static str> {
    match (association.submission_set_status, brought) {
        (Some(SubmissionSetStatus::Original) | None, true)
        | (Some(SubmissionSetStatus::Reference), false) => None,
        (None, false) => Some("SubmissionSetStatus is missing, expected Original or Reference"),
        (Some(SubmissionSetStatus::Original), false) => {
            Some("SubmissionSetStatus is Original, but the DocumentEntry is not in the submission")
        }
        (Some(SubmissionSetStatus::Reference), true) => {
            Some("SubmissionSetStatus is Reference, but the DocumentEntry is in the submission")
        }
    }
}

/// Both ends, unless a UUID means nothing, which is an error. A symbol without meaning was noticed before.
fn both_ends<'a>(
    case: &Case<'a>,
    association: &Association,
    errors: &mut RegistryErrors,
) -> Option<(End<'a>, End<'a>)> {
    let mut end = |name: &str, id: &ObjectId| {
        let found = case.end(id);
        if found.is_none() && id.uuid().is_some() {
            let problem = format!("{name} '{id}' is neither in the submission nor in the registry");
            errors.push(finding(
                ErrorCode::UnresolvedReference,
                association.identity(),
                &problem,
                "TF-2 3.42.4.1.3.3",
            ));
        }
        found
    };
    let source = end("sourceObject", &association.source_object);
    let target = end("targetObject", &association.target_object);
    source.zip(target)
}

/// A relationship leads from a document of this submission to a document: one in the registry where it is
/// replaced or a snapshot was taken, any where something is added to it.
pub(super) fn relationships_resolve(case: &Case<'_>, errors: &mut RegistryErrors) {
    for association in case.relationships() {
        if is_metadata_update(&association.association_type) {
            let problem =
                format!("{} belongs to an update of metadata (ITI-57)", association.association_type);
            errors.push(finding(ErrorCode::Metadata, association.identity(), &problem, "TF-3 4.2.2"));
            continue;
        }
        let Some((source, target)) = both_ends(case, association, errors) else { continue };
        let mut unresolved = |problem: &str| {
            let identity = association.identity();
            errors.push(finding(ErrorCode::UnresolvedReference, identity, problem, "TF-3 4.2.2.2"));
        };
        if !(source.is_brought() && source.kind().is_entry()) {
            unresolved("sourceObject is no DocumentEntry of this submission");
        }
        if !target.kind().is_entry() {
            unresolved("targetObject is no DocumentEntry");
        } else if target.is_brought() && needs_registered_target(&association.association_type) {
            unresolved("targetObject comes with this submission, expected a DocumentEntry in the registry");
        }
    }
}

const fn is_metadata_update(association_type: &AssociationType) -> bool {
    matches!(association_type, AssociationType::UpdateAvailabilityStatus | AssociationType::SubmitAssociation)
}

const fn needs_registered_target(association_type: &AssociationType) -> bool {
    association_type.replaces() || matches!(association_type, AssociationType::IsSnapshotOf)
}

/// What is deprecated is not replaced, added to, or put into a folder.
pub(super) fn ends_are_approved(case: &Case<'_>, errors: &mut RegistryErrors) {
    for (association, name, object) in registered_ends(case).filter(|(_, _, object)| !object.is_approved()) {
        let problem = format!("{name} '{}' is deprecated", object.uuid);
        errors.push(finding(ErrorCode::DeprecatedDocument, association.identity(), &problem, "TF-3 4.2.2.2"));
    }
}

/// Documents of different patients have nothing to do with each other, nor do folders.
pub(super) fn ends_are_of_one_patient(case: &Case<'_>, errors: &mut RegistryErrors) {
    let is_other = |object: &Object| Some(case.known.current_of(object)) != case.patient();
    for (association, name, object) in registered_ends(case).filter(|(_, _, object)| is_other(object)) {
        let problem = format!("{name} '{}' is of another patient than the submission", object.uuid);
        errors.push(finding(
            ErrorCode::PatientIdDoesNotMatch,
            association.identity(),
            &problem,
            "TF-3 4.2.2.2",
        ));
    }
}

/// The registered ends of relationships and of memberships in folders, with the name of the end.
fn registered_ends<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a Association, &'static str, &'a Object)> {
    let contents = case.memberships().filter(|association| case.is_folder_membership(association));
    contents.chain(case.relationships()).flat_map(move |association| {
        let ends =
            [("sourceObject", &association.source_object), ("targetObject", &association.target_object)];
        ends.into_iter().filter_map(move |(name, id)| match case.end(id)? {
            End::Registered(object) => Some((association, name, object)),
            End::Brought(_) => None,
        })
    })
}

/// A snapshot is a stable document made of an on-demand one.
pub(super) fn snapshots_are_of_on_demand_ones(case: &Case<'_>, errors: &mut RegistryErrors) {
    let snapshot = |association: &&Association| association.association_type == AssociationType::IsSnapshotOf;
    for association in case.relationships().filter(snapshot) {
        if case.end(&association.target_object).is_some_and(|target| target.kind() == Kind::StableEntry) {
            let problem = "targetObject is a stable DocumentEntry, expected an on-demand one";
            errors.push(finding(ErrorCode::Metadata, association.identity(), problem, "TF-3 4.2.2.2.6"));
        }
    }
}
