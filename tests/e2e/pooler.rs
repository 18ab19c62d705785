//! A node whose database connections change hands after every transaction.

use tests::{Node, PgBouncer, Postgres, Settings};

use crate::restart::keeps_through_a_restart;

#[tokio::test]
async fn a_node_works_through_a_pooler() {
    let Some(server) = Postgres::serializable() else { return };
    let Some(pooler) = PgBouncer::before(&server) else { return };
    let database = Some(server.url_through(pooler.address(), &server.database()));
    let mut node = Node::with(&Settings { database, pooler: true, ..Settings::default() });
    keeps_through_a_restart(&mut node).await;
}
