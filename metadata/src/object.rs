//! Any of the four objects of XDS, and what a registry changes about it later.
//!
//! ITI TF-3 4.2.1; what changes: 4.2.3.2.2 (status), 4.2.3.4.6 (lastUpdateTime), a merge of patients.

use std::fmt;

use soap::xml::Element;

use crate::identifiers::shorten;
use crate::registry_object::{Rim, Sketch, subject};
use crate::vocabulary::{RIM, folder, submission_set};
use crate::{
    Association, AvailabilityStatus, DocumentEntry, EntryUuid, ErrorCode, Finding, Folder, ObjectId,
    PatientId, RegistryError, RegistryErrors, SubmissionSet, Timestamp,
};

/// An object of XDS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "objects are read, moved once and stored")]
pub enum Object {
    /// A document entry.
    Entry(DocumentEntry),
    /// A submission set.
    SubmissionSet(SubmissionSet),
    /// A folder.
    Folder(Folder),
    /// An association.
    Association(Association),
}

/// What a registry changes of an object after it was registered. What an object has no place for is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutable {
    /// Whether the object is current.
    pub status: AvailabilityStatus,
    /// The id that all its versions share: entries, folders, associations.
    pub logical_id: Option<EntryUuid>,
    /// Its version: entries, folders, associations.
    pub version: Option<u32>,
    /// The patient: entries, submission sets, folders.
    pub patient_id: Option<PatientId>,
    /// When a document was last put in: folders.
    pub last_update_time: Option<Timestamp>,
}

/// What identifies an object in a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// `DocumentEntry`, `SubmissionSet`, `Folder` or `Association`.
    pub kind: &'static str,
    /// Its id.
    pub id: &'a ObjectId,
    /// Its patient; associations have none.
    pub patient_id: Option<&'a PatientId>,
    /// Its unique id; associations have none.
    pub unique_id: Option<&'a str>,
}

/// `DocumentEntry Document01`, the form in which errors say where.
impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, shorten(&self.id.to_string()))
    }
}

impl Object {
    /// Reads a `rim:ExtrinsicObject`, `rim:RegistryPackage` or `rim:Association`. What is wrong is added to
    /// `errors`; `None` if no object could be made of it.
    pub fn read(element: &Element, errors: &mut RegistryErrors) -> Option<Self> {
        Self::sketch(element, errors)?.whole()
    }

    /// Reads as much of it as there is. `None` if it has no id or is none of the four, and of an association also if
    /// one of its ends or its type is unknown.
    pub(crate) fn sketch(element: &Element, errors: &mut RegistryErrors) -> Option<Sketch<Self>> {
        if element.is(RIM, "ExtrinsicObject") {
            return Some(DocumentEntry::sketch(element, errors)?.map(Self::Entry));
        }
        if element.is(RIM, "Association") {
            let association = Association::read(element, errors)?;
            return Some(Sketch { object: Self::Association(association), is_whole: true });
        }
        match (element.is(RIM, "RegistryPackage"), is_submission_set(element), is_folder(element)) {
            (true, true, false) => Some(SubmissionSet::sketch(element, errors)?.map(Self::SubmissionSet)),
            (true, false, true) => Some(Folder::sketch(element, errors)?.map(Self::Folder)),
            (package, both, _) => {
                errors.push(not_an_object(element, package, both));
                None
            }
        }
    }

    /// Writes the object as an element that declares every prefix it uses.
    pub fn write(&self) -> String {
        let mut rim = Rim::default();
        match self {
            Self::Entry(entry) => entry.write(&mut rim),
            Self::SubmissionSet(set) => set.write(&mut rim),
            Self::Folder(folder) => folder.write(&mut rim),
            Self::Association(association) => association.write(&mut rim),
        }
        rim.into()
    }

    /// What identifies it.
    pub fn identity(&self) -> Identity<'_> {
        match self {
            Self::Entry(entry) => entry.identity(),
            Self::SubmissionSet(set) => set.identity(),
            Self::Folder(folder) => folder.identity(),
            Self::Association(association) => association.identity(),
        }
    }

    /// Sets what a registry changes.
    pub fn set(&mut self, current: &Mutable) {
        let status = Some(current.status);
        match self {
            Self::Entry(entry) => {
                entry.availability_status = status;
                entry.logical_id = current.logical_id;
                entry.version = current.version;
                entry.patient_id.clone_from(&current.patient_id);
            }
            Self::SubmissionSet(set) => {
                set.availability_status = status;
                set.patient_id.clone_from(&current.patient_id);
            }
            Self::Folder(folder) => {
                folder.availability_status = status;
                folder.logical_id = current.logical_id;
                folder.version = current.version;
                folder.patient_id.clone_from(&current.patient_id);
                folder.last_update_time = current.last_update_time;
            }
            Self::Association(association) => {
                association.availability_status = status;
                association.logical_id = current.logical_id;
                association.version = current.version;
            }
        }
    }
}

impl DocumentEntry {
    /// What identifies it.
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            kind: "DocumentEntry",
            id: &self.entry_uuid,
            patient_id: self.patient_id.as_ref(),
            unique_id: Some(self.unique_id.as_str()),
        }
    }
}

impl SubmissionSet {
    /// What identifies it.
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            kind: "SubmissionSet",
            id: &self.entry_uuid,
            patient_id: self.patient_id.as_ref(),
            unique_id: Some(self.unique_id.as_str()),
        }
    }
}

impl Folder {
    /// What identifies it.
    pub fn identity(&self) -> Identity<'_> {
        Identity {
            kind: "Folder",
            id: &self.entry_uuid,
            patient_id: self.patient_id.as_ref(),
            unique_id: Some(self.unique_id.as_str()),
        }
    }
}

impl Association {
    /// What identifies it.
    pub const fn identity(&self) -> Identity<'_> {
        Identity { kind: "Association", id: &self.entry_uuid, patient_id: None, unique_id: None }
    }
}

/// Whether a package stands under the node of submission sets.
pub(crate) fn is_submission_set(element: &Element) -> bool {
    is_classified(element, submission_set::MARKER)
}

fn is_folder(element: &Element) -> bool {
    is_classified(element, folder::MARKER)
}

fn is_classified(element: &Element, node: &str) -> bool {
    element
        .children_named(RIM, "Classification")
        .any(|classification| classification.attribute("classificationNode") == Some(node))
}

fn not_an_object(element: &Element, package: bool, both: bool) -> RegistryError {
    let (attribute, received, expected) = match (package, both) {
        (true, true) => ("Classification", "that of both SubmissionSet and Folder", "that of one of them"),
        (true, false) => {
            ("Classification", "that of neither SubmissionSet nor Folder", "that of one of them")
        }
        (false, _) => ("element", "no registry object", "ExtrinsicObject, RegistryPackage or Association"),
    };
    let finding = Finding::new(attribute, &received, &expected, "TF-3 4.2.1");
    finding.about(ErrorCode::Metadata, subject(&element.name.local, element))
}

impl From<DocumentEntry> for Object {
    fn from(entry: DocumentEntry) -> Self {
        Self::Entry(entry)
    }
}

impl From<SubmissionSet> for Object {
    fn from(set: SubmissionSet) -> Self {
        Self::SubmissionSet(set)
    }
}

impl From<Folder> for Object {
    fn from(folder: Folder) -> Self {
        Self::Folder(folder)
    }
}

impl From<Association> for Object {
    fn from(association: Association) -> Self {
        Self::Association(association)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use soap::xml::Limits;

    use super::*;
    use crate::arbitrary;

    fn parse(text: &str) -> Element {
        Element::parse(text.as_bytes(), &Limits::default()).unwrap()
    }

    /// What a peer makes of what we write.
    fn read_back(text: &str) -> Object {
        let mut errors = RegistryErrors::default();
        let object = Object::read(&parse(text), &mut errors);
        assert_eq!(errors, RegistryErrors::default());
        object.unwrap()
    }

    /// The order of the schema: ebRIM `RegistryObjectType`.
    fn is_in_order(element: &Element) -> bool {
        const ORDER: [&str; 6] =
            ["Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier"];
        let places = element.elements().map(|child| ORDER.iter().position(|local| child.is(RIM, local)));
        places.is_sorted()
            && element.elements().all(|child| child.name.local == "Slot" || is_in_order_or_leaf(child))
    }

    fn is_in_order_or_leaf(child: &Element) -> bool {
        matches!(child.name.local.as_ref(), "Name" | "Description" | "VersionInfo") || is_in_order(child)
    }

    proptest! {
        #[test]
        fn every_object_is_read_back_as_it_was(object in arbitrary::object()) {
            let text = object.write();
            let element = parse(&text);
            prop_assert!(is_in_order(&element));
            prop_assert_eq!(element.write(), text.replace("></rim:Value>", "/>"));
            prop_assert_eq!(read_back(&text), object);
        }

        #[test]
        fn every_part_has_an_id_of_its_own_and_names_its_object(object in arbitrary::object()) {
            let element = parse(&object.write());
            let id = object.identity().id.to_string();
            let mut ids = std::collections::HashSet::from([id.clone()]);
            for part in element.elements() {
                let owner = match part.name.local.as_ref() {
                    "Classification" => "classifiedObject",
                    "ExternalIdentifier" => "registryObject",
                    _ => continue,
                };
                prop_assert_eq!(part.attribute(owner), Some(id.as_str()));
                prop_assert!(part.attribute("objectType").is_some());
                prop_assert!(ids.insert(part.attribute("id").unwrap().to_owned()));
            }
        }
    }

    #[test]
    fn a_part_never_has_the_id_of_an_object_that_says_version_8() {
        let mut folder = crate::sample_with_folder().folders.remove(0);
        folder.entry_uuid = "urn:uuid:00000000-0000-8000-8000-000000000000".parse().unwrap();
        let id = folder.entry_uuid.to_string();
        let element = parse(&Object::Folder(folder).write());
        assert!(element.elements().all(|part| part.attribute("id") != Some(&id)));
    }

    fn refusal(element: &Element) -> String {
        let mut errors = RegistryErrors::default();
        assert_eq!(Object::read(element, &mut errors), None);
        let [error] = errors.0.try_into().unwrap();
        assert_eq!(error.code, ErrorCode::Metadata);
        error.context
    }

    #[test]
    fn refuses_a_package_that_is_neither_submission_set_nor_folder() {
        let package = Element::new(RIM, "RegistryPackage").with("id", "Package01");
        assert_eq!(
            refusal(&package),
            "RegistryPackage Package01: Classification is that of neither SubmissionSet nor Folder, expected that of \
             one of them (ITI TF-3 4.2.1)"
        );
        let marker = |node| Element::new(RIM, "Classification").with("classificationNode", node);
        let both = package.with_child(marker(submission_set::MARKER)).with_child(marker(folder::MARKER));
        assert!(refusal(&both).contains("both SubmissionSet and Folder"));
    }

    #[test]
    fn refuses_what_is_not_an_object() {
        let organization = Element::new(RIM, "Organization").with("id", "Org01");
        assert!(refusal(&organization).starts_with("Organization Org01: element is no registry object"));
    }
}
