//! Rules about what contains what (ITI TF-3 4.2.2.1).

use std::collections::HashSet;

use metadata::{Association, ErrorCode, Finding, ObjectId, RegistryErrors, SubmissionSetStatus, quoted};

use super::{Case, End};
use crate::store::Kind;

const CLAUSE: &str = "TF-3 4.2.2.1";

/// The submission set has every document, folder and folder membership of the submission as its member.
pub(super) fn all_are_members(case: &Case<'_>, errors: &mut RegistryErrors) {
    let set = &case.submission.submission_set.entry_uuid;
    let from_set = case.memberships().filter(|association| association.source_object == *set);
    let members: HashSet<&ObjectId> = from_set.map(|association| &association.target_object).collect();
    let entries = case.submission.entries.iter().map(metadata::DocumentEntry::identity);
    let folders = case.submission.folders.iter().map(metadata::Folder::identity);
    let contents = case.memberships().filter(|association| case.is_folder_membership(association));
    let all = entries.chain(folders).chain(contents.map(Association::identity));
    for object in all.filter(|object| !members.contains(object.id)) {
        let expected = format!("an association from the SubmissionSet {} to it", quoted(set));
        let finding = Finding::new("HasMember", &"missing", &expected, CLAUSE);
        errors.push(finding.about(ErrorCode::Metadata, object));
    }
}

/// A membership leads from the submission set to what it brings or refers to, or from a folder to a document.
pub(super) fn memberships_make_sense(case: &Case<'_>, errors: &mut RegistryErrors) {
    let contents = case.memberships().filter(|association| case.is_folder_membership(association));
    let contents: HashSet<&ObjectId> = contents.map(|association| &association.entry_uuid).collect();
    for association in case.memberships() {
        let Some((source, target)) = both_ends(case, association, errors) else { continue };
        let (name, problem, expected) = match (source.kind(), target.kind()) {
            (Kind::SubmissionSet, _) if !source.is_brought() => {
                ("sourceObject", "the SubmissionSet of another submission".to_owned(), "that of this one")
            }
            (Kind::SubmissionSet, Kind::Folder) if !target.is_brought() => {
                ("targetObject", "a Folder of another submission".to_owned(), "one of this submission")
            }
            (Kind::SubmissionSet, Kind::Association) if !contents.contains(&association.target_object) => (
                "targetObject",
                "an Association that puts nothing into a Folder".to_owned(),
                "a HasMember from a Folder to a DocumentEntry in this submission",
            ),
            (Kind::SubmissionSet, Kind::SubmissionSet) => (
                "targetObject",
                "a SubmissionSet".to_owned(),
                "a DocumentEntry, a Folder of this submission or what puts a DocumentEntry into a Folder",
            ),
            (Kind::SubmissionSet, _) => continue,
            (Kind::Folder, kind) if kind.is_entry() => continue,
            (source, target) => (
                "targetObject",
                format!("a {target} from a {source}"),
                "what a SubmissionSet brings, or a DocumentEntry in a Folder",
            ),
        };
        let end =
            if name == "sourceObject" { &association.source_object } else { &association.target_object };
        let received = format!("{}, {problem}", quoted(end));
        let finding = Finding::new(name, &received, &expected, CLAUSE);
        errors.push(finding.about(ErrorCode::Metadata, association.identity()));
    }
}

/// Both ends, unless one means nothing, which is an error if nobody has said so before.
fn both_ends<'a>(
    case: &Case<'a>,
    association: &Association,
    errors: &mut RegistryErrors,
) -> Option<(End<'a>, End<'a>)> {
    let mut end = |name: &str, id: &ObjectId| {
        if case.is_nothing(id) {
            let received = format!("{}, neither in the submission nor in the registry", quoted(id));
            let finding = Finding::new(name, &received, &"the id of an object", "TF-2 3.42.4.1.3.3");
            errors.push(finding.about(ErrorCode::UnresolvedReference, association.identity()));
        }
        case.end(id)
    };
    let source = end("sourceObject", &association.source_object);
    let target = end("targetObject", &association.target_object);
    source.zip(target)
}

/// A submission set says truly whether it brings a document or refers to it (ITI TF-3 4.2.2.1.2). What it brings it
/// need not say.
pub(super) fn statuses_are_true(case: &Case<'_>, errors: &mut RegistryErrors) {
    for association in case.memberships() {
        let is_of_set = association.source_object == case.submission.submission_set.entry_uuid;
        let target = case.end(&association.target_object);
        let target = target.filter(|target| is_of_set && target.kind().is_entry());
        let Some(target) = target else { continue };
        let (status, expected) = match (association.submission_set_status, target.is_brought()) {
            (Some(SubmissionSetStatus::Original) | None, true)
            | (Some(SubmissionSetStatus::Reference), false) => continue,
            (status, true) => (status, "Original, for the DocumentEntry is in the submission"),
            (status, false) => (status, "Reference, for the DocumentEntry is not in the submission"),
        };
        let received = status.map_or_else(|| "missing".to_owned(), quoted);
        let finding = Finding::new("SubmissionSetStatus", &received, &expected, "TF-3 4.2.2.1.2");
        errors.push(finding.about(ErrorCode::Metadata, association.identity()));
    }
}

/// Only relationships are documented.
pub(super) fn memberships_are_undocumented(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check_documentation(errors);
}
