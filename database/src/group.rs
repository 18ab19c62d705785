//! Group commit: whatever queued while the last commit was syncing is committed together.
//!
//! No timer: a lone write goes at once, and the busier the disk the larger the group.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::{DatabaseError, Writer, sqlite};

/// Writes that may wait; more of them make their callers wait.
pub(crate) const QUEUE: usize = 1024;

/// Writes that share one commit at most, so that the first does not wait for a whole queue.
pub(crate) const GROUP: usize = 64;

/// One write that waits for its commit.
pub(crate) trait Member: Send {
    /// Does the work; whether it is to be kept.
    fn attempt<'w>(&'w mut self, writer: &'w mut Writer) -> BoxFuture<'w, bool>;
    /// Tells its caller the outcome, or why there is none.
    fn answer(self: Box<Self>, failure: Option<DatabaseError>);
}

/// Serves the queue until the database is dropped.
pub(crate) async fn commit_together(pool: sqlite::Pool, mut queue: mpsc::Receiver<Box<dyn Member>>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        let failure = commit(&pool, &mut group).await.err();
        if let Some(error) = &failure {
            tracing::error!(%error, writes = group.len(), "a commit failed");
        }
        match failure {
            Some(error) if group.len() > 1 => commit_one_by_one(&pool, &mut group, error).await,
            failure => group.drain(..).for_each(|member| member.answer(failure.clone())),
        }
    }
}

/// After a failure that one may have brought upon all: each again, on its own. Not while another process holds
/// the file, for each would wait for it as long as the first.
async fn commit_one_by_one(pool: &sqlite::Pool, group: &mut Vec<Box<dyn Member>>, failure: DatabaseError) {
    let mut last = Some(failure);
    for mut member in group.drain(..) {
        if !last.as_ref().is_some_and(sqlite::is_busy) {
            last = commit(pool, std::slice::from_mut(&mut member)).await.err();
        }
        if let Some(error) = &last {
            tracing::error!(%error, "a write could not be committed");
        }
        member.answer(last.clone());
    }
}

/// One transaction with a savepoint for each member: who is refused is undone alone.
async fn commit(pool: &sqlite::Pool, members: &mut [Box<dyn Member>]) -> Result<(), DatabaseError> {
    let mut writer = Writer::begin(pool).await?;
    if let [alone] = members {
        // Its own error is the answer, even if it has ended the transaction already.
        return if alone.attempt(&mut writer).await { writer.commit().await } else { Ok(()) };
    }
    for member in members {
        writer.execute("SAVEPOINT member", []).await?;
        if !member.attempt(&mut writer).await {
            writer.execute("ROLLBACK TO SAVEPOINT member", []).await?;
        }
        writer.execute("RELEASE SAVEPOINT member", []).await?;
    }
    writer.commit().await
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

/// What a function returns; none if it panics.
fn caught<T>(function: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(function)).ok()
}
