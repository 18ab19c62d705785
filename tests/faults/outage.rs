//! A server that the node relies on goes away while many submit: the node refuses what it cannot do, in time, never
//! says what is not so, and comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actors::CallError;
use tests::Node;
use tokio::task::{JoinSet, block_in_place};

use crate::deeds::Client;
use crate::ledger::{Attempt, Outcome, Page};
use crate::{judge, seed, volume};

const CLIENTS: usize = 16;
/// How long the node works between two outages, and how long one lasts.
const WORK: Duration = Duration::from_millis(1_500);
/// How long anybody waits for an answer at most, whatever happens to the server.
const ANSWER: Duration = Duration::from_secs(20);
/// How long a node takes at most to work again once its server does.
const RECOVERY: Duration = Duration::from_secs(20);

/// Takes a server away and gives it back while many submit to the node; nothing acknowledged is lost, and nothing is
/// acknowledged without it.
pub(crate) async fn survive(story: &str, node: &Node, away: impl FnMut(), back: impl FnMut()) {
    let during = survive_slowly(story, node, away, back).await;
    // What was just done when the server went away may be acknowledged.
    assert!(during.iter().all(|kept| *kept <= CLIENTS), "{during:?} acknowledged without a server");
}

/// The same where the server goes on as well as it can; what was acknowledged in each of its bad times.
pub(crate) async fn survive_slowly(
    story: &str,
    node: &Node,
    mut away: impl FnMut(),
    mut back: impl FnMut(),
) -> Vec<usize> {
    let mut acknowledged = Vec::new();
    let crowd = Crowd::start(node, story, seed(story));
    for _ in 0..volume(2, 20) {
        tokio::time::sleep(WORK).await;
        let before = crowd.kept();
        block_in_place(&mut away);
        tokio::time::sleep(WORK).await;
        let during = crowd.kept() - before;
        acknowledged.push(during);
        block_in_place(&mut back);
        let recovery = crowd.works_again().await;
        println!(
            "{story}: {before} acknowledged, {during} during an outage, works again after {recovery:.1?}"
        );
    }
    let pages = crowd.stop().await;
    // What was on its way when a silence ended has arrived by now, if it ever does.
    tokio::time::sleep(WORK).await;
    check(node, &pages).await;
    acknowledged
}

/// Many who submit until they are stopped, whatever they are told.
pub(crate) struct Crowd {
    clients: JoinSet<()>,
    pages: Vec<Arc<Page>>,
    kept: Arc<AtomicUsize>,
    done: Arc<AtomicBool>,
}

impl Crowd {
    pub(crate) fn start(node: &Node, story: &str, seed: u64) -> Self {
        let (kept, done) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let patient = |client| format!("{}-{client}", story.replace(' ', "-"));
        let pages: Vec<_> = (0..CLIENTS).map(|client| Arc::new(Page::new(&patient(client)))).collect();
        let mut clients = JoinSet::new();
        for (number, page) in (0..).zip(&pages) {
            let client = Client::new(node, seed, number);
            clients.spawn(submit(client, Arc::clone(page), Arc::clone(&kept), Arc::clone(&done)));
        }
        Self { clients, pages, kept, done }
    }

    /// How many submissions with documents were acknowledged so far.
    pub(crate) fn kept(&self) -> usize {
        self.kept.load(Ordering::Relaxed)
    }

    /// Waits until as much is acknowledged as there are clients; how long that took.
    pub(crate) async fn works_again(&self) -> Duration {
        let (start, before) = (Instant::now(), self.kept());
        while self.kept() < before + self.pages.len() {
            assert!(start.elapsed() < RECOVERY, "the node does not come back: {} more", self.kept() - before);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        start.elapsed()
    }

    /// Lets all finish what they are at.
    pub(crate) async fn stop(self) -> Vec<Arc<Page>> {
        self.done.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        self.pages
    }
}

async fn submit(mut client: Client, page: Arc<Page>, kept: Arc<AtomicUsize>, done: Arc<AtomicBool>) {
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        let answer = client.submit(&page).await;
        assert!(start.elapsed() < ANSWER, "{:?} after {:?}", answer, start.elapsed());
        match answer {
            Ok(attempt) if attempt.is_kept() => {
                kept.fetch_add(usize::from(attempt.documents.is_some()), Ordering::Relaxed);
            }
            Ok(attempt) => refused(&attempt).await,
            // Too busy, as it says itself: also an answer.
            Err(error) => {
                assert!(matches!(error, CallError::Refused(_)), "the node itself is well, yet: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// How long a client that was refused waits before it tries something else.
const PAUSE: Duration = Duration::from_millis(50);

/// A node that loses its database in the midst of a commit cannot know what becomes of it, and says that it failed.
async fn refused(attempt: &Attempt) {
    let Outcome::Refused(codes) = attempt.outcome() else { return };
    if codes.iter().any(|code| TROUBLE.contains(&code.as_str())) {
        attempt.settle(Outcome::Unknown);
        tokio::time::sleep(PAUSE).await;
    }
}

/// What a node says that cannot do what it should (ITI TF-3 4.2.4.1).
const TROUBLE: [&str; 4] =
    ["XDSRegistryError", "XDSRepositoryError", "XDSRegistryNotAvailable", "XDSRegistryBusy"];

/// All that was acknowledged is there, and nothing in part.
pub(crate) async fn check(node: &Node, pages: &[Arc<Page>]) {
    for page in pages {
        let wrong = judge::audit(&node.consumer(), page).await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
