//! A document of one GiB passes through a node that never holds it.

use metadata::AvailabilityStatus;
use sha2::{Digest, Sha256};
use soap::parts::Content;
use tests::{Document, Node, noise};

use crate::find::find;

const GIB: u64 = 1 << 30;
/// What a node may have resident at most (`docs/performance.md`).
const RESIDENT: u64 = 100 << 20;

async fn digest(mut content: Content) -> (u64, [u8; 32]) {
    let (mut size, mut hash) = (0, Sha256::new());
    while let Some(chunk) = content.chunk().await.unwrap() {
        size += chunk.len() as u64;
        hash.update(&chunk);
    }
    (size, hash.finalize().into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gib_goes_in_and_out_with_little_memory() {
    let node = Node::start();
    let document = Document::of("P1", "");
    let answer = document.provide_stream(&node.repository(), noise(GIB)).await.unwrap();
    assert!(answer.is_success(), "{:?}", answer.errors);
    let consumer = node.consumer();
    let [entry] =
        find(&consumer, &document.patient(), AvailabilityStatus::Approved).await.try_into().unwrap();
    assert_eq!(entry.size, Some(GIB));
    assert_eq!(digest(consumer.fetch(&entry).await.unwrap()).await, digest(noise(GIB)).await);
    let resident = node.peak_resident();
    assert!(resident < RESIDENT, "{} MiB resident", resident >> 20);
}
