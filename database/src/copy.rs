//! Whole tables, row by row in the order of their keys, from one database to another of either engine.

use std::sync::Arc;

use crate::{Database, DatabaseError, Reader, Row, Value};

/// Rows that are read and written together.
const PAGE: i64 = 500;

/// A table that can be copied: statements for its columns, the key first. Made by [`table!`](crate::table).
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How many rows there are.
    pub count: &'static str,
    /// The first `$1` rows.
    pub first: &'static str,
    /// The first `$2` rows after the key `$1`.
    pub next: &'static str,
    /// The key of row `$1`, from 0.
    pub key: &'static str,
    /// Adds `$rows` that are not there.
    pub insert: &'static str,
}

/// A [`Table`] by its name, its key and its other columns.
#[macro_export]
macro_rules! table {
    ($name:literal, $key:literal $(, $column:literal)* $(,)?) => {
        $crate::Table {
            name: $name,
            count: concat!("SELECT COUNT(*) FROM ", $name),
            first: concat!("SELECT ", $key $(, ", ", $column)*, " FROM ", $name, " ORDER BY ", $key, " LIMIT $1"),
            next: concat!(
                "SELECT ", $key $(, ", ", $column)*, " FROM ", $name, " WHERE ", $key, " > $1 ORDER BY ", $key,
                " LIMIT $2"
            ),
            key: concat!("SELECT ", $key, " FROM ", $name, " ORDER BY ", $key, " LIMIT 1 OFFSET $1"),
            insert: concat!(
                "INSERT INTO ", $name, " (", $key $(, ", ", $column)*, ") VALUES $rows ON CONFLICT DO NOTHING"
            ),
        }
    };
}

impl Database {
    /// How many rows a table has.
    pub async fn count(&self, table: &'static Table) -> Result<u64, DatabaseError> {
        self.read(move |reader| Box::pin(count(reader, table))).await
    }

    /// Copies tables into another database, all as of one moment; tells how many rows each has. `progress` is told
    /// of rows as they are copied. The other database must not be used by anyone else meanwhile.
    pub async fn copy(
        &self,
        tables: &'static [Table],
        to: Arc<Self>,
        progress: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<Vec<u64>, DatabaseError> {
        let progress = Arc::new(progress);
        // It may run again, and then finds its rows there already.
        self.read(move |reader| {
            let (to, progress) = (Arc::clone(&to), Arc::clone(&progress));
            Box::pin(async move {
                let mut copied = Vec::new();
                for table in tables {
                    let mut rows = 0;
                    let mut after = None;
                    while let Some(page) = page(reader, table, after).await? {
                        rows += page.rows.len() as u64;
                        progress(page.rows.len() as u64);
                        after = Some(page.last);
                        to.add(table, page.rows).await?;
                    }
                    copied.push(rows);
                }
                Ok(copied)
            })
        })
        .await
    }

    /// Adds the rows of a table of another database from row `from` on, and calls `done` with how many rows are
    /// there after each step.
    pub async fn fill<E: From<DatabaseError>>(
        &self,
        table: &'static Table,
        from: u64,
        source: &Self,
        mut done: impl FnMut(u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rows = from;
        let mut after = match from.checked_sub(1) {
            Some(last) => source.key_at(table, last).await?,
            None => None,
        };
        loop {
            let key = after.clone();
            let page = source.read(move |reader| Box::pin(page(reader, table, key.clone()))).await;
            let Some(page) = page.map_err(|error: DatabaseError| error)? else { return Ok(()) };
            rows += page.rows.len() as u64;
            after = Some(page.last);
            self.add(table, page.rows).await?;
            done(rows)?;
        }
    }

    async fn key_at(&self, table: &'static Table, row: u64) -> Result<Option<Value>, DatabaseError> {
        let row = i64::try_from(row).unwrap_or(i64::MAX);
        self.read(move |reader| {
            Box::pin(async move {
                let row = reader.row(table.key, [row.into()]).await?;
                Ok(row.and_then(|row| row.into_values().next()))
            })
        })
        .await
    }

    async fn add(&self, table: &'static Table, rows: Vec<Vec<Value>>) -> Result<(), DatabaseError> {
        let rows = Arc::new(rows);
        self.write(move |writer| {
            let rows = Vec::clone(&rows);
            Box::pin(async move { writer.insert(table.insert, rows).await })
        })
        .await
    }
}

/// Rows, and the key of the last of them.
struct Page {
    rows: Vec<Vec<Value>>,
    last: Value,
}

async fn count(reader: &mut Reader, table: &'static Table) -> Result<u64, DatabaseError> {
    let row = reader.row(table.count, []).await?;
    Ok(row.map_or(Ok(0), |mut row| row.take::<i64>())?.unsigned_abs())
}

/// The rows after a key; none when there are no more.
async fn page(
    reader: &mut Reader,
    table: &'static Table,
    after: Option<Value>,
) -> Result<Option<Page>, DatabaseError> {
    let rows = match after {
        None => reader.rows(table.first, [PAGE.into()]).await?,
        Some(key) => reader.rows(table.next, [key, PAGE.into()]).await?,
    };
    let rows: Vec<Vec<Value>> = rows.into_iter().map(|row| Row::into_values(row).collect()).collect();
    let last = rows.last().and_then(|row| row.first()).cloned();
    Ok(last.map(|last| Page { rows, last }))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{Location, Migration, Schema};

    const SCHEMA: Schema = Schema {
        keeper: "copied",
        migrations: &[Migration {
            sqlite: "CREATE TABLE thing (name TEXT PRIMARY KEY, amount BIGINT, note BLOB)",
            postgres: "CREATE TABLE thing (name TEXT PRIMARY KEY, amount BIGINT, note BYTEA)",
        }],
    };
    const THINGS: [Table; 1] = [table!("thing", "name", "amount", "note")];
    const MANY: i64 = PAGE * 2 + 7;

    async fn open(folder: &TempDir, name: &str) -> Arc<Database> {
        let location = Location::file(folder.path().join(name));
        Arc::new(Database::open(&location, &SCHEMA).await.unwrap())
    }

    async fn filled(folder: &TempDir) -> Arc<Database> {
        let database = open(folder, "from.sqlite").await;
        let rows = (0..MANY).map(|n| vec![format!("{n:05}").into(), n.into(), Value::Null]);
        let rows: Vec<_> = rows.collect();
        database.add(&THINGS[0], rows).await.unwrap();
        database
    }

    async fn all(database: &Database) -> Vec<Vec<Value>> {
        let rows = database.read(|reader| {
            Box::pin(
                async move { reader.rows("SELECT name, amount, note FROM thing ORDER BY name", []).await },
            )
        });
        let rows = rows.await.map_err(|error: DatabaseError| error).unwrap();
        rows.into_iter().map(|row| row.into_values().collect()).collect()
    }

    #[tokio::test]
    async fn tables_are_copied_as_of_one_moment() {
        let folder = TempDir::new().unwrap();
        let (from, to) = (filled(&folder).await, open(&folder, "to.sqlite").await);
        let told = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let tell = Arc::clone(&told);
        let progress = move |rows| {
            tell.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
        };
        let copied = from.copy(&THINGS, Arc::clone(&to), progress).await.unwrap();
        assert_eq!(copied, [MANY.unsigned_abs()]);
        assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), MANY.unsigned_abs());
        assert_eq!(all(&to).await, all(&from).await);
        assert_eq!(to.count(&THINGS[0]).await.unwrap(), MANY.unsigned_abs());
    }

    #[tokio::test]
    async fn filling_goes_on_where_it_was_interrupted() {
        let folder = TempDir::new().unwrap();
        let (from, to) = (filled(&folder).await, open(&folder, "to.sqlite").await);
        let mut reached = 0;
        let interrupted = to.fill(&THINGS[0], 0, &from, |rows| {
            reached = rows;
            Err(DatabaseError::Stopped)
        });
        assert!(interrupted.await.is_err());
        assert_eq!(reached, PAGE.unsigned_abs());
        let mut steps = Vec::new();
        let resumed = to.fill(&THINGS[0], reached, &from, |rows| {
            steps.push(rows);
            Ok::<_, DatabaseError>(())
        });
        resumed.await.unwrap();
        assert_eq!(steps, [2 * PAGE.unsigned_abs(), MANY.unsigned_abs()]);
        assert_eq!(all(&to).await, all(&from).await);
    }
}
