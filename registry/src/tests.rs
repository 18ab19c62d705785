//! The registry through its public functions, on a database of its own, reopened in between.

mod domain;
mod effects;
mod find;
mod findings;
mod full;
mod get;
mod keeping;
mod patients;
mod races;
mod random;
mod rules;
mod tables;
mod wire;

use actors::transactions::patient_identity_feed::Unchanged;
use actors::transactions::stored_query::{
    ContentFilter, GetAll, GetAssociations, GetDocuments, GetFolders, Ids, Query,
};
use actors::transactions::{PatientFeed, StoredQuery};
use database::testing::Place;
use metadata::{
    Association, AssociationType, AvailabilityStatus, DocumentEntry, EntryUuid, ErrorCode, Folder, Object,
    ObjectId, ObjectType, Submission, SubmissionSetStatus, sample, sample_with_folder,
};

use super::*;

/// A registry and where its data lie.
struct House {
    registry: Registry,
    place: Place,
}

impl House {
    async fn open(patients: PatientPolicy) -> Self {
        let place = Place::fresh().await;
        let registry = open(&place, patients).await;
        Self { registry, place }
    }

    /// A registry that takes any patient.
    async fn accepting() -> Self {
        Self::open(PatientPolicy::Accept).await
    }

    async fn reopen(self) -> Self {
        let Self { registry, place } = self;
        let patients = registry.policy.patients;
        drop(registry);
        Self { registry: open(&place, patients).await, place }
    }

    #[track_caller]
    fn register(&self, submission: Submission) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            if let Err(errors) = self.registry.register(submission).await {
                panic!("{place}: {errors}");
            }
        }
    }

    /// Why a merge changed nothing, if it did not.
    async fn merge(&self, subsumed: &str, survivor: &str) -> Vec<Unchanged> {
        let feed = PatientFeed::merge(&subsumed.parse().unwrap(), &survivor.parse().unwrap());
        self.registry.feed(feed).await.unwrap().unchanged
    }

    /// The codes with which a submission is refused; it must leave nothing behind.
    async fn refusal(&self, submission: Submission) -> Vec<ErrorCode> {
        let before = self.everything().await;
        let errors = self.registry.register(submission).await.unwrap_err();
        assert!(errors.is_failure());
        assert_eq!(self.everything().await, before);
        errors.into_iter().map(|error| error.code).collect()
    }

    /// All objects of our two patients, as they are now.
    async fn everything(&self) -> Vec<Object> {
        let both = vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated];
        let mut objects = Vec::new();
        for patient in [PATIENT, OTHER_PATIENT] {
            let query = GetAll {
                patient_id: patient.parse().unwrap(),
                document_status: both.clone(),
                submission_set_status: both.clone(),
                folder_status: both.clone(),
                content: ContentFilter::default(),
            };
            objects.extend(self.get(Query::GetAll(query)).await);
        }
        objects
    }

    /// Changes the data behind the registry's back, where waiting for it would take too long.
    async fn meddle(&self, statement: &str) {
        let statement: &'static str = format!("{statement} $walk").leak();
        let meddled = self
            .registry
            .database
            .write(move |writer| Box::pin(async move { writer.execute(statement, []).await }));
        meddled.await.map_err(|error: DatabaseError| error).unwrap();
    }

    async fn get(&self, query: Query) -> Vec<Object> {
        let response = self.registry.query(&StoredQuery::leaf_class(query)).await.unwrap();
        let (objects, errors) = response.into_objects();
        assert!(errors.is_empty(), "{errors}");
        objects
    }

    async fn refused_query(&self, query: StoredQuery) -> ErrorCode {
        let errors = self.registry.query(&query).await.unwrap_err();
        errors.into_iter().next().unwrap().code
    }

    /// The entries with a unique id, oldest first.
    async fn entries(&self, unique_id: &str) -> Vec<DocumentEntry> {
        let ids = Ids::UniqueIds(vec![unique_id.parse().unwrap()]);
        let objects = self.get(Query::GetDocuments(GetDocuments { ids })).await;
        objects.into_iter().filter_map(as_entry).collect()
    }

    async fn entry(&self, unique_id: &str) -> DocumentEntry {
        let mut entries = self.entries(unique_id).await;
        assert_eq!(entries.len(), 1);
        entries.remove(0)
    }

    async fn uuid(&self, unique_id: &str) -> EntryUuid {
        self.entry(unique_id).await.entry_uuid.uuid().unwrap()
    }

    async fn status(&self, unique_id: &str) -> AvailabilityStatus {
        self.entry(unique_id).await.availability_status.unwrap()
    }

    async fn folder(&self, unique_id: &str) -> Folder {
        let ids = Ids::UniqueIds(vec![unique_id.parse().unwrap()]);
        let mut objects = self.get(Query::GetFolders(GetFolders { ids })).await;
        match objects.remove(0) {
            Object::Folder(folder) => folder,
            other => panic!("{other:?}"),
        }
    }

    async fn associations(&self, uuid: EntryUuid) -> Vec<Association> {
        let objects = self.get(Query::GetAssociations(GetAssociations { uuids: vec![uuid] })).await;
        objects.into_iter().filter_map(as_association).collect()
    }
}

async fn open(place: &Place, patients: PatientPolicy) -> Registry {
    let policy = Policy { patients, domain: CurrentDomain::default() };
    Registry::open(place.location(), policy).await.unwrap()
}

fn as_entry(object: Object) -> Option<DocumentEntry> {
    match object {
        Object::Entry(entry) => Some(entry),
        _ => None,
    }
}

fn as_association(object: Object) -> Option<Association> {
    match object {
        Object::Association(association) => Some(association),
        _ => None,
    }
}

/// The sample with ids of its own: the document is `1.6.N`, the submission set `1.8.N`.
fn numbered(mut submission: Submission, number: u32) -> Submission {
    submission.submission_set.unique_id = format!("1.8.{number}").parse().unwrap();
    for entry in &mut submission.entries {
        entry.unique_id = document_id(number).parse().unwrap();
    }
    for folder in &mut submission.folders {
        folder.unique_id = folder_id(number).parse().unwrap();
    }
    submission
}

fn document_id(number: u32) -> String {
    format!("1.6.{number}")
}

fn folder_id(number: u32) -> String {
    format!("1.9.{number}")
}

fn document(number: u32) -> Submission {
    numbered(sample(), number)
}

fn document_in_folder(number: u32) -> Submission {
    numbered(sample_with_folder(), number)
}

/// A submission whose document has a relationship to a registered one.
fn related(number: u32, association_type: AssociationType, target: EntryUuid) -> Submission {
    let mut submission = document(number);
    submission.associations.push(Association::new(
        association_type,
        symbol("relationship"),
        symbol("Document01"),
        target.into(),
    ));
    submission
}

fn symbol(symbol: &str) -> ObjectId {
    ObjectId::Symbolic(symbol.to_owned())
}

fn has_member(id: &str, source: impl Into<ObjectId>, target: impl Into<ObjectId>) -> Association {
    Association::new(AssociationType::HasMember, symbol(id), source.into(), target.into())
}

/// Without documents: the set refers to a registered one.
fn reference_to(number: u32, target: EntryUuid) -> Submission {
    let mut submission = document(number);
    submission.entries.clear();
    submission.associations = vec![Association {
        submission_set_status: Some(SubmissionSetStatus::Reference),
        ..has_member("reference", symbol("SubmissionSet01"), target)
    }];
    submission
}

/// Without documents: a registered document goes into a registered folder.
fn put_into_folder(number: u32, folder: EntryUuid, target: EntryUuid) -> Submission {
    let mut submission = reference_to(number, target);
    submission.associations.push(has_member("content", folder, target));
    submission.associations.push(has_member("brings", symbol("SubmissionSet01"), symbol("content")));
    submission
}

fn with_patient(mut submission: Submission, patient: &str) -> Submission {
    let patient = Some(patient.parse().unwrap());
    submission.submission_set.patient_id.clone_from(&patient);
    submission.entries.iter_mut().for_each(|entry| entry.patient_id.clone_from(&patient));
    submission.folders.iter_mut().for_each(|folder| folder.patient_id.clone_from(&patient));
    submission
}

const PATIENT: &str = "P123^^^&1.2.3.4&ISO";
const OTHER_PATIENT: &str = "P999^^^&1.2.3.4&ISO";
