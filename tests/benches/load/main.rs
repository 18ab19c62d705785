//! A node under load, beside the floor: the bare work by the same libraries.
//!
//! `cargo bench -p tests --bench load -- documents [--size MIB] [--rounds N]` moves large documents;
//! `-- transactions [--clients N] [--seconds S]` asks many small things at once. Floor and node are processes of
//! their own and take turns; the tables give rates, their ratio, and CPU of the serving process.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails says where, and it prints")]

mod documents;
mod floor;
mod process;
mod transactions;

use std::time::Instant;

/// What was asked for on the command line.
struct Plan {
    arguments: Vec<String>,
}

impl Plan {
    fn says(&self, word: &str) -> Option<usize> {
        self.arguments.iter().position(|argument| argument == word)
    }

    fn after(&self, word: &str) -> Option<&str> {
        self.arguments.get(self.says(word)? + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: u64) -> u64 {
        self.after(name).map_or(default, |value| value.parse().unwrap())
    }
}

fn main() {
    let plan = Plan { arguments: std::env::args().collect() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(folder) = plan.after("floor") {
        return runtime.block_on(floor::serve(folder));
    }
    let all = plan.says("documents").is_none() && plan.says("transactions").is_none();
    if all || plan.says("documents").is_some() {
        runtime.block_on(documents::compare(&plan));
    }
    if all || plan.says("transactions").is_some() {
        runtime.block_on(transactions::compare(&plan));
    }
}

/// How long something took, in seconds.
async fn timed(work: impl Future<Output = ()>) -> f64 {
    let start = Instant::now();
    work.await;
    start.elapsed().as_secs_f64()
}
