//! What only happens with a server: many writers at once, and connections that go.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::location::Place as At;

/// A database on a server, if there is one.
async fn on_a_server() -> Option<(Place, Database)> {
    let place = Place::fresh().await;
    if place.location().engine() != Engine::Postgres {
        return None;
    }
    let database = open(&place).await;
    Some((place, database))
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    let place = Place::fresh().await;
    if place.location().engine() != Engine::Postgres {
        return;
    }
    let pending = Database::pending(place.location(), &SCHEMA).await.unwrap();
    assert_eq!((pending.found, pending.known, pending.texts.len()), (0, 1, 1));
    let opened =
        futures_util::future::join_all((0..5).map(|_| Database::open(place.location(), &SCHEMA))).await;
    for database in opened {
        assert!(names(&database.unwrap()).await.is_empty());
    }
    let pending = Database::pending(place.location(), &SCHEMA).await.unwrap();
    assert_eq!((pending.found, pending.texts.len()), (1, 0));
}

/// It takes longer than a statement waits for a lock.
#[tokio::test]
async fn who_starts_while_another_node_migrates_waits_for_it() {
    const SLOW: Schema = Schema {
        keeper: "test",
        migrations: const { &[SCHEMA.migrations[0], Migration::same("SELECT pg_sleep(11)")] },
    };
    let Some((old, _)) = on_a_server().await else { return };
    let new = Place::fresh().await;
    let places = [old.location(), old.location(), new.location(), new.location()];
    let opened = futures_util::future::join_all(places.map(|place| Database::open(place, &SLOW))).await;
    for database in opened {
        assert!(names(&database.unwrap()).await.is_empty());
    }
}

#[tokio::test]
async fn nothing_can_be_put_into_a_column_of_any_type() {
    let Some((_place, database)) = on_a_server().await else { return };
    let outcome = database.write(|writer| {
        Box::pin(async move {
            writer.script("CREATE TABLE one (number BIGINT, text TEXT, bytes BYTEA)").await?;
            let row = |value: fn() -> [Value; 3]| value().to_vec();
            let nothing = row(|| [Value::Null, Value::Null, Value::Null]);
            let something = row(|| [7.into(), "x".into(), vec![1].into()]);
            for rows in [[nothing.clone(), something.clone()], [something, nothing]] {
                writer.insert("INSERT INTO one (number, text, bytes) VALUES $rows", rows).await?;
            }
            let empty = "SELECT 1 FROM one WHERE number IS NULL AND text IS NULL AND bytes IS NULL";
            Ok::<_, DatabaseError>(writer.rows(empty, []).await?.len())
        })
    });
    assert_eq!(outcome.await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_one_row_lose_no_update() {
    let Some((_place, database)) = on_a_server().await else { return };
    let database = Arc::new(database);
    add(&database, "sum", 0).await.unwrap();
    let tasks = (0..4).map(|_| {
        let database = Arc::clone(&database);
        tokio::spawn(async move {
            for _ in 0..5 {
                increment(&database).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let mut sum = rows(&database, "SELECT amount FROM entry").await.unwrap().remove(0);
    assert_eq!(sum.take::<i64>().unwrap(), 20);
}

async fn increment(database: &Database) -> Result<u64, DatabaseError> {
    database
        .write(|writer| {
            Box::pin(async move {
                let row = writer.row("SELECT amount FROM entry WHERE name = 'sum' $lock", []).await?;
                let amount: i64 = row.unwrap().take()?;
                writer.execute("UPDATE entry SET amount = $1", [(amount + 1).into()]).await
            })
        })
        .await
}

/// Whoever finds an id free, and then taken, looks again.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_meanwhile_is_found_taken() {
    let Some((_place, database)) = on_a_server().await else { return };
    let claims = (0..8).map(|_| {
        database.write(|writer| {
            Box::pin(async move {
                if writer.row("SELECT name FROM entry WHERE name = 'id'", []).await?.is_some() {
                    return Ok::<_, DatabaseError>(false);
                }
                writer.execute("INSERT INTO entry VALUES ('id', 1)", []).await?;
                Ok(true)
            })
        })
    });
    let claims = futures_util::future::join_all(claims).await;
    assert_eq!(claims.iter().filter(|claim| *claim.as_ref().unwrap()).count(), 1);
}

#[tokio::test]
async fn connections_that_the_server_has_ended_are_replaced() {
    let Some((_place, database)) = on_a_server().await else { return };
    let both = (add(&database, "a", 1), add(&database, "b", 1));
    let (a, b) = futures_util::future::join(both.0, both.1).await;
    assert!(a.is_ok() && b.is_ok());
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    rows(&database, end).await.unwrap();
    add(&database, "c", 1).await.unwrap();
    assert_eq!(names(&database).await, ["a", "b", "c"]);
}

/// The server undoes everything after an error, and answers COMMIT as if nothing had been.
#[tokio::test]
async fn a_write_that_hides_an_error_is_refused() {
    let Some((_place, database)) = on_a_server().await else { return };
    let outcome = database.write(|writer| {
        Box::pin(async move {
            writer.execute("INSERT INTO entry VALUES ('lost', 1)", []).await?;
            drop(writer.execute("INSERT INTO entry VALUES ('no number', NULL)", []).await);
            Ok::<_, DatabaseError>(())
        })
    });
    assert!(outcome.await.is_err());
    assert!(names(&database).await.is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_soon() {
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing".parse().unwrap();
    let refused = Database::open(&nowhere, &SCHEMA).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Sql(_)), "{refused}");
}

/// Whoever asks is told before he has given up, also when something is to be cleared up after that.
#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_tried_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("postgres://nobody@{}/nothing", listener.local_addr().unwrap()).parse().unwrap();
    let begun = Instant::now();
    let refused = Database::open(&silent, &SCHEMA).await.unwrap_err();
    assert_eq!(refused.remedy(), Some(Remedy::Later), "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(19), "{:?}", begun.elapsed());
}

/// A database whose statements may take so long.
async fn hurried(limit: Duration) -> Option<(Place, Database)> {
    let (place, _) = on_a_server().await?;
    let mut location = place.location().clone();
    if let At::Postgres(server) = &mut location.place {
        server.statement = limit;
    }
    let database = Database::open(&location, &SCHEMA).await.unwrap();
    Some((place, database))
}

/// Runs a statement, and tells how often it was tried.
async fn tried(database: &Database, statement: &'static str) -> (Result<usize, DatabaseError>, u32) {
    let tries = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&tries);
    let found = database.read(move |reader| {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(reader.rows(statement, []).await?.len()) })
    });
    (found.await, tries.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_on_the_server_and_not_tried_again() {
    let Some((_place, database)) = hurried(Duration::from_millis(300)).await else { return };
    let begun = Instant::now();
    let (slow, tries) = tried(&database, "SELECT 1 FROM pg_sleep(30)").await;
    assert!(slow.unwrap_err().to_string().contains("statement timeout"));
    assert_eq!(tries, 1);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let running = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
        AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()";
    assert_eq!(rows(&database, running).await.unwrap().len(), 0);
    add(&database, "after", 1).await.unwrap();
}

#[tokio::test]
async fn where_nobody_waits_a_statement_takes_what_it_takes() {
    let Some((place, _)) = on_a_server().await else { return };
    for (location, limit) in
        [(place.location().clone(), "1min"), (place.location().clone().unhurried(), "1d")]
    {
        let database = Database::look(&location, &SCHEMA).await.unwrap();
        let mut set = rows(&database, "SELECT current_setting('statement_timeout')").await.unwrap().remove(0);
        assert_eq!(set.take::<String>().unwrap(), limit);
    }
}

#[tokio::test]
async fn a_migration_takes_what_it_takes() {
    let Some((_place, database)) = hurried(Duration::from_millis(300)).await else { return };
    let script = database.write(|writer| Box::pin(writer.script("SELECT pg_sleep(0.6)")));
    script.await.map_err(|error: DatabaseError| error).unwrap();
}

/// The process on the server that serves a connection.
async fn backend(database: &Database) -> i64 {
    rows(database, "SELECT CAST(pg_backend_pid() AS BIGINT)").await.unwrap().remove(0).take().unwrap()
}

/// Whether the connections to the server are those of a pooler, which answers for them, and later.
fn is_the_poolers() -> bool {
    std::env::var_os("DOSEBOOK_TEST_POOLER").is_some()
}

/// Stops a process of the server, as if the way there swallowed everything, until it is dropped.
struct Silenced(i64);

impl Silenced {
    fn new(process: i64) -> Self {
        signal("-STOP", process);
        Self(process)
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        signal("-CONT", self.0);
    }
}

fn signal(name: &str, process: i64) {
    assert!(
        std::process::Command::new("kill").args([name, &process.to_string()]).status().unwrap().success()
    );
}

#[tokio::test]
async fn a_server_that_falls_silent_is_not_waited_for_again() {
    let Some((_place, database)) = hurried(Duration::from_millis(300)).await else { return };
    let tries = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&tries);
    let begun = Instant::now();
    let silent = database.read(move |reader| {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let mut row = reader.row("SELECT CAST(pg_backend_pid() AS BIGINT)", []).await?.unwrap();
            let _silenced = Silenced::new(row.take()?);
            reader.row("SELECT 2", []).await
        })
    });
    let silent = silent.await.unwrap_err();
    assert!(matches!(silent, DatabaseError::Silent(_)), "{silent}");
    assert_eq!(tries.load(Ordering::Relaxed), 1);
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    add(&database, "after", 1).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_was_forgotten_on_the_way_costs_a_moment() {
    let Some((_place, database)) = on_a_server().await else { return };
    if is_the_poolers() {
        return;
    }
    let _silenced = Silenced::new(backend(&database).await);
    let begun = Instant::now();
    assert!(names(&database).await.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_connection_that_lay_unused_is_opened_again() {
    let Some((_place, database)) = on_a_server().await else { return };
    if is_the_poolers() {
        return;
    }
    let first = backend(&database).await;
    assert_eq!(backend(&database).await, first);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_ne!(backend(&database).await, first);
}
