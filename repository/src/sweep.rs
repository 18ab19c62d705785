//! Clears up after crashes and lost answers: what no entry names goes, what one names stays (design D2).

use actors::CallError;
use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use futures_util::TryStreamExt;
use metadata::{Hash, Object, UniqueId};

use crate::Repository;
use crate::index;
use crate::meters;
use crate::store::{Found, StoreError};

/// Seconds after which a document that was filed is asked about: far longer than a registry takes to answer.
const DOUBT: i64 = 3_600;
/// Seconds after which bytes that were never filed are abandoned: far longer than a submission takes to arrive.
const ABANDONED: i64 = 24 * 3_600;
/// The shelves of an object store: the first two digits of a SHA-256.
pub(crate) const SHELVES: i64 = 256;

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Documents of which it was not known whether they are registered: they are.
    pub confirmed: usize,
    /// Documents that no entry names, removed.
    pub removed: usize,
    /// Objects that no document names, and files and uploads that were never finished, removed.
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
    pub async fn sweep(&self, now: i64) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        self.settle(now, &mut swept).await?;
        for shelf in 0..=u8::MAX {
            self.sweep_shelf(shelf, now, &mut swept).await?;
        }
        swept.report();
        Ok(swept)
    }

    /// Asks the registry what became of documents in doubt, and keeps or removes them.
    pub(crate) async fn settle(&self, now: i64, swept: &mut Swept) -> Result<(), StoreError> {
        let (before, mut after) = (now.saturating_sub(DOUBT), 0);
        loop {
            let documents = index::pending(self.store.index(), before, after).await?;
            let Some(last) = documents.last() else { break };
            after = last.number;
            if !self.settle_some(&documents, swept).await? {
                break;
            }
        }
        meters::in_doubt(swept.in_doubt);
        meters::swept(swept);
        Ok(())
    }

    /// Removes what nothing names on one of the shelves.
    pub(crate) async fn sweep_shelf(&self, shelf: u8, now: i64, swept: &mut Swept) -> Result<(), StoreError> {
        self.store.own().await?;
        let before = now.saturating_sub(ABANDONED);
        let mut objects = 0;
        let mut batches = std::pin::pin!(self.store.contents().dated(shelf));
        while let Some(batch) = batches.try_next().await? {
            let old = batch.into_iter().filter(|(_, changed)| *changed < before);
            objects += self.store.remove_unnamed(old.map(|(key, _)| key).collect()).await?;
        }
        objects += self.store.contents().remove_unfinished(shelf, before).await?;
        meters::swept(&Swept { objects, ..Swept::default() });
        swept.objects += objects;
        Ok(())
    }

    /// Whether the registry can be asked.
    async fn settle_some(&self, documents: &[Found], swept: &mut Swept) -> Result<bool, StoreError> {
        let (mut known, mut unknown, mut answers) = (Vec::new(), Vec::new(), true);
        for document in documents {
            match self.is_registered(document).await {
                Ok(Some(true)) => known.push(document.number),
                Ok(Some(false)) => unknown.push(document.number),
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
        self.store.remove(unknown).await?;
        Ok(answers)
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

fn hash_of(object: &Object) -> Option<Hash> {
    match object {
        Object::Entry(entry) => entry.hash,
        Object::SubmissionSet(_) | Object::Folder(_) | Object::Association(_) => None,
    }
}
