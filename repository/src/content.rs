//! The bytes of documents in an object store, hashed while they pass (design D5).
//!
//! An object's key begins with the SHA-256 of what it holds, so that it can be checked without the index; a
//! document's id never becomes a path. Objects lie in a local folder or in a bucket of an S3 service.

mod bucket;
mod checked;
mod folder;
mod hashes;
mod mark;
mod reading;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use database::Database;
use futures_util::stream::TryChunksError;
use futures_util::{Stream, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use soap::parts::Content;
use tokio::task::JoinHandle;

use crate::meters;
use crate::store::StoreError;
pub use bucket::Bucket;
use bucket::OpenBucket;
use hashes::Hashes;
pub(crate) use hashes::Kept;
pub(crate) use reading::whole_file;

/// Documents up to this size are written in one piece.
const SMALL: usize = 1 << 20;
/// The piece in which larger ones are hashed and written. While two are, the next is gathered: that is the memory
/// of an upload.
const PIECE: usize = 512 << 10;

/// Objects that are looked at together when many are.
const BATCH: usize = 1_000;

const DOCUMENTS: &str = "documents";
const INCOMING: &str = "incoming";

/// Where a repository keeps its documents.
#[derive(Debug, Clone)]
pub enum Documents {
    /// In a local folder, a file each.
    Folder(PathBuf),
    /// In a bucket of an S3 service, an object each.
    Bucket(Box<Bucket>),
}

/// The object store of one repository.
#[derive(Debug)]
pub(crate) struct Contents {
    /// All of it, by the keys that the index has.
    objects: Arc<dyn ObjectStore>,
    /// Where a large document is gathered until it is whole and its key is known.
    staging: Arc<LocalFileSystem>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Bucket(Box<OpenBucket>),
}

impl Contents {
    /// Opens what is there, or makes it.
    pub(crate) fn at(documents: &Documents, index: &Arc<Database>) -> Result<Self, StoreError> {
        Ok(match documents {
            Documents::Folder(path) => {
                let path = folder::make(path)?;
                let objects = Arc::new(LocalFileSystem::new_with_prefix(&path)?.with_fsync(true));
                let staging = Arc::clone(&objects);
                Self { objects, staging, place: Place::Folder(path) }
            }
            Documents::Bucket(bucket) => {
                let staging = Arc::new(folder::make_spool(&bucket.spool)?);
                let open = OpenBucket::open(bucket, Arc::clone(index))?;
                Self { objects: open.objects(), staging, place: Place::Bucket(Box::new(open)) }
            }
        })
    }

    /// Opens what is there, to look at it.
    pub(crate) fn look(documents: &Documents, index: &Arc<Database>) -> Result<Self, StoreError> {
        let Documents::Folder(path) = documents else { return Self::at(documents, index) };
        let failed = |error| StoreError::Folder { path: path.display().to_string(), error };
        let path = std::path::absolute(path).map_err(failed)?;
        let objects = Arc::new(LocalFileSystem::new_with_prefix(&path)?);
        let staging = Arc::clone(&objects);
        Ok(Self { objects, staging, place: Place::Folder(path) })
    }

    /// Keeps a document; when this returns, it is durable.
    pub(crate) async fn keep(&self, mut content: Content, limit: u64) -> Result<Kept, StoreError> {
        let start = Piece::of(&mut content, SMALL + 1).await?;
        let hashes = Hashes::default().pass(&start.chunks, start.size, limit).await?;
        if start.is_last {
            let kept = hashes.finish();
            self.put(&kept.key, start.chunks.into_iter().collect(), kept.size).await?;
            return Ok(kept);
        }
        let staged = Path::from(format!("{INCOMING}/{}", uuid::Uuid::new_v4()));
        let kept = self.stage(&staged, start, content, hashes, limit).await?.finish();
        self.place(&staged, &kept.key, kept.size).await?;
        Ok(kept)
    }

    /// Keeps bytes under a key.
    async fn put(&self, key: &str, bytes: PutPayload, size: u64) -> Result<(), StoreError> {
        let path = Path::from(key);
        match &self.place {
            Place::Folder(_) => {
                if let Err(error) = self.objects.put(&path, bytes).await {
                    // It may be there and not be durable: then nobody must find it.
                    self.discard(&path).await;
                    return Err(error.into());
                }
                Ok(())
            }
            Place::Bucket(bucket) => bucket.put(key, bytes, size).await,
        }
    }

    /// Gathers a large document in a file of its own.
    async fn stage(
        &self,
        staged: &Path,
        start: Piece,
        content: Content,
        hashes: Hashes,
        limit: u64,
    ) -> Result<Hashes, StoreError> {
        let mut upload = self.staging.put_multipart(staged).await?;
        let outcome = match pour(start, content, hashes, limit, upload.as_mut()).await {
            Ok(hashes) => upload.complete().await.map(|_| hashes).map_err(StoreError::from),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // After a completion that failed there is nothing to abort, but something to remove.
            let _ = upload.abort().await;
            self.discard(staged).await;
        }
        outcome
    }

    /// Gives a gathered document its key.
    async fn place(&self, staged: &Path, key: &str, size: u64) -> Result<(), StoreError> {
        let placed = match &self.place {
            Place::Folder(_) => {
                let renamed = self.objects.rename(staged, &Path::from(key)).await;
                if renamed.is_err() {
                    self.discard(&Path::from(key)).await;
                }
                renamed.map_err(StoreError::from)
            }
            Place::Bucket(bucket) => match self.staging.path_to_filesystem(staged) {
                Ok(file) => bucket.upload(&file, key, size).await,
                Err(error) => Err(error.into()),
            },
        };
        if placed.is_err() || matches!(self.place, Place::Bucket(_)) {
            self.discard(staged).await;
        }
        placed
    }

    /// Removes a file that is of no use, as well as that goes: the sweeper finds the rest.
    async fn discard(&self, path: &Path) {
        if let Err(error) = self.staging.delete(path).await
            && !matches!(error, object_store::Error::NotFound { .. })
        {
            tracing::warn!(%error, "a document that was not kept stays until it is swept");
        }
        if let Ok(file) = self.staging.path_to_filesystem(path) {
            folder::remove_unfinished(file).await;
        }
    }

    /// Opens a document that is read when its turn comes. Its last bytes are only given when all of it is
    /// what was kept.
    pub(crate) fn open(&self, key: String, sha256: [u8; 32]) -> Content {
        let object = key.clone();
        let content = match &self.place {
            Place::Folder(folder) => reading::of_file(folder.join(key), sha256),
            Place::Bucket(_) => reading::of_object(Arc::clone(&self.objects), &key, sha256),
        };
        Content::from_stream(content.inspect_err(move |error| {
            meters::unreadable(error);
            tracing::error!(%error, object, "a kept document cannot be given");
        }))
    }

    /// The folder where documents are files.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder.clone()),
            Place::Bucket(_) => None,
        }
    }

    /// All of a small document, when it is what was kept.
    pub(crate) async fn read(&self, key: &str, sha256: [u8; 32], size: u64) -> Result<Bytes, StoreError> {
        reading::whole_object(&*self.objects, key, sha256, size).await
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

    /// The objects of one of the 256 shelves with the second of their last change, in batches.
    pub(crate) fn dated(
        &self,
        shelf: u8,
    ) -> impl Stream<Item = Result<Vec<(String, i64)>, StoreError>> + Send {
        let listed = self.objects.list(Some(&Path::from(shelf_at(shelf))));
        let dated = listed.map_ok(|object| (object.location.to_string(), object.last_modified.timestamp()));
        dated.err_into().try_chunks(BATCH).map_err(|TryChunksError(_, error)| error)
    }

    /// Removes what a crash has left unfinished: on a shelf, and with the first one all that has no key yet; how many
    /// files or uploads.
    pub(crate) async fn remove_unfinished(&self, shelf: u8, before: i64) -> Result<usize, StoreError> {
        match &self.place {
            Place::Folder(path) => {
                let incoming = (shelf == 0).then(|| path.join(INCOMING));
                let shelf = path.join(shelf_at(shelf));
                Ok(folder::sweep_unfinished(shelf, incoming, before).await)
            }
            Place::Bucket(bucket) if shelf == 0 => bucket.abort_stale(before).await,
            Place::Bucket(_) => Ok(0),
        }
    }
}

/// With what the keys of the objects on a shelf begin.
pub(crate) fn shelf_at(shelf: u8) -> String {
    format!("{DOCUMENTS}/{shelf:02x}")
}

/// What a document is, without keeping it; none if it has more than so many bytes or does not arrive whole.
pub(crate) async fn weigh(mut content: Content, limit: u64) -> Option<Kept> {
    let mut hashes = Hashes::default();
    loop {
        let piece = Piece::of(&mut content, PIECE).await.ok()?;
        hashes = hashes.pass(&piece.chunks, piece.size, limit).await.ok()?;
        if piece.is_last {
            return Some(hashes.finish());
        }
    }
}

/// Moves a document from the wire to the disk: while a piece is hashed and written, the next is gathered.
async fn pour(
    start: Piece,
    mut content: Content,
    hashes: Hashes,
    limit: u64,
    upload: &mut dyn MultipartUpload,
) -> Result<Hashes, StoreError> {
    let mut hashing = tokio::spawn(async { hashes });
    let mut writing = tokio::spawn(upload.put_part(start.chunks.into_iter().collect()));
    loop {
        let piece = Piece::of(&mut content, PIECE).await?;
        let mut hashes = hashing.await.map_err(StoreError::stopped)?;
        hashes.count(piece.size, limit)?;
        written(writing).await?;
        let chunks = piece.chunks.clone();
        hashing = tokio::task::spawn_blocking(|| hashes.update(chunks));
        writing = tokio::spawn(upload.put_part(piece.chunks.into_iter().collect()));
        if piece.is_last {
            written(writing).await?;
            return hashing.await.map_err(StoreError::stopped);
        }
    }
}

async fn written(writing: JoinHandle<object_store::Result<()>>) -> Result<(), StoreError> {
    writing.await.map_err(StoreError::stopped)?.map_err(StoreError::from)
}

/// Some of a document, in the chunks in which it came.
struct Piece {
    chunks: Vec<Bytes>,
    size: usize,
    /// Whether nothing follows.
    is_last: bool,
}

impl Piece {
    /// The next bytes of a document: at least `size` of them, or all that is left.
    async fn of(content: &mut Content, size: usize) -> Result<Self, StoreError> {
        let mut piece = Self { chunks: Vec::new(), size: 0, is_last: false };
        while piece.size < size {
            let Some(chunk) = content.chunk().await.map_err(StoreError::Incoming)? else {
                piece.is_last = true;
                break;
            };
            piece.size += chunk.len();
            piece.chunks.push(chunk);
        }
        Ok(piece)
    }
}
