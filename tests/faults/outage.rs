//! A server that the node relies on goes away while many submit: the node refuses what it cannot do, in time, never
//! says what is not so, and comes back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actors::CallError;
use soap::limits::ANSWER_TIME;
use tests::Node;
use tokio::task::{JoinSet, block_in_place};

use crate::deeds::Client;
use crate::ledger::{Attempt, Outcome, Page};
use crate::{full, judge, seed, volume};

const CLIENTS: usize = 16;
/// How long the node works between two outages, and how long one lasts.
const WORK: Duration = Duration::from_millis(1_500);
/// A silence that outlasts all that a node waits for: it ends a statement after 65 s and a commit after 60 s, and an S3
/// service has 20 s for an answer and 30 s for all attempts.
const LONG_SILENCE: Duration = Duration::from_secs(100);
/// How long anybody waits for an answer at most, whatever happens to the server.
const ANSWER: Duration = Duration::from_secs(20);
/// How long while it is silent for long: whoever asks gives up then.
const LATE_ANSWER: Duration = ANSWER_TIME;
/// How long a node takes at most to work again once its server does.
const RECOVERY: Duration = Duration::from_secs(20);
/// How long it takes at most until nothing is left of what everybody has asked.
const SETTLED: Duration = Duration::from_secs(20);

/// What happens to a server.
struct Outages {
    times: usize,
    last: Duration,
    answer: Duration,
}

/// Takes a server away and gives it back while many submit to the node; nothing acknowledged is lost, and nothing is
/// acknowledged without it.
pub(crate) async fn survive(story: &str, node: &Node, away: impl FnMut(), back: impl FnMut()) {
    let during = survive_slowly(story, node, away, back).await;
    is_nothing_without_it(&during);
}

/// The same where the server falls silent; with the full volume also for so long that nobody waits for it any more.
pub(crate) async fn survive_silence(
    story: &str,
    node: &Node,
    mut silent: impl FnMut(),
    mut back: impl FnMut(),
) {
    if full() {
        let outages = Outages { times: 2, last: LONG_SILENCE, answer: LATE_ANSWER };
        let during = outages.happen(&format!("{story} for long"), node, &mut silent, &mut back).await;
        is_nothing_without_it(&during);
        // All were told while it lasted: nobody waits for the server itself.
        assert!(during.iter().all(|during| during.refused >= CLIENTS), "{during:?}");
    }
    survive(story, node, silent, back).await;
}

/// The same where the server goes on as well as it can; what came of it in each of its bad times.
pub(crate) async fn survive_slowly(
    story: &str,
    node: &Node,
    away: impl FnMut(),
    back: impl FnMut(),
) -> Vec<During> {
    Outages { times: volume(2, 20), last: WORK, answer: ANSWER }.happen(story, node, away, back).await
}

/// What clients were told during an outage.
#[derive(Debug)]
pub(crate) struct During {
    acknowledged: usize,
    refused: usize,
}

fn is_nothing_without_it(during: &[During]) {
    // What was just done when the server went away may be acknowledged.
    assert!(
        during.iter().all(|during| during.acknowledged <= CLIENTS),
        "{during:?} acknowledged without a server"
    );
}

impl Outages {
    async fn happen(
        &self,
        story: &str,
        node: &Node,
        mut away: impl FnMut(),
        mut back: impl FnMut(),
    ) -> Vec<During> {
        let mut outages = Vec::new();
        let crowd = Crowd::patient(node, story, seed(story), self.answer);
        for _ in 0..self.times {
            tokio::time::sleep(WORK).await;
            let (before, refused) = (crowd.kept(), crowd.refused());
            block_in_place(&mut away);
            tokio::time::sleep(self.last).await;
            let during = During { acknowledged: crowd.kept() - before, refused: crowd.refused() - refused };
            block_in_place(&mut back);
            let recovery = crowd.works_again().await;
            println!("{story}: {before} acknowledged, {during:?}, works again after {recovery:.1?}");
            outages.push(during);
        }
        let pages = crowd.stop().await;
        // What was on its way when a silence ended has arrived by now, if it ever does.
        tokio::time::sleep(WORK).await;
        check(node, &pages).await;
        gives_its_places_back(node).await;
        outages
    }
}

/// Waits until the node has no request and no transaction under way any more: what failed has given its place back.
async fn gives_its_places_back(node: &Node) {
    /// What they are counted by, in `/metrics`.
    const PLACES: [&str; 4] = [
        "dosebook_requests_under_way",
        "dosebook_requests_waiting",
        "dosebook_database_waiting",
        "dosebook_database_connections",
    ];
    let deadline = Instant::now() + SETTLED;
    loop {
        let (_, text) = block_in_place(|| node.web("/metrics")).unwrap();
        let taken = text.lines().filter(|line| {
            let is_place = PLACES.iter().any(|name| line.starts_with(name)) && !line.contains("idle");
            is_place && !line.ends_with(" 0")
        });
        let taken: Vec<&str> = taken.collect();
        if taken.is_empty() {
            assert!(text.contains(PLACES[0]), "the node does not count its requests:\n{text}");
            return;
        }
        assert!(Instant::now() < deadline, "nobody asks for anything, and yet: {taken:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Many who submit until they are stopped, whatever they are told.
pub(crate) struct Crowd {
    clients: JoinSet<()>,
    pages: Vec<Arc<Page>>,
    told: Arc<Told>,
    done: Arc<AtomicBool>,
}

/// How many submissions with documents were acknowledged, and how many of all were refused because of some trouble.
#[derive(Debug, Default)]
struct Told {
    kept: AtomicUsize,
    refused: AtomicUsize,
}

impl Crowd {
    pub(crate) fn start(node: &Node, story: &str, seed: u64) -> Self {
        Self::patient(node, story, seed, ANSWER)
    }

    /// Those who are answered within this time.
    fn patient(node: &Node, story: &str, seed: u64, answer: Duration) -> Self {
        let (told, done) = (Arc::<Told>::default(), Arc::<AtomicBool>::default());
        let patient = |client| format!("{}-{client}", story.replace(' ', "-"));
        let pages: Vec<_> = (0..CLIENTS).map(|client| Arc::new(Page::new(&patient(client)))).collect();
        let mut clients = JoinSet::new();
        for (number, page) in (0..).zip(&pages) {
            let mut client = Client::new(node, seed, number);
            let (page, told, done) = (Arc::clone(page), Arc::clone(&told), Arc::clone(&done));
            clients.spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    submit(&mut client, &page, &told, answer).await;
                }
            });
        }
        Self { clients, pages, told, done }
    }

    /// How many submissions with documents were acknowledged so far.
    pub(crate) fn kept(&self) -> usize {
        self.told.kept.load(Ordering::Relaxed)
    }

    /// How many were refused because of some trouble.
    fn refused(&self) -> usize {
        self.told.refused.load(Ordering::Relaxed)
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

async fn submit(client: &mut Client, page: &Page, told: &Told, patience: Duration) {
    let start = Instant::now();
    let answer = client.submit(page).await;
    assert!(start.elapsed() < patience, "{answer:?} after {:?}", start.elapsed());
    match answer {
        Ok(attempt) if attempt.is_kept() => {
            told.kept.fetch_add(usize::from(attempt.documents.is_some()), Ordering::Relaxed);
            return;
        }
        Ok(attempt) if !is_in_trouble(&attempt) => return,
        Ok(_) => {}
        // Too busy, as it says itself: also an answer.
        Err(error) => {
            assert!(matches!(error, CallError::Refused(_)), "the node itself is well, yet: {error}")
        }
    }
    told.refused.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(PAUSE).await;
}

/// How long a client that was refused waits before it tries something else.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether a node refused something because it cannot do what it should. One that loses its database in the midst of a
/// commit cannot know what becomes of it, and says that it failed; one that says that it is busy has done nothing.
fn is_in_trouble(attempt: &Attempt) -> bool {
    let Outcome::Refused(codes) = attempt.outcome() else { return false };
    let says = |all: &[&str]| codes.iter().any(|code| all.contains(&code.as_str()));
    if says(&FAILED) {
        attempt.settle(Outcome::Unknown);
    }
    says(&FAILED) || says(&BUSY)
}

/// What a node says that cannot do what it should (ITI TF-3 4.2.4.1).
const FAILED: [&str; 3] = ["XDSRegistryError", "XDSRepositoryError", "XDSRegistryNotAvailable"];
/// And that may be able to a little later.
const BUSY: [&str; 2] = ["XDSRegistryBusy", "XDSRepositoryBusy"];

/// All that was acknowledged is there, nothing in part, and nothing that was refused, for which there was a reason.
pub(crate) async fn check(node: &Node, pages: &[Arc<Page>]) {
    for page in pages {
        let mut wrong = judge::audit(&node.consumer(), page).await;
        wrong.extend(judge::refusals(page, &BUSY));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
