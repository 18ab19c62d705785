//! What both keepers need of SQL: open and migrate a database, read it, and commit writes together.
//!
//! One set of plain statements with `$1` placeholders, of which `$lock` at the end of a SELECT locks the rows that
//! it finds and `$keep` only keeps them from going; `$walk` allows it to read a whole table, which in tests nothing
//! else may. What is particular to an engine stands in `sqlite.rs` and `postgres.rs`. Reads never wait for writes, and
//! nothing is answered before it is on the disk.

mod copy;
mod engine;
mod error;
mod inspect;
mod location;
mod meters;
mod postgres;
mod reader;
mod remedy;
mod schema;
mod session;
mod sqlite;
mod statement;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod value;
mod writer;

use futures_util::future::BoxFuture;

pub use copy::Table;
pub use engine::Engine;
pub use error::DatabaseError;
pub use location::Location;
pub use reader::Reader;
pub use remedy::Remedy;
pub use schema::{Migration, Pending, Schema};
pub use value::{FromValue, Row, Value};
pub use writer::Writer;

/// An open database.
///
/// Dropping it lets the writes that were accepted finish, and waits for them.
pub struct Database {
    engine: engine::Running,
}

impl Database {
    /// Opens the database at `location`, creating it when absent, and brings its tables to what `schema` says.
    pub async fn open(location: &Location, schema: &Schema) -> Result<Self, DatabaseError> {
        Ok(Self { engine: engine::Running::open(location, schema).await? })
    }

    /// What [`open`](Self::open) would apply; nothing is made or changed.
    pub async fn pending(location: &Location, schema: &Schema) -> Result<Pending, DatabaseError> {
        schema.pending(engine::Running::version(location, schema).await?, location.engine())
    }

    /// The engine that does the work.
    pub const fn engine(&self) -> Engine {
        self.engine.engine()
    }

    /// Without whatever writes.
    pub(crate) fn unchanged(location: &Location) -> Self {
        Self { engine: engine::Running::look(location) }
    }

    /// Runs `work` on a view of what is committed when its first statement runs; it stays the same.
    ///
    /// `work` awaits nothing but the database, and has no effects, for it may run again.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>> + Send + 'static,
    {
        self.engine.read(work).await
    }

    /// [Reads](Self::read), and then runs `then`, once and no longer on the view, on a thread where it may wait for
    /// the disk: the same one, where that is possible, for changing threads takes longer than a small read.
    pub async fn read_then<T, E, F, U>(
        &self,
        work: F,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, E>
    where
        T: Send + 'static,
        U: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>> + Send + 'static,
    {
        self.engine.read_then(work, then).await
    }

    /// Runs `work` in a write transaction and answers once its outcome is durable.
    ///
    /// All or nothing: an `Err` of `work` undoes what it did, and only that, even though it may share the commit with
    /// others. An error of a statement cannot be mended: `work` gives it back. `work` awaits nothing but the database,
    /// and has no effects but on the database, for it may run again.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send + 'static,
    {
        self.engine.write(work).await
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// What a function returns; none if it panics.
fn caught<T>(function: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(function)).ok()
}

#[cfg(test)]
mod tests;
