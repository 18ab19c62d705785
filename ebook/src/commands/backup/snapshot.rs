//! The tables of a keeper in a SQLite file, as of one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use database::{Database, Location, Schema, Table};

use super::manifest::Tables;
use crate::exit::{Failure, file};
use crate::keeping::{Keepers, Progress, private, sync_folder};
use crate::output::Output;

/// Copies the tables of a keeper into a new file.
pub(super) async fn take(
    database: &Database,
    schema: &'static Schema,
    tables: &'static [Table],
    folder: &Path,
    output: Output,
) -> Result<Tables, Failure> {
    let name = format!("{}-{}.sqlite", schema.keeper, uuid::Uuid::new_v4().simple());
    let path = folder.join(&name);
    // SQLite would let everybody read it.
    private().open(&path).map_err(|error| file(&path, "make it", &error))?;
    let mut total = 0;
    for table in tables {
        total += database.about(table).await.map_err(Keepers::failed)?;
    }
    let progress = Arc::new(Progress::new(schema.keeper, 0, total, output));
    let tell = Arc::clone(&progress);
    let copy = Database::open(&Location::file(&path), schema).await.map_err(Keepers::failed)?;
    let rows = database.copy(tables, Arc::new(copy), move |rows| tell.reached(rows)).await;
    let rows = rows.map_err(Keepers::failed)?;
    let rows = tables.iter().zip(rows).map(|(table, rows)| (table.name.to_owned(), rows)).collect();
    look_again(&path, schema, tables, &rows).await?;
    sync_folder(folder)?;
    Ok(Tables { file: name, version: schema.known(), rows })
}

/// Looks at a finished snapshot as a restore will: at the file alone.
async fn look_again(
    path: &Path,
    schema: &Schema,
    tables: &'static [Table],
    rows: &BTreeMap<String, u64>,
) -> Result<(), Failure> {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(Failure::Refused(format!(
            "{}: rows are left beside the snapshot, in its log; run the backup again",
            log.display()
        )));
    }
    let snapshot = Database::look(&Location::file(path), schema).await.map_err(Keepers::failed)?;
    for table in tables {
        let found = snapshot.count(table).await.map_err(Keepers::failed)?;
        let expected = rows.get(table.name).copied().unwrap_or_default();
        if found != expected {
            return Err(Failure::Refused(format!(
                "{}: {expected} rows of table {} were written, and {found} are there; run the backup again",
                path.display(),
                table.name
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_snapshot_that_lacks_rows_is_not_named_in_a_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        drop(Database::open(&Location::file(&path), &registry::SCHEMA).await.unwrap());
        let look = async |rows: &[(&str, u64)]| {
            let rows = rows.iter().map(|(table, rows)| ((*table).to_owned(), *rows)).collect();
            look_again(&path, &registry::SCHEMA, registry::TABLES, &rows).await
        };
        assert_eq!(look(&[]).await, Ok(()));
        let lacking = look(&[("patient", 1)]).await.unwrap_err();
        assert!(lacking.to_string().contains("1 rows of table patient"), "{lacking}");
        std::fs::write(folder.path().join("registry.sqlite-wal"), "rows").unwrap();
        let left = look(&[]).await.unwrap_err();
        assert!(left.to_string().contains("in its log"), "{left}");
    }
}
