//! A node takes little memory: at rest, while many large documents come at once, and while a very large one passes.

use std::time::Duration;

use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use sha2::{Digest, Sha256};
use soap::parts::Content;
use tests::{Document, Node, noise};
use tokio::task::JoinSet;

use crate::{node, turn, volume};

const MIB: u64 = 1 << 20;
/// What a node at rest may have resident.
const IDLE: u64 = 50 * MIB;
/// What it may have while many large documents come at once.
const CROWDED: u64 = 200 * MIB;
/// What it may have while one very large document passes (`docs/performance.md`).
const PASSING: u64 = 100 * MIB;

fn below(what: &str, node: &Node, limit: u64) {
    let resident = node.peak_resident();
    println!("memory: {what}: {} MiB at the most", resident / MIB);
    assert!(
        resident < limit,
        "{what}: {} MiB resident, expected less than {} MiB",
        resident / MIB,
        limit / MIB
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_at_rest_takes_little_memory() {
    let _turn = turn().await;
    let node = node();
    tokio::time::sleep(Duration::from_secs(volume(1, 10))).await;
    below("at rest", &node, IDLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_large_documents_at_once_take_little_memory() {
    let _turn = turn().await;
    let node = node();
    let (documents, length) = volume((16, 16 * MIB), (64, 64 * MIB));
    let mut uploads = JoinSet::new();
    for number in 0..documents {
        // From as many places, for a node takes few large documents from one at a time.
        let authority = node.authority();
        let person = certs::Request::person(format!("uploader {number}"));
        let client = node.client_as(&authority.authority().issue(&person).unwrap());
        let repository =
            actors::Partner::remote(&node.url("/repository"), client, actors::audit::Audit::none());
        uploads.spawn(async move {
            let document = Document::of(&format!("P{number}"), "");
            let answer = document.provide_stream(&repository, noise(length + number)).await.unwrap();
            assert!(answer.is_success(), "{:?}", answer.errors);
        });
    }
    uploads.join_all().await;
    below(&format!("{documents} documents of {} MiB at once", length / MIB), &node, CROWDED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_very_large_document_passes_through_little_memory() {
    let _turn = turn().await;
    let node = node();
    let length = volume(256 * MIB, 1024 * MIB);
    let document = Document::of("P1", "");
    let answer = document.provide_stream(&node.repository(), noise(length)).await.unwrap();
    assert!(answer.is_success(), "{:?}", answer.errors);
    let consumer = node.consumer();
    let ids = Ids::UniqueIds(vec![document.entry().unique_id.clone()]);
    let found = consumer.entries(Query::GetDocuments(GetDocuments { ids })).await.unwrap();
    let [entry] = found.try_into().unwrap();
    assert_eq!(entry.size, Some(length));
    assert_eq!(digest(consumer.fetch(&entry).await.unwrap()).await, digest(noise(length)).await);
    below(&format!("{} MiB up and down", length / MIB), &node, PASSING);
}

async fn digest(mut content: Content) -> (u64, [u8; 32]) {
    let (mut size, mut hash) = (0, Sha256::new());
    while let Some(chunk) = content.chunk().await.unwrap() {
        size += chunk.len() as u64;
        hash.update(&chunk);
    }
    (size, hash.finalize().into())
}
