//! One connection of whichever engine, inside a transaction.

use crate::statement::Statement;
use crate::{DatabaseError, Row, Value, sqlite};

pub(crate) enum Session {
    Sqlite(sqlite::Connection),
}

impl Session {
    pub(crate) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(connection) => connection.rows(statement, &values),
        }
    }

    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(connection) => connection.execute(statement, &values),
        }
    }

    /// Runs a text of several statements.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(connection) => connection.script(statements),
        }
    }
}
