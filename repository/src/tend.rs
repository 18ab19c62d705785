//! Keeps a repository in order while it serves: settles, sweeps and scrubs, a little at a time.
//!
//! What is to be done next stands in the index, so that several nodes share the work and a restart goes on with it.

use std::time::{Duration, Instant};

use crate::Repository;
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

impl Repository {
    /// Does what is due, for as long as this is awaited. Documents are read again within `scrub_days`; never when
    /// that is 0.
    pub async fn tend(&self, scrub_days: u32) {
        loop {
            let now = jiff::Timestamp::now().as_second();
            if let Err(error) = self.tend_once(now, scrub_days).await {
                tracing::error!(%error, "the repository could not be kept in order; it will be tried again");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(crate) async fn tend_once(&self, now: i64, scrub_days: u32) -> Result<(), StoreError> {
        // What another place lacks is not lost.
        self.store.own().await?;
        let index = self.store.index();
        let mut swept = Swept::default();
        if upkeep::claim(index, Chore::Settle, now).await?.is_some() {
            self.settle(now, &mut swept).await?;
            upkeep::done(index, Chore::Settle, 0, now + SETTLE_EVERY).await?;
        }
        if let Some(position) = upkeep::claim(index, Chore::Sweep, now).await? {
            let shelf = u8::try_from(position).unwrap_or_default();
            let began = Instant::now();
            self.sweep_shelf(shelf, now, &mut swept).await?;
            let took = i64::try_from(began.elapsed().as_secs()).unwrap_or_default();
            let due = now + took + SWEEP_EVERY.max(took * SWEEP_PAUSE);
            upkeep::done(index, Chore::Sweep, (i64::from(shelf) + 1) % SHELVES, due).await?;
        }
        swept.report();
        if scrub_days > 0
            && let Some(after) = upkeep::claim(index, Chore::Scrub, now).await?
        {
            let pace = self.scrub(after, now, scrub_days).await?;
            upkeep::done(index, Chore::Scrub, pace.position, pace.due).await?;
        }
        meters::damaged(self.damaged().await?);
        Ok(())
    }
}
