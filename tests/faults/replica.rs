//! PostgreSQL dies while many submit, and its synchronous replica takes its place: it has all that was acknowledged.

use std::time::Duration;

use tests::{Cut, Node, Postgres, Settings};
use tokio::task::block_in_place;

use crate::outage::{Crowd, check};
use crate::{seed, turn, volume};

/// How long the node works before its database dies.
const WORK: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_replica_has_all_that_was_acknowledged() {
    let _turn = turn().await;
    let Some(mut first) = Postgres::start() else { return };
    let database = first.database();
    let way = Cut::before(first.address());
    let url = Some(first.url_through(way.address(), &database));
    let node = Node::with(&Settings { database: url, ..Settings::default() });
    let seed = seed("replica");
    for round in 0..volume(1, 10) {
        let second = block_in_place(|| first.replica());
        let crowd = Crowd::start(&node, &format!("replica {round}"), seed.wrapping_add(round));
        tokio::time::sleep(WORK).await;
        let acknowledged = crowd.kept();
        assert!(acknowledged > 0, "nothing was done at all");
        block_in_place(|| {
            first.kill();
            second.promote();
        });
        way.lead_to(second.address());
        let recovery = crowd.works_again().await;
        println!(
            "replica: {acknowledged} acknowledged before, works again {recovery:.1?} after the promotion"
        );
        check(&node, &crowd.stop().await).await;
        first = second;
    }
}
