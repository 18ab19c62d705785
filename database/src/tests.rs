//! The database through its public functions, on files of its own.

use std::sync::{Arc, Barrier};
use std::time::Instant;

use tempfile::TempDir;

use super::*;

const SCHEMA: Schema = Schema {
    keeper: "test",
    migrations: &["CREATE TABLE entry (name TEXT PRIMARY KEY, amount BIGINT NOT NULL)"],
};

async fn open(directory: &TempDir) -> Database {
    Database::open(&location(directory), &SCHEMA).await.unwrap()
}

fn location(directory: &TempDir) -> Location {
    Location::file(directory.path().join("test.db"))
}

async fn add(database: &Database, name: &'static str, amount: i64) -> Result<u64, DatabaseError> {
    database
        .write(move |writer| {
            Box::pin(writer.execute("INSERT INTO entry VALUES ($1, $2)", [name.into(), amount.into()]))
        })
        .await
}

async fn rows(database: &Database, statement: &'static str) -> Result<Vec<Row>, DatabaseError> {
    database.read(move |reader| reader.rows(statement, [])).await
}

async fn names(database: &Database) -> Vec<String> {
    let rows = rows(database, "SELECT name FROM entry ORDER BY name").await.unwrap();
    rows.into_iter().map(|mut row| row.take().unwrap()).collect()
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    assert_eq!(add(&database, "one", 1).await.unwrap(), 1);
    drop(database);
    assert_eq!(names(&open(&directory).await).await, ["one"]);
}

#[tokio::test]
async fn a_refused_write_is_undone_alone_among_many() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    let refuse = database.write(|writer| {
        Box::pin(async move {
            writer.execute("INSERT INTO entry VALUES ('refused', 0)", []).await?;
            writer.execute("INSERT INTO entry VALUES ('refused', 0)", []).await
        })
    });
    let (a, refused, b, duplicate) =
        tokio::join!(add(&database, "a", 1), refuse, add(&database, "b", 2), add(&database, "a", 3));
    assert!(a.is_ok() && b.is_ok());
    assert!(matches!(refused, Err(DatabaseError::Sql(_))), "{refused:?}");
    assert!(matches!(duplicate, Err(DatabaseError::Sql(_))), "{duplicate:?}");
    assert_eq!(names(&database).await, ["a", "b"]);
}

#[tokio::test]
async fn more_writes_at_once_than_one_commit_takes_all_succeed() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    let names: Vec<String> = (0..3 * sqlite::GROUP).map(|number| format!("{number:04}")).collect();
    let writes = names.iter().map(|name| {
        let name = name.clone();
        database.write(move |writer| {
            Box::pin(writer.execute("INSERT INTO entry VALUES ($1, 1)", [name.clone().into()]))
        })
    });
    let outcomes: Vec<Result<u64, DatabaseError>> = futures_util::future::join_all(writes).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(1))), "{outcomes:?}");
    assert_eq!(self::names(&database).await, names);
}

#[tokio::test]
async fn a_panicking_write_leaves_nothing_and_the_next_succeeds() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    let outcome: Result<(), DatabaseError> = database
        .write(|writer| {
            Box::pin(async move {
                writer.execute("INSERT INTO entry VALUES ('lost', 0)", []).await?;
                panic!("a defect in a closure");
            })
        })
        .await;
    assert!(matches!(outcome, Err(DatabaseError::Stopped)));
    add(&database, "kept", 1).await.unwrap();
    assert_eq!(names(&database).await, ["kept"]);
}

#[tokio::test]
async fn a_closure_that_panics_before_it_awaits_does_not_stop_the_writer() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    let outcome: Result<(), DatabaseError> = database.write(|_| panic!("a defect in a closure")).await;
    assert!(matches!(outcome, Err(DatabaseError::Stopped)));
    add(&database, "kept", 1).await.unwrap();
    assert_eq!(names(&database).await, ["kept"]);
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
    let foreign = rusqlite::Connection::open(location(&directory).path()).unwrap();
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

#[tokio::test]
async fn a_view_does_not_change_while_it_is_held() {
    let directory = TempDir::new().unwrap();
    let database = Arc::new(open(&directory).await);
    add(&database, "first", 1).await.unwrap();
    let (seen, wait) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let view = {
        let (database, seen, wait) = (Arc::clone(&database), Arc::clone(&seen), Arc::clone(&wait));
        tokio::spawn(async move {
            let view = database.read(move |reader| {
                let (seen, wait) = (Arc::clone(&seen), Arc::clone(&wait));
                Box::pin(async move {
                    let before = reader.rows("SELECT name FROM entry", []).await?.len();
                    seen.wait();
                    wait.wait();
                    Ok((before, reader.rows("SELECT name FROM entry", []).await?.len()))
                })
            });
            view.await.map_err(|error: DatabaseError| error).unwrap()
        })
    };
    tokio::task::spawn_blocking(move || seen.wait()).await.unwrap();
    add(&database, "second", 2).await.unwrap();
    wait.wait();
    assert_eq!(view.await.unwrap(), (1, 1));
    assert_eq!(names(&database).await.len(), 2);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    assert!(rows(&database, "INSERT INTO entry VALUES ('x', 1) RETURNING name").await.is_err());
    assert!(names(&database).await.is_empty());
}

#[tokio::test]
async fn a_list_of_any_length_is_asked_for_in_parts() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    for name in ["a", "b", "c"] {
        add(&database, name, 1).await.unwrap();
    }
    let long = (0..1000).map(|n| Value::from(format!("other {n}"))).chain(["a".into(), "c".into()]);
    for (list, found) in [(long.collect(), 2), (Vec::new(), 0)] {
        let statement = "SELECT name FROM entry WHERE amount = $1 AND name IN ($list)";
        let rows = database.read(move |reader| reader.rows_among(statement, [1.into()], list.clone()));
        assert_eq!(rows.await.map_err(|error: DatabaseError| error).unwrap().len(), found);
    }
}

#[tokio::test]
async fn any_number_of_rows_is_inserted() {
    let directory = TempDir::new().unwrap();
    let database = open(&directory).await;
    let insert = database.write(|writer| {
        let rows = (0..100_i64).map(|n| vec![format!("{n:03}").into(), n.into()]);
        Box::pin(writer.insert("INSERT INTO entry (name, amount) VALUES $rows", rows))
    });
    insert.await.map_err(|error: DatabaseError| error).unwrap();
    let mut last =
        rows(&database, "SELECT name, amount FROM entry ORDER BY amount DESC").await.unwrap().remove(0);
    assert_eq!((last.take::<String>().unwrap(), last.take::<i64>().unwrap()), ("099".to_owned(), 99));
    assert_eq!(names(&database).await.len(), 100);
}

#[tokio::test]
async fn a_later_version_adds_to_what_is_there_and_an_earlier_one_refuses_it() {
    let directory = TempDir::new().unwrap();
    add(&open(&directory).await, "kept", 1).await.unwrap();
    let later = Schema {
        keeper: "test",
        migrations: const {
            &[
                SCHEMA.migrations[0],
                "ALTER TABLE entry ADD COLUMN note TEXT; DELETE FROM entry WHERE amount = 2",
            ]
        },
    };
    let database = Database::open(&location(&directory), &later).await.unwrap();
    assert_eq!(names(&database).await, ["kept"]);
    drop(database);
    let refused = Database::open(&location(&directory), &SCHEMA).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Newer { keeper: "test", found: 2, known: 1 }), "{refused}");
}

#[tokio::test]
async fn a_location_without_an_engine_is_refused_without_its_password() {
    let refused = "postgres://user:secret@host/db".parse::<Location>().unwrap_err();
    assert!(matches!(refused, DatabaseError::Location(_)));
    assert!(!refused.to_string().contains("secret"));
}
