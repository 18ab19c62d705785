//! A node is killed in the middle of its work: nothing acknowledged is lost, nothing is half there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tests::Node;
use tokio::task::JoinSet;

use crate::deeds::Client;
use crate::ledger::Page;
use crate::random::Random;
use crate::{judge, node, seed, turn, volume};

const CLIENTS: u64 = 32;
/// Kills after which the clients turn to other patients, so that looking at all that they have done stays quick.
const ROUNDS_OF_A_PATIENT: u64 = 4;
/// The longest that a node works before it is killed.
const WORK: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let _turn = turn().await;
    let kills = volume(8, 200);
    let seed = seed("kill");
    let mut random = Random::new(seed, u64::MAX);
    let mut node = node();
    let (mut pages, mut ready) = (Vec::new(), Vec::new());
    let mut submitted = 0;
    for kill in 0..kills {
        if kill % ROUNDS_OF_A_PATIENT == 0 {
            pages = (0..CLIENTS).map(|client| Arc::new(Page::new(&format!("K{kill}C{client}")))).collect();
        }
        let mut clients = JoinSet::new();
        for (number, page) in (0..).zip(&pages) {
            let client = Client::new(&node, seed, kill * CLIENTS + number);
            clients.spawn(submit_until_gone(client, Arc::clone(page)));
        }
        let work = WORK.mul_f64(random.below(1_000) as f64 / 1_000.0);
        tokio::time::sleep(Duration::from_millis(50) + work).await;
        node.kill();
        submitted += clients.join_all().await.iter().sum::<usize>();
        let started = Instant::now();
        node.resume();
        ready.push(started.elapsed());
        check(&node, &pages, kill).await;
    }
    ready.sort();
    let (median, worst) = (ready.get(ready.len() / 2).unwrap(), ready.last().unwrap());
    println!("kill: {kills} kills, {submitted} submissions acknowledged, none lost, none half there");
    println!("kill: ready again after {median:.0?} (median), {worst:.0?} (worst)");
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

async fn check(node: &Node, pages: &[Arc<Page>], kill: u64) {
    let consumer = node.consumer();
    for page in pages {
        let wrong = judge::audit(&consumer, page).await;
        assert!(wrong.is_empty(), "after kill {kill}: {}", wrong.join("\n"));
    }
}
