//! A node is killed in the middle of its work: nothing acknowledged is lost, nothing is half there.

use std::time::Duration;

use metadata::AvailabilityStatus;
use tests::{Document, Node};
use tokio::task::JoinSet;

use crate::find::{fetch, find};

const ROUNDS: u64 = 5;
const WRITERS: usize = 8;

/// Provides documents of one patient until the node is gone; gives back those that were acknowledged.
async fn provide_until_gone(repository: actors::Partner, patient: String) -> Vec<Document> {
    let mut acknowledged = Vec::new();
    for number in 0..10_000_u32 {
        let size = 1 << (number % 22);
        let document = Document::of(&patient, vec![u8::try_from(number % 251).unwrap(); size]);
        match document.provide(&repository).await {
            Ok(answer) if answer.is_success() => acknowledged.push(document),
            Ok(answer) => panic!("{:?}", answer.errors),
            Err(_) => return acknowledged,
        }
    }
    panic!("the node was never killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_loses_nothing_that_was_acknowledged() {
    let mut node = Node::start();
    for round in 0..ROUNDS {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(provide_until_gone(node.repository(), format!("R{round}W{writer}")));
        }
        tokio::time::sleep(Duration::from_millis(200 + 137 * round)).await;
        node.kill();
        let acknowledged = writers.join_all().await;
        node.resume();
        assert!(acknowledged.iter().any(|documents| !documents.is_empty()), "round {round} did nothing");
        check(&node, round, &acknowledged).await;
    }
}

/// All that was acknowledged is found and whole, and all that is found can be fetched.
async fn check(node: &Node, round: u64, acknowledged: &[Vec<Document>]) {
    let consumer = node.consumer();
    let patients = (0..WRITERS).map(|writer| Document::of(&format!("R{round}W{writer}"), "").patient());
    let mut found = Vec::new();
    for patient in patients {
        found.extend(find(&consumer, &patient, AvailabilityStatus::Approved).await);
    }
    for document in acknowledged.iter().flatten() {
        let entry = found.iter().find(|entry| entry.unique_id == document.entry().unique_id);
        let entry =
            entry.unwrap_or_else(|| panic!("{} was acknowledged and is lost", document.entry().unique_id));
        assert_eq!(fetch(&consumer, entry).await, document.bytes);
    }
    for entry in &found {
        let bytes = fetch(&consumer, entry).await;
        assert_eq!(Some(bytes.len() as u64), entry.size);
    }
}
