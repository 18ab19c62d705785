//! What only happens to a file: a full disk, another process that holds it.

use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::sqlite;

fn location(directory: &TempDir) -> Location {
    Location::file(directory.path().join("test.db"))
}

async fn open(directory: &TempDir) -> Database {
    Database::open(&location(directory), &SCHEMA).await.unwrap()
}

/// Lets the file grow by no more than some pages, as a full disk would.
async fn fill_disk(database: &Database) {
    let limit = database.write(|writer| Box::pin(writer.rows("PRAGMA max_page_count = 20", [])));
    limit.await.map_err(|error: DatabaseError| error).unwrap();
}

async fn add_too_much(database: &Database) -> Result<u64, DatabaseError> {
    let name = "x".repeat(200_000);
    let statement = "INSERT INTO entry VALUES ($1, 1)";
    database.write(move |writer| Box::pin(writer.execute(statement, [name.clone().into()]))).await
}

#[tokio::test]
async fn a_full_disk_refuses_the_write_that_met_it_and_no_other() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    fill_disk(&database).await;
    let refused = add_too_much(&database).await.unwrap_err();
    assert!(refused.to_string().contains("full"), "{refused}");
    add(&database, "alone", 1).await.unwrap();
    fill_disk(&database).await;
    // It takes the transaction of all with it.
    let (before, _, after) =
        tokio::join!(add(&database, "before", 1), add_too_much(&database), add(&database, "after", 1));
    assert_eq!((before.unwrap(), after.unwrap()), (1, 1));
    add(&database, "later", 1).await.unwrap();
    assert!(
        names(&database).await.iter().filter(|name| name.len() < 9).eq(["after", "alone", "before", "later"])
    );
}

#[tokio::test]
async fn while_another_process_holds_the_file_all_who_wait_are_refused_together() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    let foreign = rusqlite::Connection::open(directory.path().join("test.db")).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let start = Instant::now();
    let writes = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| add(&database, name, 1));
    for outcome in futures_util::future::join_all(writes).await {
        assert!(outcome.as_ref().is_err_and(sqlite::is_busy), "{outcome:?}");
    }
    // The first may have gone before the others came: two groups, where each on its own would wait eight times.
    assert!(start.elapsed() < sqlite::BUSY * 5, "{:?}", start.elapsed());
    foreign.execute_batch("ROLLBACK").unwrap();
    add(&database, "later", 1).await.unwrap();
    assert_eq!(names(&database).await, ["later"]);
}
