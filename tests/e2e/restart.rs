//! What a node knew before, it knows after.

use metadata::AvailabilityStatus;
use tests::{Document, Node};

use crate::find::{fetch, find};

/// A document that the node was given, and that it gives after a restart.
pub(crate) async fn keeps_through_a_restart(node: &mut Node) -> Document {
    let document = Document::of("P1", "kept");
    assert!(document.provide(&node.repository()).await.unwrap().is_success());
    node.stop();
    node.resume();
    let consumer = node.consumer();
    let [entry] =
        find(&consumer, &document.patient(), AvailabilityStatus::Approved).await.try_into().unwrap();
    assert_eq!(fetch(&consumer, &entry).await, document.bytes);
    document
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let mut node = Node::start();
    let document = keeps_through_a_restart(&mut node).await;
    let again = document.provide(&node.repository()).await.unwrap();
    assert_eq!(
        again.errors.0[0].code.name(metadata::Flavour::Repository),
        "XDSDuplicateUniqueIdInRegistry",
        "the submission set is known: {:?}",
        again.errors
    );
}
