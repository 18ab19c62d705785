//! Writing: one member's share of a transaction.

use std::ops::{Deref, DerefMut};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::session::Session;
use crate::statement::Statement;
use crate::{DatabaseError, Reader, Value, postgres, sqlite};

/// How many rows one statement inserts; more take several statements.
const ROWS: usize = 32;

/// A write transaction. It reads what it has written; others see it after the commit.
pub struct Writer {
    reader: Reader,
}

impl Writer {
    pub(crate) const fn new(session: Session) -> Self {
        Self { reader: Reader { session } }
    }

    /// Runs a statement that changes something; tells how many rows it changed.
    pub fn execute(
        &mut self,
        statement: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> BoxFuture<'_, Result<u64, DatabaseError>> {
        let values = values.into_iter().collect();
        self.reader.session.execute(Statement::plain(statement), values).boxed()
    }

    /// Runs a statement that inserts `rows`, all of the same width, where `$rows` stands in it.
    pub fn insert(
        &mut self,
        statement: &'static str,
        rows: impl IntoIterator<Item = Vec<Value>>,
    ) -> BoxFuture<'_, Result<(), DatabaseError>> {
        let mut rows = rows.into_iter().collect::<Vec<_>>().into_iter();
        async move {
            while let Some(first) = rows.next() {
                let width = first.len();
                let mut values = first;
                values.extend(rows.by_ref().take(ROWS - 1).flatten());
                let statement = Statement::with_rows(statement, values.len() / width.max(1), width);
                self.reader.session.execute(statement, values).await?;
            }
            Ok(())
        }
        .boxed()
    }

    /// Its connection, if that is one to a SQLite file.
    pub(crate) const fn sqlite(&mut self) -> Option<&mut sqlite::Connection> {
        match &mut self.reader.session {
            Session::Sqlite(connection) => Some(connection),
            Session::Postgres(_) => None,
        }
    }

    /// Its connection, if that is one to PostgreSQL.
    pub(crate) fn into_postgres(self) -> Option<postgres::Connection> {
        match self.reader.session {
            Session::Postgres(connection) => Some(connection),
            Session::Sqlite(_) => None,
        }
    }

    /// Runs a text of several statements, as a migration is.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<(), DatabaseError> {
        self.reader.session.script(statements).await
    }
}

impl Deref for Writer {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Writer {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}
