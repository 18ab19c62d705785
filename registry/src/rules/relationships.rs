//! Rules about how documents stand to each other (ITI TF-3 4.2.2.2).

use std::collections::HashSet;

use metadata::{Association, AssociationType, ErrorCode, Finding, ObjectId, RegistryErrors, quoted};

use super::{Case, End, is_membership, is_relationship};
use crate::store::Kind;

const CLAUSE: &str = "TF-3 4.2.2.2";

/// A submission has associations of types whose meaning the registry knows (`docs/decisions/0007`).
pub(super) fn types_are_of_a_submission(case: &Case<'_>, errors: &mut RegistryErrors) {
    let associations = case.submission.associations.iter();
    for association in associations.filter(|one| !is_membership(one) && !is_relationship(one)) {
        let received = quoted(&association.association_type);
        let expected = match association.association_type {
            AssociationType::Other(_) => "HasMember, RPLC, XFRM, APND, XFRM_RPLC, signs or IsSnapshotOf",
            _ => "none that belongs to an update of metadata (ITI-57)",
        };
        let finding = Finding::new("associationType", &received, &expected, "TF-3 4.2.2");
        errors.push(finding.about(ErrorCode::Metadata, association.identity()));
    }
}

/// A relationship starts at a document of this submission.
pub(super) fn sources_come_along(case: &Case<'_>, errors: &mut RegistryErrors) {
    for association in case.relationships() {
        let id = &association.source_object;
        let problem = match case.end(id) {
            Some(source) if source.is_brought() && source.kind().is_entry() => continue,
            None if !case.is_nothing(id) => continue,
            Some(End::Registered(object)) => format!("a {} of another submission", object.kind),
            Some(End::Brought(kind)) => format!("a {kind}"),
            None => "which is not in the submission".to_owned(),
        };
        unresolved(association, "sourceObject", id, &problem, "a DocumentEntry of this submission", errors);
    }
}

/// A relationship ends at a document: one in the registry where it is replaced or a snapshot was taken, any where
/// something is added to it.
pub(super) fn targets_are_there(case: &Case<'_>, errors: &mut RegistryErrors) {
    for association in case.relationships() {
        let id = &association.target_object;
        let registered = needs_registered_target(&association.association_type);
        let problem = match case.end(id) {
            Some(target) if target.kind().is_entry() && !(registered && target.is_brought()) => continue,
            None if !case.is_nothing(id) => continue,
            Some(target) if target.kind().is_entry() => "which comes with this submission".to_owned(),
            Some(target) => format!("a {}", target.kind()),
            None => "neither in the submission nor in the registry".to_owned(),
        };
        let expected = if registered { "a DocumentEntry in the registry" } else { "a DocumentEntry" };
        unresolved(association, "targetObject", id, &problem, expected, errors);
    }
}

fn unresolved(
    association: &Association,
    name: &str,
    id: &ObjectId,
    problem: &str,
    expected: &str,
    errors: &mut RegistryErrors,
) {
    let received = format!("{}, {problem}", quoted(id));
    let finding = Finding::new(name, &received, &expected, CLAUSE);
    errors.push(finding.about(ErrorCode::UnresolvedReference, association.identity()));
}

const fn needs_registered_target(association_type: &AssociationType) -> bool {
    association_type.replaces() || matches!(association_type, AssociationType::IsSnapshotOf)
}

/// Something is added to a document itself and not to what was made of it. What a transformation has replaced is gone,
/// so that one may be added to.
pub(super) fn additions_are_not_to_transformations(case: &Case<'_>, errors: &mut RegistryErrors) {
    let is = |one: &&Association, kind| one.association_type == kind;
    let brought = case.relationships().filter(|one| is(one, AssociationType::Transform));
    let brought: HashSet<&ObjectId> = brought.map(|association| &association.source_object).collect();
    for association in case.relationships().filter(|one| is(one, AssociationType::Append)) {
        let id = &association.target_object;
        let registered = id.uuid().is_some_and(|uuid| case.known.is_transformation(uuid));
        if registered || brought.contains(id) {
            let received = format!("{}, a transformation of another document", quoted(id));
            let finding = Finding::new("targetObject", &received, &"that document itself", CLAUSE);
            errors.push(finding.about(ErrorCode::Metadata, association.identity()));
        }
    }
}

/// A document is replaced once, and the submission that replaces it adds nothing to it: that would be deprecated as
/// soon as it is registered (`docs/decisions/0007`).
pub(super) fn what_is_replaced_gets_nothing_else(case: &Case<'_>, errors: &mut RegistryErrors) {
    let replaces = |one: &&Association| one.association_type.replaces();
    let replaced = case.relationships().filter(replaces).map(|association| &association.target_object);
    let replaced: HashSet<&ObjectId> = replaced.collect();
    let mut seen = HashSet::new();
    for association in case.relationships() {
        let id = &association.target_object;
        let again = match association.association_type.replaces() {
            true => !seen.insert(id),
            false => hangs_on_its_target(&association.association_type) && replaced.contains(id),
        };
        if again {
            let received = format!("{}, which this submission replaces", quoted(id));
            let finding = Finding::new("targetObject", &received, &"a document that stays approved", CLAUSE);
            errors.push(finding.about(ErrorCode::DeprecatedDocument, association.identity()));
        }
    }
}

/// Whether the source is deprecated together with the target.
const fn hangs_on_its_target(association_type: &AssociationType) -> bool {
    matches!(association_type, AssociationType::Append | AssociationType::Transform)
}

/// A snapshot is a stable document made of an on-demand one.
pub(super) fn snapshots_are_of_on_demand_ones(case: &Case<'_>, errors: &mut RegistryErrors) {
    let snapshot = |one: &&Association| one.association_type == AssociationType::IsSnapshotOf;
    for association in case.relationships().filter(snapshot) {
        let target = &association.target_object;
        if case.end(target).is_some_and(|end| end.kind() == Kind::StableEntry) {
            let received = format!("{}, a stable DocumentEntry", quoted(target));
            let finding = Finding::new("targetObject", &received, &"an on-demand one", "TF-3 4.2.2.2.6");
            errors.push(finding.about(ErrorCode::Metadata, association.identity()));
        }
    }
}
