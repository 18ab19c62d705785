//! Large documents in and out, one at a time: a node beside hyper with the same hashes, the same file and fsync.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Response, StatusCode};
use tests::{Node, noise};

use crate::engine::Engine;
use crate::floor::Floor;
use crate::https::{Body, Connection, Peer, whole};
use crate::identity;
use crate::load::middle;
use crate::plan::Plan;
use crate::process::{cpu_seconds, peak_resident};
use crate::random::Random;
use crate::requests::{Requests, around_document};
use crate::table::{Cell, Row, Table};
use crate::template::{Ids, Template, unique_id};

/// Sizes that are moved when nothing else is said, in MiB.
const SIZES: &str = "256,1024";

/// How long a client waits whom a node has told that it is busy.
const BUSY: Duration = Duration::from_secs(1);

/// One measurement.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Megabytes (10^6) a second.
    rate: f64,
    /// Microseconds of CPU of the serving process for a megabyte.
    cpu: f64,
}

/// Moves one document after the other, floor and node in turns, and prints the table.
pub(crate) async fn compare(plan: &Plan) {
    let node = Node::start();
    let floor = Floor::start(&node, &Engine::SQLITE, None).await;
    let mover = Mover::prepare(&node).await;
    let rounds = plan.number("--rounds", 3);
    let title = format!("one document at a time, {rounds} rounds in turns, medians");
    let mut table = Table::new(title, plan.says("--json"));
    for size in plan.value("--sizes").unwrap_or(SIZES).split(',') {
        let size = size.parse::<u64>().unwrap() << 20;
        let mut samples: [Vec<Sample>; 4] = Default::default();
        for _ in 0..rounds {
            let [floor_in, node_in, floor_out, node_out] = &mut samples;
            let bare = floor.process_id();
            let put = async {
                assert!(send(floor.peer(), "/upload", "text/plain", content(&[], size, &[])).await);
            };
            floor_in.push(measured(bare, size, put).await);
            let unique_id = unique_id(&mut Random::new());
            let put = async { assert_eq!(mover.provide(&unique_id, size).await, 0, "alone, and refused") };
            node_in.push(measured(node.process_id(), size, put).await);
            floor_out.push(measured(bare, size, fetch_bare(&floor, size)).await);
            node_out.push(measured(node.process_id(), size, mover.fetch(&unique_id, size)).await);
        }
        let [floor_in, node_in, floor_out, node_out] = samples;
        let mib = size >> 20;
        let what = format!("ITI-41, {mib} MiB: hyper, SHA-1, SHA-256, file, fsync");
        table.push(row(what, &floor_in, &node_in));
        table.push(row(format!("ITI-43, {mib} MiB: hyper, the same file"), &floor_out, &node_out));
    }
    table.print();
    eprintln!("node, most memory resident: {} MiB", peak_resident(node.process_id()) >> 20);
}

async fn measured(process: u32, size: u64, work: impl Future<Output = ()>) -> Sample {
    let (start, before) = (Instant::now(), cpu_seconds(process));
    work.await;
    let megabytes = size as f64 / 1e6;
    let cpu = (cpu_seconds(process) - before) * 1e6 / megabytes;
    Sample { rate: megabytes / start.elapsed().as_secs_f64(), cpu }
}

fn row(what: String, floor: &[Sample], node: &[Sample]) -> Row {
    let rate = |samples: &[Sample]| middle(samples.iter().map(|sample| sample.rate).collect());
    let cpu = |samples: &[Sample]| middle(samples.iter().map(|sample| sample.cpu).collect());
    vec![
        ("work", Cell::text_of(what)),
        ("floor MB/s", Cell::Number(rate(floor), 0)),
        ("node MB/s", Cell::Number(rate(node), 0)),
        ("ratio", Cell::Number(rate(node) / rate(floor), 2)),
        ("bar", Cell::Number(0.7, 1)),
        ("floor CPU us/MB", Cell::Number(cpu(floor), 0)),
        ("node CPU us/MB", Cell::Number(cpu(node), 0)),
        ("CPU ratio", Cell::Number(cpu(floor) / cpu(node), 2)),
    ]
}

/// Provides documents to a node and fetches them, as bare as the floor's client.
pub(crate) struct Mover {
    peer: Peer,
    before: Template,
    behind: Vec<u8>,
    fetch: Template,
}

impl Mover {
    pub(crate) async fn prepare(node: &Node) -> Self {
        let (before, behind) = around_document(node).await;
        let fetch = Requests::prepare(node, &[]).await.fetch;
        Self { peer: identity::peer(node), before, behind, fetch }
    }

    /// Provides so many bytes that are not at hand, again while the node is busy; how often it was.
    pub(crate) async fn provide(&self, unique_id: &str, size: u64) -> u64 {
        let ids = Ids { patient: 0, entry: unique_id.to_owned() };
        for refused in 0.. {
            let before = self.before.fill(&ids, &mut Random::new());
            let body = content(&before, size, &self.behind);
            if send(&self.peer, &self.before.path, &self.before.media_type, body).await {
                return refused;
            }
            tokio::time::sleep(BUSY).await;
        }
        unreachable!("a node is not busy for ever")
    }

    /// Fetches a document, and sees that all of it came: an answer that fails is cut off, or has no document.
    pub(crate) async fn fetch(&self, unique_id: &str, size: u64) {
        let ids = Ids { patient: 0, entry: unique_id.to_owned() };
        let body = whole(self.fetch.fill(&ids, &mut Random::new()));
        let mut connection = Connection::open(&self.peer).await;
        let answer = connection.ask(&self.fetch.path, &self.fetch.media_type, body, true).await;
        let received = drain(answer).await;
        assert!(received > size && received < size + (16 << 10), "{received} bytes for a document of {size}");
    }
}

async fn fetch_bare(floor: &Floor, size: u64) {
    let mut connection = Connection::open(floor.peer()).await;
    let answer = connection.ask("/download", "text/plain", whole(""), true).await;
    assert_eq!(drain(answer).await, size);
}

/// So many bytes, between others.
fn content(before: &[u8], size: u64, behind: &[u8]) -> Body {
    let [before, behind] = [before, behind].map(|bytes| stream::iter([Ok(Bytes::copy_from_slice(bytes))]));
    StreamBody::new(before.chain(noise(size)).chain(behind).map(|chunk| chunk.map(Frame::data)))
        .boxed_unsync()
}

/// Sends a document; whether it was taken, or the server was busy.
async fn send(peer: &Peer, path: &str, media_type: &str, body: Body) -> bool {
    let mut connection = Connection::open(peer).await;
    let answer = connection.ask(path, media_type, body, true).await;
    let status = answer.status();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&text);
    if status == StatusCode::SERVICE_UNAVAILABLE || text.contains("XDSRepositoryBusy") {
        return false;
    }
    let taken = text.is_empty() || text.contains("ResponseStatusType:Success");
    assert!(status.is_success() && taken, "{status}: {text}");
    true
}

async fn drain(answer: Response<Incoming>) -> u64 {
    assert!(answer.status().is_success());
    let mut body = answer.into_body();
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        received += frame.unwrap().into_data().map_or(0, |data| data.len() as u64);
    }
    received
}
