//! Many small transactions at once: rate, percentiles and CPU of the node for each.
//!
//! The floor beside each is hyper over mutual TLS that reads a request of the same size and answers as many bytes
//! from memory: it keeps nothing, so what a node must make durable stands in the difference.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actors::Partner;
use actors::consumer::Consumer;
use actors::transactions::stored_query::{FindDocuments, Query};
use actors::transactions::{Register, StoredQuery};
use metadata::{AvailabilityStatus, Hash};
use tests::{Document, Node, REPOSITORY};
use tokio::task::JoinSet;

use crate::Plan;
use crate::floor::Floor;
use crate::process::cpu_seconds;

/// A dose report of a common size.
const DOCUMENT: usize = 40 << 10;
/// Documents of the patient that is asked for.
const FOUND: usize = 20;

struct Load {
    clients: usize,
    time: Duration,
}

/// What a load came to.
struct Measured {
    rate: f64,
    /// Milliseconds: median and 99th percentile.
    p50: f64,
    p99: f64,
    /// Microseconds of CPU of the serving process for a request.
    cpu: f64,
}

/// Asks each kind of transaction in turn with the floor, and prints the table.
pub(crate) async fn compare(plan: &Plan) {
    let clients = usize::try_from(plan.number("--clients", 32)).unwrap();
    let load = Load { clients, time: Duration::from_secs(plan.number("--seconds", 5)) };
    let node = Node::start();
    let floor = Arc::new(Floor::start(&node));
    let asked = Arc::new(Asked::prepare(&node).await);
    println!("{} clients, {} s each", load.clients, load.time.as_secs());
    println!(
        "{:42} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "", "floor/s", "node/s", "p50 ms", "p99 ms", "CPU us", "ratio"
    );
    let rows: [(&str, Kind, usize, usize); 4] = [
        ("ITI-42, one entry", Kind::Register, 12 << 10, 1 << 10),
        ("ITI-41, one entry, 40 KiB", Kind::Provide, DOCUMENT + (12 << 10), 1 << 10),
        ("ITI-18, 20 entries, LeafClass", Kind::Find, 2 << 10, asked.answer_size),
        ("ITI-43, 40 KiB", Kind::Fetch, 1 << 10, DOCUMENT),
    ];
    for (name, kind, request, answer) in rows {
        let bare = Arc::clone(&floor);
        let ask = move || {
            let floor = Arc::clone(&bare);
            async move { floor.exchange(request, answer).await }
        };
        let floor_rate = load.measured(floor.process_id(), ask).await.rate;
        let asked = Arc::clone(&asked);
        let ask = move || {
            let asked = Arc::clone(&asked);
            async move { asked.ask(kind).await }
        };
        let Measured { rate, p50, p99, cpu } = load.measured(node.process_id(), ask).await;
        let ratio = rate / floor_rate;
        println!("{name:42} {floor_rate:9.0} {rate:9.0} {p50:9.2} {p99:9.2} {cpu:9.0} {ratio:6.2}");
    }
    println!("node, most memory resident: {} MiB", node.peak_resident() >> 20);
}

impl Load {
    /// Every client asks again as soon as it has its answer.
    async fn measured<F, P>(&self, process: u32, ask: F) -> Measured
    where
        F: Fn() -> P + Clone + Send + 'static,
        P: Future<Output = ()> + Send,
    {
        ask().await;
        let (start, cpu) = (Instant::now(), cpu_seconds(process));
        let until = start + self.time;
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let ask = ask.clone();
            clients.spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let asked = Instant::now();
                    ask().await;
                    times.push(asked.elapsed().as_secs_f64() * 1e3);
                }
                times
            });
        }
        let mut times = clients.join_all().await.concat();
        times.sort_by(f64::total_cmp);
        let seconds = start.elapsed().as_secs_f64();
        let percentile =
            |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
        let count = times.len() as f64;
        let cpu = (cpu_seconds(process) - cpu) * 1e6 / count;
        Measured { rate: count / seconds, p50: percentile(0.5), p99: percentile(0.99), cpu }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Register,
    Provide,
    Find,
    Fetch,
}

/// What is asked, and of whom.
struct Asked {
    registry: Partner,
    repository: Partner,
    consumer: Consumer,
    known: Document,
    answer_size: usize,
    patients: AtomicU64,
}

impl Asked {
    async fn prepare(node: &Node) -> Self {
        let (registry, repository, consumer) = (node.registry(), node.repository(), node.consumer());
        let mut known = Document::of("KNOWN", vec![7; DOCUMENT]);
        for _ in 0..FOUND {
            known = Document::of("KNOWN", vec![7; DOCUMENT]);
            assert!(known.provide(&repository).await.unwrap().is_success());
        }
        let mut asked =
            Self { registry, repository, consumer, known, answer_size: 0, patients: AtomicU64::new(0) };
        let answer = asked.consumer.query(StoredQuery::leaf_class(asked.query())).await.unwrap();
        let (objects, _) = answer.into_objects();
        asked.answer_size = objects.iter().map(|object| object.write().write().len()).sum();
        asked
    }

    fn query(&self) -> Query {
        Query::FindDocuments(FindDocuments {
            patient_id: self.known.patient(),
            status: vec![AvailabilityStatus::Approved],
            filter: Default::default(),
        })
    }

    /// A document of one of many patients.
    fn fresh(&self, bytes: Vec<u8>) -> Document {
        Document::of(&format!("P{}", self.patients.fetch_add(1, Ordering::Relaxed) % 10_000), bytes)
    }

    async fn ask(&self, kind: Kind) {
        match kind {
            Kind::Register => {
                let mut submission = self.fresh(Vec::new()).submission;
                for entry in &mut submission.entries {
                    entry.hash = Some(Hash::from_bytes([7; 20]));
                    entry.size = Some(1);
                    entry.repository_unique_id = Some(REPOSITORY.parse().unwrap());
                }
                let answer = self.registry.ask(Register { submission }).await.unwrap();
                assert!(answer.is_success(), "{:?}", answer.errors);
            }
            Kind::Provide => {
                let mut bytes = vec![7; DOCUMENT];
                let own = uuid::Uuid::new_v4();
                bytes.get_mut(..16).unwrap().copy_from_slice(own.as_bytes());
                let answer = self.fresh(bytes).provide(&self.repository).await.unwrap();
                assert!(answer.is_success(), "{:?}", answer.errors);
            }
            Kind::Find => {
                let answer = self.consumer.query(StoredQuery::leaf_class(self.query())).await.unwrap();
                assert_eq!(answer.found.len(), FOUND);
            }
            Kind::Fetch => {
                let mut entry = self.known.entry().clone();
                entry.repository_unique_id = Some(REPOSITORY.parse().unwrap());
                let content = self.consumer.fetch(&entry).await.unwrap();
                assert_eq!(content.collect(usize::MAX).await.unwrap().len(), DOCUMENT);
            }
        }
    }
}
