//! A submission: the objects that travel together.
//!
//! ITI TF-3 4.2.1 (one SubmissionSet and what it brings), 4.2.3.2 (symbolic ids).

mod list;

use std::collections::{HashMap, HashSet};

use soap::xml::Element;

use crate::object::{Identity, Object};
use crate::registry_object::Rim;
use crate::{
    Association, AssociationType, DocumentEntry, EntryUuid, ErrorCode, Folder, ObjectId, RegistryError,
    RegistryErrors, SubmissionSet,
};

const LIST: &str = "RegistryObjectList";

/// One submission set and all that it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What was submitted, by whom.
    pub submission_set: SubmissionSet,
    /// The documents.
    pub entries: Vec<DocumentEntry>,
    /// The folders.
    pub folders: Vec<Folder>,
    /// How they stand to each other and to what is registered already.
    pub associations: Vec<Association>,
}

impl Submission {
    /// Reads a `rim:RegistryObjectList`, or says all that is wrong with it.
    pub fn read(list: &Element) -> Result<Self, RegistryErrors> {
        let mut errors = RegistryErrors::default();
        let elements = list::objects(list, &mut errors);
        let objects: Vec<_> =
            elements.iter().filter_map(|element| Object::read(element, &mut errors)).collect();
        let sets = elements.iter().filter(|element| crate::object::is_submission_set(element)).count();
        if sets != 1 {
            let context = format!("expected exactly one SubmissionSet, received {sets} (ITI TF-3 4.2.1)");
            errors.push(RegistryError::new(ErrorCode::Metadata, context));
        }
        // An object that could not be read, or a second set, would be missed by all that refer to it.
        let complete = sets == 1 && objects.len() == elements.len();
        let Some(submission) = Self::gather(objects) else {
            return Err(errors);
        };
        if complete {
            submission.check(&mut errors);
        }
        errors.into_result().map(|()| submission)
    }

    /// Writes a `rim:RegistryObjectList` that declares every prefix it uses.
    pub fn write(&self) -> String {
        let mut rim = Rim::default();
        rim.begin(LIST);
        self.submission_set.write(&mut rim);
        self.entries.iter().for_each(|entry| entry.write(&mut rim));
        self.folders.iter().for_each(|folder| folder.write(&mut rim));
        self.associations.iter().for_each(|association| association.write(&mut rim));
        rim.end(LIST);
        rim.into()
    }

    /// What identifies each of its objects: the submission set, the entries, the folders, the associations.
    pub fn identities(&self) -> impl Iterator<Item = Identity<'_>> {
        std::iter::once(self.submission_set.identity())
            .chain(self.entries.iter().map(DocumentEntry::identity))
            .chain(self.folders.iter().map(Folder::identity))
            .chain(self.associations.iter().map(Association::identity))
    }

    /// Its objects, in the same order.
    pub fn into_objects(self) -> impl Iterator<Item = Object> {
        std::iter::once(Object::from(self.submission_set))
            .chain(self.entries.into_iter().map(Object::from))
            .chain(self.folders.into_iter().map(Object::from))
            .chain(self.associations.into_iter().map(Object::from))
    }

    /// What its objects must be to each other, as far as the message alone can tell: ids and unique ids that
    /// differ, symbolic ids that mean something, associations between two objects.
    ///
    /// `read` has done it; a submission that was made in memory is checked by who takes it in.
    pub fn check(&self, errors: &mut RegistryErrors) {
        let ids = self.check_ids(errors);
        self.check_unique_ids(errors);
        for association in &self.associations {
            self.check_association(association, &ids, errors);
        }
    }

    fn check_ids(&self, errors: &mut RegistryErrors) -> HashSet<&ObjectId> {
        let mut ids = HashSet::new();
        for object in self.identities() {
            if !ids.insert(object.id) {
                let problem =
                    "entryUUID is the id of another object of the message too, expected a different one";
                errors.push(finding(ErrorCode::Metadata, object, problem, "4.2.3.2"));
            }
        }
        ids
    }

    fn check_unique_ids(&self, errors: &mut RegistryErrors) {
        let mut unique_ids = HashSet::new();
        for object in self.identities() {
            if let Some(unique_id) = object.unique_id
                && !unique_ids.insert(unique_id)
            {
                let problem = format!("uniqueId '{unique_id}' stands twice in the message");
                errors.push(finding(ErrorCode::DuplicateUniqueIdInMessage, object, problem, "4.2.4.1"));
            }
        }
    }

    fn check_association(
        &self,
        association: &Association,
        ids: &HashSet<&ObjectId>,
        errors: &mut RegistryErrors,
    ) {
        let Association { source_object: source, target_object: target, .. } = association;
        let identity = association.identity();
        for (name, id) in [("sourceObject", source), ("targetObject", target)] {
            if id.uuid().is_none() && !ids.contains(id) {
                let problem =
                    format!("{name} '{id}' is not in the message, expected the id of an object in it");
                errors.push(finding(ErrorCode::UnresolvedReference, identity, problem, "4.2.3.2"));
            }
        }
        let mut refuse = |problem: &str, clause| {
            errors.push(finding(ErrorCode::Metadata, identity, problem, clause));
        };
        if source == target {
            refuse(&format!("targetObject '{target}' is its sourceObject, expected another object"), "4.2.2");
        }
        if *target == self.submission_set.entry_uuid {
            refuse(
                &format!("targetObject '{target}' is the SubmissionSet, expected another object"),
                "4.2.2",
            );
        }
        if association.association_type == AssociationType::HasMember && association.documentation.is_some() {
            refuse("documentation is given, expected none on HasMember", "4.2.2.1");
        }
    }

    /// Gives every object a UUID in place of its symbolic id, and tells which became which.
    pub fn assign_uuids(&mut self, mut new_uuid: impl FnMut() -> EntryUuid) -> HashMap<String, EntryUuid> {
        let mut uuids = HashMap::new();
        for object in self.identities() {
            if let ObjectId::Symbolic(symbol) = object.id {
                uuids.entry(symbol.clone()).or_insert_with(&mut new_uuid);
            }
        }
        self.resolve(&uuids);
        uuids
    }

    /// Replaces symbolic ids wherever they stand; one that is not in the table stays.
    pub fn resolve(&mut self, uuids: &HashMap<String, EntryUuid>) {
        let ids = std::iter::once(&mut self.submission_set.entry_uuid)
            .chain(self.entries.iter_mut().map(|entry| &mut entry.entry_uuid))
            .chain(self.folders.iter_mut().map(|folder| &mut folder.entry_uuid))
            .chain(self.associations.iter_mut().flat_map(|association| {
                [&mut association.entry_uuid, &mut association.source_object, &mut association.target_object]
            }));
        for id in ids {
            if let ObjectId::Symbolic(symbol) = id
                && let Some(uuid) = uuids.get(symbol)
            {
                *id = ObjectId::Uuid(*uuid);
            }
        }
    }

    /// The objects of a message with their submission set; `None` without one.
    fn gather(objects: Vec<Object>) -> Option<Self> {
        let (mut set, mut entries, mut folders, mut associations) = (None, vec![], vec![], vec![]);
        for object in objects {
            match object {
                Object::Entry(entry) => entries.push(entry),
                Object::SubmissionSet(submission_set) => set = Some(submission_set),
                Object::Folder(folder) => folders.push(folder),
                Object::Association(association) => associations.push(association),
            }
        }
        set.map(|submission_set| Self { submission_set, entries, folders, associations })
    }
}

/// An error about an object as a whole or about how it stands to others.
fn finding(
    code: ErrorCode,
    object: Identity<'_>,
    problem: impl std::fmt::Display,
    clause: &str,
) -> RegistryError {
    RegistryError::new(code, format!("{object}: {problem} (ITI TF-3 {clause})")).at(object)
}

#[cfg(test)]
mod tests;
