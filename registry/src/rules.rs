//! What a submission must be for the registry to take it in (ITI TF-2 3.42.4.1.3).
//!
//! Only that there is one submission set (ITI TF-3 4.2.1) is no rule here: without it nothing can be read.

mod associations;
mod codes;
mod known;
mod memberships;
mod objects;
mod relationships;

use std::collections::{HashMap, HashSet};

use metadata::{Association, AssociationType, Findings, ObjectId, ObjectType, RegistryErrors, Submission};

pub(crate) use known::Known;

use crate::Terms;
use crate::store::{Kind, Object, PatientNumber};

/// A rule: its name, the clauses that demand it, and what looks for breaches of it in the whole submission.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    /// For who reads the table: what is found names its clause itself.
    #[cfg_attr(not(test), expect(dead_code, reason = "the table is read as well as run"))]
    pub(crate) clause: &'static str,
    check: fn(&Case<'_>, &mut RegistryErrors),
}

const fn rule(name: &'static str, clause: &'static str, check: fn(&Case<'_>, &mut RegistryErrors)) -> Rule {
    Rule { name, clause, check }
}

/// Every rule: all that is wrong comes back in one answer.
#[rustfmt::skip]
pub(crate) const RULES: [Rule; 26] = [
    rule("ids_differ", "ITI TF-3 4.2.3.2", objects::ids_differ),
    rule("unique_ids_differ", "ITI TF-3 4.2.4.1", objects::unique_ids_differ),
    rule("required_attributes_are_given", "ITI TF-3 4.3.1", objects::required_attributes_are_given),
    rule("service_times_are_in_order", "ITI TF-3 4.2.3.2.19", objects::service_times_are_in_order),
    rule("entries_are_stable", "ITI TF-2 3.42.4.1.2", objects::entries_are_stable),
    rule("codes_are_allowed", "ITI TF-2 3.42.4.1.3.3", codes::codes_are_allowed),
    rule("authorities_are_ours", "ITI TF-2 3.42.4.1.3.3.1", codes::authorities_are_ours),
    rule("patients_are_known", "ITI TF-2 3.42.4.1.3.3.1", objects::patients_are_known),
    rule("all_are_of_one_patient", "ITI TF-2 3.42.4.1.3.3.1", objects::all_are_of_one_patient),
    rule("unique_ids_are_free", "ITI TF-2 3.42.4.1.3.3", objects::unique_ids_are_free),
    rule("documents_do_not_change", "ITI TF-2 3.42.4.1.3.3", objects::documents_do_not_change),
    rule("uuids_are_free", "ITI TF-3 4.2.3.2", objects::uuids_are_free),
    rule("symbols_are_in_the_message", "ITI TF-3 4.2.3.2", associations::symbols_are_in_the_message),
    rule("ends_differ", "ITI TF-3 4.2.2", associations::ends_differ),
    rule("all_are_members", "ITI TF-3 4.2.2.1", memberships::all_are_members),
    rule("memberships_make_sense", "ITI TF-3 4.2.2.1", memberships::memberships_make_sense),
    rule("statuses_are_true", "ITI TF-3 4.2.2.1.2", memberships::statuses_are_true),
    rule("memberships_are_undocumented", "ITI TF-3 4.2.2.1", memberships::memberships_are_undocumented),
    rule("types_are_of_a_submission", "ITI TF-3 4.2.2", relationships::types_are_of_a_submission),
    rule("sources_come_along", "ITI TF-3 4.2.2.2", relationships::sources_come_along),
    rule("targets_are_there", "ITI TF-3 4.2.2.2", relationships::targets_are_there),
    rule("additions_are_not_to_transformations", "ITI TF-3 4.2.2.2",
        relationships::additions_are_not_to_transformations),
    rule("what_is_replaced_gets_nothing_else", "ITI TF-3 4.2.2.2",
        relationships::what_is_replaced_gets_nothing_else),
    rule("snapshots_are_of_on_demand_ones", "ITI TF-3 4.2.2.2.6", relationships::snapshots_are_of_on_demand_ones),
    rule("ends_are_approved", "ITI TF-3 4.2.2.2", associations::ends_are_approved),
    rule("ends_are_of_one_patient", "ITI TF-3 4.2.2.2", associations::ends_are_of_one_patient),
];

/// Lists all that is wrong with a submission.
pub(crate) fn check(case: &Case<'_>, left_out: LeftOut) -> RegistryErrors {
    let mut errors = RegistryErrors::default();
    for rule in RULES.iter().filter(|rule| left_out.keeps(rule.name)) {
        (rule.check)(case, &mut errors);
    }
    errors
}

/// What the registry does beyond its rules and a test can leave out too, with the names that it has there.
pub(crate) const DEPENDENTS: &str = "dependents_are_deprecated";
pub(crate) const PLACES: &str = "replacements_take_places";

/// The rule or effect that a registry leaves out: none. Only tests can have it otherwise, to see that somebody notices.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LeftOut {
    #[cfg(any(test, feature = "mutations"))]
    pub(crate) name: Option<&'static str>,
}

impl LeftOut {
    #[cfg(any(test, feature = "mutations"))]
    pub(crate) fn keeps(self, name: &str) -> bool {
        self.name != Some(name)
    }

    #[cfg(not(any(test, feature = "mutations")))]
    #[expect(clippy::unused_self, reason = "as in tests")]
    pub(crate) const fn keeps(self, _: &str) -> bool {
        true
    }
}

/// A submission, and what the registry knows that bears on it.
pub(crate) struct Case<'a> {
    pub(crate) submission: &'a Submission,
    /// What was wrong with the message before any rule.
    findings: &'a Findings,
    known: &'a Known,
    terms: &'a Terms,
    brought: HashMap<&'a ObjectId, Kind>,
}

/// An object that an association starts or ends at.
#[derive(Debug, Clone, Copy)]
enum End<'a> {
    /// It comes with this submission.
    Brought(Kind),
    /// It is in the registry.
    Registered(&'a Object),
}

impl End<'_> {
    const fn kind(self) -> Kind {
        match self {
            Self::Brought(kind) => kind,
            Self::Registered(object) => object.kind,
        }
    }

    const fn is_brought(self) -> bool {
        matches!(self, Self::Brought(_))
    }
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        submission: &'a Submission,
        findings: &'a Findings,
        known: &'a Known,
        terms: &'a Terms,
    ) -> Self {
        let entries = submission.entries.iter().map(|entry| {
            let stable = entry.object_type == ObjectType::Stable;
            (&entry.entry_uuid, if stable { Kind::StableEntry } else { Kind::OnDemandEntry })
        });
        let folders = submission.folders.iter().map(|folder| (&folder.entry_uuid, Kind::Folder));
        let associations = submission.associations.iter();
        let associations = associations.map(|association| (&association.entry_uuid, Kind::Association));
        let set = [(&submission.submission_set.entry_uuid, Kind::SubmissionSet)];
        let brought = entries.chain(folders).chain(associations).chain(set).collect();
        Self { submission, findings, known, terms, brought }
    }

    /// The ids of what no object could be made of.
    fn unreadable(&self) -> &HashSet<ObjectId> {
        &self.findings.unreadable
    }

    /// What an id means, if anything.
    fn end(&self, id: &ObjectId) -> Option<End<'a>> {
        let brought = self.brought.get(id).map(|kind| End::Brought(*kind));
        brought.or_else(|| self.known.object(id.uuid()?).map(End::Registered))
    }

    /// Whether a UUID means nothing. Of a symbol without meaning another rule speaks, and what the message has and could
    /// not be read is no second fault.
    fn is_nothing(&self, id: &ObjectId) -> bool {
        id.uuid().is_some() && self.end(id).is_none() && !self.unreadable().contains(id)
    }

    /// The patient of the submission, as known now; none while unknown.
    fn patient(&self) -> Option<PatientNumber> {
        self.known.current(self.submission.submission_set.patient_id.as_ref()?)
    }

    /// The memberships among the associations.
    fn memberships(&self) -> impl Iterator<Item = &'a Association> {
        self.submission.associations.iter().filter(|association| is_membership(association))
    }

    /// The associations between documents.
    fn relationships(&self) -> impl Iterator<Item = &'a Association> {
        self.submission.associations.iter().filter(|association| is_relationship(association))
    }

    /// Whether this puts a document into a folder.
    fn is_folder_membership(&self, association: &Association) -> bool {
        let kind = |id| self.end(id).map(End::kind);
        is_membership(association)
            && kind(&association.source_object) == Some(Kind::Folder)
            && kind(&association.target_object).is_some_and(Kind::is_entry)
    }
}

fn is_membership(association: &Association) -> bool {
    association.association_type == AssociationType::HasMember
}

const fn is_relationship(association: &Association) -> bool {
    matches!(
        association.association_type,
        AssociationType::Replace
            | AssociationType::Transform
            | AssociationType::Append
            | AssociationType::TransformAndReplace
            | AssociationType::Signs
            | AssociationType::IsSnapshotOf
    )
}
