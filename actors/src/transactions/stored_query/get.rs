//! The queries that get objects by their ids, and what hangs together with them (ITI TF-2 3.18.4.1.2.3.7.5 to 7.13).

use metadata::{AssociationType, EntryUuid, ObjectType};

use super::Question;
use super::filter::{ContentFilter, Id, Ids, read_types, write_types};
use super::parameters::{Parameters, Slots};

/// Gets document entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetDocuments {
    /// Which.
    pub ids: Ids,
}

/// Gets folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFolders {
    /// Which.
    pub ids: Ids,
}

/// Gets the associations that start or end at objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAssociations {
    /// The objects, of any kind.
    pub uuids: Vec<EntryUuid>,
}

/// Gets document entries and the associations that touch them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetDocumentsAndAssociations {
    /// Which.
    pub ids: Ids,
}

/// Gets the submission sets that contain objects, with the associations that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetSubmissionSets {
    /// The document entries or folders.
    pub uuids: Vec<EntryUuid>,
}

/// Gets a submission set, what it contains, and the associations among these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetSubmissionSetAndContents {
    /// Which.
    pub id: Id,
    /// What must hold of document entries.
    pub content: ContentFilter,
}

/// Gets a folder, its documents, and the associations among these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFolderAndContents {
    /// Which.
    pub id: Id,
    /// What must hold of document entries.
    pub content: ContentFilter,
}

/// Gets the folders that contain a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFoldersForDocument {
    /// The document entry.
    pub id: Id,
}

/// Gets the documents that are related to a document, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRelatedDocuments {
    /// The document entry.
    pub id: Id,
    /// The kinds of relationship that count.
    pub association_types: Vec<AssociationType>,
    /// What the related documents may be.
    pub object_type: Vec<ObjectType>,
}

const DOCUMENT: &str = "$XDSDocumentEntry";
const FOLDER: &str = "$XDSFolder";
const SUBMISSION_SET: &str = "$XDSSubmissionSet";
const UUID: &str = "$uuid";
const ASSOCIATION_TYPES: &str = "$AssociationTypes";

impl Question for GetDocuments {
    const ID: &'static str = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        Some(Self { ids: Ids::read(parameters, DOCUMENT)? })
    }

    fn write(&self, slots: &mut Slots) {
        self.ids.write(slots, DOCUMENT);
    }
}

impl Question for GetFolders {
    const ID: &'static str = "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        Some(Self { ids: Ids::read(parameters, FOLDER)? })
    }

    fn write(&self, slots: &mut Slots) {
        self.ids.write(slots, FOLDER);
    }
}

impl Question for GetAssociations {
    const ID: &'static str = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        Some(Self { uuids: parameters.required_list(UUID) })
    }

    fn write(&self, slots: &mut Slots) {
        slots.list(UUID, &self.uuids);
    }
}

impl Question for GetDocumentsAndAssociations {
    const ID: &'static str = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        Some(Self { ids: Ids::read(parameters, DOCUMENT)? })
    }

    fn write(&self, slots: &mut Slots) {
        self.ids.write(slots, DOCUMENT);
    }
}

impl Question for GetSubmissionSets {
    const ID: &'static str = "urn:uuid:51224314-5390-4169-9b91-b1980040715a";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        Some(Self { uuids: parameters.required_list(UUID) })
    }

    fn write(&self, slots: &mut Slots) {
        slots.list(UUID, &self.uuids);
    }
}

impl Question for GetSubmissionSetAndContents {
    const ID: &'static str = "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let id = Id::read(parameters, SUBMISSION_SET);
        let content = ContentFilter::read(parameters);
        Some(Self { id: id?, content })
    }

    fn write(&self, slots: &mut Slots) {
        self.id.write(slots, SUBMISSION_SET);
        self.content.write(slots);
    }
}

impl Question for GetFolderAndContents {
    const ID: &'static str = "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let id = Id::read(parameters, FOLDER);
        let content = ContentFilter::read(parameters);
        Some(Self { id: id?, content })
    }

    fn write(&self, slots: &mut Slots) {
        self.id.write(slots, FOLDER);
        self.content.write(slots);
    }
}

impl Question for GetFoldersForDocument {
    const ID: &'static str = "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        Some(Self { id: Id::read(parameters, DOCUMENT)? })
    }

    fn write(&self, slots: &mut Slots) {
        self.id.write(slots, DOCUMENT);
    }
}

impl Question for GetRelatedDocuments {
    const ID: &'static str = "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let id = Id::read(parameters, DOCUMENT);
        let association_types = parameters.required_list(ASSOCIATION_TYPES);
        let object_type = read_types(parameters);
        Some(Self { id: id?, association_types, object_type })
    }

    fn write(&self, slots: &mut Slots) {
        self.id.write(slots, DOCUMENT);
        slots.list(ASSOCIATION_TYPES, &self.association_types);
        write_types(&self.object_type, slots);
    }
}
