//! A place for documents belongs to one index: the object `index-id` beside the documents says to which.
//!
//! Two indexes at one place would each sweep away what only the other names. Nodes that share an index share its id,
//! and so its place.

use std::time::Duration;

use database::Database;
use tokio::time::timeout;

use super::{Store, StoreError};
use crate::content::Contents;
use crate::index;

/// A place without a mark is known by one of so many of the index's first documents.
const FIRST: i64 = 100;
/// How long a node that starts waits for a storage service, and how long a document does.
const START_TIME: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });
const TURN_TIME: Duration = Duration::from_secs(60);

impl Store {
    /// The store, if its place is that of its index. Where a storage service gives no answer, that is found out later.
    pub(super) async fn owned(self) -> Result<Self, StoreError> {
        let error = match timeout(START_TIME, self.own()).await {
            Ok(Ok(())) => return Ok(self),
            Ok(Err(StoreError::Objects(error))) if self.contents.folder().is_none() => error.to_string(),
            Ok(Err(error)) => return Err(error),
            Err(_) => "it gives no answer".to_owned(),
        };
        tracing::warn!(
            error,
            "no document is taken in before the storage service has said whose documents it has"
        );
        Ok(self)
    }

    /// The store, unless its place is known to be another's.
    pub(super) async fn not_another(self) -> Result<Self, StoreError> {
        // What is not there, and whatever else is wrong, who looks will see.
        if let Ok(Ok(Some(mark))) = timeout(START_TIME, self.contents.mark()).await {
            compare(&mark, &index::id(&self.index).await?)?;
        }
        Ok(self)
    }

    /// Makes sure that the place is that of the index; asks only until that is known.
    pub(crate) async fn own(&self) -> Result<(), StoreError> {
        let settled = self.is_owned.get_or_try_init(|| settle(&self.contents, &self.index));
        timeout(TURN_TIME, settled).await.map_err(|_| StoreError::Busy)?.map(drop)
    }

    /// Whether it is known that the place is that of the index.
    pub(crate) fn is_owned(&self) -> bool {
        self.is_owned.initialized()
    }
}

/// Compares the mark of a place with the id of the index, and marks one that is the index's or nobody's.
async fn settle(contents: &Contents, index: &Database) -> Result<(), StoreError> {
    let own = index::id(index).await?;
    if let Some(mark) = contents.mark().await? {
        return compare(&mark, &own);
    }
    let first = index::after(index, 0, FIRST).await?;
    let mut is_ours = false;
    for document in &first.documents {
        is_ours = is_ours || contents.has(&document.key).await?;
    }
    let is_empty = !is_ours && contents.is_empty().await?;
    let is_new = is_empty && first.rows == 0;
    if !is_ours && !is_new {
        let found = match is_empty {
            true => "is empty although this index names documents",
            false => "holds documents of which this index names none",
        };
        return Err(StoreError::Unmarked { found, own });
    }
    contents.put_mark(&own).await?;
    // Another may have been faster.
    let mark = contents.mark().await?.unwrap_or_default();
    compare(&mark, &own)
}

fn compare(mark: &str, own: &str) -> Result<(), StoreError> {
    if mark == own {
        return Ok(());
    }
    Err(StoreError::Another { found: mark.to_owned(), own: own.to_owned() })
}
