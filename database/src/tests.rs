//! The database through its public functions, on whichever engine `testing` finds.

mod postgres;
mod sqlite;

use std::sync::Arc;

use tokio::sync::Barrier;

use super::*;
use crate::testing::Place;

const SCHEMA: Schema = Schema {
    keeper: "test",
    migrations: &[Migration::same("CREATE TABLE entry (name TEXT PRIMARY KEY, amount BIGINT NOT NULL)")],
};

async fn open(place: &Place) -> Database {
    Database::open(place.location(), &SCHEMA).await.unwrap()
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
    let place = Place::fresh().await;
    let database = open(&place).await;
    assert_eq!(add(&database, "one", 1).await.unwrap(), 1);
    drop(database);
    assert_eq!(names(&open(&place).await).await, ["one"]);
}

#[tokio::test]
async fn a_refused_write_is_undone_alone_among_many() {
    let place = Place::fresh().await;
    let database = open(&place).await;
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
    let place = Place::fresh().await;
    let database = open(&place).await;
    let names: Vec<String> = (0..3 * crate::sqlite::GROUP).map(|number| format!("{number:04}")).collect();
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
    let place = Place::fresh().await;
    let database = open(&place).await;
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
    let place = Place::fresh().await;
    let database = open(&place).await;
    let outcome: Result<(), DatabaseError> = database.write(|_| panic!("a defect in a closure")).await;
    assert!(matches!(outcome, Err(DatabaseError::Stopped)));
    add(&database, "kept", 1).await.unwrap();
    assert_eq!(names(&database).await, ["kept"]);
}

#[tokio::test]
async fn more_reads_at_once_than_there_are_connections_are_all_answered_but_the_one_that_panics() {
    let place = Place::fresh().await;
    let database = open(&place).await;
    add(&database, "kept", 1).await.unwrap();
    let read = |number: usize| {
        database.read(move |reader| {
            assert_ne!(number, 50, "a defect in a closure");
            Box::pin(async move { Ok(reader.rows("SELECT name FROM entry", []).await?.len()) })
        })
    };
    let found: Vec<Result<usize, DatabaseError>> = futures_util::future::join_all((0..200).map(read)).await;
    for (number, found) in found.into_iter().enumerate() {
        match found {
            Ok(rows) => assert_eq!((rows, number == 50), (1, false)),
            Err(error) => {
                assert!(number == 50 && matches!(error, DatabaseError::Stopped), "{number}: {error}")
            }
        }
    }
}

#[tokio::test]
async fn a_view_does_not_change_while_it_is_held() {
    let place = Place::fresh().await;
    let database = Arc::new(open(&place).await);
    add(&database, "first", 1).await.unwrap();
    let (seen, wait) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let view = {
        let (database, seen, wait) = (Arc::clone(&database), Arc::clone(&seen), Arc::clone(&wait));
        tokio::spawn(async move {
            let view = database.read(move |reader| {
                let (seen, wait) = (Arc::clone(&seen), Arc::clone(&wait));
                Box::pin(async move {
                    let before = reader.rows("SELECT name FROM entry", []).await?.len();
                    seen.wait().await;
                    wait.wait().await;
                    Ok((before, reader.rows("SELECT name FROM entry", []).await?.len()))
                })
            });
            view.await.map_err(|error: DatabaseError| error).unwrap()
        })
    };
    seen.wait().await;
    add(&database, "second", 2).await.unwrap();
    wait.wait().await;
    assert_eq!(view.await.unwrap(), (1, 1));
    assert_eq!(names(&database).await.len(), 2);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let place = Place::fresh().await;
    let database = open(&place).await;
    assert!(rows(&database, "INSERT INTO entry VALUES ('x', 1) RETURNING name").await.is_err());
    assert!(names(&database).await.is_empty());
}

#[tokio::test]
async fn a_list_of_any_length_is_asked_for_in_parts() {
    let place = Place::fresh().await;
    let database = open(&place).await;
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
    let place = Place::fresh().await;
    let database = open(&place).await;
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
    let place = Place::fresh().await;
    add(&open(&place).await, "kept", 1).await.unwrap();
    let later = Schema {
        keeper: "test",
        migrations: const {
            &[
                SCHEMA.migrations[0],
                Migration::same("ALTER TABLE entry ADD COLUMN note TEXT; DELETE FROM entry WHERE amount = 2"),
            ]
        },
    };
    let database = Database::open(place.location(), &later).await.unwrap();
    assert_eq!(names(&database).await, ["kept"]);
    drop(database);
    let refused = Database::open(place.location(), &SCHEMA).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Newer { keeper: "test", found: 2, known: 1 }), "{refused}");
}
