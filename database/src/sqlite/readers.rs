//! The connections that read, on threads that may wait for the disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::Connection;
use super::wait::block_on;
use crate::session::Session;
use crate::{DatabaseError, Reader};

/// Reads at the same time, for each core: some of them wait for the disk.
const FOR_EACH_CORE: usize = 2;
const FEWEST: usize = 4;
const MOST: usize = 32;

pub(super) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Idle>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let permits = Semaphore::new((cores * FOR_EACH_CORE).clamp(FEWEST, MOST));
        let idle = Idle { path: path.to_owned(), connections: Mutex::default() };
        Self { permits: Arc::new(permits), idle: Arc::new(idle) }
    }

    /// What was read, after `then` on the thread that read it.
    pub(super) async fn read<T, E, F, U>(
        &self,
        work: F,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, E>
    where
        U: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| DatabaseError::Stopped)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let outcome = idle.read(work);
            drop(permit);
            outcome.map(then)
        });
        task.await.map_err(|_| DatabaseError::Stopped)?
    }
}

/// Connections that nobody uses now.
struct Idle {
    path: PathBuf,
    connections: Mutex<Vec<Connection>>,
}

impl Idle {
    /// Reads in one transaction, so that all its statements see the same. If `work` panics, the connection goes
    /// with it.
    fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>>,
    {
        let connection = self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = connection.map_or_else(|| Connection::reader(&self.path), Ok)?;
        connection.run("BEGIN")?;
        let mut reader = Reader { session: Session::Sqlite(connection) };
        let outcome = block_on(work(&mut reader));
        if let Session::Sqlite(mut connection) = reader.session
            && connection.run("COMMIT").is_ok()
        {
            self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        outcome
    }
}
