//! The tables themselves: what is saved of them, and how they are read.

use database::testing::{columns, saved};

use super::*;

/// What no backup has: the version of the tables, which those of the other database have too.
const NOT_SAVED: [&str; 1] = ["schema_version"];

#[tokio::test]
async fn every_column_of_every_table_is_saved() {
    let house = House::accepting().await;
    let mut there = columns(house.registry.database()).await;
    for table in NOT_SAVED {
        assert!(there.remove(table).is_some(), "{table} is no table");
    }
    assert_eq!(saved(TABLES), there);
}

#[tokio::test]
async fn a_statement_that_reads_a_whole_table_fails_in_tests() {
    let house = House::accepting().await;
    let run = |statement| house.registry.database().read(move |reader| reader.rows(statement, []));
    let whole = ["SELECT no FROM patient WHERE objects = 1", "SELECT key FROM object ORDER BY key"];
    for statement in whole.into_iter().chain(whole) {
        let refused = run(statement).await.map_err(|error: DatabaseError| error.to_string()).unwrap_err();
        assert!(refused.contains("reads a whole table"), "{refused}");
    }
    let allowed = run("SELECT no FROM patient WHERE objects = 1 $walk").await;
    assert!(allowed.map_err(|error: DatabaseError| error).unwrap().is_empty());
}
