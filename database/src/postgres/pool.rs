//! Connections that are open, as many as the server grants us.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::Gauge;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::connection::{Begin, Connection};
use super::failure::Failure;
use crate::DatabaseError;
use crate::location::Server;
use crate::meters::PoolMeters;

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
    most: usize,
    pub(super) meters: Box<PoolMeters>,
}

impl Pool {
    pub(super) fn new(server: &Server, meters: PoolMeters) -> Self {
        let most = usize::try_from(server.connections).unwrap_or(Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(most));
        let (read, write) = (Begin::new(server, true), Begin::new(server, false));
        Self {
            server: Box::new(server.clone()),
            read,
            write,
            permits,
            idle: Mutex::default(),
            most,
            meters: Box::new(meters),
        }
    }

    /// A connection with a transaction begun.
    pub(super) async fn begin(&self, mode: Mode) -> Result<Connection, Failure> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Ok(Ok(permit)),
            Err(_) => {
                let _waiting = Waiting::begin(&self.meters.waiting);
                timeout(ACQUIRE, Arc::clone(&self.permits).acquire_owned()).await
            }
        };
        let permit = permit.map_err(|_| Failure::Final(DatabaseError::Busy(ACQUIRE)))?;
        let permit = permit.map_err(|_| Failure::Final(DatabaseError::Stopped))?;
        let mut connection = match self.unused() {
            Some(connection) => connection,
            None => Connection::open(&self.server).await?,
        };
        connection.permit = Some(permit);
        self.count();
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
        self.count();
    }

    fn count(&self) {
        let in_use = self.most.saturating_sub(self.permits.available_permits());
        self.meters.connections(in_use, self.idle().len());
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

/// One more that waits, until this is dropped.
struct Waiting<'a>(&'a Gauge);

impl<'a> Waiting<'a> {
    fn begin(gauge: &'a Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
