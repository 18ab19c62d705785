//! Large documents in and out, beside hyper with the same hashes, the same file and fsync.

use actors::transactions::stored_query::{FindDocuments, Query};
use metadata::AvailabilityStatus;
use soap::parts::Content;
use tests::{Document, Node, noise};

use crate::Plan;
use crate::floor::Floor;
use crate::process::{self, Sample};

/// Moves one document after the other, floor and node in turns, and prints the table.
pub(crate) async fn compare(plan: &Plan) {
    let node = Node::start();
    let floor = Floor::start(&node);
    let size = plan.number("--size", 1024) << 20;
    let rounds = plan.number("--rounds", 3);
    let mut samples: [Vec<Sample>; 4] = Default::default();
    for _ in 0..rounds {
        let [floor_in, node_in, floor_out, node_out] = &mut samples;
        floor_in.push(process::measured(floor.process_id(), size, floor.upload(size)).await);
        let document = Document::of("BENCH", "");
        let put = async {
            let answer = document.provide_stream(&node.repository(), noise(size)).await.unwrap();
            assert!(answer.is_success(), "{:?}", answer.errors);
        };
        node_in.push(process::measured(node.process_id(), size, put).await);
        floor_out.push(process::measured(floor.process_id(), size, floor.download(size)).await);
        let consumer = node.consumer();
        let query = Query::FindDocuments(FindDocuments {
            patient_id: document.patient(),
            status: vec![AvailabilityStatus::Approved],
            filter: Default::default(),
        });
        let entries = consumer.entries(query).await.unwrap();
        let entry = entries.iter().find(|entry| entry.unique_id == document.entry().unique_id).unwrap();
        let get = async { assert_eq!(drain(consumer.fetch(entry).await.unwrap()).await, size) };
        node_out.push(process::measured(node.process_id(), size, get).await);
    }
    let [floor_in, node_in, floor_out, node_out] = samples;
    println!("{} MiB, medians of {rounds} rounds", size >> 20);
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
