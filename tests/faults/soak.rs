//! A node that works at half load for long takes no more memory and no more descriptors than soon after its start.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tests::Node;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::deeds::Client;
use crate::judge;
use crate::ledger::Page;
use crate::process::Taken;
use crate::{node, seed, turn, volume};

const CLIENTS: u64 = 16;
/// Submissions after which a client turns to another patient.
const SUBMISSIONS_OF_A_PATIENT: usize = 20;
/// How much more memory, in percent, a node may have resident at the end than after its first five minutes.
const GROWTH: u64 = 5;
/// What a node may come to hold in its first minute: the page caches of the two connections that write, 4 MiB each, and
/// as much again for those that read and for what is on its way. In a minute of an unoptimised program on a busy machine
/// they are empty at first and not full at the end, so that a short run can prove this bound and no other.
const CACHES: u64 = 16 << 20;
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
        Plan { full_load: seconds(8), warm_up: seconds(4), watched: seconds(30), every: seconds(1) },
        Plan { full_load: seconds(30), warm_up: seconds(300), watched: seconds(1_500), every: seconds(10) },
    );
    let seed = seed("soak");
    let node = node();
    let done = Arc::new(AtomicUsize::new(0));
    let rate = {
        let _full_load = load(&node, seed, &done, None);
        tokio::time::sleep(plan.full_load).await;
        done.swap(0, Ordering::Relaxed) as f64 / plan.full_load.as_secs_f64()
    };
    println!("soak: {rate:.0} submissions a second at full load");
    let before = left_alone(&node, usize::MAX).await;
    let pause = Duration::from_secs_f64(2.0 * CLIENTS as f64 / rate);
    let half_load = load(&node, seed + 1, &done, Some(pause));
    tokio::time::sleep(plan.warm_up).await;
    let series = watch(&node, &plan, &done).await;
    drop(half_load);
    check(&series);
    let after = left_alone(&node, before.descriptors).await;
    println!("soak: {} descriptors before, {} after", before.descriptors, after.descriptors);
    assert!(after.descriptors <= before.descriptors, "{before:?} before, {after:?} when everybody has gone");
    assert!(after.databases <= databases(), "{after:?}");
}

/// Keeps the clients busy until it is dropped; each begins something every `pause`, or as soon as it can.
fn load(node: &Node, seed: u64, done: &Arc<AtomicUsize>, pause: Option<Duration>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (mut client, consumer, done) =
            (Client::new(node, seed, number), node.consumer(), Arc::clone(done));
        clients.spawn(async move {
            let mut every = pause.map(tokio::time::interval);
            // What a busy machine has kept it from is not caught up with: that would be more than half load.
            every.iter_mut().for_each(|every| every.set_missed_tick_behavior(MissedTickBehavior::Skip));
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
    every.tick().await;
    done.store(0, Ordering::Relaxed);
    while start.elapsed() < plan.watched {
        every.tick().await;
        let taken = Taken::by(node.process_id());
        println!(
            "soak: {:>5.0?}: {:.1} MiB of its own, {:.1} MiB resident, {} descriptors, {:.0} submissions a second",
            start.elapsed(),
            taken.own as f64 / f64::from(1 << 20),
            taken.resident as f64 / f64::from(1 << 20),
            taken.descriptors + taken.databases,
            done.swap(0, Ordering::Relaxed) as f64 / plan.every.as_secs_f64(),
        );
        series.push(taken);
    }
    series
}

/// What is resident at the start of the series and at its end. One moment says little: a tenth of it at either end.
fn check(series: &[Taken]) {
    let tenth = series.len().div_ceil(10);
    let (early, late) = (series.get(..tenth).unwrap(), series.get(series.len() - tenth..).unwrap());
    let mean = |part: &[Taken]| part.iter().map(|taken| taken.resident).sum::<u64>() / part.len() as u64;
    let (before, after) = (mean(early), mean(late));
    let most = volume(before + CACHES, before * (100 + GROWTH) / 100);
    println!("soak: {before} bytes before, {after} after");
    assert!(after <= most, "memory grew from {before} to {after} bytes, expected at most {most}");
}

/// What the node takes when everybody has gone, and has no more descriptors than these; otherwise what it takes at last.
async fn left_alone(node: &Node, descriptors: usize) -> Taken {
    let begun = Instant::now();
    let mut before = usize::MAX;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let taken = Taken::by(node.process_id());
        let has_settled = taken.descriptors == before && taken.descriptors <= descriptors;
        if has_settled || begun.elapsed() > CLOSING {
            return taken;
        }
        before = taken.descriptors;
    }
}

/// The descriptors of two databases: each connection has the file and its log, and one of them the shared memory. As
/// many read as the store lets read at the same time; they are opened when they are needed.
fn databases() -> usize {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let connections = (cores * 2).clamp(4, 32) + 1;
    2 * (2 * connections + 1)
}
