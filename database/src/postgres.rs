//! PostgreSQL, and what speaks its protocol: every transaction on a connection of its own, run again when another
//! node stood in its way.
//!
//! Nothing here needs a session that lasts longer than a transaction, advisory locks or notifications.

mod connection;
mod failure;
mod pool;
mod value;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub(crate) use connection::Connection;
use failure::Failure;
use pool::{Mode, Pool};

use crate::location::Server;
use crate::meters::PoolMeters;
use crate::session::Session;
use crate::{DatabaseError, Engine, Reader, Schema, Writer, caught};

/// How often a transaction is run at most when its connection is lost.
const ATTEMPTS: u32 = 5;

/// How often at most when others stand in its way: where all is serializable, of many who want the same patient only
/// one at a time gets through.
const CONFLICTS: u32 = 16;

/// The longest pause before the second attempt; it grows fourfold with each, up to the other.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(640);

/// How long who starts waits for tables that others use: mostly another node that migrates them.
const MIGRATION: Duration = Duration::from_secs(3_600);

pub(crate) struct Running {
    pool: Pool,
    /// Not where somebody only looks.
    writes: bool,
}

impl Running {
    pub(crate) async fn open(server: &Server, schema: Schema) -> Result<Self, DatabaseError> {
        let running = Self { pool: Pool::new(server, PoolMeters::of(schema.keeper)), writes: true };
        let begun = Instant::now();
        loop {
            match running.migrate(schema).await {
                Err(error) if failure::is_locked(&error) && begun.elapsed() < MIGRATION => {
                    let (keeper, seconds) = (schema.keeper, begun.elapsed().as_secs());
                    tracing::warn!(
                        keeper,
                        seconds,
                        "waiting: another node migrates the tables, or uses them"
                    );
                }
                migrated => return migrated.map(|()| running),
            }
        }
    }

    async fn migrate(&self, schema: Schema) -> Result<(), DatabaseError> {
        let found = self.found(schema).await?;
        if schema.pending(found, Engine::Postgres)?.texts.is_empty() {
            return Ok(());
        }
        self.write(move |writer| Box::pin(async move { schema.apply(writer, Engine::Postgres).await })).await
    }

    pub(crate) async fn version(server: &Server, schema: Schema) -> Result<i64, DatabaseError> {
        Self::look(server).found(schema).await
    }

    /// To read only.
    pub(crate) fn look(server: &Server) -> Self {
        Self { pool: Pool::new(server, PoolMeters::none()), writes: false }
    }

    async fn found(&self, schema: Schema) -> Result<i64, DatabaseError> {
        self.read(move |reader| Box::pin(async move { schema.version(reader, Engine::Postgres).await })).await
    }

    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>> + Send + 'static,
    {
        self.run(Mode::Read, move |writer| work(writer)).await
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send + 'static,
    {
        if !self.writes {
            return Err(DatabaseError::Stopped.into());
        }
        self.run(Mode::Write, work).await
    }

    /// Runs `work` until it is done or was tried often enough.
    async fn run<T, E, F>(&self, mode: Mode, work: F) -> Result<T, E>
    where
        T: Send,
        E: From<DatabaseError> + Send,
        F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send,
    {
        let mut attempt = 1;
        loop {
            let tried = match self.pool.begin(mode).await {
                Err(failure) => Err(failure),
                Ok(connection) => {
                    let begun = Instant::now();
                    let mut writer = Writer::new(Session::Postgres(connection));
                    let outcome = match caught(|| work(&mut writer)) {
                        Some(work) => AssertUnwindSafe(work).catch_unwind().await.ok(),
                        None => None,
                    };
                    self.finish(mode, writer, outcome, begun).await
                }
            };
            let most = if matches!(tried, Err(Failure::Again(_))) { CONFLICTS } else { ATTEMPTS };
            match tried {
                Ok(outcome) => return outcome,
                Err(Failure::Final(error) | Failure::Silent(error)) => {
                    self.pool.meters.failed();
                    return Err(error.into());
                }
                Err(Failure::Again(error) | Failure::Lost(error)) if attempt < most => {
                    tracing::debug!(%error, attempt, "a transaction is run again");
                    self.pool.meters.repeated.increment(1);
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                Err(Failure::Again(error) | Failure::Lost(error)) => {
                    self.pool.meters.failed();
                    return Err(error.into());
                }
            }
        }
    }

    /// Ends the transaction of an attempt, by a commit if it went well. No outcome is a panic.
    async fn finish<T, E: From<DatabaseError>>(
        &self,
        mode: Mode,
        writer: Writer,
        outcome: Option<Result<T, E>>,
        begun: Instant,
    ) -> Result<Result<T, E>, Failure> {
        let Some(mut connection) = writer.into_postgres() else {
            return Ok(Err(DatabaseError::Stopped.into()));
        };
        let Some(outcome) = outcome else {
            // Whatever the server was about to do, it undoes when the connection goes.
            return Ok(Err(DatabaseError::Stopped.into()));
        };
        if let Some(failure) = connection.take_failure() {
            self.pool.end(connection, failure.is_lost()).await;
            return match (failure, outcome) {
                (Failure::Final(_), Err(error)) => {
                    self.pool.meters.failed();
                    Ok(Err(error))
                }
                (failure, _) => Err(failure),
            };
        }
        if mode == Mode::Write && outcome.is_ok() {
            let committed = connection.commit().await;
            let lost = matches!(&committed, Err(failure) if !matches!(failure, Failure::Again(_)));
            self.pool.give_back(connection, lost);
            if committed.is_ok() {
                self.pool.meters.committed(begun);
            }
            return committed.map(|()| outcome);
        }
        self.pool.end(connection, false).await;
        Ok(outcome)
    }
}

/// A pause of random length, so that those who met do not meet again.
fn pause(attempt: u32) -> Duration {
    let longest = (PAUSE * 4_u32.saturating_pow(attempt.min(5) - 1)).min(LONGEST_PAUSE);
    let random = RandomState::new().build_hasher().finish();
    Duration::from_micros(random % u64::try_from(longest.as_micros()).unwrap_or(u64::MAX).max(1))
}
