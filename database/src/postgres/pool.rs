//! Connections that are open, as many as the server grants us.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::connection::Connection;
use super::failure::Failure;
use crate::DatabaseError;
use crate::location::Server;

/// How long a transaction waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(30);

/// After so long a connection is replaced, so that all find a server that was added.
const LIFETIME: Duration = Duration::from_secs(1800);

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One unchanging view.
    Read,
    /// As the server isolates writers.
    Write,
}

pub(super) struct Pool {
    server: Box<Server>,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(super) fn new(server: &Server) -> Self {
        let permits = Semaphore::new(usize::try_from(server.connections).unwrap_or(Semaphore::MAX_PERMITS));
        Self { server: Box::new(server.clone()), permits: Arc::new(permits), idle: Mutex::default() }
    }

    /// A connection with a transaction begun.
    pub(super) async fn begin(&self, mode: Mode) -> Result<Connection, Failure> {
        let permit = timeout(ACQUIRE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| Failure::Final(DatabaseError::Busy(ACQUIRE)))?;
        let permit = permit.map_err(|_| Failure::Final(DatabaseError::Stopped))?;
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(&self.server).await?,
        };
        connection.permit = Some(permit);
        match connection.run(self.begin_text(mode)).await {
            Ok(()) => Ok(connection),
            Err(failure) => {
                self.give_back(connection, true);
                Err(failure)
            }
        }
    }

    /// Undoes what was not committed, and gives the connection back.
    pub(super) async fn end(&self, mut connection: Connection, lost: bool) {
        let lost = lost || connection.run("ROLLBACK").await.is_err();
        self.give_back(connection, lost);
    }

    /// Keeps a connection for the next transaction. If it was lost, those that nobody uses may be too.
    pub(super) fn give_back(&self, mut connection: Connection, lost: bool) {
        connection.permit = None;
        if lost {
            self.idle().clear();
        } else if connection.opened.elapsed() < LIFETIME {
            self.idle().push(connection);
        }
    }

    /// Reads are on one view. Where a connection changes hands, its settings are those of the transaction.
    const fn begin_text(&self, mode: Mode) -> &'static str {
        match (mode, self.server.pooler) {
            (Mode::Read, _) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            (Mode::Write, false) => "BEGIN",
            (Mode::Write, true) => {
                "BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '120s'"
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
