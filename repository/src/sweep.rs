//! Clears up after crashes and lost answers: what no entry names goes, what one names stays (design D2).

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use actors::CallError;
use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use futures_util::TryStreamExt;
use metadata::{Hash, UniqueId};

use crate::Repository;
use crate::index;
use crate::meters;
use crate::store::{Found, StoreError};

/// Seconds after which a document that was filed is asked about: far longer than a registry takes to answer.
const DOUBT: i64 = 3_600;
/// Seconds after which bytes that were never filed are abandoned: far longer than a submission takes to arrive.
const ABANDONED: i64 = 24 * 3_600;

/// What a sweep found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Documents of which it was not known whether they are registered: they are.
    pub confirmed: usize,
    /// Documents that no entry names, removed.
    pub removed: usize,
    /// Objects that no document names, and files that were never finished, removed.
    pub objects: usize,
    /// Documents that stay in doubt because the registry gave no usable answer.
    pub in_doubt: usize,
}

impl Repository {
    /// Sweeps what is old enough at `now`, a second since 1970. What is younger may be on its way.
    pub async fn sweep(&self, now: i64) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        self.settle(index::pending(self.store.index(), now.saturating_sub(DOUBT)).await?, &mut swept).await?;
        let before = now.saturating_sub(ABANDONED);
        let mut batches = std::pin::pin!(self.store.contents().all());
        while let Some(batch) = batches.try_next().await? {
            let old = batch.into_iter().filter(|(_, changed)| *changed < before);
            swept.objects += self.store.remove_unnamed(old.map(|(key, _)| key).collect()).await?;
        }
        swept.objects += self.sweep_unfinished(before).await;
        meters::swept(&swept);
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
                Ok(Some(true)) => known.push(document.number),
                Ok(Some(false)) => unknown.push(document.number),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the registry cannot be asked about documents in doubt");
                    break;
                }
            }
        }
        swept.confirmed += known.len();
        swept.removed += unknown.len();
        swept.in_doubt += documents.len() - known.len() - unknown.len();
        self.store.registered(known).await?;
        self.store.remove(unknown).await
    }

    /// Whether an entry names these very bytes; none when the registry refused to say.
    async fn is_registered(&self, document: &Found) -> Result<Option<bool>, CallError> {
        let Ok(unique_id) = document.unique_id.parse::<UniqueId>() else { return Ok(None) };
        let query = Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(vec![unique_id]) });
        let answer = self.registry.ask(StoredQuery::leaf_class(query)).await?;
        let hash = Some(Hash::from_bytes(document.sha1));
        let usable = !answer.errors.is_failure();
        Ok(usable.then(|| answer.into_documents().iter().any(|entry| entry.hash == hash)))
    }

    /// Removes files that a crash left unfinished. The object store does not list them: it names them
    /// `path#number` until they are whole.
    async fn sweep_unfinished(&self, before: i64) -> usize {
        let folder = self.store.folder().to_owned();
        let swept = tokio::task::spawn_blocking(move || {
            let old = unfinished(&folder).into_iter().filter(|path| changed_before(path, before));
            old.filter(|path| std::fs::remove_file(path).is_ok()).count()
        });
        swept.await.unwrap_or_default()
    }
}

/// The unfinished files in a folder and below.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
        if path.is_dir() {
            found.extend(unfinished(&path));
        } else if number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit())) {
            found.push(path);
        }
    }
    found
}

fn changed_before(path: &Path, second: i64) -> bool {
    let limit = u64::try_from(second)
        .ok()
        .and_then(|second| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(second)));
    let changed = path.metadata().and_then(|metadata| metadata.modified());
    limit.zip(changed.ok()).is_some_and(|(limit, changed)| changed < limit)
}
