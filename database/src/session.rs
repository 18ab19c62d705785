//! One connection of whichever engine, inside a transaction.

use crate::statement::Statement;
use crate::{DatabaseError, Row, Value, postgres, sqlite};

pub(crate) enum Session {
    Sqlite(sqlite::Connection),
    Postgres(postgres::Connection),
}

impl Session {
    pub(crate) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(connection) => connection.rows(statement, &values),
            Self::Postgres(connection) => connection.rows(statement, values).await,
        }
    }

    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(connection) => connection.execute(statement, &values),
            Self::Postgres(connection) => connection.execute(statement, values).await,
        }
    }

    /// Runs a text of several statements.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(connection) => connection.script(statements),
            Self::Postgres(connection) => connection.script(statements).await,
        }
    }
}
