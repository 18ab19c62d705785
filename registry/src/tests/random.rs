//! Random submissions over the wire: what a query returns is what went in, and what the registry sets.

use std::collections::HashMap;
use std::sync::Mutex;

use actors::transactions::stored_query::{GetSubmissionSetAndContents, Id};
use metadata::{Mutable, arbitrary};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::wire::ask;
use super::*;

const SUBMISSIONS: u32 = 1_000;

/// What a registry has taken in so far, as far as the next submission may refer to it.
#[derive(Default)]
struct Model {
    submissions: u32,
    /// By patient the approved documents, and whether each is a transformation.
    approved: HashMap<String, Vec<(EntryUuid, bool)>>,
    /// What was added to a document or made of it.
    dependents: HashMap<EntryUuid, Vec<EntryUuid>>,
}

impl Model {
    /// A document of the patient that may have such a relationship, if there is one.
    fn target(&self, patient: &str, kind: &AssociationType, index: Index) -> Option<EntryUuid> {
        let approved = self.approved.get(patient)?.iter();
        let fits = approved.filter(|(_, is_made)| *kind != AssociationType::Append || !is_made);
        let fitting: Vec<_> = fits.map(|(uuid, _)| *uuid).collect();
        (!fitting.is_empty()).then(|| *index.get(&fitting))
    }

    fn note(&mut self, patient: &str, submission: &Submission) {
        let approved = self.approved.entry(patient.to_owned()).or_default();
        let uuids = submission.entries.iter().filter_map(|entry| entry.entry_uuid.uuid());
        approved.extend(uuids.map(|uuid| (uuid, false)));
        for association in &submission.associations {
            let ends = association.source_object.uuid().zip(association.target_object.uuid());
            let (source, target) = ends.unwrap();
            let kind = &association.association_type;
            if matches!(kind, AssociationType::Append | AssociationType::Transform) {
                self.dependents.entry(target).or_default().push(source);
            }
            if *kind == AssociationType::Transform {
                approved
                    .iter_mut()
                    .filter(|(uuid, _)| *uuid == source)
                    .for_each(|(_, is_made)| *is_made = true);
            }
            let mut gone = if kind.replaces() { vec![target] } else { vec![] };
            while let Some(uuid) = gone.pop() {
                approved.retain(|(known, _)| *known != uuid);
                gone.extend(self.dependents.remove(&uuid).unwrap_or_default());
            }
        }
    }
}

/// Unique ids that no other submission has.
fn number(submission: &mut Submission, number: u32) {
    submission.submission_set.unique_id = format!("1.8.{number}").parse().unwrap();
    for (at, entry) in submission.entries.iter_mut().enumerate() {
        entry.unique_id = format!("{}.{number}.{at}", entry.unique_id).parse().unwrap();
    }
    for (at, folder) in submission.folders.iter_mut().enumerate() {
        folder.unique_id = format!("1.9.{number}.{at}").parse().unwrap();
    }
}

/// All that the submission set brought, and the relationships of its documents.
async fn found(endpoint: &Endpoint, submission: &Submission) -> Vec<Object> {
    let unique_id = submission.submission_set.unique_id.as_str().parse().unwrap();
    let whole =
        GetSubmissionSetAndContents { id: Id::UniqueId(unique_id), content: ContentFilter::default() };
    let mut objects = read(endpoint, Query::GetSubmissionSetAndContents(whole)).await;
    let documents = objects.iter().filter(|object| matches!(object, Object::Entry(_)));
    let uuids: Vec<EntryUuid> = documents.filter_map(|entry| entry.identity().id.uuid()).collect();
    if submission.associations.iter().any(|one| one.association_type != AssociationType::HasMember) {
        let all = read(endpoint, Query::GetAssociations(GetAssociations { uuids })).await;
        let is_relationship = |object: &Object| matches!(object, Object::Association(one) if one.association_type != AssociationType::HasMember);
        objects.extend(all.into_iter().filter(is_relationship));
    }
    objects
}

async fn read(endpoint: &Endpoint, query: Query) -> Vec<Object> {
    let (objects, errors) = ask(endpoint, StoredQuery::leaf_class(query)).await.into_objects();
    assert!(errors.is_empty(), "{errors}");
    objects
}

/// The UUIDs that the registry gave: objects are known by their unique ids, associations by what they lead from and to.
fn resolve(submission: &mut Submission, found: &[Object]) {
    let mut uuids = HashMap::new();
    for said in submission.identities() {
        let is_it =
            |object: &&Object| said.unique_id.is_some() && object.identity().unique_id == said.unique_id;
        if let (ObjectId::Symbolic(symbol), Some(object)) = (said.id, found.iter().find(is_it)) {
            uuids.insert(symbol.clone(), object.identity().id.uuid().unwrap());
        }
    }
    submission.resolve(&uuids);
    // Twice, for an association may lead to another.
    for _ in 0..2 {
        let mut uuids = HashMap::new();
        for said in &submission.associations {
            let is_it = |object: &&Object| {
                matches!(object, Object::Association(one) if one.association_type == said.association_type
                    && one.source_object == said.source_object && one.target_object == said.target_object)
            };
            if let (ObjectId::Symbolic(symbol), Some(object)) = (&said.entry_uuid, found.iter().find(is_it)) {
                uuids.insert(symbol.clone(), object.identity().id.uuid().unwrap());
            }
        }
        submission.resolve(&uuids);
    }
}

/// What a submitted object becomes: approved, version 1, of this registry, a folder of this moment.
fn as_registered(mut object: Object, found: &Object) -> Object {
    let current = Mutable {
        status: AvailabilityStatus::Approved,
        logical_id: object.identity().id.uuid(),
        version: Some(1),
        patient_id: object.identity().patient_id.cloned(),
        last_update_time: match found {
            Object::Folder(folder) => folder.last_update_time,
            _ => None,
        },
    };
    object.set(&current);
    match &mut object {
        Object::Entry(entry) => entry.home_community_id = None,
        Object::SubmissionSet(set) => set.home_community_id = None,
        Object::Folder(folder) => folder.home_community_id = None,
        Object::Association(association) => association.home_community_id = None,
    }
    object
}

async fn goes_round(
    endpoint: &Endpoint,
    model: &Mutex<Model>,
    (mut submission, relationships): (Submission, Vec<(Association, Index)>),
) {
    let patient = submission.submission_set.patient_id.as_ref().unwrap().to_string();
    {
        let mut model = model.lock().unwrap();
        model.submissions += 1;
        number(&mut submission, model.submissions);
        for (mut association, index) in relationships {
            if let Some(target) = model.target(&patient, &association.association_type, index) {
                association.target_object = target.into();
                submission.associations.push(association);
            }
        }
    }
    let before = jiff::Timestamp::now().as_second();
    let answer = ask(endpoint, Register::new(submission.clone())).await;
    assert!(answer.is_success(), "{}", answer.errors);
    let found = found(endpoint, &submission).await;
    resolve(&mut submission, &found);
    model.lock().unwrap().note(&patient, &submission);
    let mut by_id: HashMap<ObjectId, Object> =
        found.into_iter().map(|object| (object.identity().id.clone(), object)).collect();
    for said in submission.into_objects() {
        let found = by_id.remove(said.identity().id).unwrap_or_else(|| panic!("{said:?} is not found"));
        if let Object::Folder(folder) = &found {
            assert!(folder.last_update_time.is_some_and(|time| time.start() >= before));
        }
        assert_eq!(as_registered(said, &found), found);
    }
    // A replacement takes the places of what it replaces: that is what the registry itself has added.
    for object in by_id.into_values() {
        let Object::Association(association) = object else { panic!("{object:?} was never said") };
        assert_eq!(association.association_type, AssociationType::HasMember);
    }
}

#[test]
fn a_thousand_random_submissions_come_back_attribute_for_attribute() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let house = runtime.block_on(House::accepting());
    let endpoint = endpoint(&Arc::new(house.registry), Audit::none());
    let model = Mutex::default();
    let config = Config { cases: SUBMISSIONS, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&arbitrary::submission(), |random| {
        runtime.block_on(goes_round(&endpoint, &model, random));
        Ok(())
    });
    outcome.unwrap();
}
