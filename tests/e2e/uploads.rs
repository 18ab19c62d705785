//! Many large documents come at once, from one peer and from many.

use certs::Request;
use futures_util::StreamExt;
use soap::parts::Content;
use tests::{Document, Node, noise};
use tokio::task::JoinSet;

/// How many come at once.
const UPLOADS: usize = 64;
/// What a node may have resident at most (`docs/performance.md`).
const RESIDENT: u64 = 200 << 20;

/// The size of each: less than the 64 MiB of `docs/performance.md` unless all is wanted.
fn size() -> u64 {
    match std::env::var_os("DOSEBOOK_FAULTS") {
        Some(_) => 64 << 20,
        None => 8 << 20,
    }
}

/// All of them succeed, and the node holds little.
async fn all_are_kept(node: &Node, peers: usize) {
    let authority = node.authority();
    let clients: Vec<_> = (0..peers)
        .map(|peer| {
            node.client_as(&authority.authority().issue(&Request::person(format!("p{peer}"))).unwrap())
        })
        .collect();
    let mut uploads = JoinSet::new();
    for (number, client) in clients.iter().cycle().take(UPLOADS).enumerate() {
        let url = node.url("/repository");
        let repository = actors::Partner::remote(&url, client.clone(), actors::audit::Audit::none());
        uploads.spawn(async move {
            // No two are the same, so that all of them are kept.
            let first = futures_util::stream::iter([Ok(number.to_string().into())]);
            let content = Content::from_stream(first.chain(noise(size())));
            let answer = Document::of("P1", "").provide_stream(&repository, content).await.unwrap();
            assert!(answer.is_success(), "{:?}", answer.errors);
        });
    }
    uploads.join_all().await;
    let resident = node.peak_resident();
    eprintln!("{UPLOADS} uploads of {} bytes by {peers}: {} MiB resident", size(), resident >> 20);
    assert!(resident < RESIDENT, "{} MiB resident", resident >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_large_documents_of_one_peer_need_little_memory() {
    all_are_kept(&Node::start(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_large_documents_of_many_peers_need_little_memory() {
    all_are_kept(&Node::start(), UPLOADS).await;
}
