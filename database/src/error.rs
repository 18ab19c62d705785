//! What can go wrong below a keeper, grouped by what an operator would do about it.

use std::error::Error;
use std::sync::Arc;

/// Why the database could not do what was asked. It tells of tables and files, never of patients.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DatabaseError {
    /// No engine for that location.
    #[error("no database engine for {0:?}: expected the path of a file, sqlite:PATH, or postgres://...")]
    Location(String),
    /// The engine has a defect that loses data.
    #[error("SQLite {found} can corrupt a database in WAL mode: {needed} or later is needed")]
    Engine {
        /// The version that is linked.
        found: String,
        /// The first version without the defect.
        needed: &'static str,
    },
    /// A later release has written this database.
    #[error("the {keeper} tables have version {found}, this program knows {known}: use the newer release")]
    Newer {
        /// Whose tables.
        keeper: &'static str,
        /// The version of the data.
        found: i64,
        /// The newest version that we know.
        known: i64,
    },
    /// This program needs tables that are not there yet.
    #[error("the {keeper} tables have version {found}, this program needs {known}: run `dosebook migrate`")]
    Older {
        /// Whose tables.
        keeper: &'static str,
        /// The version of the data; 0 if there are none.
        found: i64,
        /// The version that we need.
        known: i64,
    },
    /// A column did not hold what the statement promised.
    #[error("column {column} holds {found}, expected {expected}")]
    Column {
        /// The position in the row, from 0.
        column: usize,
        /// The kind of value found.
        found: &'static str,
        /// The kind of value that was asked for.
        expected: &'static str,
    },
    /// Who does the work has ended or gave up on this piece of it.
    #[error("the database no longer does what is asked, or met a defect while it did")]
    Stopped,
    /// All connections were in use for too long.
    #[error("no connection to the database became free within {0:?}")]
    Busy(std::time::Duration),
    /// A statement was sent, and nothing came back, not even that it takes too long.
    #[error("the database has said nothing for {0:?}")]
    Silent(std::time::Duration),
    /// The connection was lost while it committed.
    #[error("the connection to the database was lost while it committed: whether it did is not known")]
    OutcomeUnknown,
    /// The engine refused a statement or could not reach its file.
    #[error("the database engine failed: {0}")]
    Sql(#[source] Arc<dyn Error + Send + Sync>),
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(Arc::new(error))
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(Arc::new(error))
    }
}
