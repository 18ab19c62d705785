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
#[cfg(any(test, feature = "testing"))]
use crate::testing::plans;
use crate::{DatabaseError, Row, Value};

/// Longer than this, the server or the way there is taken for broken.
const CONNECT: Duration = Duration::from_secs(10);

/// The server itself ends a statement that takes too long; if it has not even said so after this, it never will.
const GRACE: Duration = Duration::from_secs(5);

/// How long a commit may take, which replicas may have to confirm. After it, what became of it is not known.
const COMMIT: Duration = Duration::from_secs(60);

/// Unused for longer, a connection may have been forgotten on the way there: it is opened again.
const UNUSED: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 60 });

/// After so long a connection is replaced, so that a server that was added gets its share.
const LIFETIME: Duration = Duration::from_secs(1800);

/// How long a statement waits for a row that another transaction has locked.
const LOCK: &str = "10s";

/// After so long without a word the server ends a transaction: its node may have died with rows locked.
const SILENCE: &str = "120s";

/// After so long the server asks whether we are there, so that firewalls do not forget a connection that waits for a
/// long statement.
const ALIVE: &str = "60s";

/// Prepared statements that a connection keeps. The keepers have some forty, and each length of a list or of
/// rows makes another.
const STATEMENTS: usize = 256;

pub(crate) struct Connection {
    link: PgConnection,
    dialect: Dialect,
    #[cfg(any(test, feature = "testing"))]
    is_watched: bool,
    /// Whether statements stay prepared.
    persistent: bool,
    /// What was to blame if the transaction cannot succeed any more.
    failure: Option<Failure>,
    /// How long a statement may take.
    statement: Duration,
    opened: Instant,
    used: Instant,
    /// Held while it is in use.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) async fn open(server: &Server) -> Result<Self, Failure> {
        let options = options(server);
        let opening = timeout(CONNECT, PgConnection::connect_with(&options)).await;
        let opened = opening.map_err(|_| Failure::Silent(DatabaseError::Silent(CONNECT)))?;
        // Whatever is wrong, a server that comes up may refuse in many ways.
        let link = opened.map_err(|error| Failure::Lost(error.into()))?;
        Ok(Self {
            link,
            dialect: Dialect::new(with_locks),
            #[cfg(any(test, feature = "testing"))]
            is_watched: plans::is_watched(server.options.get_database().unwrap_or_default()),
            persistent: !server.pooler,
            failure: None,
            statement: server.statement,
            opened: Instant::now(),
            used: Instant::now(),
            permit: None,
        })
    }

    pub(crate) async fn rows(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, DatabaseError> {
        #[cfg(any(test, feature = "testing"))]
        self.look_at_plan(statement, &values).await?;
        let query = self.query(statement, values);
        let found = timeout(self.statement + GRACE, query.fetch_all(&mut self.link)).await;
        let rows = found.map_err(|_| self.fell_silent())?.map_err(|error| self.fail(error))?;
        Ok(rows.iter().map(row).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: Vec<Value>,
    ) -> Result<u64, DatabaseError> {
        #[cfg(any(test, feature = "testing"))]
        self.look_at_plan(statement, &values).await?;
        let query = self.query(statement, values);
        let done = timeout(self.statement + GRACE, query.execute(&mut self.link)).await;
        let done = done.map_err(|_| self.fell_silent())?.map_err(|error| self.fail(error))?;
        Ok(done.rows_affected())
    }

    /// Runs a migration, which takes what it takes.
    pub(crate) async fn script(&mut self, statements: &'static str) -> Result<(), DatabaseError> {
        let unlimited = sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut self.link).await;
        unlimited.map_err(|error| self.fail(error))?;
        let done = sqlx::raw_sql(statements).execute(&mut self.link).await;
        done.map(drop).map_err(|error| self.fail(error))
    }

    /// Begins a transaction, to which a server that is there has nothing to say but yes.
    pub(super) async fn begin(&mut self, begin: &Begin) -> Result<(), Failure> {
        let begun = Instant::now();
        self.send(&begin.text, begin.patience).await.map_err(|error| match Failure::of(error) {
            // A connection that was kept may be to blame; one that a pooler has kept waiting is not.
            Failure::Lost(error) if begun.elapsed() > CONNECT => Failure::Silent(error),
            failure => failure,
        })
    }

    /// Undoes what was not committed.
    pub(super) async fn roll_back(&mut self) -> Result<(), Failure> {
        self.send("ROLLBACK", GRACE).await.map_err(Failure::of)
    }

    /// Commits. Whatever a statement has thrown, the server answers COMMIT kindly: look at
    /// [`take_failure`](Self::take_failure) before.
    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        self.send("COMMIT", COMMIT).await.map_err(Failure::of_commit)
    }

    /// What was to blame if the transaction cannot succeed any more.
    pub(super) const fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Whether it is of use for another transaction, as far as can be known without asking.
    pub(super) fn is_fresh(&self) -> bool {
        self.opened.elapsed() < LIFETIME && self.used.elapsed() < UNUSED
    }

    async fn send(&mut self, statement: &str, patience: Duration) -> Result<(), sqlx::Error> {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        let done = timeout(patience, statement.execute(&mut self.link)).await;
        self.used = Instant::now();
        done.unwrap_or_else(|_| Err(too_long())).map(drop)
    }

    fn query(&mut self, statement: Statement, values: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
        let text = AssertSqlSafe(self.dialect.text(statement).clone());
        let query = sqlx::query(text).persistent(self.persistent);
        values.into_iter().fold(query, |query, value| query.bind(Parameter(value)))
    }

    fn fell_silent(&mut self) -> DatabaseError {
        let silent = DatabaseError::Silent(self.statement + GRACE);
        self.failure.get_or_insert(Failure::Silent(silent)).error().clone()
    }

    /// Remembers the first failure: what comes after is only its consequence.
    fn fail(&mut self, error: sqlx::Error) -> DatabaseError {
        let failure = self.failure.get_or_insert(Failure::of(error));
        failure.error().clone()
    }
}

#[cfg(any(test, feature = "testing"))]
impl Connection {
    /// Refuses a statement that reads a whole table although it could do otherwise, where a test watches.
    async fn look_at_plan(&mut self, statement: Statement, values: &[Value]) -> Result<(), DatabaseError> {
        if !self.is_watched || statement.walks() {
            return Ok(());
        }
        let text = self.dialect.text(statement).to_string();
        if !plans::is_planned(&text) {
            return Ok(());
        }
        if let Some(known) = plans::known(&text) {
            return known;
        }
        let query = sqlx::query(AssertSqlSafe(format!("EXPLAIN {text}"))).persistent(false);
        let query = values.iter().fold(query, |query, value| query.bind(Parameter(value.clone())));
        let only_if_it_must = sqlx::raw_sql("SET LOCAL enable_seqscan = off").execute(&mut self.link).await;
        only_if_it_must.map_err(|error| self.fail(error))?;
        let explained = query.fetch_all(&mut self.link).await.map_err(|error| self.fail(error))?;
        let again = sqlx::raw_sql("SET LOCAL enable_seqscan = on").execute(&mut self.link).await;
        again.map_err(|error| self.fail(error))?;
        let steps =
            explained.iter().map(|row| sqlx::Row::try_get(row, 0)).collect::<Result<Vec<String>, _>>()?;
        plans::of_postgres(&text, &steps)
    }
}

/// How a transaction begins.
pub(super) struct Begin {
    text: String,
    patience: Duration,
}

impl Begin {
    /// To read on one view, or to write as the server isolates writers. Where a connection changes hands, its settings
    /// are those of the transaction.
    pub(super) fn new(server: &Server, reads: bool) -> Self {
        let begin = if reads { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" };
        if !server.pooler {
            return Self { text: begin.to_owned(), patience: GRACE };
        }
        let set = |(name, value): &(&str, String)| format!("; SET LOCAL {name} = '{value}'");
        let settings: String = limits(server).iter().map(set).collect();
        // A pooler answers when it has a connection to the server.
        Self { text: format!("{begin}{settings}"), patience: Duration::from_secs(30) }
    }
}

/// Settings that bound what a transaction of ours may cost others.
fn limits(server: &Server) -> [(&'static str, String); 3] {
    [
        ("statement_timeout", format!("{}ms", server.statement.as_millis())),
        ("lock_timeout", LOCK.to_owned()),
        ("idle_in_transaction_session_timeout", SILENCE.to_owned()),
    ]
}

fn options(server: &Server) -> PgConnectOptions {
    // Some poolers do not know `extra_float_digits`, and we have no fractions.
    let options = server.options.clone().disable_statement_logging().extra_float_digits(None);
    if server.pooler {
        // Where a connection changes hands, neither its statements nor its settings last.
        return options.statement_cache_capacity(0);
    }
    let alive = [("tcp_keepalives_idle", ALIVE.to_owned())];
    options.statement_cache_capacity(STATEMENTS).options(limits(server)).options(alive)
}

fn with_locks(statement: &str) -> String {
    statement.replace("$lock", "FOR UPDATE").replace("$keep", "FOR KEY SHARE").replace("$walk", "")
}

fn too_long() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}
