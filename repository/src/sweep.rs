//! Clears up after crashes and lost answers: what no entry names goes, what one names stays (design D2).
//!
//! Nothing goes at once: an index that was put back to an earlier day does not name what came since.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actors::CallError;
use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use futures_util::TryStreamExt;
use metadata::{Hash, Object, UniqueId};

use crate::Repository;
use crate::index;
use crate::index::removal::{self, Unnamed};
use crate::meters;
use crate::store::{Found, Store, StoreError};
use crate::upkeep;

/// Seconds after which a document that was filed is asked about: far longer than a registry takes to answer.
const DOUBT: i64 = 3_600;
/// Documents that the registry did not know when it was asked, by their numbers, and when that was first.
pub(crate) type Unknown = HashMap<i64, Instant>;

/// How long it has to say so before that is believed, whatever the clock of the day does meanwhile: it may be about to
/// take them in.
const CERTAIN: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 600 });
/// So many are remembered; the others come later.
const MOST_UNKNOWN: usize = 100_000;
/// Seconds after which bytes that were never filed are abandoned: far longer than a submission takes to arrive.
const ABANDONED: i64 = 24 * 3_600;
/// Seconds that an object stays after it was found that no document names it.
pub(crate) const QUARANTINE: i64 = 7 * 24 * 3_600;
/// Seconds after which it is forgotten that an object was removed: longer than a submission can take, which has up to
/// 2 GiB and brings at least 1 KiB a second.
const MEMORY: i64 = 30 * 24 * 3_600;
/// Objects of a shelf that are removed at a time.
const AT_A_TIME: usize = 10_000;
/// Objects that crashes may leave.
const FEW: u64 = 100;
/// And one for so many documents.
const AMONG: u64 = 10;
/// The shelves of an object store: the first two digits of a SHA-256.
pub(crate) const SHELVES: i64 = 256;

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Documents of which it was not known whether they are registered: they are.
    pub confirmed: usize,
    /// Documents that no entry names, removed.
    pub removed: usize,
    /// Objects of which it was found that no document names them: they stay for a week.
    pub condemned: usize,
    /// Objects that no document has named for a week, and files and uploads that were never finished, removed.
    pub objects: usize,
    /// Documents that stay in doubt because the registry gave no usable answer.
    pub in_doubt: usize,
}

impl Swept {
    pub(crate) fn report(&self) {
        if *self != Self::default() {
            tracing::info!(swept = ?self, "repository swept");
        }
    }
}

impl Repository {
    /// Sweeps all that is old enough at `now`, a second since 1970. What is younger may be on its way.
    #[cfg(test)]
    pub(crate) async fn sweep(&self, now: i64) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        self.settle(now, &mut swept).await?;
        for shelf in 0..=u8::MAX {
            self.sweep_shelf(shelf, now, false, &mut swept).await?;
        }
        Ok(swept)
    }

    /// How many objects no document names, when they are more than crashes leave: it may be the index that is wrong.
    pub async fn held_back(&self) -> Result<Option<u64>, StoreError> {
        self.held_back_at(jiff::Timestamp::now().as_second()).await
    }

    pub(crate) async fn held_back_at(&self, now: i64) -> Result<Option<u64>, StoreError> {
        let index = self.store.index();
        let condemned = removal::count_condemned(index).await?;
        if condemned <= FEW {
            return Ok(None);
        }
        let documents = upkeep::documents(index, now).await?.unsigned_abs();
        Ok((condemned > documents / AMONG).then_some(condemned))
    }

    /// Asks the registry what became of documents in doubt, and keeps or removes them.
    pub(crate) async fn settle(&self, now: i64, swept: &mut Swept) -> Result<(), StoreError> {
        let (before, mut after) = (now.saturating_sub(DOUBT), 0);
        let mut unknown = HashMap::new();
        loop {
            let documents = index::pending(self.store.index(), before, after).await?;
            let Some(last) = documents.last() else { break };
            after = last.number;
            if !self.settle_some(&documents, now, &mut unknown, swept).await? {
                break;
            }
        }
        *self.unknown() = unknown;
        meters::in_doubt(swept.in_doubt);
        meters::swept(swept);
        Ok(())
    }

    /// Condemns what no document names on one of the shelves, and removes what was condemned long enough ago; if that is
    /// much only when `many` says so.
    pub(crate) async fn sweep_shelf(
        &self,
        shelf: u8,
        now: i64,
        many: bool,
        swept: &mut Swept,
    ) -> Result<(), StoreError> {
        self.store.own().await?;
        let index = self.store.index();
        let before = now.saturating_sub(ABANDONED);
        let mut found = Swept::default();
        let mut over = Vec::new();
        let mut batches = std::pin::pin!(self.store.contents().dated(shelf));
        while let Some(batch) = batches.try_next().await? {
            let old = batch.into_iter().filter(|(_, changed)| *changed < before);
            let unnamed = removal::unnamed(index, old.map(|(key, _)| key).collect()).await?;
            let (known, new): (Vec<_>, Vec<_>) = unnamed.into_iter().partition(|one| one.since.is_some());
            if !new.is_empty() {
                let keys = new.into_iter().map(|one| one.key).collect();
                found.condemned += removal::condemn(index, keys, now).await?.len();
            }
            let long = |one: &Unnamed| one.since.is_some_and(|since| now.saturating_sub(since) >= QUARANTINE);
            let room = AT_A_TIME.saturating_sub(over.len());
            over.extend(known.into_iter().filter(long).map(|one| one.key).take(room));
        }
        if many || self.held_back_at(now).await?.is_none() {
            let removed = self.store.remove_each(over).await;
            found.objects += removed.len();
            if !removed.is_empty() {
                removal::bury(index, removed, now).await?;
            }
            // Not what is held back: when some of it was forgotten, the rest would be few.
            removal::forget(index, shelf, now.saturating_sub(MEMORY)).await?;
        }
        found.objects += self.store.contents().remove_unfinished(shelf, before).await?;
        meters::swept(&found);
        swept.condemned += found.condemned;
        swept.objects += found.objects;
        Ok(())
    }

    /// Whether the registry can be asked.
    async fn settle_some(
        &self,
        documents: &[Found],
        now: i64,
        still: &mut Unknown,
        swept: &mut Swept,
    ) -> Result<bool, StoreError> {
        let (mut known, mut unknown, mut answers) = (Vec::new(), Vec::new(), true);
        for document in documents {
            match self.is_registered(document).await {
                Ok(Some(true)) => known.push(document.number),
                Ok(Some(false)) => {
                    let since = self.unknown().get(&document.number).copied();
                    match since {
                        Some(since) if since.elapsed() >= CERTAIN => unknown.push(document.number),
                        _ if still.len() < MOST_UNKNOWN => {
                            still.insert(document.number, since.unwrap_or_else(Instant::now));
                        }
                        _ => {}
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the registry cannot be asked about documents in doubt");
                    answers = false;
                    break;
                }
            }
        }
        swept.confirmed += known.len();
        swept.removed += unknown.len();
        swept.in_doubt += documents.len() - known.len() - unknown.len();
        self.store.registered(known).await?;
        self.store.give_up(unknown, now).await?;
        Ok(answers)
    }

    fn unknown(&self) -> MutexGuard<'_, Unknown> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an entry names these very bytes; none when the registry refused to say, or something that it says cannot
    /// be read.
    async fn is_registered(&self, document: &Found) -> Result<Option<bool>, CallError> {
        let Ok(unique_id) = document.unique_id.parse::<UniqueId>() else { return Ok(None) };
        let query = Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(vec![unique_id]) });
        let answer = self.registry.ask(StoredQuery::leaf_class(query)).await?;
        let hash = Hash::from_bytes(document.sha1);
        let found = answer.found.len();
        let (objects, errors) = answer.into_objects();
        let hashes: Vec<_> = objects.iter().filter_map(hash_of).collect();
        let is_clear = errors.0.is_empty() && hashes.len() == found;
        Ok(if hashes.contains(&hash) { Some(true) } else { is_clear.then_some(false) })
    }
}

impl Store {
    /// Forgets which objects were on their way out, where none of them is and nobody submits.
    pub async fn spare_all(&self) -> Result<(), StoreError> {
        Ok(removal::forget_all(self.index()).await?)
    }
}

fn hash_of(object: &Object) -> Option<Hash> {
    match object {
        Object::Entry(entry) => entry.hash,
        Object::SubmissionSet(_) | Object::Folder(_) | Object::Association(_) => None,
    }
}
