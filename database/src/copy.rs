//! Whole tables, row by row in the order of their keys, from one database to another of either engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Database, DatabaseError, Engine, Reader, Row, Value};

/// Rows that are read and written together.
const PAGE: i64 = 500;

/// Rows that are counted in a moment.
const FEW: u64 = 100_000;

/// What PostgreSQL remembers of the tables that hold the rows of a table: how many rows they have, and whether that is
/// known of all of them.
const REMEMBERED: &str = "SELECT CAST(SUM(GREATEST(c.reltuples, 0)) AS BIGINT), \
     CAST(MIN(CASE WHEN c.reltuples < 0 THEN 0 ELSE 1 END) AS BIGINT) \
     FROM pg_class c WHERE c.relkind = 'r' AND (c.oid = to_regclass($1) \
     OR c.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = to_regclass($1))) $walk";

/// A table that can be copied: statements for its columns, the key first. Made by [`table!`](crate::table).
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How many rows there are.
    pub count: &'static str,
    /// How many there are, but no more than a hundred thousand.
    pub few: &'static str,
    /// Removes all.
    pub empty: &'static str,
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
            count: concat!("SELECT COUNT(*) FROM ", $name, " $walk"),
            few: concat!("SELECT COUNT(*) FROM (SELECT 1 FROM ", $name, " LIMIT 100000) few $walk"),
            empty: concat!("DELETE FROM ", $name, " $walk"),
            first: concat!("SELECT ", $key $(, ", ", $column)*, " FROM ", $name, " ORDER BY ", $key, " LIMIT $1 $walk"),
            next: concat!(
                "SELECT ", $key $(, ", ", $column)*, " FROM ", $name, " WHERE ", $key, " > $1 ORDER BY ", $key,
                " LIMIT $2"
            ),
            key: concat!("SELECT ", $key, " FROM ", $name, " ORDER BY ", $key, " LIMIT 1 OFFSET $1 $walk"),
            insert: concat!(
                "INSERT INTO ", $name, " (", $key $(, ", ", $column)*, ") VALUES $rows ON CONFLICT DO NOTHING"
            ),
        }
    };
}

impl Database {
    /// How many rows a table has.
    pub async fn count(&self, table: &'static Table) -> Result<u64, DatabaseError> {
        self.read(move |reader| Box::pin(number(reader, table.count))).await
    }

    /// How many rows a table has, about, in a moment where counting takes minutes: what PostgreSQL remembers since it
    /// looked last. SQLite counts.
    pub async fn about(&self, table: &'static Table) -> Result<u64, DatabaseError> {
        if self.engine() == Engine::Sqlite {
            return self.count(table).await;
        }
        self.read(move |reader| {
            Box::pin(async move {
                let row = reader.row(REMEMBERED, [table.name.into()]).await?;
                let (rows, is_known): (Option<i64>, Option<i64>) = match row {
                    Some(mut row) => (row.take()?, row.take()?),
                    None => (None, None),
                };
                let rows = rows.unwrap_or_default().unsigned_abs();
                // What PostgreSQL has never looked at is small, or its statistics are turned off.
                if is_known == Some(1) && rows > FEW {
                    Ok(rows)
                } else {
                    Ok(rows.max(number(reader, table.few).await?))
                }
            })
        })
        .await
    }

    /// Copies tables into another database, all as of one moment; tells how many rows each has. `progress` is told
    /// how many rows are there, of all tables. The other database must not be used by anyone else meanwhile.
    pub async fn copy(
        &self,
        tables: &'static [Table],
        to: Arc<Self>,
        progress: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<Vec<u64>, DatabaseError> {
        let (progress, begun) = (Arc::new(progress), Arc::new(AtomicBool::new(false)));
        self.read(move |reader| {
            let (to, progress, begun) = (Arc::clone(&to), Arc::clone(&progress), Arc::clone(&begun));
            Box::pin(async move {
                // Run again, it sees another moment: the rows of the first one do not belong to it.
                if begun.swap(true, Ordering::Relaxed) {
                    to.empty(tables).await?;
                }
                let (mut copied, mut all) = (Vec::new(), 0);
                for table in tables {
                    let mut rows = 0;
                    let mut after = None;
                    while let Some(page) = page(reader, table, after).await? {
                        rows += page.rows.len() as u64;
                        all += page.rows.len() as u64;
                        after = Some(page.last);
                        to.add(table, page.rows).await?;
                        progress(all);
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

    async fn empty(&self, tables: &'static [Table]) -> Result<(), DatabaseError> {
        self.write(move |writer| {
            Box::pin(async move {
                for table in tables.iter().rev() {
                    writer.execute(table.empty, []).await?;
                }
                Ok(())
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

async fn number(reader: &mut Reader, statement: &'static str) -> Result<u64, DatabaseError> {
    let row = reader.row(statement, []).await?;
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
    use std::sync::atomic::AtomicU64;

    use tempfile::TempDir;

    use super::*;
    use crate::location::Place as At;
    use crate::testing::Place;
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
        fill(open(folder, "from.sqlite").await).await
    }

    async fn fill(database: Arc<Database>) -> Arc<Database> {
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
        let told = Arc::new(AtomicU64::new(0));
        let tell = Arc::clone(&told);
        let progress = move |rows| tell.store(rows, Ordering::Relaxed);
        let copied = from.copy(&THINGS, Arc::clone(&to), progress).await.unwrap();
        assert_eq!(copied, [MANY.unsigned_abs()]);
        assert_eq!(told.load(Ordering::Relaxed), MANY.unsigned_abs());
        assert_eq!(all(&to).await, all(&from).await);
        assert_eq!(to.count(&THINGS[0]).await.unwrap(), MANY.unsigned_abs());
    }

    /// Runs statements on a connection of their own, and waits for them.
    fn meanwhile(location: &Location, statements: &'static str) {
        let At::Postgres(server) = &location.place else { panic!("a server was expected") };
        let options = server.options.clone().statement_cache_capacity(0).extra_float_digits(None);
        let run = async move {
            let mut connection = sqlx::ConnectOptions::connect(&options).await?;
            sqlx::raw_sql(statements).execute(&mut connection).await.map(drop)
        };
        let run = move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(run)
                .unwrap();
        };
        std::thread::spawn(run).join().unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_copy_that_begins_again_is_of_one_moment() {
        let (place, folder) = (Place::fresh().await, TempDir::new().unwrap());
        if place.location().engine() != Engine::Postgres {
            return;
        }
        let from = fill(Arc::new(Database::open(place.location(), &SCHEMA).await.unwrap())).await;
        let to = open(&folder, "to.sqlite").await;
        let (location, done) = (place.location().clone(), AtomicBool::new(false));
        let progress = move |_| {
            if !done.swap(true, Ordering::Relaxed) {
                meanwhile(
                    &location,
                    "DELETE FROM thing WHERE name = '00001'; UPDATE thing SET amount = -1 WHERE name = '00002'",
                );
                meanwhile(
                    &location,
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                     WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
                );
            }
        };
        let copied = from.copy(&THINGS, Arc::clone(&to), progress).await.unwrap();
        assert_eq!(copied, [MANY.unsigned_abs() - 1]);
        assert_eq!(all(&to).await, all(&from).await);
    }

    #[tokio::test]
    async fn about_how_many_rows_there_are_is_known_before_and_after_the_server_looked() {
        let place = Place::fresh().await;
        let database = fill(Arc::new(Database::open(place.location(), &SCHEMA).await.unwrap())).await;
        let table = &THINGS[0];
        assert_eq!(database.about(table).await.unwrap(), MANY.unsigned_abs());
        if place.location().engine() == Engine::Postgres {
            // As if there were many.
            meanwhile(
                place.location(),
                "ANALYZE thing; UPDATE pg_class SET reltuples = 123456789 WHERE relname = 'thing'",
            );
            let about = database.about(table).await.unwrap();
            assert!((123_000_000..124_000_000).contains(&about), "{about}");
        }
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
