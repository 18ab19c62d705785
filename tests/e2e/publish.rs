//! A document is provided, found and fetched, and the audit knows.

use metadata::AvailabilityStatus;
use tests::{Document, Node};

use crate::find::{fetch, find};

#[tokio::test]
async fn a_document_is_provided_found_and_fetched() {
    let mut node = Node::start();
    let document = Document::of("P1", *b"a dose report");
    assert!(document.provide(&node.repository()).await.unwrap().errors.is_empty());

    let consumer = node.consumer();
    let found = find(&consumer, &document.patient(), AvailabilityStatus::Approved).await;
    let [entry] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(entry.unique_id, document.entry().unique_id);
    assert_eq!(entry.size, Some(13));
    assert!(entry.entry_uuid.uuid().is_some(), "the registry has given the entry a UUID");
    assert_eq!(fetch(&consumer, entry).await, document.bytes);
    assert_eq!(find(&consumer, &Document::of("P2", "").patient(), AvailabilityStatus::Approved).await, []);

    node.stop();
    let audit = std::fs::read_to_string(node.folder().join("data/audit.jsonl")).unwrap();
    for transaction in ["ITI-41", "ITI-42", "ITI-18", "ITI-43"] {
        assert!(audit.contains(transaction), "{transaction} is not in the audit:\n{audit}");
    }
}

#[tokio::test]
async fn what_was_said_comes_back_as_it_was_said() {
    let node = Node::start();
    let document = Document::of("P1", "x");
    document.provide(&node.repository()).await.unwrap();
    let [entry] =
        find(&node.consumer(), &document.patient(), AvailabilityStatus::Approved).await.try_into().unwrap();
    let sent = document.entry().clone();
    let expected = metadata::DocumentEntry {
        availability_status: Some(AvailabilityStatus::Approved),
        entry_uuid: entry.entry_uuid.clone(),
        logical_id: entry.entry_uuid.uuid(),
        version: Some(1),
        hash: entry.hash,
        size: Some(1),
        repository_unique_id: entry.repository_unique_id.clone(),
        ..sent
    };
    assert_eq!(entry, expected);
}
