//! One connection to a file: its settings, its statements, and how values travel.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ErrorCode, OpenFlags, ToSql, ffi};

use crate::statement::{Dialect, Statement};
#[cfg(any(test, feature = "testing"))]
use crate::testing::plans;
use crate::{DatabaseError, Row, Value};

/// The first version without the WAL-reset race that corrupts databases.
const VERSION: i32 = 3_051_003;
const VERSION_TEXT: &str = "3.51.3";

/// How long to wait for another process that holds the file; tests do not.
pub(crate) const BUSY: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 10_000 });

/// Prepared statements that a connection keeps. The keepers have some forty, and each length of a list or of
/// rows makes another.
const STATEMENTS: usize = 256;

/// WAL with a flush for each commit; when to move it into the file, `checkpoint.rs` says. The cache, in KiB, is
/// small: each commit walks all of it, the system caches the file anyway, and a cache that fills for hours looks like
/// a leak.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -4096";

/// Readers copy what they need: were the file mapped, a sector that cannot be read would end the process, and all that
/// was ever read would count as memory of the node. Each keeps 2 MiB, in KiB here.
const READER: &str = "PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048";

pub(crate) struct Connection {
    connection: rusqlite::Connection,
    dialect: Dialect,
    #[cfg(any(test, feature = "testing"))]
    is_watched: bool,
}

impl Connection {
    /// A connection that writes; the file is made when it is not there.
    pub(crate) fn writer(path: &Path) -> Result<Self, DatabaseError> {
        if rusqlite::version_number() < VERSION {
            return Err(DatabaseError::Engine {
                found: rusqlite::version().to_owned(),
                needed: VERSION_TEXT,
            });
        }
        Self::open(path, OpenFlags::SQLITE_OPEN_CREATE, WRITER)
    }

    /// A connection that reads, never in the way of the one that writes.
    pub(crate) fn reader(path: &Path) -> Result<Self, DatabaseError> {
        Self::open(path, OpenFlags::empty(), READER)
    }

    fn open(path: &Path, flags: OpenFlags, settings: &str) -> Result<Self, DatabaseError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // Else most statements are parsed and planned again whenever other values come.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(settings)?;
        Ok(Self {
            connection,
            dialect: Dialect::new(numbered),
            #[cfg(any(test, feature = "testing"))]
            is_watched: plans::is_watched(&path.to_string_lossy()),
        })
    }

    pub(crate) fn rows(&mut self, statement: Statement, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let mut prepared = self.prepare(statement, values)?;
        let columns = prepared.column_count();
        let mut found = Vec::new();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(owned(row.get_ref(column)?));
            }
            found.push(values.into());
        }
        Ok(found)
    }

    pub(crate) fn execute(&mut self, statement: Statement, values: &[Value]) -> Result<u64, DatabaseError> {
        Ok(self.prepare(statement, values)?.raw_execute()? as u64)
    }

    pub(crate) fn script(&self, statements: &'static str) -> Result<(), DatabaseError> {
        Ok(self.connection.execute_batch(statements)?)
    }

    /// A statement of ours, which changes no value: BEGIN and the like.
    pub(crate) fn run(&mut self, statement: &'static str) -> Result<(), DatabaseError> {
        self.execute(Statement::plain(statement), &[]).map(drop)
    }

    /// Waits so long for others who use the file.
    pub(crate) fn wait_for_others(&self, time: Duration) -> Result<(), DatabaseError> {
        Ok(self.connection.busy_timeout(time)?)
    }

    fn prepare(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<CachedStatement<'_>, DatabaseError> {
        #[cfg(any(test, feature = "testing"))]
        self.look_at_plan(statement)?;
        let mut prepared = self.connection.prepare_cached(self.dialect.text(statement))?;
        if prepared.parameter_count() != values.len() {
            return Err(
                rusqlite::Error::InvalidParameterCount(values.len(), prepared.parameter_count()).into()
            );
        }
        for (position, value) in (1..).zip(values) {
            prepared.raw_bind_parameter::<usize, _>(position, value)?;
        }
        Ok(prepared)
    }
}

#[cfg(any(test, feature = "testing"))]
impl Connection {
    /// Refuses a statement that reads a whole table, where a test watches.
    fn look_at_plan(&mut self, statement: Statement) -> Result<(), DatabaseError> {
        if !self.is_watched || statement.walks() {
            return Ok(());
        }
        let text = self.dialect.text(statement);
        if !plans::is_planned(text) {
            return Ok(());
        }
        if let Some(known) = plans::known(text) {
            return known;
        }
        let mut explained = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {text}"))?;
        let (mut steps, mut rows) = (Vec::new(), explained.raw_query());
        while let Some(row) = rows.next()? {
            steps.push(row.get(3)?);
        }
        plans::of_sqlite(text, &steps)
    }
}

/// Whether another process held the file for longer than we wait.
pub(crate) fn is_busy(error: &DatabaseError) -> bool {
    let DatabaseError::Sql(error) = error else { return false };
    let error = error.downcast_ref::<rusqlite::Error>();
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::DatabaseBusy)
}

/// Whether the disk did not confirm what was written: it may be there after a restart, or not.
pub(crate) fn is_unflushed(error: &DatabaseError) -> bool {
    let DatabaseError::Sql(error) = error else { return false };
    let Some(error) = error.downcast_ref::<rusqlite::Error>() else { return false };
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

/// SQLite counts `$1` as a name, `?1` as a number; who writes has locked everything.
fn numbered(statement: &str) -> String {
    let statement = statement.replace("$lock", "").replace("$keep", "").replace("$walk", "");
    let mut parts = statement.split('$');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        numbered.push(if part.starts_with(|first: char| first.is_ascii_digit()) { '?' } else { '$' });
        numbered.push_str(part);
    }
    numbered
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A value of a row. What we never store (text that is none, fractions) arrives as bytes, which is not what is
/// asked for.
fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Bytes(number.to_be_bytes().into()),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(text.to_owned()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Connection::writer(&folder.path().join("database")).unwrap();
        connection.script("CREATE TABLE t (a, b); CREATE INDEX t_b ON t (a) WHERE b = 0").unwrap();
        let statement = Statement::plain("SELECT a FROM t WHERE a = $1 ORDER BY a LIMIT $2");
        for value in 1..9 {
            connection.rows(statement, &[value.into(), value.into()]).unwrap();
        }
        let prepared = connection.prepare(statement, &[1.into(), 1.into()]).unwrap();
        assert_eq!(prepared.get_status(StatementStatus::RePrepare), 0);
    }
}
