//! Two nodes before one database and one place for documents: what one is told the other knows, and each may go
//! away for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actors::Partner;
use actors::consumer::Consumer;
use actors::source::replace;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use metadata::{AvailabilityStatus, DocumentEntry, PatientId};
use tests::{Document, Node, Postgres, S3, Settings};
use tokio::task::JoinSet;

use crate::find::{fetch, find};

#[tokio::test]
async fn what_one_node_is_told_the_other_finds_and_fetches_at_once() {
    let Some(server) = Postgres::start() else { return };
    let Some(bucket) = S3::start() else { return };
    let settings = Settings {
        database: Some(server.url(&server.database())),
        documents: Some(bucket.bucket()),
        more: bucket.section(bucket.address()),
        ..Settings::default()
    };
    let [one, other] = Node::two(&settings);
    for (number, (tells, asks)) in [(&one, &other), (&other, &one)].into_iter().enumerate() {
        let document = Document::of(&format!("P{number}"), vec![7; 3 << 20]);
        let answer = document.provide(&tells.repository()).await.unwrap();
        assert!(answer.errors.is_empty(), "{:?}", answer.errors);
        let patient = document.patient();
        let [entry] =
            find(&asks.consumer(), &patient, AvailabilityStatus::Approved).await.try_into().unwrap();
        assert_eq!(fetch(&asks.consumer(), &entry).await, document.bytes);
        let again = document.provide(&asks.repository()).await.unwrap();
        assert!(!again.is_success(), "the other node knows the submission set too");

        let mut newer = Document::of(&format!("P{number}"), "newer");
        let id = newer.entry().entry_uuid.clone();
        replace(&mut newer.submission, &id, entry.entry_uuid.uuid().unwrap());
        assert!(newer.provide(&asks.repository()).await.unwrap().is_success());
        let [approved] =
            find(&tells.consumer(), &patient, AvailabilityStatus::Approved).await.try_into().unwrap();
        assert_eq!(approved.unique_id, newer.entry().unique_id);
    }
    assert!(bucket.objects().join("documents").is_dir(), "the documents lie in the bucket");
    assert_eq!(one.stored_files(), [] as [std::path::PathBuf; 0]);
}

#[tokio::test]
async fn a_node_with_another_index_does_not_start_at_a_bucket_that_is_in_use() {
    let Some(bucket) = S3::start() else { return };
    let more = bucket.section(bucket.address());
    let settings = Settings { documents: Some(bucket.bucket()), more, ..Settings::default() };
    let owner = Node::with(&settings);
    let document = Document::of("P1", *b"a dose report");
    assert!(document.provide(&owner.repository()).await.unwrap().is_success());

    let mut other = Node::start();
    other.stop();
    let place =
        format!("{}[repository]\ndocuments = \"{}\"", bucket.section(bucket.address()), bucket.bucket());
    other.configure("[repository]", &place);
    assert!(!other.try_resume(), "two indexes at one place");
    for part in ["belong to another index", "repository.documents", "database.url", &bucket.bucket()] {
        assert!(other.last_words().contains(part), "{part} in {}", other.last_words());
    }

    let consumer = owner.consumer();
    let [entry] =
        find(&consumer, &document.patient(), AvailabilityStatus::Approved).await.try_into().unwrap();
    assert_eq!(fetch(&consumer, &entry).await, document.bytes);
}

const CLIENTS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_request_beyond_a_retry() {
    let Some(server) = Postgres::start() else { return };
    let documents = tempfile::tempdir().unwrap();
    let mut nodes = Node::two(&Settings::shared(server.url(&server.database()), documents.path()));
    let done = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let client = Client::of(&nodes);
        clients.spawn(client.work(format!("P{number}"), Arc::clone(&done)));
    }
    for _ in 0..2 {
        for node in &mut nodes {
            tokio::time::sleep(Duration::from_secs(1)).await;
            tokio::task::block_in_place(|| {
                node.stop();
                node.resume();
            });
        }
    }
    done.store(true, Ordering::Relaxed);
    let worked = clients.join_all().await;
    let retried: usize = worked.iter().map(|(_, _, retried)| retried).sum();
    assert!(worked.iter().all(|(_, provided, _)| *provided > 0) && retried > 0, "nobody noticed: {worked:?}");
    for node in &nodes {
        for (patient, provided, _) in &worked {
            let found = find(&node.consumer(), patient, AvailabilityStatus::Approved).await;
            assert_eq!(found.len(), *provided, "of {patient}");
        }
    }
}

/// Someone who turns to the other node, once, when one does not answer.
struct Client {
    repositories: [Partner; 2],
    consumers: [Consumer; 2],
    retried: usize,
}

impl Client {
    fn of(nodes: &[Node; 2]) -> Self {
        let [one, other] = nodes;
        let repositories = [one.repository(), other.repository()];
        Self { repositories, consumers: [one.consumer(), other.consumer()], retried: 0 }
    }

    /// Provides, finds and fetches until it is done; for whom, how many documents it has provided, and how often it
    /// had to turn to the other node.
    async fn work(mut self, patient: String, done: Arc<AtomicBool>) -> (PatientId, usize, usize) {
        let mut provided = 0;
        while !done.load(Ordering::Relaxed) {
            self.repositories.reverse();
            let document = Document::of(&patient, vec![7; 40 << 10]);
            let [one, other] = self.repositories.each_ref().map(|node| document.provide(node));
            let answer = either(one, other, &mut self.retried).await.unwrap();
            assert!(answer.errors.is_empty(), "{:?}", answer.errors);
            provided += 1;

            let unique_ids = vec![document.entry().unique_id.clone()];
            let query = || Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(unique_ids.clone()) });
            let [one, other] = self.consumers.each_ref().map(|node| node.entries(query()));
            let found = either(one, other, &mut self.retried).await.unwrap();
            let [entry] = found.as_slice() else { panic!("{found:?}") };
            let [one, other] = self.consumers.each_ref().map(|node| whole(node, entry));
            assert_eq!(either(one, other, &mut self.retried).await.unwrap(), document.bytes);
        }
        (Document::of(&patient, "").patient(), provided, self.retried)
    }
}

async fn whole(consumer: &Consumer, entry: &DocumentEntry) -> Result<Vec<u8>, String> {
    let content = consumer.fetch(entry).await.map_err(|error| error.to_string())?;
    let bytes = content.collect(usize::MAX).await.map_err(|error| error.to_string())?;
    Ok(bytes.to_vec())
}

/// What one answers, or, when it fails, the other.
async fn either<T, E>(
    one: impl Future<Output = Result<T, E>>,
    other: impl Future<Output = Result<T, E>>,
    retried: &mut usize,
) -> Result<T, E> {
    match one.await {
        Ok(answer) => Ok(answer),
        Err(_) => {
            *retried += 1;
            other.await
        }
    }
}
