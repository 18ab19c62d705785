//! The tables themselves: what is saved of them.

use database::testing::{columns, saved};

use super::*;
use crate::TABLES;

/// What no backup has: the version of the tables, which those of the other database have too; the id, for a copy is
/// another index; and what only tells of the place where the documents are: chores, uploads and damage there.
const NOT_SAVED: [&str; 5] = ["schema_version", "index_id", "chore", "unfinished_upload", "damage"];

#[tokio::test]
async fn every_column_of_every_table_is_saved_or_is_of_no_use_elsewhere() {
    let ward = Ward::open().await;
    let mut there = columns(ward.repository.store.index()).await;
    for table in NOT_SAVED {
        assert!(there.remove(table).is_some(), "{table} is no table");
    }
    assert_eq!(saved(TABLES), there);
}
