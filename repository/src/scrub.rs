//! Reads every document again, in the background and at a pace, to find damage while it can be mended (design D2).

use std::collections::HashSet;
use std::error::Error;
use std::io::{self, ErrorKind};

use actors::integrity::Altered;
use database::Database;

use crate::Repository;
use crate::index;
use crate::meters;
use crate::store::{Found, Store, StoreError};
use crate::upkeep;

/// Documents that are read before where we are is noted: as many as are due in so many seconds, within these bounds.
const BATCH: i64 = 64;
const LARGEST_BATCH: i64 = 4_096;
const LOOK: i64 = 10;
/// After so many documents in a row that cannot be read, the store is taken for out of reach.
const AWAY: usize = 3;
/// Seconds until it is asked again.
const AGAIN: i64 = 3_600;
const DAY: i64 = 24 * 3_600;

/// Where scrubbing stands: after this number, and when to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) position: i64,
    pub(crate) due: i64,
}

impl Repository {
    /// Reads some documents after a number; what was asked for in so many days is spread over them. One that cannot be
    /// read now is left to the next round: it must not keep the others from being read.
    pub(crate) async fn scrub(&self, after: i64, now: i64, days: u32) -> Result<Pace, StoreError> {
        let index = self.store.index();
        let time = DAY.saturating_mul(i64::from(days)).max(1);
        // Numbers have gaps, and on PostgreSQL they begin where the clock is: they say nothing of how many there are.
        let all = upkeep::documents(index, now).await?.max(1);
        let limit = (all.saturating_mul(LOOK) / time).clamp(BATCH, LARGEST_BATCH);
        if after == 0 {
            upkeep::forget_removed(index).await?;
        }
        let known = upkeep::damaged(index).await?;
        let batch = index::after(index, after, limit).await?;
        let mut unread = 0;
        for document in &batch.documents {
            match self.store.examine(document).await {
                Ok(problem) => self.note(document, problem, &known).await?,
                Err(StoreError::Index(error)) => return Err(error.into()),
                Err(error) => {
                    meters::failed(&error);
                    tracing::warn!(%error, object = document.key, "a kept document could not be read again");
                    unread += 1;
                    if unread == AWAY {
                        return Ok(Pace { position: document.number, due: now.saturating_add(AGAIN) });
                    }
                    continue;
                }
            }
            unread = 0;
        }
        let last = batch.last.filter(|_| batch.rows == limit);
        let read = batch.rows.max(1);
        let pause = time.saturating_mul(read) / all.max(read);
        Ok(Pace { position: last.unwrap_or(0), due: now.saturating_add(pause.max(1)) })
    }

    /// Notes what was found of a document.
    async fn note(
        &self,
        document: &Found,
        problem: Option<String>,
        known: &HashSet<String>,
    ) -> Result<(), StoreError> {
        meters::scrubbed();
        match problem {
            None if known.contains(&document.key) => {
                upkeep::forget_damage(self.store.index(), &document.key).await?;
                tracing::info!(object = document.key, "a damaged document is whole again");
                Ok(())
            }
            None => Ok(()),
            Some(problem) => self.store.report(&document.key, &problem).await,
        }
    }

    /// How many documents are known to be damaged.
    pub async fn damaged(&self) -> Result<u64, StoreError> {
        Ok(upkeep::count_damaged(self.store.index()).await?)
    }
}

impl Store {
    /// Reads a document from end to end; what is wrong with it. An error when that cannot be told.
    async fn examine(&self, document: &Found) -> Result<Option<String>, StoreError> {
        let mut content = self.contents().open(document.key.clone(), document.sha256);
        loop {
            match content.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(error) => {
                    let problem = damage(&error).ok_or(StoreError::Reading(error))?;
                    // One that was refused meanwhile is not lost.
                    let still = index::names(self.index(), &document.key).await?;
                    return Ok(still.then_some(problem));
                }
            }
        }
    }

    /// Says once that a document is damaged, and remembers it.
    pub(crate) async fn report(&self, key: &str, problem: &str) -> Result<(), StoreError> {
        report(self.index(), key, problem).await
    }
}

/// Says once that an object is damaged, and remembers it.
pub(crate) async fn report(index: &Database, key: &str, problem: &str) -> Result<(), StoreError> {
    if upkeep::note_damage(index, key, problem, jiff::Timestamp::now().as_second()).await? {
        tracing::error!(object = key, problem, "a kept document is damaged: restore it from a backup");
    }
    Ok(())
}

/// What is wrong with a document that could not be had; none when it may be right and out of reach.
pub(crate) fn damage_of(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Reading(error) => damage(error),
        StoreError::Objects(object_store::Error::NotFound { .. }) => Some(GONE.to_owned()),
        _ => None,
    }
}

/// What is wrong with a document that could not be read.
pub(crate) fn damage(error: &io::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = error.get_ref().map(|error| error as _);
    let lost = error.kind() == ErrorKind::NotFound;
    let unreadable = error.raw_os_error() == Some(EIO);
    let (mut altered, mut gone) = (false, false);
    while let Some(error) = cause {
        altered |= error.is::<Altered>();
        gone |= matches!(error.downcast_ref(), Some(object_store::Error::NotFound { .. }));
        cause = error.source();
    }
    if lost || gone {
        return Some(GONE.to_owned());
    }
    (altered || unreadable).then(|| error.to_string())
}

const GONE: &str = "it is not there";

/// What a disk says that cannot read a block.
const EIO: i32 = 5;
