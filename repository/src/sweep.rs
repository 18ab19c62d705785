//! Clears up after crashes and lost answers: what no entry names goes, what one names stays (design D2).

use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use metadata::{Hash, UniqueId};

use crate::Repository;
use crate::index;
use crate::store::{Found, StoreError};

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Documents of which it was not known whether they are registered: they are.
    pub confirmed: usize,
    /// Documents that no entry names, removed.
    pub removed: usize,
    /// Objects that no document names, half-written ones included, removed.
    pub objects: usize,
    /// Documents that stay in doubt because the registry did not answer.
    pub in_doubt: usize,
}

impl Repository {
    /// Sweeps what is older than `before`, a second since 1970. What is younger may be on its way.
    pub async fn sweep(&self, before: i64) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        self.settle(index::pending(self.store.index(), before).await?, &mut swept).await?;
        swept.objects = self.sweep_objects(before).await?;
        if swept != Swept::default() {
            tracing::info!(?swept, "repository swept");
        }
        Ok(swept)
    }

    /// Asks the registry what became of documents, and keeps or removes them.
    async fn settle(&self, documents: Vec<Found>, swept: &mut Swept) -> Result<(), StoreError> {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for document in &documents {
            match self.is_registered(document).await {
                Some(true) => known.push(document.number),
                Some(false) => unknown.push(document.number),
                None => break,
            }
        }
        swept.confirmed += known.len();
        swept.removed += unknown.len();
        swept.in_doubt += documents.len() - known.len() - unknown.len();
        self.store.registered(known).await?;
        self.store.remove(unknown).await
    }

    /// Whether an entry names these very bytes; none when the registry gave no usable answer.
    async fn is_registered(&self, document: &Found) -> Option<bool> {
        let unique_id: UniqueId = document.unique_id.parse().ok()?;
        let query = Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(vec![unique_id]) });
        let answer = self.registry.ask(StoredQuery::leaf_class(query)).await.ok()?;
        let hash = Some(Hash::from_bytes(document.sha1));
        let usable = !answer.errors.is_failure();
        usable.then(|| answer.into_documents().iter().any(|entry| entry.hash == hash))
    }

    /// Removes objects that no document names.
    async fn sweep_objects(&self, before: i64) -> Result<usize, StoreError> {
        let old = self.store.contents().all().await?.into_iter().filter(|(_, changed)| *changed < before);
        let keys = old.map(|(key, _)| key).collect();
        let unnamed = index::unnamed(self.store.index(), keys).await?;
        for key in &unnamed {
            self.store.contents().remove(key).await?;
        }
        Ok(unnamed.len())
    }
}
