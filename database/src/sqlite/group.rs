//! Group commit: whatever queued while the last commit was syncing is committed together.
//!
//! No timer: a lone write goes at once, and the busier the disk the larger the group.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::{self, Checkpoints};
use super::connection::{Connection, is_busy, is_unflushed};
use super::wait::{block_on, block_on_for};
use crate::meters::Meters;
use crate::session::Session;
use crate::{DatabaseError, Engine, Schema, Writer, caught};

/// Writes that share one commit at most, so that the first does not wait for a whole queue.
pub(crate) const GROUP: usize = 64;

type Group = Vec<Box<dyn Member>>;

/// One write that waits for its commit.
pub(crate) trait Member: Send {
    /// Does the work; whether it is to be kept.
    fn attempt<'w>(&'w mut self, writer: &'w mut Writer) -> BoxFuture<'w, bool>;
    /// Tells its caller the outcome, or why there is none.
    fn answer(self: Box<Self>, failure: Option<DatabaseError>);
}

/// Who commits: the one connection that writes, on its thread.
pub(super) struct Commits {
    path: PathBuf,
    writer: Writer,
    checkpoints: Checkpoints,
}

impl Commits {
    pub(super) fn open(path: PathBuf) -> Result<Self, DatabaseError> {
        let writer = Writer::new(Session::Sqlite(Connection::writer(&path)?));
        Ok(Self { path, writer, checkpoints: Checkpoints::default() })
    }

    /// Brings the tables to what a schema says, in one transaction.
    pub(super) fn migrate(&mut self, schema: &Schema) -> Result<(), DatabaseError> {
        self.begin()?;
        let outcome = block_on(schema.apply(&mut self.writer, Engine::Sqlite));
        self.end(outcome)
    }

    /// Serves the queue until the database is dropped.
    pub(super) fn serve(mut self, mut queue: mpsc::Receiver<Box<dyn Member>>, meters: &Meters) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let next = queue.recv_many(&mut group, GROUP);
            let found = match self.checkpoints.wait() {
                None => Some(block_on(next)),
                Some(idle) => block_on_for(next, idle),
            };
            match found {
                None => self.tend(Checkpoints::idle),
                Some(0) => break,
                Some(writes) => {
                    let (begun, waiting) = (Instant::now(), queue.len());
                    let succeeded = self.commit_together(&mut group);
                    meters.commit(writes, waiting, begun, succeeded);
                }
            }
        }
        self.tend(|_, connection| checkpoint::at_the_end(connection));
    }

    /// Whether it succeeded at once.
    fn commit_together(&mut self, group: &mut Group) -> bool {
        let failure = self.commit(group).err();
        let succeeded = failure.is_none();
        if let Some(error) = &failure {
            tracing::error!(%error, writes = group.len(), "a commit failed");
        }
        match failure {
            Some(error) if group.len() > 1 => self.commit_one_by_one(group, error),
            failure => group.drain(..).for_each(|member| member.answer(failure.clone())),
        }
        self.tend(Checkpoints::after_commit);
        succeeded
    }

    /// After a failure that one may have brought upon all: each again, on its own. Not while another process
    /// holds the file, for each would wait for it as long as the first.
    fn commit_one_by_one(&mut self, group: &mut Group, failure: DatabaseError) {
        let mut last = Some(failure);
        for mut member in group.drain(..) {
            if !last.as_ref().is_some_and(is_busy) {
                last = self.commit(std::slice::from_mut(&mut member)).err();
            }
            if let Some(error) = &last {
                tracing::error!(%error, "a write could not be committed");
            }
            member.answer(last.clone());
        }
    }

    /// One transaction for all members.
    fn commit(&mut self, members: &mut [Box<dyn Member>]) -> Result<(), DatabaseError> {
        self.begin()?;
        let outcome = match members {
            // Its own error is the answer, even if it has ended the transaction already.
            [alone] => match block_on(alone.attempt(&mut self.writer)) {
                true => Ok(()),
                false => return self.roll_back(),
            },
            members => block_on(attempt_each(&mut self.writer, members)),
        };
        let outcome = self.end(outcome);
        if let Err(error) = &outcome
            && is_unflushed(error)
        {
            self.stop(error);
        }
        outcome
    }

    /// Ends the process before anybody is answered. SQLite has undone the commit for us, but all of it may lie in
    /// the write-ahead log, and is there again after a crash: who was told that it failed was told wrong. Only a
    /// restart reads what the disk has kept.
    fn stop(&self, error: &DatabaseError) -> ! {
        tracing::error!(
            %error,
            database = %self.path.display(),
            "the disk has not confirmed a commit: the node stops, for only a restart can tell whether it is kept; look \
             after the disk, then start it again"
        );
        std::process::exit(1)
    }

    /// Takes the write lock at the start, so that a transaction never fails half-way for want of it.
    fn begin(&mut self) -> Result<(), DatabaseError> {
        let Err(error) = self.run("BEGIN IMMEDIATE") else { return Ok(()) };
        if is_busy(&error) {
            return Err(error);
        }
        // The connection may be beyond repair, as after an error of the disk.
        self.writer = Writer::new(Session::Sqlite(Connection::writer(&self.path)?));
        self.run("BEGIN IMMEDIATE")
    }

    fn end(&mut self, outcome: Result<(), DatabaseError>) -> Result<(), DatabaseError> {
        let outcome = outcome.and_then(|()| self.run("COMMIT"));
        if outcome.is_err() {
            self.roll_back()?;
        }
        outcome
    }

    /// Fails when SQLite has ended the transaction by itself, as on a full disk: it is undone all the same. If
    /// that is not why, the next [`begin`](Self::begin) notices.
    fn roll_back(&mut self) -> Result<(), DatabaseError> {
        if let Err(error) = self.run("ROLLBACK") {
            tracing::debug!(%error, "nothing to roll back");
        }
        Ok(())
    }

    fn run(&mut self, statement: &'static str) -> Result<(), DatabaseError> {
        self.writer.sqlite().ok_or(DatabaseError::Stopped)?.run(statement)
    }

    /// Sees to the write-ahead log.
    fn tend(&mut self, work: impl FnOnce(&mut Checkpoints, &mut Connection)) {
        if let Some(connection) = self.writer.sqlite() {
            work(&mut self.checkpoints, connection);
        }
    }
}

/// A savepoint for each member: who is refused is undone alone.
async fn attempt_each(writer: &mut Writer, members: &mut [Box<dyn Member>]) -> Result<(), DatabaseError> {
    for member in members {
        writer.execute("SAVEPOINT member", []).await?;
        if !member.attempt(writer).await {
            writer.execute("ROLLBACK TO SAVEPOINT member", []).await?;
        }
        writer.execute("RELEASE SAVEPOINT member", []).await?;
    }
    Ok(())
}

/// A closure, what came of it, and who waits for that.
pub(crate) struct Work<T, E, F> {
    work: F,
    outcome: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Work<T, E, F> {
    pub(crate) const fn new(work: F, caller: oneshot::Sender<Result<T, E>>) -> Self {
        Self { work, outcome: None, caller }
    }
}

impl<T, E, F> Member for Work<T, E, F>
where
    T: Send,
    E: From<DatabaseError> + Send,
    F: for<'w> Fn(&'w mut Writer) -> BoxFuture<'w, Result<T, E>> + Send,
{
    fn attempt<'w>(&'w mut self, writer: &'w mut Writer) -> BoxFuture<'w, bool> {
        // A panic in one member must not end the writer of all; its caller learns `Stopped`.
        let Self { work, outcome, .. } = self;
        let work = caught(move || work(writer));
        async move {
            *outcome = match work {
                Some(work) => AssertUnwindSafe(work).catch_unwind().await.ok(),
                None => None,
            };
            matches!(outcome, Some(Ok(_)))
        }
        .boxed()
    }

    fn answer(self: Box<Self>, failure: Option<DatabaseError>) {
        let outcome = match failure {
            Some(error) => Some(Err(error.into())),
            None => self.outcome,
        };
        if let Some(outcome) = outcome {
            // A caller who has gone does not need the answer.
            drop(self.caller.send(outcome));
        }
    }
}
