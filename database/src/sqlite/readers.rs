//! The connections that read, on threads that may wait for the disk.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::Connection;
use super::wait::block_on;
use crate::session::Session;
use crate::{DatabaseError, Reader, caught};

/// Reads at the same time, for each core: some of them wait for the disk.
const FOR_EACH_CORE: usize = 2;
const FEWEST: usize = 4;
const MOST: usize = 32;

/// What is to be read, and to whom it is told.
type Read = Box<dyn FnOnce(&Desk) + Send>;

pub(super) struct Readers(Arc<Desk>);

/// Where reads wait for a thread. One that is done takes the next itself, for waking another costs as much as a read.
struct Desk {
    path: PathBuf,
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Read>,
    threads: usize,
    /// Connections that nobody uses now.
    idle: Vec<Connection>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let most = (cores * FOR_EACH_CORE).clamp(FEWEST, MOST);
        Self(Arc::new(Desk { path: path.to_owned(), most, state: Mutex::default() }))
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
        let (answer, outcome) = oneshot::channel();
        let read = Box::new(move |desk: &Desk| {
            if !answer.is_closed() {
                // Whoever asked may leave meanwhile.
                let _ = answer.send(desk.read(work).map(then));
            }
        });
        if self.0.needs_thread_for(read) {
            let desk = Arc::clone(&self.0);
            tokio::task::spawn_blocking(move || desk.serve());
        }
        outcome.await.map_err(|_| DatabaseError::Stopped)?
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a read in; whether there may be one more thread for it.
    fn needs_thread_for(&self, read: Read) -> bool {
        let mut state = self.state();
        state.waiting.push_back(read);
        let needed = state.threads < self.most;
        state.threads += usize::from(needed);
        needed
    }

    /// The next read; without one, the thread that asks is done.
    fn next(&self) -> Option<Read> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        state.threads -= usize::from(next.is_none());
        next
    }

    fn serve(&self) {
        while let Some(read) = self.next() {
            // Who asked is told by the end of the channel.
            caught(|| read(self));
        }
    }

    /// Reads in one transaction, so that all its statements see the same. If `work` panics, the connection goes
    /// with it.
    fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>>,
    {
        let connection = self.state().idle.pop();
        let mut connection = connection.map_or_else(|| Connection::reader(&self.path), Ok)?;
        connection.run("BEGIN")?;
        let mut reader = Reader { session: Session::Sqlite(connection) };
        let outcome = block_on(work(&mut reader));
        if let Session::Sqlite(mut connection) = reader.session
            && connection.run("COMMIT").is_ok()
        {
            self.state().idle.push(connection);
        }
        outcome
    }
}
