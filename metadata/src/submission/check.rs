//! What the objects of a submission must be to each other, as far as the message alone can tell.

use std::collections::HashSet;

use super::Submission;
use crate::errors::quoted;
use crate::{AssociationType, ErrorCode, Finding, ObjectId, RegistryErrors};

impl Submission {
    /// All of the checks below. A registry makes each of them a rule; others ask for all of them at once.
    pub fn check(&self, unreadable: &HashSet<ObjectId>, errors: &mut RegistryErrors) {
        self.check_ids(errors);
        self.check_unique_ids(errors);
        self.check_symbols(unreadable, errors);
        self.check_ends(errors);
        self.check_documentation(errors);
        self.check_service_times(errors);
    }

    /// Ids differ (ITI TF-3 4.2.3.2).
    pub fn check_ids(&self, errors: &mut RegistryErrors) {
        let mut ids = HashSet::new();
        for object in self.identities().filter(|object| !ids.insert(object.id)) {
            let received = format!("{}, the id of another object of the message too", quoted(object.id));
            let finding = Finding::new("entryUUID", &received, &"a different one", "TF-3 4.2.3.2");
            errors.push(finding.about(ErrorCode::Metadata, object));
        }
    }

    /// Unique ids differ (ITI TF-3 4.2.4.1).
    pub fn check_unique_ids(&self, errors: &mut RegistryErrors) {
        let mut unique_ids = HashSet::new();
        for object in self.identities() {
            let Some(id) = object.unique_id.filter(|id| !unique_ids.insert(*id)) else { continue };
            let received = format!("{}, that of another object of the message too", quoted(id));
            let finding = Finding::new("uniqueId", &received, &"a different one", "TF-3 4.2.4.1");
            errors.push(finding.about(ErrorCode::DuplicateUniqueIdInMessage, object));
        }
    }

    /// A symbolic id is that of an object in the message (ITI TF-3 4.2.3.2).
    pub fn check_symbols(&self, unreadable: &HashSet<ObjectId>, errors: &mut RegistryErrors) {
        let ids: HashSet<&ObjectId> = self.identities().map(|object| object.id).chain(unreadable).collect();
        for association in &self.associations {
            let ends =
                [("sourceObject", &association.source_object), ("targetObject", &association.target_object)];
            for (name, id) in ends.into_iter().filter(|(_, id)| id.uuid().is_none() && !ids.contains(id)) {
                let received = format!("{}, which is not in the message", quoted(id));
                let finding = Finding::new(name, &received, &"the id of an object in it", "TF-3 4.2.3.2");
                errors.push(finding.about(ErrorCode::UnresolvedReference, association.identity()));
            }
        }
    }

    /// An association leads from one object to another, and never to the submission set (ITI TF-3 4.2.2).
    pub fn check_ends(&self, errors: &mut RegistryErrors) {
        for association in &self.associations {
            let target = &association.target_object;
            let problem = match target {
                target if *target == association.source_object => "its sourceObject",
                target if *target == self.submission_set.entry_uuid => "the SubmissionSet",
                _ => continue,
            };
            let received = format!("{}, {problem}", quoted(target));
            let finding = Finding::new("targetObject", &received, &"another object", "TF-3 4.2.2");
            errors.push(finding.about(ErrorCode::Metadata, association.identity()));
        }
    }

    /// Only a relationship is documented (ITI TF-3 4.2.2.1).
    pub fn check_documentation(&self, errors: &mut RegistryErrors) {
        for association in &self.associations {
            let is_membership = association.association_type == AssociationType::HasMember;
            if let Some(code) = association.documentation.as_ref().filter(|_| is_membership) {
                let received = quoted(code);
                let finding = Finding::new("documentation", &received, &"none on HasMember", "TF-3 4.2.2.1");
                errors.push(finding.about(ErrorCode::Metadata, association.identity()));
            }
        }
    }

    /// A service does not end before it began, as far as the precision of both times tells (ITI TF-3 4.2.3.2.19).
    pub fn check_service_times(&self, errors: &mut RegistryErrors) {
        for entry in &self.entries {
            let (Some(start), Some(stop)) = (entry.service_start_time, entry.service_stop_time) else {
                continue;
            };
            if start.start() >= stop.end() {
                let received = format!("'{start}', after serviceStopTime '{stop}'");
                let expected = "a time that is not after it";
                let finding = Finding::new("serviceStartTime", &received, &expected, "TF-3 4.2.3.2.19");
                errors.push(finding.about(ErrorCode::Metadata, entry.identity()));
            }
        }
    }
}
