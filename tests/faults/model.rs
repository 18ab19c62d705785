//! Many register, replace, file and query the documents of a few patients at once; a model of what they were told
//! finds no lost update, no stale view, no half set, nothing twice and nothing that nobody said.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actors::consumer::Consumer;
use tests::{Node, Postgres, Settings};
use tokio::task::JoinSet;

use crate::deeds::Client;
use crate::ledger::Page;
use crate::{judge, node, seed, turn, volume};

const PATIENTS: usize = 50;
/// Submissions after which a patient is left alone and another comes, so that looking at one stays quick.
const SUBMISSIONS_OF_A_PATIENT: usize = 60;

/// The patients that all work on.
#[derive(Debug)]
struct Ward {
    current: Vec<Mutex<Arc<Page>>>,
    left: Mutex<Vec<Arc<Page>>>,
    looks: AtomicUsize,
}

impl Ward {
    fn new() -> Self {
        let current = (0..PATIENTS).map(|patient| Mutex::new(Arc::new(Page::new(&format!("M{patient}")))));
        Self { current: current.collect(), left: Mutex::default(), looks: AtomicUsize::new(0) }
    }

    /// One of the patients; a fresh one when much has been done to this one.
    fn page(&self, patient: usize) -> Arc<Page> {
        let mut page = self.current.get(patient).unwrap().lock().unwrap();
        if page.attempts().len() >= SUBMISSIONS_OF_A_PATIENT {
            let mut left = self.left.lock().unwrap();
            let next = Arc::new(Page::new(&format!("M{patient}G{}", left.len())));
            left.push(std::mem::replace(&mut page, next));
        }
        Arc::clone(&page)
    }

    fn all(&self) -> Vec<Arc<Page>> {
        let current = self.current.iter().map(|page| Arc::clone(&page.lock().unwrap()));
        self.left.lock().unwrap().iter().cloned().chain(current).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_change_the_same_patients_never_see_what_cannot_be() {
    let _turn = turn().await;
    work_on(&[node()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_change_the_same_patients_through_two_nodes_never_see_what_cannot_be() {
    let _turn = turn().await;
    let Some(server) = Postgres::start() else { return };
    let documents = tempfile::tempdir().unwrap();
    work_on(&Node::two(&Settings::shared(server.url(&server.database()), documents.path()))).await;
}

/// Half of the clients talk to one node, half to the other, if there are two.
async fn work_on(nodes: &[Node]) {
    let seed = seed("model");
    let (clients, time) = volume((16, Duration::from_secs(20)), (64, Duration::from_secs(600)));
    let ward = Arc::new(Ward::new());
    let until = Instant::now() + time;
    let mut crowd = JoinSet::new();
    for (number, node) in (0..clients).zip(nodes.iter().cycle()) {
        let client = Client::new(node, seed, number);
        crowd.spawn(act(client, node.consumer(), Arc::clone(&ward), until));
    }
    while let Some(outcome) = crowd.join_next().await {
        outcome.unwrap();
    }
    check(nodes, &ward).await;
}

/// Submits to any of the patients, and looks at once at what has come of it.
async fn act(mut client: Client, consumer: Consumer, ward: Arc<Ward>, until: Instant) {
    while Instant::now() < until {
        let patient = usize::try_from(client.random().below(PATIENTS as u64)).unwrap();
        let page = ward.page(patient);
        let answered = match client.random().percent(8) {
            true => client.submit_twice(&page).await.map(drop),
            false => client.submit(&page).await.map(drop),
        };
        // The nodes are well and the clients keep to what they bear: everybody is answered.
        assert!(answered.is_ok(), "{}: {answered:?}\n{}", page.patient, history(&page));
        if client.random().percent(60) {
            let wrong = judge::look(&consumer, &page).await.unwrap();
            ward.looks.fetch_add(1, Ordering::Relaxed);
            assert!(wrong.is_empty(), "{}: {}\n{}", page.patient, wrong.join("\n"), history(&page));
        }
    }
}

/// Every node shows everything, with every value and document, and refused nobody without a reason.
async fn check(nodes: &[Node], ward: &Ward) {
    let pages = ward.all();
    for page in &pages {
        let mut wrong = Vec::new();
        for node in nodes {
            wrong.extend(judge::audit(&node.consumer(), page).await);
        }
        wrong.extend(judge::refusals(page, &[]));
        assert!(wrong.is_empty(), "{}: {}\n{}", page.patient, wrong.join("\n"), history(page));
    }
    let attempts: Vec<_> = pages.iter().flat_map(|page| page.attempts()).collect();
    let kept = attempts.iter().filter(|attempt| attempt.is_kept()).count();
    let replaced =
        attempts.iter().filter(|attempt| attempt.is_kept()).flat_map(|attempt| attempt.replaces()).count();
    println!(
        "model: {} patients, {} submissions, {kept} kept ({replaced} replacements), {} refused with a reason, {} looks",
        pages.len(),
        attempts.len(),
        attempts.len() - kept,
        ward.looks.load(Ordering::Relaxed)
    );
    assert!(attempts.len() > kept && replaced > 0, "nobody met anybody");
}

/// All that was said of a patient, in the order in which it was sent.
fn history(page: &Page) -> String {
    let attempts = page.attempts();
    let start = attempts.first().map(|attempt| attempt.sent);
    let line = |at: Instant| format!("{:9.3?}", at.duration_since(start.unwrap_or(at)));
    let lines = attempts.iter().map(|attempt| {
        let ends: Vec<String> = attempt
            .submission
            .associations
            .iter()
            .map(|said| {
                let kind = said.association_type.urn().rsplit(':').next().unwrap_or_default();
                format!("{kind} {} -> {}", said.source_object, said.target_object)
            })
            .collect();
        format!(
            "{} to {}: {:?} {:?}",
            line(attempt.sent),
            attempt.settled().map(line).unwrap_or_default(),
            attempt.outcome(),
            ends
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
