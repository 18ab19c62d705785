//! Kept documents on their way out: compared with their SHA-256 while they pass, the last bytes held back until the
//! whole is right (design D2).

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::integrity::{Altered, Check, expecting};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use soap::parts::Content;
use tokio::task::JoinHandle;

use crate::store::StoreError;

/// What is read of a file at a time.
const CHUNK: usize = 256 << 10;
/// Buffers that a document takes on its way out: one is hashed, one is held back, one is sent.
const BUFFERS: usize = 4;

/// How often a read that breaks off is taken up again where it ended, before it is given up.
const RESUMED: u32 = 4;
/// The pause before that, doubled each time.
const PAUSE: Duration = Duration::from_millis(200);

/// Reads a file, away from the tasks that talk to the network and a chunk ahead of them.
pub(super) fn of_file(path: PathBuf, sha256: [u8; 32]) -> Content {
    let closed = Next::Open(path, Check::new(sha256.to_vec()));
    Content::from_stream(futures_util::stream::try_unfold(closed, |next| async {
        let ahead = match next {
            Next::Open(path, check) => tokio::task::spawn_blocking(|| {
                Reading { file: File::open(path)?, check, buffers: Buffers::default() }.next()
            }),
            Next::Ahead(ahead) => ahead,
            Next::End => return Ok(None),
        };
        let (chunk, rest) = ahead.await.map_err(io::Error::other)??;
        let next = rest.map(|rest| Next::Ahead(tokio::task::spawn_blocking(|| rest.next())));
        Ok(Some((chunk, next.unwrap_or(Next::End))))
    }))
}

/// What is to come of a file.
enum Next {
    Open(PathBuf, Check<Sha256>),
    Ahead(JoinHandle<io::Result<(Bytes, Option<Reading>)>>),
    End,
}

struct Reading {
    file: File,
    check: Check<Sha256>,
    buffers: Buffers,
}

impl Reading {
    /// The next chunk, and how to go on; empty at the end of an empty file.
    fn next(mut self) -> io::Result<(Bytes, Option<Self>)> {
        loop {
            let mut buffer = self.buffers.take();
            buffer.length = self.file.read(&mut buffer.bytes)?;
            if buffer.length == 0 {
                return Ok((self.check.end()?.unwrap_or_default(), None));
            }
            if let Some(ready) = self.check.pass(Bytes::from_owner(buffer)) {
                return Ok((ready, Some(self)));
            }
        }
    }
}

/// Buffers that come back when what was in them has been sent.
#[derive(Debug, Clone, Default)]
struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

impl Buffers {
    fn take(&self) -> Buffer {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer { bytes: spare.unwrap_or_else(|| vec![0; CHUNK]), length: 0, home: self.clone() }
    }
}

struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    home: Buffers,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut home = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if home.len() < BUFFERS {
            home.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// All of a file, if it is what was kept.
pub(crate) fn whole_file(path: &std::path::Path, sha256: [u8; 32], size: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    // One byte more than there should be: a file that has grown is damaged too.
    File::open(path)?.take(size + 1).read_to_end(&mut bytes)?;
    checked(bytes.into(), sha256)
}

/// All of an object, if it is what was kept.
pub(super) async fn whole_object(
    objects: &dyn ObjectStore,
    key: &str,
    sha256: [u8; 32],
    size: u64,
) -> Result<Bytes, StoreError> {
    let found = objects.get(&Path::from(key)).await?;
    if found.meta.size != size {
        return Err(StoreError::Reading(io::Error::other(Altered)));
    }
    checked(found.bytes().await?, sha256).map_err(StoreError::Reading)
}

fn checked(bytes: Bytes, sha256: [u8; 32]) -> io::Result<Bytes> {
    let right = <[u8; 32]>::from(Sha256::digest(&bytes)) == sha256;
    if right { Ok(bytes) } else { Err(io::Error::other(Altered)) }
}

/// Reads an object; where the service breaks off, it is asked for the rest.
pub(super) fn of_object(objects: Arc<dyn ObjectStore>, key: &str, sha256: [u8; 32]) -> Content {
    let arriving = Arriving { objects, path: Path::from(key), opened: None, offset: 0, broken: 0 };
    let stream = futures_util::stream::try_unfold(arriving, |mut arriving| async {
        Ok::<_, io::Error>(arriving.chunk().await?.map(|chunk| (chunk, arriving)))
    });
    expecting::<Sha256>(Content::from_stream(stream), sha256.to_vec())
}

struct Arriving {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    opened: Option<Opened>,
    offset: u64,
    /// Times in a row that it broke off.
    broken: u32,
}

struct Opened {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    size: u64,
    e_tag: Option<String>,
}

impl Arriving {
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match self.try_chunk().await {
                Ok(Some(chunk)) => {
                    self.offset += chunk.len() as u64;
                    self.broken = 0;
                    return Ok(Some(chunk));
                }
                Ok(None) => return Ok(None),
                Err(error) if self.broken < RESUMED && self.opened.is_some() => {
                    tracing::debug!(%error, offset = self.offset, "a document is asked for again from here");
                    tokio::time::sleep(PAUSE * 2_u32.pow(self.broken)).await;
                    self.broken += 1;
                    if let Some(opened) = &mut self.opened {
                        opened.stream = futures_util::stream::empty().boxed();
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    async fn try_chunk(&mut self) -> object_store::Result<Option<Bytes>> {
        if let Some(opened) = &mut self.opened {
            if let Some(chunk) = opened.stream.try_next().await? {
                return Ok(Some(chunk));
            }
            if self.offset >= opened.size {
                return Ok(None);
            }
        }
        let whole = GetOptions::new();
        let options = match &self.opened {
            Some(opened) => whole
                .with_range(Some(GetRange::Bounded(self.offset..opened.size)))
                .with_if_match(opened.e_tag.clone()),
            None => whole,
        };
        let found = self.objects.get_opts(&self.path, options).await?;
        let (size, e_tag) = (found.meta.size, found.meta.e_tag.clone());
        let opened = self.opened.insert(Opened { stream: found.into_stream(), size, e_tag });
        opened.stream.try_next().await
    }
}
