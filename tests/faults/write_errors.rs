//! The disk of a node fails at any of its calls, for a moment or for long: what it has acknowledged is there
//! nevertheless, what it refuses is refused with a code and is not there, and when the disk is well again, so is the
//! node.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tests::{Node, Settings};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::deeds::Client;
use crate::judge;
use crate::ledger::{Outcome, Page};
use crate::random::Random;
use crate::shim::{EIO, ENOSPC, Fault, Kind, Shim};
use crate::{damages, seed, turn, volume};

const CLIENTS: u64 = 8;
/// How long clients go on after the first call has failed.
const LONGER: Duration = Duration::from_millis(200);
/// How long they wait for a call to fail that may never come.
const PATIENCE: Duration = Duration::from_secs(3);
/// All kinds of calls, and before how many of them one may fail.
const KINDS: [(Kind, u64); 5] =
    [(Kind::Sync, 60), (Kind::Write, 200), (Kind::Rename, 12), (Kind::Open, 30), (Kind::Truncate, 2)];
/// A node must be well again so soon after its disk is.
const RECOVERY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_while_a_node_starts_does_not_spoil_its_data() {
    let _turn = turn().await;
    let Some(shim) = Shim::compile() else { return };
    let mut random = Random::new(seed("write errors at the start"), 0);
    let mut node = Node::with(&Settings { environment: shim.environment(), ..Settings::default() });
    let (mut refused, mut struck, mut pages) = (0, 0, Vec::new());
    for number in 0..volume(10, 100) {
        node.stop();
        if number % 2 == 0 {
            forget_everything(&mut node);
            pages.clear();
        }
        let (kind, position) = match number {
            // This one strikes whoever makes a folder.
            0 => (Kind::Open, 0),
            _ => (random.one_of(&KINDS).unwrap().0, u32::try_from(random.below(12)).unwrap()),
        };
        shim.arm(Fault { kind, position, times: 2, error: EIO, lose: false });
        let serves = node.try_resume();
        struck += u32::from(shim.failed() > 0);
        shim.disarm();
        if !serves {
            refused += 1;
            let words = node.last_words();
            let says_why = words.lines().last().is_some_and(|line| line.starts_with("dosebook: "));
            assert!(says_why && !words.contains("panicked"), "{kind:?} {position}: {words}");
            node.resume();
        }
        let what = format!("{kind:?} {position} while the node started");
        let page = Arc::new(Page::new(&format!("B{number}")));
        let attempt = Client::new(&node, random.next(), 0).submit(&page).await.unwrap();
        assert!(attempt.is_kept(), "{what}, and now it refuses: {:?}", attempt.outcome());
        pages.push(page);
        check(&node, &pages, &what).await;
    }
    println!(
        "write errors at the start: {struck} faults struck; the node did not start {refused} times, and then it did"
    );
    assert!(struck > 0, "the disk never failed");
}

/// Leaves of a stopped node's data what it has made of itself: its databases are made again.
fn forget_everything(node: &mut Node) {
    node.lose_database();
    let data = node.folder().join("data");
    for file in fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()) {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("registry.sqlite")) {
            fs::remove_file(file).unwrap();
        }
    }
    fs::remove_dir_all(data.join("repository")).unwrap();
}

/// What is done to the node, and what came of all.
struct Story {
    shim: Shim,
    node: Node,
    seed: u64,
    random: Random,
    struck: u32,
    ended: u32,
    kept: usize,
    refused: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_disk_never_lets_a_node_acknowledge_what_is_not_kept() {
    let _turn = turn().await;
    let Some(shim) = Shim::compile() else { return };
    let seed = seed("write errors");
    let mut node = Node::with(&Settings { environment: shim.environment(), ..Settings::default() });
    // The library has looked for the data folder before the node made it.
    node.stop();
    node.resume();
    let random = Random::new(seed, u64::MAX);
    let mut story = Story { shim, node, seed, random, struck: 0, ended: 0, kept: 0, refused: 0 };
    for number in 0..volume(15, 150) {
        story.fail(number).await;
    }
    let Story { node, struck, ended, kept, refused, .. } = story;
    assert_eq!(damages(&node), 0, "what verify finds");
    println!(
        "write errors: {struck} faults struck; {kept} submissions kept, {refused} refused; the node ended {ended} times"
    );
    assert!(struck > 0 && refused > 0, "the disk never failed");
}

impl Story {
    /// Lets the disk fail once in some way.
    async fn fail(&mut self, number: u64) {
        let fault = choose(number, &mut self.random);
        let pages: Vec<_> =
            (0..CLIENTS).map(|client| Arc::new(Page::new(&format!("W{number}C{client}")))).collect();
        let crashes = self.random.percent(40);
        self.submit(fault, &pages, crashes).await;
        let failed = self.shim.failed();
        let what = format!(
            "after {fault:?}, which struck {failed} times{}",
            if crashes { " and a crash" } else { "" }
        );
        self.struck += u32::from(failed > 0);
        if !crashes {
            self.recover(&what).await;
            check(&self.node, &pages, &what).await;
            if self.random.percent(50) { self.node.kill() } else { self.node.stop() }
        }
        self.node.resume();
        check(&self.node, &pages, &format!("{what}, and a restart")).await;
        for attempt in pages.iter().flat_map(|page| page.attempts()) {
            self.kept += usize::from(attempt.is_kept());
            self.refused += usize::from(matches!(attempt.outcome(), Outcome::Refused(_)));
        }
    }

    /// Submits from all sides until the fault has struck, and a little longer or until the node crashes.
    async fn submit(&mut self, fault: Fault, pages: &[Arc<Page>], crashes: bool) {
        self.shim.arm(fault);
        let mut clients = JoinSet::new();
        let (stop, stopped) = watch::channel(false);
        for (number, page) in (0..).zip(pages) {
            let client = Client::new(&self.node, self.random.next(), number);
            let (mut client, page, stopped) = (client, Arc::clone(page), stopped.clone());
            clients.spawn(async move { while !*stopped.borrow() && client.submit(&page).await.is_ok() {} });
        }
        let patience = Instant::now() + PATIENCE;
        while self.shim.failed() == 0 && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if crashes {
            tokio::time::sleep(LONGER.mul_f64(self.random.below(100) as f64 / 100.0)).await;
            self.node.kill();
        } else {
            tokio::time::sleep(LONGER).await;
        }
        self.shim.disarm();
        stop.send_replace(true);
        clients.join_all().await;
    }

    /// Waits until the node takes submissions again: by itself, or when it was started again after it said why it
    /// had to end.
    async fn recover(&mut self, what: &str) {
        if self.node.has_ended() {
            let log = self.node.log();
            assert!(
                log.contains("the node stops") && !log.contains("panicked"),
                "{what} the node ended:\n{log}"
            );
            self.ended += 1;
            self.node.resume();
        }
        let mut client = Client::new(&self.node, self.seed, self.random.next());
        let deadline = Instant::now() + RECOVERY;
        loop {
            let answer = client.submit(&Page::new("WELL")).await;
            if answer.as_ref().is_ok_and(|attempt| attempt.is_kept()) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{what} it does not recover: {answer:?}\n{}",
                self.node.last_words()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The next of all kinds of faults.
fn choose(number: u64, random: &mut Random) -> Fault {
    let mut kinds = KINDS.iter().cycle().skip(usize::try_from(number).unwrap());
    let (kind, positions) = *kinds.next().unwrap();
    let position = u32::try_from(random.below(positions)).unwrap();
    let times = *random.one_of(&[1, 1, 5, u32::MAX]).unwrap();
    let error = if kind != Kind::Sync && random.percent(60) { ENOSPC } else { EIO };
    Fault { kind, position, times, error, lose: random.percent(50) }
}

async fn check(node: &Node, pages: &[Arc<Page>], what: &str) {
    let consumer = node.consumer();
    for page in pages {
        for attempt in page.attempts() {
            let codeless = matches!(attempt.outcome(), Outcome::Refused(codes) if codes.is_empty());
            assert!(!codeless, "{what} a submission was refused without a code");
        }
        let wrong = judge::audit(&consumer, page).await;
        assert!(wrong.is_empty(), "{what}: {}\n{}", wrong.join("\n"), node.last_words());
    }
}
