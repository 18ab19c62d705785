//! A node that works at half load for long takes no more memory and no more descriptors than soon after its start.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::Node;
use tokio::task::JoinSet;

use crate::deeds::Client;
use crate::judge;
use crate::ledger::Page;
use crate::process::Taken;
use crate::{node, seed, turn, volume};

const CLIENTS: u64 = 16;
/// Submissions after which a client turns to another patient.
const SUBMISSIONS_OF_A_PATIENT: usize = 20;
/// How much more memory, in percent, a node may have at the end than after the warm-up.
const GROWTH: u64 = 5;
/// What the caches of two databases hold when they are full: a short run fills them.
const CACHES: u64 = 64 << 20;
/// Readers that were opened on the way: so many descriptors more mean nothing.
const DESCRIPTORS: usize = 64;
/// The last connections are closed so soon after the last client has gone.
const CLOSING: Duration = Duration::from_secs(20);

/// How long the node is tried, warmed up and then watched.
struct Plan {
    full_load: Duration,
    warm_up: Duration,
    watched: Duration,
    every: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_of_work_leave_no_trace_in_memory() {
    let _turn = turn().await;
    let seconds = Duration::from_secs;
    let plan = volume(
        Plan { full_load: seconds(10), warm_up: seconds(5), watched: seconds(30), every: seconds(5) },
        Plan { full_load: seconds(240), warm_up: seconds(60), watched: seconds(1_500), every: seconds(60) },
    );
    let seed = seed("soak");
    let node = node();
    let before = Taken::by(node.process_id());
    let done = Arc::new(AtomicUsize::new(0));
    let rate = {
        let _full_load = load(&node, seed, &done, None);
        tokio::time::sleep(plan.full_load).await;
        done.swap(0, Ordering::Relaxed) as f64 / plan.full_load.as_secs_f64()
    };
    println!("soak: {rate:.0} transactions a second at full load");
    let pause = Duration::from_secs_f64(2.0 * CLIENTS as f64 / rate);
    let half_load = load(&node, seed + 1, &done, Some(pause));
    tokio::time::sleep(plan.warm_up).await;
    let series = watch(&node, &plan, &done).await;
    drop(half_load);
    check(&series);
    all_is_closed(&node, before.descriptors).await;
}

/// Keeps the clients busy until it is dropped; each begins something every `pause`, or as soon as it can.
fn load(node: &Node, seed: u64, done: &Arc<AtomicUsize>, pause: Option<Duration>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (mut client, consumer, done) =
            (Client::new(node, seed, number), node.consumer(), Arc::clone(done));
        clients.spawn(async move {
            let mut every = pause.map(tokio::time::interval);
            for patient in 0_u64.. {
                let page = Page::new(&format!("S{seed}C{number}P{patient}"));
                for _ in 0..SUBMISSIONS_OF_A_PATIENT {
                    if let Some(every) = &mut every {
                        every.tick().await;
                    }
                    client.submit(&page).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
                let wrong = judge::audit(&consumer, &page).await;
                assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            }
        });
    }
    clients
}

/// What the node takes, from the end of the warm-up on.
async fn watch(node: &Node, plan: &Plan, done: &AtomicUsize) -> Vec<Taken> {
    let start = Instant::now();
    let mut series = Vec::new();
    let mut every = tokio::time::interval(plan.every);
    while start.elapsed() < plan.watched {
        every.tick().await;
        let taken = Taken::by(node.process_id());
        println!(
            "soak: {:>5.0?}: {:.1} MiB of its own, {:.1} MiB resident, {} descriptors, {:.0} transactions a second",
            start.elapsed(),
            taken.own as f64 / f64::from(1 << 20),
            taken.resident as f64 / f64::from(1 << 20),
            taken.descriptors,
            done.swap(0, Ordering::Relaxed) as f64 / plan.every.as_secs_f64(),
        );
        series.push(taken);
    }
    series
}

fn check(series: &[Taken]) {
    // One moment says little: a third of the series at either end.
    let third = series.len().div_ceil(3);
    let (early, late) = (series.get(..third).unwrap(), series.get(series.len() - third..).unwrap());
    let mean = |part: &[Taken]| part.iter().map(|taken| taken.own).sum::<u64>() / part.len() as u64;
    let (before, after) = (mean(early), mean(late));
    let most = volume(before + CACHES, before * (100 + GROWTH) / 100);
    assert!(after <= most, "memory grew from {before} to {after} bytes, expected at most {most}");
}

/// When everybody has gone, nothing stays open but the files that were opened on the way.
async fn all_is_closed(node: &Node, before: usize) {
    let deadline = Instant::now() + CLOSING;
    loop {
        let now = Taken::by(node.process_id()).descriptors;
        if now <= before + DESCRIPTORS {
            return println!("soak: {before} descriptors before, {now} after");
        }
        assert!(Instant::now() < deadline, "{before} descriptors before, {now} when everybody has gone");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
