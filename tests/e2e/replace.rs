//! A document takes the place of another.

use actors::source::replace;
use metadata::AvailabilityStatus;
use tests::{Document, Node};

use crate::find::find;

#[tokio::test]
async fn a_replaced_document_is_deprecated() {
    let node = Node::start();
    let consumer = node.consumer();
    let old = Document::of("P1", "old");
    old.provide(&node.repository()).await.unwrap();
    let [registered] =
        find(&consumer, &old.patient(), AvailabilityStatus::Approved).await.try_into().unwrap();

    let mut new = Document::of("P1", "new");
    let id = new.entry().entry_uuid.clone();
    replace(&mut new.submission, &id, registered.entry_uuid.uuid().unwrap());
    assert!(new.provide(&node.repository()).await.unwrap().errors.is_empty());

    let approved = find(&consumer, &old.patient(), AvailabilityStatus::Approved).await;
    let deprecated = find(&consumer, &old.patient(), AvailabilityStatus::Deprecated).await;
    assert_eq!(approved.iter().map(|entry| &entry.unique_id).collect::<Vec<_>>(), [&new.entry().unique_id]);
    assert_eq!(deprecated.iter().map(|entry| &entry.unique_id).collect::<Vec<_>>(), [&old.entry().unique_id]);

    // What is deprecated cannot be replaced again (ITI TF-2 3.42.4.1.3.5).
    let mut late = Document::of("P1", "late");
    let id = late.entry().entry_uuid.clone();
    replace(&mut late.submission, &id, registered.entry_uuid.uuid().unwrap());
    let answer = late.provide(&node.repository()).await.unwrap();
    assert_eq!(
        answer.errors.0[0].code.name(metadata::Flavour::Repository),
        "XDSRegistryDeprecatedDocumentError"
    );
}
