//! What a document turns out to be, found while it passes: SHA-1, SHA-256 and size.

use bytes::Bytes;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::DOCUMENTS;
use crate::store::StoreError;

/// Up to here hashing takes less time than handing it to another thread.
const AT_ONCE: usize = 64 << 10;

/// What a document turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Where it lies.
    pub(crate) key: String,
    pub(crate) sha256: [u8; 32],
    pub(crate) sha1: [u8; 20],
    pub(crate) size: u64,
}

#[derive(Default)]
pub(super) struct Hashes {
    sha1: Sha1,
    sha256: Sha256,
    size: u64,
}

impl Hashes {
    /// Takes so many bytes more into account.
    pub(super) fn count(&mut self, size: usize, limit: u64) -> Result<(), StoreError> {
        self.size += size as u64;
        if self.size > limit { Err(StoreError::TooLarge { limit }) } else { Ok(()) }
    }

    pub(super) fn update(mut self, chunks: Vec<Bytes>) -> Self {
        for chunk in chunks {
            self.sha1.update(&chunk);
            self.sha256.update(&chunk);
        }
        self
    }

    /// Counts and hashes, away from the tasks that talk to the network when it is much.
    pub(super) async fn pass(
        mut self,
        chunks: &[Bytes],
        size: usize,
        limit: u64,
    ) -> Result<Self, StoreError> {
        self.count(size, limit)?;
        let chunks = chunks.to_vec();
        if size <= AT_ONCE {
            return Ok(self.update(chunks));
        }
        tokio::task::spawn_blocking(|| self.update(chunks)).await.map_err(StoreError::stopped)
    }

    pub(super) fn finish(self) -> Kept {
        let sha256: [u8; 32] = self.sha256.finalize().into();
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let shelf = hex.get(..2).unwrap_or_default();
        let key = format!("{DOCUMENTS}/{shelf}/{hex}.{}", uuid::Uuid::new_v4().simple());
        Kept { key, sha256, sha1: self.sha1.finalize().into(), size: self.size }
    }
}
