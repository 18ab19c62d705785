//! What is particular to SQLite: its settings and how its values travel.

use std::borrow::Cow;
use std::thread::available_parallelism;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Row as _, Sqlite, SqliteConnection, SqlitePool,
    TypeInfo as _, ValueRef as _,
};

use crate::{DatabaseError, Row, Value};

pub(crate) type Pool = SqlitePool;
pub(crate) type Transaction = sqlx::Transaction<'static, Sqlite>;

/// The first version without the WAL-reset race that corrupts databases.
const VERSION: (u32, u32, u32) = (3, 51, 3);
const VERSION_TEXT: &str = "3.51.3";

/// How long to wait for another process that holds the file; tests do not.
const BUSY: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// Pages of WAL before a commit also checkpoints: 256 MiB.
const CHECKPOINT_PAGES: &str = "64000";

/// Cache of the writer, in KiB. More is slower: each commit walks all of it.
const WRITER_CACHE: &str = "-32768";

/// How much of the file readers map instead of copying: 2 GiB, SQLite's own ceiling.
const MAPPED: &str = "2147418112";

/// The path that a location names.
pub(crate) fn path(location: &str) -> Result<&str, DatabaseError> {
    match location.split_once(':') {
        Some(("sqlite", path)) => Ok(path.strip_prefix("//").unwrap_or(path)),
        Some((scheme, rest)) if rest.starts_with("//") => Err(DatabaseError::Location(format!("{scheme}:"))),
        _ => Ok(location),
    }
}

/// The one connection that writes.
pub(crate) async fn writer(path: &str) -> Result<Pool, DatabaseError> {
    let options = options(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    let pool = pool(1).connect_with(options).await?;
    check_version(&pool).await?;
    Ok(pool)
}

/// The connections that read: never in the way of the writer.
pub(crate) async fn readers(path: &str) -> Result<Pool, DatabaseError> {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    let connections = u32::try_from(cores * 2).unwrap_or(u32::MAX).clamp(4, 32);
    let options = options(path).pragma("query_only", "ON").pragma("mmap_size", MAPPED);
    Ok(pool(connections).connect_with(options).await?)
}

fn options(path: &str) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging()
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        // SQLite ends a transaction by itself when the disk is full or fails. Then the ROLLBACK of sqlx
        // fails too, and the connection believes in that transaction for ever: take another one.
        .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
        .idle_timeout(None)
        .max_lifetime(None)
}

async fn check_version(pool: &Pool) -> Result<(), DatabaseError> {
    let row = sqlx::query("SELECT sqlite_version()").fetch_one(pool).await?;
    let found: String = row.try_get(0)?;
    let mut numbers = found.split('.').map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    let version = (next(), next(), next());
    if version >= VERSION { Ok(()) } else { Err(DatabaseError::Engine { found, needed: VERSION_TEXT }) }
}

/// Takes the write lock at the start, so that a transaction never fails half-way for want of it.
pub(crate) async fn begin_write(pool: &Pool) -> Result<Transaction, DatabaseError> {
    Ok(pool.begin_with("BEGIN IMMEDIATE").await?)
}

/// Whether another process held the file for longer than we wait.
pub(crate) fn is_busy(error: &DatabaseError) -> bool {
    let DatabaseError::Sql(error) = error else { return false };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // The lowest byte is the kind of error, the rest is how it came about.
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == SQLITE_BUSY)
}

const SQLITE_BUSY: i32 = 5;

pub(crate) async fn rows(
    connection: &mut SqliteConnection,
    statement: impl Into<Cow<'static, str>>,
    values: Vec<Value>,
) -> Result<Vec<Row>, DatabaseError> {
    let rows = query(statement.into(), values).fetch_all(connection).await?;
    rows.iter().map(row).collect()
}

pub(crate) async fn execute(
    connection: &mut SqliteConnection,
    statement: impl Into<Cow<'static, str>>,
    values: Vec<Value>,
) -> Result<u64, DatabaseError> {
    Ok(query(statement.into(), values).execute(connection).await?.rows_affected())
}

pub(crate) async fn script(
    connection: &mut SqliteConnection,
    statements: &'static str,
) -> Result<(), DatabaseError> {
    sqlx::raw_sql(statements).execute(connection).await?;
    Ok(())
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

/// A statement of ours: constant text, or constant text into which placeholders were put.
fn query(statement: Cow<'static, str>, values: Vec<Value>) -> Query<'static> {
    let query = match statement {
        Cow::Borrowed(text) => sqlx::query(text),
        Cow::Owned(text) => sqlx::query(AssertSqlSafe(text)),
    };
    values.into_iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

fn row(row: &SqliteRow) -> Result<Row, DatabaseError> {
    let values: Result<Vec<Value>, sqlx::Error> = (0..row.len()).map(|column| value(row, column)).collect();
    Ok(values?.into())
}

fn value(row: &SqliteRow, column: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    Ok(match raw.type_info().name() {
        "INTEGER" => Value::Integer(row.try_get(column)?),
        "TEXT" => Value::Text(row.try_get(column)?),
        _ => Value::Bytes(row.try_get(column)?),
    })
}
