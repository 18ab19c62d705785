//! Writing: one member's share of a transaction.

use std::ops::{Deref, DerefMut};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::reader::placeholders;
use crate::{DatabaseError, Reader, Value, sqlite};

/// How many rows one statement inserts; more take several statements.
const ROWS: usize = 32;

/// A write transaction. It reads what it has written; others see it after the commit.
pub struct Writer {
    reader: Reader,
}

impl Writer {
    pub(crate) async fn begin(pool: &sqlite::Pool) -> Result<Self, DatabaseError> {
        Ok(Self { reader: Reader { transaction: sqlite::begin_write(pool).await? } })
    }

    /// Runs a statement that changes something; tells how many rows it changed.
    pub fn execute(
        &mut self,
        statement: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> BoxFuture<'_, Result<u64, DatabaseError>> {
        sqlite::execute(&mut self.reader.transaction, statement, values.into_iter().collect()).boxed()
    }

    /// Runs a statement that inserts `rows`, all of the same width, where `$rows` stands in it.
    pub fn insert(
        &mut self,
        statement: &'static str,
        rows: impl IntoIterator<Item = Vec<Value>>,
    ) -> BoxFuture<'_, Result<(), DatabaseError>> {
        let rows: Vec<Vec<Value>> = rows.into_iter().collect();
        async move {
            for part in rows.chunks(ROWS) {
                let width = part.first().map_or(0, Vec::len);
                let tuples: Vec<String> =
                    (0..part.len()).map(|row| format!("({})", placeholders(row * width, width))).collect();
                let statement = statement.replace("$rows", &tuples.join(", "));
                let values = part.iter().flatten().cloned().collect();
                sqlite::execute(&mut self.reader.transaction, statement, values).await?;
            }
            Ok(())
        }
        .boxed()
    }

    /// Runs a text of several statements, as a migration is.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<(), DatabaseError> {
        sqlite::script(&mut self.reader.transaction, statements).await
    }

    pub(crate) async fn commit(self) -> Result<(), DatabaseError> {
        Ok(self.reader.transaction.commit().await?)
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
