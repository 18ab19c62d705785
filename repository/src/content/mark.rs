//! The mark of a place: an object beside the documents that says to which index they belong.

use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode};

use super::Contents;
use crate::store::StoreError;

/// The mark's key. It is on no shelf, so that nobody sweeps it.
const MARK: &str = "index-id";

impl Contents {
    /// What the mark says; none when there is none.
    pub(crate) async fn mark(&self) -> Result<Option<String>, StoreError> {
        let found = match self.objects.get(&Path::from(MARK)).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(String::from_utf8_lossy(&found.bytes().await?).trim().to_owned()))
    }

    /// Marks the place, unless it has a mark.
    pub(crate) async fn put_mark(&self, id: &str) -> Result<(), StoreError> {
        let bytes = format!("{id}\n").into_bytes();
        match self.objects.put_opts(&Path::from(MARK), bytes.into(), PutMode::Create.into()).await {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether an object is there.
    pub(crate) async fn has(&self, key: &str) -> Result<bool, StoreError> {
        match self.objects.head(&Path::from(key)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
