//! A submission: the objects that travel together.
//!
//! ITI TF-3 4.2.1 (one SubmissionSet and what it brings), 4.2.3.2 (symbolic ids).

mod check;
mod list;

use std::collections::{HashMap, HashSet};

use soap::xml::Element;

use crate::object::{Identity, Object};
use crate::registry_object::Rim;
use crate::{
    Association, DocumentEntry, EntryUuid, ErrorCode, Finding, Folder, ObjectId, RegistryErrors,
    SubmissionSet,
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

/// What reading a submission has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// All that is wrong with it. While there is an error, some of the submission may be made up: nobody may keep it.
    pub errors: RegistryErrors,
    /// The ids of what no object could be made of: a reference to one of them is no second fault.
    pub unreadable: HashSet<ObjectId>,
}

impl Submission {
    /// Reads a `rim:RegistryObjectList`, or says all that is wrong with it.
    pub fn read(list: &Element) -> Result<Self, RegistryErrors> {
        let (submission, Findings { mut errors, unreadable }) = Self::received(list)?;
        let mut checked = RegistryErrors::default();
        submission.check(&unreadable, &mut checked);
        errors.extend_with(checked);
        errors.into_result().map(|()| submission)
    }

    /// Reads as much of a `rim:RegistryObjectList` as there is, with all that is wrong with it, so that who goes on to
    /// [check](Self::check) it can tell everything at once. Without one submission set there is nothing to check.
    pub fn received(list: &Element) -> Result<(Self, Findings), RegistryErrors> {
        let Findings { mut errors, mut unreadable } = Findings::default();
        let elements = list::objects(list, &mut errors);
        let mut objects = Vec::new();
        for element in &elements {
            match Object::sketch(element, &mut errors) {
                Some(sketch) => objects.push(sketch.object),
                None => unreadable.extend(element.attribute("id").and_then(|id| id.parse::<ObjectId>().ok())),
            }
        }
        let sets = elements.iter().filter(|element| crate::object::is_submission_set(element)).count();
        match Self::gather(objects).filter(|_| sets == 1) {
            Some(submission) => Ok((submission, Findings { errors, unreadable })),
            None if sets == 1 => Err(errors),
            None => {
                let received = format!("there {sets} times");
                let finding = Finding::new("SubmissionSet", &received, &"exactly one", "TF-3 4.2.1");
                errors.push(finding.about(ErrorCode::Metadata, LIST));
                Err(errors)
            }
        }
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

#[cfg(test)]
mod tests;
