//! When what is in the WAL moves into the file: in an idle moment, or when it has become large.
//!
//! Never within a commit, so that nobody waits for it but who comes after.

use std::time::Duration;

use super::Connection;
use crate::DatabaseError;
use crate::statement::Statement;

/// Pages of WAL that are moved even while there is work: 256 MiB, for moving less at a time halves the rate.
const LARGE: i64 = 64_000;

/// Pages of WAL that are worth an idle moment: 4 MiB.
const WORTHWHILE: i64 = 1_000;

/// Pages that must have come since an attempt that readers stood in the way of: 64 MiB.
const AGAIN: i64 = 16_000;

/// How long the queue is empty before the moment counts as idle.
const IDLE: Duration = Duration::from_millis(200);

/// How long writers wait at most for readers of an old view, while the WAL is made to start over.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is to be done about the WAL.
#[derive(Default)]
pub(super) struct Checkpoints {
    pages: Pages,
    /// Not before the WAL has as many pages.
    not_before: i64,
}

#[derive(Default, Clone, Copy)]
struct Pages {
    in_wal: i64,
    moved: i64,
}

impl Checkpoints {
    /// Looks at the WAL after a commit, and moves it when it has become large.
    pub(super) fn after_commit(&mut self, connection: &mut Connection) {
        let looked = checkpoint(connection, "PRAGMA wal_checkpoint(NOOP)");
        self.note(looked);
        if self.pages.in_wal < self.not_before {
            // It has started over.
            self.not_before = self.not_before.min(LARGE);
        }
        if self.pages.in_wal >= LARGE.max(self.not_before) {
            let moved = start_over(connection);
            self.note(moved);
            self.not_before = self.pages.in_wal + AGAIN;
        }
    }

    /// How long to wait for work before [`idle`](Self::idle) is called; none if there is no need.
    pub(super) fn wait(&self) -> Option<Duration> {
        (self.pages.in_wal - self.pages.moved >= WORTHWHILE).then_some(IDLE)
    }

    /// Uses a moment without work.
    pub(super) fn idle(&mut self, connection: &mut Connection) {
        let moved = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)");
        self.note(moved);
        // Whatever readers still hold back waits for the next commit.
        self.pages.moved = self.pages.in_wal;
    }

    fn note(&mut self, pages: Result<Pages, DatabaseError>) {
        match pages {
            Ok(pages) => self.pages = pages,
            Err(error) => tracing::warn!(%error, "the write-ahead log cannot be moved into the database"),
        }
    }
}

/// Moves all of the WAL when the database is closed, and empties it.
pub(super) fn at_the_end(connection: &mut Connection) {
    let moved = connection.wait_for_others(PATIENCE);
    let moved = moved.and_then(|()| checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)"));
    if let Err(error) = moved {
        tracing::warn!(%error, "the write-ahead log stays beside the database");
    }
}

/// Moves all of the WAL, so that the next commit begins it anew.
fn start_over(connection: &mut Connection) -> Result<Pages, DatabaseError> {
    connection.wait_for_others(PATIENCE)?;
    let moved = checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
    connection.wait_for_others(super::connection::BUSY)?;
    moved
}

fn checkpoint(connection: &mut Connection, pragma: &'static str) -> Result<Pages, DatabaseError> {
    let rows = connection.rows(Statement::plain(pragma), &[])?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(Pages::default()) };
    let _busy: i64 = row.take()?;
    Ok(Pages { in_wal: row.take()?, moved: row.take()? })
}
