//! Keeps a repository in order while it serves: settles, sweeps and scrubs, a little at a time.
//!
//! What is to be done next stands in the index, so that several nodes share the work and a restart goes on with it.

use std::time::{Duration, Instant};

use crate::Repository;
use crate::index::removal;
use crate::meters;
use crate::store::StoreError;
use crate::sweep::{SHELVES, Swept};
use crate::upkeep::{self, Chore};

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(10);
/// Seconds between two rounds of asking about documents in doubt.
const SETTLE_EVERY: i64 = 600;
/// Seconds between two shelves at least: 256 of them take some four hours.
const SWEEP_EVERY: i64 = 60;
/// A shelf that takes long is followed by a pause so many times as long.
const SWEEP_PAUSE: i64 = 20;
/// Seconds that scrubbing makes up for at most.
const LATE: i64 = 3_600;

/// What of it is left to who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upkeep {
    /// In how many days every document is read again; never when that is 0.
    pub scrub_days: u32,
    /// Whether objects that no document names are removed also when they are more than crashes leave.
    pub remove_many: bool,
}

impl Repository {
    /// Does what is due, for as long as this is awaited.
    pub async fn tend(&self, upkeep: Upkeep) {
        loop {
            self.tend_once(jiff::Timestamp::now().as_second(), upkeep).await;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether all went well. What fails does not keep the rest from being done.
    pub(crate) async fn tend_once(&self, now: i64, upkeep: Upkeep) -> bool {
        // What another place lacks is not lost.
        if let Err(error) = self.store.own().await {
            tracing::error!(%error, "the repository cannot be kept in order; it will be tried again");
            return false;
        }
        let done = [
            ("settle", self.settle_if_due(now).await),
            ("sweep", self.sweep_if_due(now, upkeep.remove_many).await),
            ("scrub", self.scrub_while_due(now, upkeep.scrub_days).await),
            ("count damage", self.damaged().await.map(meters::damaged)),
        ];
        for (chore, done) in &done {
            if let Err(error) = done {
                tracing::error!(%error, chore, "the repository could not be kept in order; it will be tried again");
            }
        }
        done.iter().all(|(_, done)| done.is_ok())
    }

    async fn settle_if_due(&self, now: i64) -> Result<(), StoreError> {
        let index = self.store.index();
        if upkeep::claim(index, Chore::Settle, now).await?.is_none() {
            return Ok(());
        }
        let mut swept = Swept::default();
        self.settle(now, &mut swept).await?;
        swept.report();
        Ok(upkeep::done(index, Chore::Settle, 0, now + SETTLE_EVERY).await?)
    }

    /// Sweeps a shelf. When that fails, the next one comes all the same.
    async fn sweep_if_due(&self, now: i64, many: bool) -> Result<(), StoreError> {
        let index = self.store.index();
        let Some(stands) = upkeep::claim(index, Chore::Sweep, now).await? else { return Ok(()) };
        let shelf = u8::try_from(stands.position).unwrap_or_default();
        let (began, mut swept) = (Instant::now(), Swept::default());
        let outcome = self.sweep_shelf(shelf, now, many, &mut swept).await;
        swept.report();
        let took = i64::try_from(began.elapsed().as_secs()).unwrap_or_default();
        let due = now + took + SWEEP_EVERY.max(took * SWEEP_PAUSE);
        upkeep::done(index, Chore::Sweep, (i64::from(shelf) + 1) % SHELVES, due).await?;
        outcome?;
        meters::condemned(removal::count_condemned(index).await?);
        if shelf == 0
            && !many
            && let Some(objects) = self.held_back_at(now).await?
        {
            tracing::error!(
                objects,
                "too many objects that no document names, none of them is removed: is this the index as it should be? \
                 If it is, `repository.remove_many` lets them go"
            );
        }
        Ok(())
    }

    /// Reads documents again until as many are read as are due; what was late is made up for, but not a standstill.
    async fn scrub_while_due(&self, now: i64, days: u32) -> Result<(), StoreError> {
        if days == 0 {
            return Ok(());
        }
        let index = self.store.index();
        while let Some(stands) = upkeep::claim(index, Chore::Scrub, now).await? {
            let pace = self.scrub(stands.position, now, days).await?;
            let late = now.saturating_sub(stands.due).clamp(0, LATE);
            upkeep::done(index, Chore::Scrub, pace.position, pace.due - late).await?;
        }
        Ok(())
    }
}
