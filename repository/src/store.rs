//! Documents at rest: their bytes in an object store, and an index that says which is which.

use std::io;
use std::path::Path;
use std::sync::Arc;

use database::{Database, DatabaseError};
use object_store::local::LocalFileSystem;
use soap::parts::Content;

use crate::content::{Contents, Kept};
use crate::index;
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
}

impl Store {
    /// Opens a store in a folder, which is made when it is not there.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::Folder { path: folder.display().to_string(), error };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        let index = folder.join("repository.sqlite");
        let index = Database::open(&index.display().to_string(), &index::SCHEMA).await?;
        Ok(Self { contents: Contents::new(Arc::new(objects)), index })
    }

    /// Keeps the bytes of a document, not yet under any id.
    pub(crate) async fn keep(&self, content: Content, limit: u64) -> Result<Kept, StoreError> {
        self.contents.keep(content, limit).await
    }

    /// Files kept documents under their ids, all or none; they can be found from now on. Bytes that were
    /// here before are not kept twice.
    pub(crate) async fn file(&self, documents: Vec<New>) -> Result<Vec<i64>, StoreError> {
        let filed = index::insert(&self.index, documents).await?;
        for key in &filed.superfluous {
            self.contents.remove(key).await?;
        }
        Ok(filed.numbers)
    }

    /// Notes that the registry knows these documents.
    pub(crate) async fn registered(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        Ok(index::mark_registered(&self.index, numbers).await?)
    }

    /// Takes documents out again, and their bytes when nothing else is made of them.
    pub(crate) async fn remove(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        for key in index::remove(&self.index, numbers).await? {
            self.contents.remove(&key).await?;
        }
        Ok(())
    }

    /// Removes bytes that were kept but never filed.
    pub(crate) async fn discard(&self, kept: &[Kept]) -> Result<(), StoreError> {
        for Kept { key, .. } in kept {
            self.contents.remove(key).await?;
        }
        Ok(())
    }

    /// The document of that id, one that the registry knows before one that it does not know yet.
    pub(crate) async fn find(&self, unique_id: &str) -> Result<Option<Found>, StoreError> {
        Ok(index::find(&self.index, unique_id).await?)
    }

    /// The content of a found document.
    pub(crate) fn content(&self, found: &Found) -> Content {
        self.contents.open(found.key.clone(), found.sha256)
    }

    pub(crate) fn index(&self) -> &Database {
        &self.index
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }
}
