//! What both keepers need of SQL: open and migrate a database, read it, and commit writes together.
//!
//! One set of plain statements with `$1` placeholders; what is particular to an engine stands in
//! `sqlite.rs`. Reads never wait for writes, and nothing is answered before it is on the disk.

mod error;
mod group;
mod reader;
mod schema;
mod sqlite;
mod value;
mod writer;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

pub use error::DatabaseError;
pub use reader::Reader;
pub use schema::Schema;
pub use value::{FromValue, Row, Value};
pub use writer::Writer;

/// An open database of one keeper.
///
/// Dropping it lets the writes that were accepted finish.
pub struct Database {
    readers: sqlite::Pool,
    writes: mpsc::Sender<Box<dyn group::Member>>,
}

impl Database {
    /// Opens the database at `location` (a path, with or without `sqlite:`), creating it when absent,
    /// and brings its tables to what `schema` says.
    pub async fn open(location: &str, schema: &Schema) -> Result<Self, DatabaseError> {
        let path = sqlite::path(location)?;
        let writer = sqlite::writer(path).await?;
        schema.apply(&writer).await?;
        let readers = sqlite::readers(path).await?;
        let (writes, queue) = mpsc::channel(group::QUEUE);
        tokio::spawn(group::commit_together(writer, queue));
        Ok(Self { readers, writes })
    }

    /// Opens a view of what is committed when its first statement runs; it stays the same while it is held.
    pub async fn read(&self) -> Result<Reader, DatabaseError> {
        Reader::begin(&self.readers).await
    }

    /// Runs `work` in a write transaction and answers once its outcome is durable.
    ///
    /// All or nothing: an `Err` of `work` undoes what it did, and only that, even though it may share
    /// the commit with others. `work` must have no effects but on the database, for it may run again.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let work = Box::new(group::Work::new(work, answer));
        self.writes.send(work).await.map_err(|_| DatabaseError::Stopped)?;
        outcome.await.map_err(|_| DatabaseError::Stopped)?
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
