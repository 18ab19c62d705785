//! The bytes of documents in an object store, hashed while they pass (design D5).
//!
//! An object's key begins with the SHA-256 of what it holds, so that it can be checked without the index; a
//! document's id never becomes a path.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use actors::integrity::{Check, expecting};
use bytes::{Bytes, BytesMut};
use futures_util::stream::TryChunksError;
use futures_util::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt, WriteMultipart};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use soap::parts::Content;
use tokio::task::JoinHandle;

use crate::meters;
use crate::store::StoreError;

/// Documents up to this size are written in one piece.
const SMALL: usize = 1 << 20;
/// The piece in which larger ones are written; with [`PIECES`] it bounds the memory of an upload.
const PIECE: usize = 1 << 20;
/// Pieces on their way to the disk at a time.
const PIECES: usize = 2;

/// What is read of a file at a time.
const CHUNK: usize = 256 << 10;
/// Objects that are looked at together when all are.
const BATCH: usize = 1_000;

const DOCUMENTS: &str = "documents";
const INCOMING: &str = "incoming";

/// What a document turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Where it lies.
    pub(crate) key: String,
    pub(crate) sha256: [u8; 32],
    pub(crate) sha1: [u8; 20],
    pub(crate) size: u64,
}

/// The object store of one repository.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    objects: Arc<dyn ObjectStore>,
}

impl Contents {
    pub(crate) fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects }
    }

    /// Keeps a document; when this returns, it is durable.
    pub(crate) async fn keep(&self, mut content: Content, limit: u64) -> Result<Kept, StoreError> {
        let mut hashes = Hashes::default();
        let mut start = BytesMut::new();
        while let Some(chunk) = content.chunk().await.map_err(StoreError::Incoming)? {
            hashes.update(&chunk, limit)?;
            start.extend_from_slice(&chunk);
            if start.len() > SMALL {
                return self.keep_large(start.freeze(), content, hashes, limit).await;
            }
        }
        let kept = hashes.finish();
        self.objects.put(&Path::from(kept.key.as_str()), start.freeze().into()).await?;
        Ok(kept)
    }

    async fn keep_large(
        &self,
        start: Bytes,
        content: Content,
        hashes: Hashes,
        limit: u64,
    ) -> Result<Kept, StoreError> {
        let incoming = Path::from(format!("{INCOMING}/{}", uuid::Uuid::new_v4()));
        let upload = self.objects.put_multipart(&incoming).await?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        upload.write(&start);
        match pour(content, &mut upload, hashes, limit).await {
            Ok(hashes) => {
                upload.finish().await?;
                let kept = hashes.finish();
                self.objects.rename(&incoming, &Path::from(kept.key.as_str())).await?;
                Ok(kept)
            }
            Err(error) => {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "a document that was refused half-way stays until it is swept");
                }
                Err(error)
            }
        }
    }

    /// Opens a document that is read when its turn comes. Its last bytes are only given when all of it is
    /// what was kept.
    pub(crate) fn open(&self, key: String, sha256: [u8; 32]) -> Content {
        let (objects, object) = (Arc::clone(&self.objects), key.clone());
        let opened = async move {
            let found = objects.get(&Path::from(key)).await.map_err(io::Error::other)?;
            Ok::<_, io::Error>(match found.payload {
                GetResultPayload::File(file, _) => read_checked(file, sha256.to_vec()),
                GetResultPayload::Stream(stream) => expecting::<Sha256>(
                    Content::from_stream(stream.map_err(io::Error::other)),
                    sha256.to_vec(),
                ),
            })
        };
        let checked = futures_util::stream::once(opened).try_flatten();
        Content::from_stream(checked.inspect_err(move |error| {
            meters::unreadable(error);
            tracing::error!(%error, object, "a kept document cannot be given");
        }))
    }

    /// The size of an object.
    pub(crate) async fn size(&self, key: &str) -> Result<u64, StoreError> {
        Ok(self.objects.head(&Path::from(key)).await?.size)
    }

    pub(crate) async fn remove(&self, key: &str) -> Result<(), StoreError> {
        match self.objects.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// All objects with the second of their last change, in batches.
    pub(crate) fn all(&self) -> impl Stream<Item = Result<Vec<(String, i64)>, StoreError>> + Send {
        let objects = Arc::clone(&self.objects);
        let prefixes = futures_util::stream::iter([DOCUMENTS, INCOMING]);
        let listed = prefixes.flat_map(move |prefix| objects.list(Some(&Path::from(prefix))));
        let dated = listed.map_ok(|object| (object.location.to_string(), object.last_modified.timestamp()));
        dated.err_into().try_chunks(BATCH).map_err(|TryChunksError(_, error)| error)
    }
}

/// Moves the rest of a document from the wire to the disk, never more than a few pieces ahead.
async fn pour(
    mut content: Content,
    upload: &mut WriteMultipart,
    mut hashes: Hashes,
    limit: u64,
) -> Result<Hashes, StoreError> {
    while let Some(chunk) = content.chunk().await.map_err(StoreError::Incoming)? {
        hashes.update(&chunk, limit)?;
        upload.wait_for_capacity(PIECES).await?;
        upload.write(&chunk);
    }
    Ok(hashes)
}

/// Reads a file and compares it with its SHA-256, away from the tasks that talk to the network and a chunk
/// ahead of them.
fn read_checked(file: File, sha256: Vec<u8>) -> Content {
    let first = read_ahead(Reading { file, check: Check::new(sha256) });
    Content::from_stream(futures_util::stream::try_unfold(Some(first), |ahead| async {
        let Some(ahead) = ahead else { return Ok(None) };
        let (chunk, rest) = ahead.await.map_err(io::Error::other)??;
        Ok(Some((chunk, rest.map(read_ahead))))
    }))
}

struct Reading {
    file: File,
    check: Check<Sha256>,
}

type Ahead = JoinHandle<io::Result<(Bytes, Option<Reading>)>>;

fn read_ahead(reading: Reading) -> Ahead {
    tokio::task::spawn_blocking(|| reading.next())
}

impl Reading {
    /// The next chunk, and how to go on; empty at the end of an empty file.
    fn next(mut self) -> io::Result<(Bytes, Option<Self>)> {
        loop {
            let mut chunk = vec![0; CHUNK];
            let length = self.file.read(&mut chunk)?;
            if length == 0 {
                return Ok((self.check.end()?.unwrap_or_default(), None));
            }
            chunk.truncate(length);
            if let Some(ready) = self.check.pass(chunk.into()) {
                return Ok((ready, Some(self)));
            }
        }
    }
}

#[derive(Default)]
struct Hashes {
    sha1: Sha1,
    sha256: Sha256,
    size: u64,
}

impl Hashes {
    fn update(&mut self, chunk: &[u8], limit: u64) -> Result<(), StoreError> {
        self.size += chunk.len() as u64;
        if self.size > limit {
            return Err(StoreError::TooLarge { limit });
        }
        self.sha1.update(chunk);
        self.sha256.update(chunk);
        Ok(())
    }

    fn finish(self) -> Kept {
        let sha256: [u8; 32] = self.sha256.finalize().into();
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let shelf = hex.get(..2).unwrap_or_default();
        let key = format!("{DOCUMENTS}/{shelf}/{hex}.{}", uuid::Uuid::new_v4().simple());
        Kept { key, sha256, sha1: self.sha1.finalize().into(), size: self.size }
    }
}
