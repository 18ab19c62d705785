//! The servers that stories rely on do what the stories ask of them, or the stories would prove nothing.

use std::time::{Duration, Instant};

use tests::{Cut, PgBouncer, Postgres, S3};

#[test]
fn a_killed_postgres_comes_back_with_what_it_has_acknowledged() {
    let Some(mut server) = Postgres::start() else { return };
    let database = server.database();
    server.sql(&database, "CREATE TABLE kept (number int)");
    server.sql(&database, "INSERT INTO kept VALUES (7)");
    for setting in ["fsync", "synchronous_commit", "data_checksums"] {
        assert_eq!(server.sql(&database, &format!("SHOW {setting}")), "on");
    }
    server.kill();
    assert!(std::net::TcpStream::connect(server.address()).is_err(), "nobody listens there any more");
    server.resume();
    assert_eq!(server.sql(&database, "SELECT number FROM kept"), "7");
    assert!(server.log().contains("was not properly shut down"), "{}", server.log());
}

#[test]
fn a_replica_has_what_was_acknowledged_when_it_is_promoted() {
    let Some(mut first) = Postgres::start() else { return };
    let database = first.database();
    let second = first.replica();
    first.sql(&database, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number");
    first.kill();
    second.promote();
    assert_eq!(second.sql(&database, "SELECT count(*) FROM kept"), "1000");
    second.sql(&database, "INSERT INTO kept VALUES (1001)");
}

#[test]
fn a_pooler_stands_between_and_changes_nothing_that_is_set() {
    let Some(server) = Postgres::serializable() else { return };
    let Some(pooler) = PgBouncer::before(&server) else { return };
    let way = |statement: &str| server.ask_through(pooler.address(), "postgres", statement);
    assert_eq!(way("SHOW transaction_isolation").unwrap(), "serializable");
}

#[test]
fn a_way_that_is_cut_fails_and_one_that_is_stalled_waits() {
    let Some(server) = Postgres::start() else { return };
    let way = Cut::before(server.address());
    let ask = || server.ask_through(way.address(), "postgres", "SELECT 1");
    assert_eq!(ask().unwrap(), "1");
    way.reset();
    assert!(ask().is_err());
    way.stall();
    let start = Instant::now();
    assert!(ask().unwrap_err().contains("timeout"));
    assert!(start.elapsed() > Duration::from_secs(1), "it has waited for an answer");
    way.restore();
    assert_eq!(ask().unwrap(), "1");
}

#[test]
fn an_s3_server_can_be_killed_and_started_again() {
    let Some(mut server) = S3::start() else { return };
    server.kill();
    assert!(std::net::TcpStream::connect(server.address()).is_err());
    server.resume();
    assert!(std::net::TcpStream::connect(server.address()).is_ok() && server.objects().is_dir());
}
