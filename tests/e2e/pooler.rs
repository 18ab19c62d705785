//! A node whose database connections change hands after every transaction.

use metadata::AvailabilityStatus;
use tests::{Document, Node, PgBouncer, Postgres, Settings};

use crate::find::{fetch, find};

#[tokio::test]
async fn a_node_works_through_a_pooler() {
    let Some(server) = Postgres::serializable() else { return };
    let Some(pooler) = PgBouncer::before(&server) else { return };
    let database = Some(server.url_through(pooler.address(), &server.database()));
    let mut node = Node::with(&Settings { database, pooler: true, ..Settings::default() });
    let document = Document::of("P1", *b"a dose report");
    assert!(document.provide(&node.repository()).await.unwrap().is_success());
    node.stop();
    node.resume();
    let consumer = node.consumer();
    let [entry] =
        find(&consumer, &document.patient(), AvailabilityStatus::Approved).await.try_into().unwrap();
    assert_eq!(fetch(&consumer, &entry).await, document.bytes);
}
