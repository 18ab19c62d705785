//! Two hundred come at once.

use metadata::AvailabilityStatus;
use tests::{Document, Node};
use tokio::task::JoinSet;

use crate::find::{fetch, find};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_submissions_at_once_are_all_kept() {
    let node = Node::start();
    let mut crowd = JoinSet::new();
    for number in 0..200 {
        let repository = node.repository();
        let document = Document::of(&format!("P{}", number % 20), format!("document {number}"));
        crowd.spawn(async move {
            let answer = document.provide(&repository).await.unwrap();
            assert!(answer.errors.is_empty(), "{:?}", answer.errors);
            document
        });
    }
    let documents = crowd.join_all().await;
    let consumer = node.consumer();
    for patient in 0..20 {
        let patient = Document::of(&format!("P{patient}"), "").patient();
        let found = find(&consumer, &patient, AvailabilityStatus::Approved).await;
        assert_eq!(found.len(), 10);
        for entry in &found {
            let sent =
                documents.iter().find(|document| document.entry().unique_id == entry.unique_id).unwrap();
            assert_eq!(fetch(&consumer, entry).await, sent.bytes);
        }
    }
}
