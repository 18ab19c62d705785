//! Bits rot: a document of which one bit has changed is found when it is asked for, and never given.

use std::fs;
use std::path::{Path, PathBuf};

use actors::transactions::{DocumentRequest, Retrieve};
use metadata::Flavour;
use sha2::{Digest, Sha256};
use tests::{Document, Node, REPOSITORY};
use tokio::task::JoinSet;

use crate::random::{Bytes, Random};
use crate::{damages, seed, turn, volume};

/// Documents that are asked for together: one damaged among whole ones.
const TOGETHER: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_document_with_a_changed_bit_is_never_given() {
    let _turn = turn().await;
    let node = crate::node();
    if node.stored_files().is_empty() && !is_in_a_folder(&node).await {
        println!(
            "SKIPPED: bit rot is made in the folder of a node, and this one keeps its documents elsewhere"
        );
        return;
    }
    let mut random = Random::new(seed("bit rot"), 0);
    let documents = provide(&node, volume(100, 1_000), &mut random).await;
    let (damaged, whole) = documents.split_at(documents.len() / 2);
    for document in damaged {
        flip_a_bit(&file_of(&node, document), &mut random);
    }
    for (number, document) in damaged.iter().enumerate() {
        let others = whole.iter().cycle().skip(number).take(TOGETHER - 1);
        let asked: Vec<&Document> = std::iter::once(document).chain(others).collect();
        check(&node, &asked).await;
    }
    assert_eq!(damages(&node), damaged.len() as u64, "what verify finds");
    println!(
        "bit rot: {} documents with a changed bit found by reading and by verify, and not given",
        damaged.len()
    );
}

/// Whether a first document makes a file.
async fn is_in_a_folder(node: &Node) -> bool {
    assert!(Document::of("P0", "first").provide(&node.repository()).await.unwrap().is_success());
    !node.stored_files().is_empty()
}

/// Submits documents of all sizes.
async fn provide(node: &Node, count: usize, random: &mut Random) -> Vec<Document> {
    let mut providing = JoinSet::new();
    for number in 0..count {
        let length = 1 + random.below(1 << (4 + number % 18));
        let bytes = Bytes { seed: random.next(), length: usize::try_from(length).unwrap() };
        let repository = node.repository();
        providing.spawn(async move {
            let document = Document::of("P1", bytes.make());
            assert!(document.provide(&repository).await.unwrap().is_success());
            document
        });
    }
    providing.join_all().await
}

/// The file that holds a document: its name begins with its SHA-256.
fn file_of(node: &Node, document: &Document) -> PathBuf {
    let hex: String = Sha256::digest(&document.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let is_it =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&hex));
    node.stored_files().into_iter().find(is_it).unwrap()
}

fn flip_a_bit(file: &Path, random: &mut Random) {
    let mut bytes = fs::read(file).unwrap();
    let index = usize::try_from(random.below(bytes.len() as u64)).unwrap();
    *bytes.get_mut(index).unwrap() ^= 1 << random.below(8);
    fs::write(file, bytes).unwrap();
}

/// Asks for documents of which the first is damaged: it is refused with a code, the others come.
async fn check(node: &Node, asked: &[&Document]) {
    let request = |document: &&Document| DocumentRequest {
        home_community_id: None,
        repository_unique_id: REPOSITORY.to_owned(),
        document_unique_id: document.entry().unique_id.to_string(),
    };
    let answer = node.repository().ask(Retrieve { documents: asked.iter().map(request).collect() }).await;
    let mut answer = answer.unwrap();
    let codes: Vec<_> = answer.errors.0.iter().map(|error| error.code.name(Flavour::Repository)).collect();
    assert_eq!(codes, ["XDSRepositoryError"], "{:?}", answer.errors);
    for expected in asked.iter().skip(1) {
        let arrived = answer.documents.next().await.unwrap().unwrap();
        assert_eq!(arrived.content.collect(usize::MAX).await.unwrap(), expected.bytes);
    }
    assert!(answer.documents.next().await.unwrap().is_none(), "the damaged document was given");
}
