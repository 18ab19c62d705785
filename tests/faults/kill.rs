//! A node is killed, or its power is cut, in the middle of its work: nothing acknowledged is lost, nothing is half there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tests::{Node, Settings};
use tokio::task::JoinSet;

use crate::deeds::Client;
use crate::ledger::Page;
use crate::random::Random;
use crate::shim::Shim;
use crate::{damages, judge, node, seed, turn, volume};

const CLIENTS: u64 = 32;
/// Ends after which the clients turn to other patients, so that looking at all that they have done stays quick.
const ROUNDS_OF_A_PATIENT: u64 = 4;
/// The longest that a node works before it ends.
const WORK: Duration = Duration::from_secs(2);
/// A node has ended so soon after its power was cut.
const DARK: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let _turn = turn().await;
    end_again_and_again("kill", &mut node(), volume(8, 200), |node, _| node.kill()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged() {
    let _turn = turn().await;
    let Some(shim) = Shim::compile() else { return };
    let mut node = Node::with(&Settings { environment: shim.environment(), ..Settings::default() });
    shim.power_may_be_cut();
    node.stop();
    node.resume();
    let cut = |node: &mut Node, random: &mut Random| {
        shim.cut_power(random);
        let deadline = Instant::now() + DARK;
        while !node.has_ended() {
            assert!(Instant::now() < deadline, "the power was cut, and the node goes on");
            std::thread::sleep(Duration::from_millis(1));
        }
        shim.power_is_back();
    };
    end_again_and_again("power cut", &mut node, volume(6, 200), cut).await;
    println!("power cut: {} changes were lost that no fsync had confirmed", shim.undone());
    assert!(shim.undone() > 0, "a power cut that loses nothing is a kill");
}

/// Ends a node at random moments while many submit to it, and looks at all that it shows when it is back.
async fn end_again_and_again(
    story: &str,
    node: &mut Node,
    rounds: u64,
    mut end: impl FnMut(&mut Node, &mut Random),
) {
    let seed = seed(story);
    let mut random = Random::new(seed, u64::MAX);
    let (mut pages, mut ready) = (Vec::new(), Vec::new());
    let mut submitted = 0;
    for round in 0..rounds {
        if round % ROUNDS_OF_A_PATIENT == 0 {
            pages = (0..CLIENTS).map(|client| Arc::new(Page::new(&format!("K{round}C{client}")))).collect();
        }
        let mut clients = JoinSet::new();
        for (number, page) in (0..).zip(&pages) {
            let client = Client::new(node, seed, round * CLIENTS + number);
            clients.spawn(submit_until_gone(client, Arc::clone(page)));
        }
        let work = WORK.mul_f64(random.below(1_000) as f64 / 1_000.0);
        tokio::time::sleep(Duration::from_millis(50) + work).await;
        end(node, &mut random);
        submitted += clients.join_all().await.iter().sum::<usize>();
        let started = Instant::now();
        node.resume();
        ready.push(started.elapsed());
        check(node, &pages, &format!("{story} {round}")).await;
    }
    assert_eq!(damages(node), 0, "what verify finds");
    ready.sort();
    let (median, worst) = (ready.get(ready.len() / 2).unwrap(), ready.last().unwrap());
    println!("{story}: {rounds} times, {submitted} submissions acknowledged, none lost, none half there");
    println!("{story}: ready again after {median:.0?} (median), {worst:.0?} (worst)");
    assert!(submitted > 0, "nothing was done at all");
}

/// Submits until nobody answers; how much was acknowledged.
async fn submit_until_gone(mut client: Client, page: Arc<Page>) -> usize {
    let mut kept = 0;
    while let Ok(attempt) = client.submit(&page).await {
        kept += usize::from(attempt.is_kept());
    }
    kept
}

async fn check(node: &Node, pages: &[Arc<Page>], what: &str) {
    let consumer = node.consumer();
    for page in pages {
        let wrong = judge::audit(&consumer, page).await;
        assert!(wrong.is_empty(), "after {what}: {}", wrong.join("\n"));
    }
}
