//! What a submission must be for the registry to take it in (ITI TF-2 3.42.4.1.3).
//!
//! What the message alone can tell is refused where it is read: R1 (one submission set), R9 (unique ids
//! twice), R19 (service times), R20 (documentation of a membership).

mod associations;
mod codes;
mod known;
mod objects;

use std::collections::HashMap;

use metadata::{
    Association, AssociationType, ErrorCode, Identity, ObjectId, ObjectType, RegistryError, RegistryErrors,
    Submission,
};

pub(crate) use known::Known;

use crate::Terms;
use crate::store::{Kind, Object, PatientNumber};

type Rule = fn(&Case<'_>, &mut RegistryErrors);

/// Every rule, each of which looks at the whole submission: all that is wrong comes back in one answer.
const RULES: [Rule; 15] = [
    objects::required_attributes_are_given,        // R2, R5
    objects::entries_are_stable,                   // R3
    codes::codes_are_allowed,                      // R4
    codes::authorities_are_ours,                   // R6
    objects::patients_are_known,                   // R6
    objects::all_are_of_one_patient,               // R7
    objects::unique_ids_are_free,                  // R8
    objects::documents_do_not_change,              // R10
    objects::uuids_are_free,                       // R11
    associations::all_are_members,                 // R12
    associations::memberships_make_sense,          // R12, R18
    associations::relationships_resolve,           // R14, R15
    associations::ends_are_approved,               // R13, R16
    associations::ends_are_of_one_patient,         // R13, R17
    associations::snapshots_are_of_on_demand_ones, // R21
];

/// Lists all that is wrong with a submission.
pub(crate) fn check(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check(errors);
    RULES.iter().for_each(|rule| rule(case, errors));
}

/// A submission, and what the registry knows that bears on it.
pub(crate) struct Case<'a> {
    pub(crate) submission: &'a Submission,
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
    pub(crate) fn new(submission: &'a Submission, known: &'a Known, terms: &'a Terms) -> Self {
        let entries = submission.entries.iter().map(|entry| {
            let stable = entry.object_type == ObjectType::Stable;
            (&entry.entry_uuid, if stable { Kind::StableEntry } else { Kind::OnDemandEntry })
        });
        let folders = submission.folders.iter().map(|folder| (&folder.entry_uuid, Kind::Folder));
        let associations = submission.associations.iter();
        let associations = associations.map(|association| (&association.entry_uuid, Kind::Association));
        let set = [(&submission.submission_set.entry_uuid, Kind::SubmissionSet)];
        let brought = entries.chain(folders).chain(associations).chain(set).collect();
        Self { submission, known, terms, brought }
    }

    /// What an id means, if anything.
    fn end(&self, id: &ObjectId) -> Option<End<'a>> {
        let brought = self.brought.get(id).map(|kind| End::Brought(*kind));
        brought.or_else(|| self.known.object(id.uuid()?).map(End::Registered))
    }

    /// The patient of the submission, as known now; none while unknown.
    fn patient(&self) -> Option<PatientNumber> {
        self.known.current(self.submission.submission_set.patient_id.as_ref()?)
    }

    /// The memberships among the associations.
    fn memberships(&self) -> impl Iterator<Item = &'a Association> {
        self.submission.associations.iter().filter(|association| is_membership(association))
    }

    /// The associations between documents: all others.
    fn relationships(&self) -> impl Iterator<Item = &'a Association> {
        self.submission.associations.iter().filter(|association| !is_membership(association))
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

/// An error about an object.
fn finding(code: ErrorCode, object: Identity<'_>, problem: &str, clause: &str) -> RegistryError {
    RegistryError::new(code, format!("{object}: {problem} (ITI {clause})")).at(object)
}
