use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metadata::{AvailabilityStatus, DocumentEntry, Object, sample};
use soap::peer::Peer;

use super::*;
use crate::audit::Audit;
use crate::transactions::stored_query::FindDocuments;
use crate::{Endpoint, Partner};

/// A registry that has so many documents and gives so many at once.
struct Registry {
    documents: usize,
    at_once: usize,
    asked: AtomicUsize,
}

async fn answer(
    registry: Arc<Registry>,
    request: StoredQuery,
    _: Peer,
) -> Result<QueryResponse, RegistryErrors> {
    registry.asked.fetch_add(1, Ordering::Relaxed);
    let uuids: Vec<EntryUuid> = match request.query {
        Query::GetDocuments(GetDocuments { ids: Ids::EntryUuids(uuids) }) => uuids,
        _ => (0..registry.documents).map(uuid).collect(),
    };
    if request.return_type == ReturnType::ObjectRef {
        let reference = |uuid: EntryUuid| Found::Reference { id: uuid.into(), home: None };
        return Ok(QueryResponse::of(uuids.into_iter().map(reference).collect()));
    }
    if uuids.len() > registry.at_once {
        return Err(RegistryError::new(ErrorCode::TooManyResults, "too many").into());
    }
    let [entry] = sample().entries.try_into().unwrap();
    let entry = |uuid: EntryUuid| DocumentEntry { entry_uuid: uuid.into(), ..entry.clone() };
    let found = uuids.into_iter().map(|uuid| Found::Object(Box::new(Object::Entry(entry(uuid)))));
    Ok(QueryResponse::of(found.collect()))
}

fn uuid(number: usize) -> EntryUuid {
    EntryUuid::from_bytes((number as u128 + 1).to_be_bytes())
}

fn registry(documents: usize, at_once: usize) -> (Arc<Registry>, Consumer) {
    let registry = Arc::new(Registry { documents, at_once, asked: AtomicUsize::new(0) });
    let endpoint = Arc::new(Endpoint::new(Audit::none()).answers(&registry, answer));
    (registry, Consumer::new(Partner::local(endpoint, Audit::none())))
}

fn find() -> Query {
    Query::FindDocuments(FindDocuments {
        patient_id: "P123^^^&1.2.3.4&ISO".parse().unwrap(),
        status: vec![AvailabilityStatus::Approved],
        filter: Default::default(),
    })
}

#[tokio::test]
async fn documents_that_are_too_many_for_one_answer_are_fetched_in_blocks() {
    let (registry, consumer) = registry(2 * BLOCK + 1, BLOCK);
    let entries = consumer.entries(find()).await.unwrap();
    let uuids: Vec<_> = entries.iter().filter_map(|entry| entry.entry_uuid.uuid()).collect();
    assert_eq!(uuids, (0..2 * BLOCK + 1).map(uuid).collect::<Vec<_>>());
    // The question itself, the references, three blocks.
    assert_eq!(registry.asked.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_block_that_is_still_too_much_is_halved() {
    let (_, consumer) = registry(BLOCK, 3);
    assert_eq!(consumer.entries(find()).await.unwrap().len(), BLOCK);
}

#[tokio::test]
async fn what_fits_is_asked_for_once() {
    let (registry, consumer) = registry(BLOCK, BLOCK);
    assert_eq!(consumer.entries(find()).await.unwrap().len(), BLOCK);
    assert_eq!(registry.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn refuses_more_than_it_could_hold() {
    let (_, consumer) = registry(DOCUMENTS + 1, 0);
    let refused = consumer.entries(find()).await.unwrap_err();
    assert!(refused.is_of_too_much() && refused.to_string().contains("narrow"), "{refused}");
    let (_, consumer) = registry(1, 0);
    assert!(consumer.entries(find()).await.unwrap_err().is_of_too_much());
}
