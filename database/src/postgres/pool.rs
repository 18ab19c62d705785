//! Connections that are open, as many as the server grants us.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::connection::{Begin, Connection};
use super::failure::Failure;
use crate::DatabaseError;
use crate::location::Server;

/// How long a transaction waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(30);

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
    read: Begin,
    write: Begin,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(super) fn new(server: &Server) -> Self {
        let permits = Semaphore::new(usize::try_from(server.connections).unwrap_or(Semaphore::MAX_PERMITS));
        let (read, write) = (Begin::new(server, true), Begin::new(server, false));
        let server = Box::new(server.clone());
        Self { server, read, write, permits: Arc::new(permits), idle: Mutex::default() }
    }

    /// A connection with a transaction begun.
    pub(super) async fn begin(&self, mode: Mode) -> Result<Connection, Failure> {
        let permit = timeout(ACQUIRE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| Failure::Final(DatabaseError::Busy(ACQUIRE)))?;
        let permit = permit.map_err(|_| Failure::Final(DatabaseError::Stopped))?;
        let mut connection = match self.unused() {
            Some(connection) => connection,
            None => Connection::open(&self.server).await?,
        };
        connection.permit = Some(permit);
        let begin = if mode == Mode::Read { &self.read } else { &self.write };
        match connection.begin(begin).await {
            Ok(()) => Ok(connection),
            Err(failure) => {
                self.give_back(connection, true);
                Err(failure)
            }
        }
    }

    /// Undoes what was not committed, and gives the connection back.
    pub(super) async fn end(&self, mut connection: Connection, lost: bool) {
        let lost = lost || connection.roll_back().await.is_err();
        self.give_back(connection, lost);
    }

    /// Keeps a connection for the next transaction. If it was lost, those that nobody uses may be too.
    pub(super) fn give_back(&self, mut connection: Connection, lost: bool) {
        connection.permit = None;
        if lost {
            self.idle().clear();
        } else {
            self.idle().push(connection);
        }
    }

    /// The connection that was used last, if it is of use; those that are not are closed.
    fn unused(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(Connection::is_fresh);
        idle.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
