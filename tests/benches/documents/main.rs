//! Large documents through a node, beside the floor: the bare work by the same libraries.
//!
//! `cargo bench -p tests --bench documents [-- --size MIB --rounds N]`. Floor and node are processes of their
//! own and take turns; the table gives medians, the ratio of the rates, CPU of the serving process, and the
//! most memory that the node had resident.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails says where, and it prints")]

mod floor;
mod process;

use std::time::Instant;

use actors::transactions::stored_query::{FindDocuments, Query};
use metadata::AvailabilityStatus;
use process::Sample;
use soap::parts::Content;
use tests::{Document, Node, noise};

#[derive(Clone, Copy)]
struct Plan {
    size: u64,
    rounds: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match arguments.iter().position(|argument| argument == "floor") {
        Some(at) => runtime.block_on(floor::serve(arguments.get(at + 1).unwrap())),
        None => runtime.block_on(compare(plan(&arguments))),
    }
}

fn plan(arguments: &[String]) -> Plan {
    let number = |name: &str, default| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).map_or(default, |value| value.parse().unwrap())
    };
    Plan { size: number("--size", 1024) << 20, rounds: usize::try_from(number("--rounds", 3)).unwrap() }
}

async fn compare(plan: Plan) {
    let node = Node::start();
    let floor = floor::Floor::start(&node);
    let mut samples: [Vec<Sample>; 4] = Default::default();
    for _ in 0..plan.rounds {
        let [floor_in, node_in, floor_out, node_out] = &mut samples;
        floor_in.push(floor.measured(plan.size, floor.upload(plan.size)).await);
        let document = Document::of("BENCH", "");
        let put = async {
            let answer = document.provide_stream(&node.repository(), noise(plan.size)).await.unwrap();
            assert!(answer.is_success(), "{:?}", answer.errors);
        };
        node_in.push(process::measured(node.process_id(), plan.size, put).await);
        floor_out.push(floor.measured(plan.size, floor.download(plan.size)).await);
        let consumer = node.consumer();
        let query = Query::FindDocuments(FindDocuments {
            patient_id: document.patient(),
            status: vec![AvailabilityStatus::Approved],
            filter: Default::default(),
        });
        let entries = consumer.entries(query).await.unwrap();
        let entry = entries.iter().find(|entry| entry.unique_id == document.entry().unique_id).unwrap();
        let get = async { assert_eq!(drain(consumer.fetch(entry).await.unwrap()).await, plan.size) };
        node_out.push(process::measured(node.process_id(), plan.size, get).await);
    }
    let [floor_in, node_in, floor_out, node_out] = samples;
    println!("{} MiB, medians of {} rounds", plan.size >> 20, plan.rounds);
    process::print("ITI-41: SHA-1, SHA-256, file, fsync", &floor_in, &node_in);
    process::print("ITI-43: the same file", &floor_out, &node_out);
    println!("node, most memory resident: {} MiB", node.peak_resident() >> 20);
}

async fn drain(mut content: Content) -> u64 {
    let mut size = 0;
    while let Some(chunk) = content.chunk().await.unwrap() {
        size += chunk.len() as u64;
    }
    size
}

/// How long something took.
async fn timed(work: impl Future<Output = ()>) -> f64 {
    let start = Instant::now();
    work.await;
    start.elapsed().as_secs_f64()
}
