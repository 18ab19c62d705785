//! Writing: one member's share of a transaction.

use std::ops::{Deref, DerefMut};

use crate::{DatabaseError, Reader, Value, sqlite};

/// A write transaction. It reads what it has written; others see it after the commit.
pub struct Writer {
    reader: Reader,
}

impl Writer {
    pub(crate) async fn begin(pool: &sqlite::Pool) -> Result<Self, DatabaseError> {
        Ok(Self { reader: Reader { transaction: sqlite::begin_write(pool).await? } })
    }

    /// Runs a statement that changes something; tells how many rows it changed.
    pub async fn execute(
        &mut self,
        statement: &'static str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64, DatabaseError> {
        sqlite::execute(&mut self.reader.transaction, statement, values.into_iter().collect()).await
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
