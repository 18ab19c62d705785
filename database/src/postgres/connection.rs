//! One connection to a server, in a transaction or between two.

use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, PgConnection, Postgres};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::failure::Failure;
use super::value::{Parameter, row};
use crate::location::Server;
use crate::statement::{Dialect, Statement};
use crate::{DatabaseError, Row, Value};

/// Longer than this, the server or the way there is taken for broken.
const CONNECT: Duration = Duration::from_secs(10);
const STATEMENT: Duration = Duration::from_secs(60);

/// How long a statement waits for a row that another transaction has locked.
const LOCK: &str = "10s";

/// After so long without a word the server ends a transaction: its node may have died with rows locked.
const SILENCE: &str = "120s";

/// Prepared statements that a connection keeps. The keepers have some forty, and each length of a list or of
/// rows makes another.
const STATEMENTS: usize = 256;

pub(crate) struct Connection {
    link: PgConnection,
    dialect: Dialect,
    /// Whether statements stay prepared.
    persistent: bool,
    /// What was to blame if the transaction cannot succeed any more.
    failure: Option<Failure>,
    pub(super) opened: Instant,
    /// Held while it is in use.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) async fn open(server: &Server) -> Result<Self, Failure> {
        let options = options(server);
        let opening = timeout(CONNECT, PgConnection::connect_with(&options)).await;
        // Whatever is wrong, a server that comes up may refuse in many ways.
        let link =
            opening.unwrap_or_else(|_| Err(too_long())).map_err(|error| Failure::Lost(error.into()))?;
        Ok(Self {
            link,
            dialect: Dialect::new(with_locks),
            persistent: !server.pooler,
            failure: None,
            opened: Instant::now(),
            permit: None,
        })
    }

    pub(crate) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DatabaseError> {
        let query = self.query(statement, values);
        let found = timeout(STATEMENT, query.fetch_all(&mut self.link)).await;
        let rows = found.unwrap_or_else(|_| Err(too_long())).map_err(|error| self.fail(error))?;
        Ok(rows.iter().map(row).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        let query = self.query(statement, values);
        let done = timeout(STATEMENT, query.execute(&mut self.link)).await;
        let done = done.unwrap_or_else(|_| Err(too_long())).map_err(|error| self.fail(error))?;
        Ok(done.rows_affected())
    }

    /// Runs a migration, which takes what it takes.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<(), DatabaseError> {
        let done = sqlx::raw_sql(statements).execute(&mut self.link).await;
        done.map(drop).map_err(|error| self.fail(error))
    }

    /// Runs BEGIN or ROLLBACK.
    pub(super) async fn run(&mut self, statement: &'static str) -> Result<(), Failure> {
        self.send(statement).await.map_err(Failure::of)
    }

    /// Commits. Whatever a statement has thrown, the server answers COMMIT kindly: look at
    /// [`take_failure`](Self::take_failure) before.
    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        self.send("COMMIT").await.map_err(Failure::of_commit)
    }

    /// What was to blame if the transaction cannot succeed any more.
    pub(super) const fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    async fn send(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        let done = timeout(STATEMENT, sqlx::raw_sql(statement).execute(&mut self.link)).await;
        done.unwrap_or_else(|_| Err(too_long())).map(drop)
    }

    fn query(&mut self, statement: Statement, values: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
        let text = AssertSqlSafe(self.dialect.text(statement).clone());
        let query = sqlx::query(text).persistent(self.persistent);
        values.into_iter().fold(query, |query, value| query.bind(Parameter(value)))
    }

    /// Remembers the first failure: what comes after is only its consequence.
    fn fail(&mut self, error: sqlx::Error) -> DatabaseError {
        let failure = self.failure.get_or_insert(Failure::of(error));
        failure.error().clone()
    }
}

fn options(server: &Server) -> PgConnectOptions {
    // Some poolers do not know `extra_float_digits`, and we have no fractions.
    let options = server.options.clone().disable_statement_logging().extra_float_digits(None);
    if server.pooler {
        // Where a connection changes hands, neither its statements nor its settings last.
        return options.statement_cache_capacity(0);
    }
    let settings = [("lock_timeout", LOCK), ("idle_in_transaction_session_timeout", SILENCE)];
    options.statement_cache_capacity(STATEMENTS).options(settings)
}

fn with_locks(statement: &str) -> String {
    statement.replace("$lock", "FOR UPDATE").replace("$keep", "FOR KEY SHARE")
}

fn too_long() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}
