//! The engines behind the one interface.

use futures_util::future::BoxFuture;

use crate::location::Place;
use crate::{DatabaseError, Location, Reader, Schema, Writer, postgres, sqlite};

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in this process.
    Sqlite,
    /// A PostgreSQL server, or what speaks its protocol.
    Postgres,
}

/// An engine with a database open.
pub(crate) enum Running {
    Sqlite(sqlite::Running),
    Postgres(postgres::Running),
}

impl Running {
    pub(crate) async fn open(location: &Location, schema: &Schema) -> Result<Self, DatabaseError> {
        Ok(match &location.place {
            Place::Sqlite(path) => Self::Sqlite(sqlite::Running::open(path, *schema).await?),
            Place::Postgres(server) => Self::Postgres(postgres::Running::open(server, *schema).await?),
        })
    }

    /// To read only, as it is.
    pub(crate) fn look(location: &Location) -> Self {
        match &location.place {
            Place::Sqlite(path) => Self::Sqlite(sqlite::Running::look(path)),
            Place::Postgres(server) => Self::Postgres(postgres::Running::look(server)),
        }
    }

    /// The version of a keeper's tables; nothing is made or changed.
    pub(crate) async fn version(location: &Location, schema: &Schema) -> Result<i64, DatabaseError> {
        match &location.place {
            Place::Sqlite(path) => sqlite::Running::version(path, *schema).await,
            Place::Postgres(server) => postgres::Running::version(server, *schema).await,
        }
    }

    pub(crate) const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>> + Send + 'static,
    {
        match self {
            Self::Sqlite(engine) => engine.read(work, |found| found).await,
            Self::Postgres(engine) => engine.read(work).await,
        }
    }

    pub(crate) async fn read_then<T, E, F, U>(
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
        match self {
            Self::Sqlite(engine) => engine.read(work, then).await,
            Self::Postgres(engine) => {
                let found = engine.read(work).await?;
                let done = tokio::task::spawn_blocking(move || then(found)).await;
                Ok(done.map_err(|_| DatabaseError::Stopped)?)
            }
        }
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send + 'static,
    {
        match self {
            Self::Sqlite(engine) => engine.write(work).await,
            Self::Postgres(engine) => engine.write(work).await,
        }
    }
}
