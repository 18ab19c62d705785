//! Queries and start with very many entries, beside a node with ten thousand.

use std::sync::Arc;
use std::time::Instant;

use tests::Node;

use crate::asker::{Asker, Kind};
use crate::engine::sqlite_files;
use crate::fill::fill;
use crate::identity;
use crate::known::Known;
use crate::load::{Load, median};
use crate::plan::Plan;
use crate::requests::Requests;
use crate::table::{Cell, Table};

/// Entries that are registered over the wire; the others are copies of them.
const REGISTERED: usize = 10_000;
/// Entries of a patient.
const EACH: usize = 20;

/// A node with a number of entries.
struct Filled {
    node: Node,
    entries: usize,
    bytes: u64,
    /// Seconds from the start of the process until it is ready.
    start: f64,
}

/// Measures both nodes in turns and prints the tables.
pub(crate) async fn compare(plan: &Plan) {
    let nodes = [REGISTERED, plan.count("--entries", 10_000_000)];
    let mut filled = Vec::new();
    for entries in nodes {
        filled.push(Filled::with(entries).await);
    }
    let mut starts = Table::new("start, in seconds until ready (bound 1)", plan.says("--json"));
    for node in &filled {
        starts.push(vec![
            ("entries", Cell::Number(node.entries as f64, 0)),
            ("seconds", Cell::Number(node.start, 2)),
            ("registry MB", Cell::Number(node.bytes as f64 / 1e6, 0)),
        ]);
    }
    starts.print();
    let title = "ITI-18, 20 x LeafClass of random patients, medians of rounds in turns (p99 bound: 2 x)";
    let mut table = Table::new(title, plan.says("--json"));
    for clients in [1, Load::of(plan).clients] {
        let load = Load { clients, ..Load::of(plan) };
        let mut rounds = [Vec::new(), Vec::new()];
        let mut askers = Vec::new();
        for node in &filled {
            askers.push(node.asker().await);
        }
        for _ in 0..plan.number("--rounds", 3) {
            for ((node, asker), rounds) in filled.iter().zip(&askers).zip(&mut rounds) {
                rounds.push(load.run(asker, node.node.process_id(), None).await);
            }
        }
        let [few, many] = &rounds;
        for (node, rounds) in filled.iter().zip(&rounds) {
            let time = |share| Cell::Number(median(rounds, |m| m.percentile(share)), 2);
            let ratio = |share| median(many, |m| m.percentile(share)) / median(few, |m| m.percentile(share));
            table.push(vec![
                ("clients", Cell::Number(clients as f64, 0)),
                ("entries", Cell::Number(node.entries as f64, 0)),
                ("a second", Cell::Number(median(rounds, |m| m.rate), 0)),
                ("p50 ms", time(0.5)),
                ("p99 ms", time(0.99)),
                ("CPU us", Cell::Number(median(rounds, |m| m.cpu), 0)),
                ("p50 ratio", Cell::Number(ratio(0.5), 2)),
                ("p99 ratio", Cell::Number(ratio(0.99), 2)),
            ]);
        }
    }
    table.print();
}

impl Filled {
    async fn with(entries: usize) -> Self {
        let mut node = Node::start();
        let requests = Requests::prepare(&node, &[]).await;
        Known::submit(&identity::peer(&node), &requests.register, REGISTERED / EACH, EACH).await;
        node.stop();
        let files = sqlite_files(&node.folder().join("data"));
        let file = files.iter().find(|file| file.ends_with("registry.sqlite")).unwrap();
        if entries > REGISTERED {
            fill(file, entries / REGISTERED - 1);
        }
        let bytes = file.metadata().unwrap().len();
        let start = Instant::now();
        node.resume();
        Self { node, entries, bytes, start: start.elapsed().as_secs_f64() }
    }

    async fn asker(&self) -> Arc<Asker> {
        let known = Known { patients: self.entries / EACH, each: EACH, documents: Vec::new() };
        let find = Requests::prepare(&self.node, &[]).await.find;
        Asker::new(Kind::Find, identity::peer(&self.node), vec![find], Arc::new(known), 1)
    }
}
