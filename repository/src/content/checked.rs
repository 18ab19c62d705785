//! Objects as who verifies, backs up and restores sees them: by their keys, hashed from end to end.

use std::io::Read;

use futures_util::stream::TryChunksError;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStoreExt};
use sha2::{Digest, Sha256};
use soap::parts::Content;

use super::{BATCH, Contents, DOCUMENTS, Hashes, INCOMING, Piece, SMALL, shelf_at};
use crate::store::StoreError;

/// What is read of a file at a time.
const CHUNK: usize = 256 << 10;

/// What an object turned out to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) sha256: [u8; 32],
    pub(crate) size: u64,
}

impl Contents {
    /// Reads an object from end to end; none when it is not there.
    pub(crate) async fn measure(&self, key: &str) -> Result<Option<Measured>, StoreError> {
        let found = match self.objects.get(&Path::from(key)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match found.payload {
            GetResultPayload::File(mut file, _) => {
                let read = tokio::task::spawn_blocking(move || {
                    let (mut sha256, mut size, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
                    loop {
                        let length = file.read(&mut chunk)?;
                        if length == 0 {
                            return std::io::Result::Ok(Measured { sha256: sha256.finalize().into(), size });
                        }
                        sha256.update(chunk.get(..length).unwrap_or_default());
                        size += length as u64;
                    }
                });
                let read = read.await.map_err(std::io::Error::other).and_then(|read| read);
                read.map(Some).map_err(StoreError::Reading)
            }
            GetResultPayload::Stream(mut stream) => {
                let (mut sha256, mut size) = (Sha256::new(), 0);
                while let Some(chunk) = stream.try_next().await? {
                    sha256.update(&chunk);
                    size += chunk.len() as u64;
                }
                Ok(Some(Measured { sha256: sha256.finalize().into(), size }))
            }
        }
    }

    /// The keys on one of the 256 shelves, in batches.
    pub(crate) fn shelf(&self, shelf: u8) -> impl Stream<Item = Result<Vec<String>, StoreError>> + Send {
        let listed = self.objects.list(Some(&Path::from(shelf_at(shelf))));
        let keys = listed.map_ok(|object| object.location.to_string()).map_err(StoreError::from);
        keys.try_chunks(BATCH).map_err(|TryChunksError(_, error)| error)
    }

    /// Whether there is any document.
    pub(crate) async fn is_empty(&self) -> Result<bool, StoreError> {
        let mut listed = self.objects.list(Some(&Path::from(DOCUMENTS)));
        Ok(listed.next().await.transpose()?.is_none())
    }

    /// Keeps a document under the key that it had, in place of what may be there; when this returns, it is durable.
    /// `content` fails when it is not what it must be, and then nothing is kept.
    pub(crate) async fn put_back(
        &self,
        key: &str,
        mut content: Content,
        size: u64,
    ) -> Result<(), StoreError> {
        self.remove(key).await?;
        let start = Piece::of(&mut content, SMALL + 1).await?;
        if start.is_last {
            return self.put(key, start.chunks.into_iter().collect(), size).await;
        }
        let staged = Path::from(format!("{INCOMING}/{}", uuid::Uuid::new_v4()));
        let hashes = Hashes::default().pass(&start.chunks, start.size, u64::MAX).await?;
        self.stage(&staged, start, content, hashes, u64::MAX).await?;
        self.place(&staged, key, size).await
    }
}
