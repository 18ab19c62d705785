//! Notes which documents the registry knows, after their source has been answered.
//!
//! A document can be retrieved before; between several of one id the registry decides until then (`retrieve.rs`). What
//! a crash keeps from being noted is asked about as any document in doubt.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Repository;

/// Documents that are not noted yet. With as many, the next source waits for its answer until they are.
pub(crate) const WAITING: u32 = if cfg!(test) { 8 } else { 4_096 };

/// How long documents gather that are noted together: far less than a source takes to have its answer looked at.
const GATHERING: Duration = Duration::from_millis(20);

/// What is still to be noted.
#[derive(Debug)]
pub(crate) struct Marking {
    places: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    numbers: Vec<i64>,
    /// One of each of them.
    places: Option<OwnedSemaphorePermit>,
    /// Whether somebody is there to note them.
    is_under_way: bool,
}

impl Default for Marking {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(WAITING as usize)), waiting: Mutex::default() }
    }
}

impl Marking {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds documents; whether nobody is there yet to note them.
    async fn add(&self, numbers: Vec<i64>) -> bool {
        let many = u32::try_from(numbers.len()).unwrap_or(WAITING).min(WAITING);
        let Ok(places) = Arc::clone(&self.places).acquire_many_owned(many).await else { return false };
        let mut waiting = self.waiting();
        waiting.numbers.extend(numbers);
        match &mut waiting.places {
            Some(taken) => taken.merge(places),
            none => *none = Some(places),
        }
        !std::mem::replace(&mut waiting.is_under_way, true)
    }

    /// All that is to be noted now, and the places that it has until it is; none when there is nothing.
    fn take(&self) -> Option<(Vec<i64>, Option<OwnedSemaphorePermit>)> {
        let mut waiting = self.waiting();
        waiting.is_under_way = !waiting.numbers.is_empty();
        let taken = waiting.is_under_way.then(|| std::mem::take(&mut waiting.numbers));
        taken.map(|numbers| (numbers, waiting.places.take()))
    }
}

impl Repository {
    /// Notes soon that the registry knows these documents.
    pub(super) async fn mark_soon(self: &Arc<Self>, numbers: Vec<i64>) {
        if !numbers.is_empty() && self.marking.add(numbers).await {
            let repository = Arc::clone(self);
            tokio::spawn(async move { repository.mark().await });
        }
    }

    /// Notes what waits, until nothing does.
    async fn mark(&self) {
        tokio::time::sleep(GATHERING).await;
        while let Some((numbers, places)) = self.marking.take() {
            if let Err(error) = self.store.registered(numbers).await {
                tracing::warn!(%error, "documents stay in doubt until they are swept");
            }
            drop(places);
            tokio::time::sleep(GATHERING).await;
        }
    }

    /// Waits until all is noted that was acknowledged: before the end of a process that ends in order.
    pub async fn settled(&self) {
        // It is never closed.
        let _ = self.marking.places.acquire_many(WAITING).await;
    }
}
