//! Documents at rest: their bytes in an object store, and an index that says which is which.

mod owner;

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use database::{Database, DatabaseError, Location};
use futures_util::TryStreamExt;
use soap::parts::Content;
use tokio::sync::OnceCell;
use tokio::task::JoinError;

use crate::content::{Contents, Documents, Kept, whole_file};
use crate::index::{self, Twice, removal};
pub(crate) use crate::index::{Found, New};
use crate::meters;
use crate::scrub;
use crate::upkeep;

/// Why a document could not be kept or given.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The document ended with an error on its way to us.
    #[error("the document did not arrive whole: {0}")]
    Incoming(#[source] io::Error),
    /// The document is larger than this repository takes.
    #[error("the document has more than {limit} bytes, which is all that this repository takes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The document took so long that its bytes were taken for abandoned.
    #[error("the submission took so long that its first documents were taken for abandoned; send it again")]
    Swept,
    /// The storage service is slow, and others are waiting already.
    #[error("too many documents wait for the storage of this repository; send it again later")]
    Busy,
    /// A kept document cannot be read, or is not what was kept.
    #[error("a kept document cannot be read: {0}")]
    Reading(#[source] io::Error),
    /// The object store failed.
    #[error("the object store failed: {0}")]
    Objects(#[from] object_store::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] DatabaseError),
    /// The place has the mark of another index.
    #[error(
        "these documents belong to another index: `index-id` beside them says {found}, and this index is {own}; every \
         index needs a place of its own, for each removes what only another names: give `repository.documents` another \
         place, or `database.url` (`node.data` for SQLite) the database that names these"
    )]
    Another {
        /// What the mark says.
        found: String,
        /// The id of the index.
        own: String,
    },
    /// The place has no mark, and the index does not know it by its documents.
    #[error(
        "the place of the documents has no `index-id`, and {found}: is it mounted, and is it the right one? See \
         `repository.documents`, and `database.url` (`node.data` for SQLite); if all is right, put {own} into a new \
         object `index-id` there"
    )]
    Unmarked {
        /// What it has.
        found: &'static str,
        /// The id of the index.
        own: String,
    },
    /// A folder could not be made.
    #[error("{path}: {error}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        error: io::Error,
    },
}

impl StoreError {
    /// Work of ours on another thread came to no end: it panicked, or we are stopping.
    pub(crate) fn stopped(error: JoinError) -> Self {
        Self::Reading(io::Error::other(error))
    }
}

/// The store of one repository.
#[derive(Debug)]
pub struct Store {
    contents: Contents,
    index: Arc<Database>,
    /// Once the place of the documents is known to be that of the index.
    is_owned: OnceCell<()>,
}

impl Store {
    /// Opens a store: what is not there yet is made, but for a bucket.
    pub async fn open(documents: &Documents, index: &Location) -> Result<Self, StoreError> {
        let index = Arc::new(Database::open(index, &index::SCHEMA).await?);
        Self::of(Contents::at(documents, &index)?, index).owned().await
    }

    /// Opens a store to look at it: nothing is made or changed, and another program may have it open.
    pub async fn look(documents: &Documents, index: &Location) -> Result<Self, StoreError> {
        let index = Arc::new(Database::look(index, &index::SCHEMA).await?);
        Self::of(Contents::look(documents, &index)?, index).not_another().await
    }

    fn of(contents: Contents, index: Arc<Database>) -> Self {
        Self { contents, index, is_owned: OnceCell::new() }
    }

    /// Keeps the bytes of a document, not yet under any id.
    pub(crate) async fn keep(&self, content: Content, limit: u64) -> Result<Kept, StoreError> {
        self.own().await?;
        let kept = self.contents.keep(content, limit).await?;
        meters::kept(kept.size);
        Ok(kept)
    }

    /// Files kept documents under their ids, all or none; they can be found from now on. Bytes that were
    /// here before are not kept twice.
    pub(crate) async fn file(&self, documents: Vec<New>) -> Result<Vec<i64>, StoreError> {
        let filed = index::insert(&self.index, documents).await?;
        if let Err(error) = self.keep_once(&filed.twice).await {
            self.remove(filed.numbers).await?;
            return Err(error);
        }
        Ok(filed.numbers)
    }

    /// Of two objects with the same bytes keeps the one that was here, unless that is damaged or gone: then all of its
    /// documents get the new one.
    async fn keep_once(&self, twice: &[Twice]) -> Result<(), StoreError> {
        let mut mended = false;
        for twice in twice {
            if !self.is_whole(&twice.shared, twice.size).await? {
                index::mend(&self.index, twice).await?;
                mended = true;
                tracing::info!(object = twice.shared, "a damaged document came again and is whole again");
            }
        }
        if mended {
            upkeep::forget_removed(&self.index).await?;
        }
        let own: HashSet<&String> = twice.iter().map(|twice| &twice.own).collect();
        for key in own {
            let removed = match mended {
                true => self.remove_unnamed(vec![key.clone()]).await.map(drop),
                false => self.contents.remove(key).await,
            };
            if let Err(error) = removed {
                tracing::warn!(%error, "bytes that were here before stay twice until they are swept");
            }
        }
        Ok(())
    }

    /// Whether an object is whole as far as that can be told without reading it.
    async fn is_whole(&self, key: &str, size: u64) -> Result<bool, StoreError> {
        if let Some(problem) = self.misses(key, size).await? {
            self.report(key, &problem).await?;
            return Ok(false);
        }
        Ok(!upkeep::is_damaged(&self.index, key).await?)
    }

    /// What an object lacks, if it is not there or has not its size.
    async fn misses(&self, key: &str, size: u64) -> Result<Option<String>, StoreError> {
        match self.contents.size(key).await {
            Ok(found) if found == size => Ok(None),
            Ok(found) => Ok(Some(format!("it has {found} bytes, {size} were kept"))),
            Err(error) => scrub::damage_of(&error).map(Some).ok_or(error),
        }
    }

    /// Notes that the registry knows these documents.
    pub(crate) async fn registered(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        let asked = numbers.len();
        let marked = index::mark_registered(&self.index, numbers.clone()).await?;
        if marked < asked {
            let first = numbers.first();
            tracing::error!(asked, marked, first, "documents were taken out while the registry took them in");
        }
        Ok(())
    }

    /// Takes out documents that are not known to be registered, and their bytes at once when no other names them.
    pub(crate) async fn remove(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        let keys = index::remove(&self.index, numbers).await?;
        self.remove_unnamed(keys).await.map(drop)
    }

    /// Takes out documents of which the registry knows nothing; their bytes stay for a while.
    pub(crate) async fn give_up(&self, numbers: Vec<i64>, now: i64) -> Result<(), StoreError> {
        let keys = index::remove(&self.index, numbers).await?;
        Ok(removal::condemn(&self.index, keys, now).await.map(drop)?)
    }

    /// Removes at once those of these objects that no document names. Nobody may be left who could name them: an object
    /// that may be on its way is for the sweeper.
    pub(crate) async fn remove_unnamed(&self, keys: Vec<String>) -> Result<usize, StoreError> {
        if keys.is_empty() {
            return Ok(0);
        }
        let now = jiff::Timestamp::now().as_second();
        let condemned = removal::condemn(&self.index, keys, now).await?;
        let removed = self.remove_each(condemned).await;
        let count = removed.len();
        if count > 0 {
            removal::spare(&self.index, removed).await?;
        }
        Ok(count)
    }

    /// Removes objects; those of which that is confirmed. What cannot be removed now is tried again by the sweeper.
    pub(crate) async fn remove_each(&self, keys: Vec<String>) -> Vec<String> {
        let mut removed = Vec::new();
        for key in keys {
            match self.contents.remove(&key).await {
                Ok(()) => removed.push(key),
                Err(error) => {
                    meters::failed(&error);
                    tracing::warn!(%error, object = key, "an object that no document names cannot be removed");
                }
            }
        }
        removed
    }

    /// The document of that id, one that the registry knows before one that it does not know yet.
    pub(crate) async fn find(&self, unique_id: &str) -> Result<Option<Found>, StoreError> {
        Ok(index::find(&self.index, unique_id).await?)
    }

    /// The content of a found document. When it turns out to be damaged, that is remembered.
    pub(crate) fn content(&self, found: &Found) -> Content {
        let (index, key) = (Arc::clone(&self.index), found.key.clone());
        Content::from_stream(self.contents.open(found.key.clone(), found.sha256).inspect_err(move |error| {
            if let Some(problem) = scrub::damage(error) {
                let (index, key) = (Arc::clone(&index), key.clone());
                tokio::spawn(async move { remember(&index, &key, &problem).await });
            }
        }))
    }

    /// The document that [`find`](Self::find) finds, with all of it if it has at most so many bytes.
    pub(crate) async fn find_whole(
        &self,
        unique_id: &str,
        most: u64,
    ) -> Result<Option<(Found, Option<Bytes>)>, StoreError> {
        let (found, read) = match self.contents.folder() {
            Some(folder) => {
                let found = index::find_then(&self.index, unique_id, move |found| {
                    let is_small = found.size <= most;
                    let file = folder.join(&found.key);
                    let read = is_small.then(|| whole_file(&file, found.sha256, found.size));
                    (found, read.map(|read| read.map_err(StoreError::Reading)))
                });
                let Some(found) = found.await? else { return Ok(None) };
                found
            }
            None => {
                let Some(found) = self.find(unique_id).await? else { return Ok(None) };
                let is_small = found.size <= most;
                let read = async || self.contents.read(&found.key, found.sha256, found.size).await;
                let read = if is_small { Some(read().await) } else { None };
                (found, read)
            }
        };
        let Some(read) = read else { return Ok(Some((found, None))) };
        let read = self.remembered(&found, read).await?;
        Ok(Some((found, Some(read))))
    }

    /// What was read of a document. When it is damaged, that is remembered.
    async fn remembered(&self, found: &Found, read: Result<Bytes, StoreError>) -> Result<Bytes, StoreError> {
        let Err(error) = &read else { return read };
        if let StoreError::Reading(error) = error {
            meters::unreadable(error);
        }
        if let Some(problem) = scrub::damage_of(error) {
            remember(&self.index, &found.key, &problem).await;
        }
        read
    }

    /// Makes sure that a found document is there and has its size. When it does not, that is remembered.
    pub(crate) async fn check_size(&self, found: &Found) -> Result<(), StoreError> {
        let Some(problem) = self.misses(&found.key, found.size).await? else { return Ok(()) };
        remember(&self.index, &found.key, &problem).await;
        Err(StoreError::Reading(io::Error::other(problem)))
    }

    pub(crate) fn index(&self) -> &Database {
        &self.index
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }
}

async fn remember(index: &Database, key: &str, problem: &str) {
    let remembered = async {
        // One that was refused meanwhile is not lost.
        match index::names(index, key).await? {
            true => scrub::report(index, key, problem).await,
            false => Ok(()),
        }
    };
    if let Err(error) = remembered.await {
        tracing::warn!(%error, object = key, "damage is not noted; scrubbing will find it again");
    }
}
