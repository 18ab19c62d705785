//! SQLite: one thread that writes, a few connections that read.

mod checkpoint;
mod connection;
mod group;
mod readers;
mod wait;

use std::path::Path;
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

pub(crate) use connection::Connection;
#[cfg(test)]
pub(crate) use connection::{BUSY, is_busy};
#[cfg(test)]
pub(crate) use group::GROUP;
use group::{Commits, Member, Work};
use readers::Readers;

use crate::meters::Meters;
use crate::{DatabaseError, Engine, Reader, Schema, Writer};

/// Writes that may wait; more of them make their callers wait.
const QUEUE: usize = 1024;

pub(crate) struct Running {
    readers: Readers,
    /// None while it is dropped, and where nothing is written.
    writes: Option<mpsc::Sender<Box<dyn Member>>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) async fn open(path: &Path, schema: Schema) -> Result<Self, DatabaseError> {
        let (writes, queue) = mpsc::channel(QUEUE);
        let owned = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let mut commits = Commits::open(owned)?;
            commits.migrate(&schema)?;
            let thread = std::thread::Builder::new().name(format!("{} writer", schema.keeper));
            let thread = thread.spawn(move || commits.serve(queue, &Meters::of(schema.keeper)));
            thread.map_err(|_| DatabaseError::Stopped)
        });
        let thread = opened.await.map_err(|_| DatabaseError::Stopped)??;
        Ok(Self { readers: Readers::new(path), writes: Some(writes), thread: Some(thread) })
    }

    /// To read only.
    pub(crate) fn look(path: &Path) -> Self {
        Self { readers: Readers::new(path), writes: None, thread: None }
    }

    /// The version of a keeper's tables; no file is made.
    pub(crate) async fn version(path: &Path, schema: Schema) -> Result<i64, DatabaseError> {
        if !path.exists() {
            return Ok(0);
        }
        let readers = Readers::new(path);
        readers
            .read(
                move |reader| Box::pin(async move { schema.version(reader, Engine::Sqlite).await }),
                |version| version,
            )
            .await
    }

    pub(crate) async fn read<T, E, F, U>(
        &self,
        work: F,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, E>
    where
        U: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'r> Fn(&'r mut Reader) -> BoxFuture<'r, Result<T, E>> + Send + 'static,
    {
        self.readers.read(work, then).await
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let writes = self.writes.as_ref().ok_or(DatabaseError::Stopped)?;
        let work = Box::new(Work::new(work, answer));
        writes.send(work).await.map_err(|_| DatabaseError::Stopped)?;
        outcome.await.map_err(|_| DatabaseError::Stopped)?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.writes.take());
        // It ends after what it has accepted. That it panicked, its callers know.
        self.thread.take().map(JoinHandle::join);
    }
}
