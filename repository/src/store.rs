//! Documents at rest: their bytes in an object store, and an index that says which is which.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use database::{Database, DatabaseError, Location};
use object_store::local::LocalFileSystem;
use soap::parts::Content;

use crate::content::{Contents, Kept};
use crate::index;
use crate::meters;
pub(crate) use crate::index::{Found, New};

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
    /// The object store failed.
    #[error("the object store failed: {0}")]
    Objects(#[from] object_store::Error),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] DatabaseError),
    /// A folder could not be made.
    #[error("{path}: {error}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        error: io::Error,
    },
}

/// The store of one repository.
#[derive(Debug)]
pub struct Store {
    contents: Contents,
    index: Database,
    folder: PathBuf,
}

impl Store {
    /// Opens a store in a folder, which is made when it is not there.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::Folder { path: folder.display().to_string(), error };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        let index = Location::file(folder.join("repository.sqlite"));
        let index = Database::open(&index, &index::SCHEMA).await?;
        Ok(Self { contents: Contents::new(Arc::new(objects)), index, folder: folder.to_owned() })
    }

    /// Keeps the bytes of a document, not yet under any id.
    pub(crate) async fn keep(&self, content: Content, limit: u64) -> Result<Kept, StoreError> {
        let kept = self.contents.keep(content, limit).await?;
        meters::kept(kept.size);
        Ok(kept)
    }

    /// Files kept documents under their ids, all or none; they can be found from now on. Bytes that were
    /// here before are not kept twice.
    pub(crate) async fn file(&self, documents: Vec<New>) -> Result<Vec<i64>, StoreError> {
        let filed = index::insert(&self.index, documents).await?;
        for key in &filed.superfluous {
            if let Err(error) = self.contents.remove(key).await {
                tracing::warn!(%error, "bytes that were here before stay twice until they are swept");
            }
        }
        Ok(filed.numbers)
    }

    /// Notes that the registry knows these documents.
    pub(crate) async fn registered(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        Ok(index::mark_registered(&self.index, numbers).await?)
    }

    /// Takes out documents that are not known to be registered, and their bytes when nothing else is made of them.
    pub(crate) async fn remove(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        for key in index::remove(&self.index, numbers).await? {
            self.contents.remove(&key).await?;
        }
        Ok(())
    }

    /// Removes those of these objects that no document names; none can name them while that goes on.
    pub(crate) async fn remove_unnamed(&self, keys: Vec<String>) -> Result<usize, StoreError> {
        let condemned = index::condemn(&self.index, keys).await?;
        for key in &condemned {
            self.contents.remove(key).await?;
        }
        let removed = condemned.len();
        if removed > 0 {
            index::spare(&self.index, condemned).await?;
        }
        Ok(removed)
    }

    /// The document of that id, one that the registry knows before one that it does not know yet.
    pub(crate) async fn find(&self, unique_id: &str) -> Result<Option<Found>, StoreError> {
        Ok(index::find(&self.index, unique_id).await?)
    }

    /// The content of a found document.
    pub(crate) fn content(&self, found: &Found) -> Content {
        self.contents.open(found.key.clone(), found.sha256)
    }

    /// The size of the object that holds a found document; an error when it is not there.
    pub(crate) async fn size(&self, found: &Found) -> Result<u64, StoreError> {
        self.contents.size(&found.key).await
    }

    /// Where the objects lie.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn index(&self) -> &Database {
        &self.index
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }
}
