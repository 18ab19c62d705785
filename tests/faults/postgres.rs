//! PostgreSQL is killed, cut off or falls silent while many submit.

use tests::{Cut, Node, Postgres, Settings};

use crate::outage::{survive, survive_silence};
use crate::turn;

fn node(server: &Postgres, way: &Cut) -> Node {
    let database = Some(server.url_through(way.address(), &server.database()));
    Node::with(&Settings { database, ..Settings::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgres_loses_nothing_and_is_found_again() {
    let _turn = turn().await;
    let Some(server) = Postgres::start() else { return };
    let way = Cut::before(server.address());
    let node = node(&server, &way);
    let server = std::cell::RefCell::new(server);
    survive("postgres killed", &node, || server.borrow_mut().kill(), || server.borrow_mut().resume()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_cut_off_loses_nothing_and_is_found_again() {
    let _turn = turn().await;
    let Some(server) = Postgres::start() else { return };
    let way = Cut::before(server.address());
    survive("postgres cut off", &node(&server, &way), || way.reset(), || way.restore()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_falls_silent_loses_nothing_and_is_found_again() {
    let _turn = turn().await;
    let Some(server) = Postgres::start() else { return };
    let way = Cut::before(server.address());
    survive_silence("postgres silent", &node(&server, &way), || way.stall(), || way.restore()).await;
}
