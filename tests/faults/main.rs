//! The faults: a node is killed, its disk fails or rots, many change the same things at once, for long, and with
//! large documents. What it has acknowledged is there; what it has not is there whole or not at all.
//!
//! What `cargo test` runs is bounded to a few minutes. `DOSEBOOK_FAULTS=full` with `--release` runs the full volumes.
//! Every story prints its seed and figures; `DOSEBOOK_SEED` gives a seed again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a story says what it saw and where it failed"
)]

mod bit_rot;
mod database_rot;
mod deeds;
mod judge;
mod kill;
mod kill_two;
mod ledger;
mod memory;
mod model;
mod outage;
mod postgres;
mod process;
mod random;
mod read_errors;
mod replica;
mod s3;
mod shim;
mod snapshot;
mod soak;
mod write_errors;

use std::sync::LazyLock;

use tests::{Node, Settings};
use tokio::sync::{Mutex, MutexGuard};

/// Whether the full volumes are wanted.
fn full() -> bool {
    std::env::var("DOSEBOOK_FAULTS").is_ok_and(|volume| volume == "full")
}

/// The bounded or the full amount of something.
fn volume<T>(bounded: T, full_amount: T) -> T {
    if full() { full_amount } else { bounded }
}

/// The seed of a story: that of `DOSEBOOK_SEED`, or a fresh one. It is printed.
fn seed(story: &str) -> u64 {
    let given = std::env::var("DOSEBOOK_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("{story}: DOSEBOOK_SEED={seed}");
    seed
}

/// Lets one story run at a time: they measure, and they need the whole machine.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);
    TURN.lock().await
}

/// The node under test.
fn node() -> Node {
    Node::with(&Settings::default())
}

/// How much of what a node keeps is damaged, as `dosebook verify` counts.
fn damages(node: &Node) -> u64 {
    let output = node.run(["verify", "--from-start", "--json"]);
    let tally =
        output.stdout.lines().last().and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let damages = tally.and_then(|tally| tally.get("damages")?.as_u64());
    let damages = damages.unwrap_or_else(|| panic!("{output:?}"));
    assert_eq!(output.code, i32::from(damages > 0), "{output:?}");
    damages
}
