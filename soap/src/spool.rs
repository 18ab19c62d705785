//! A temporary file for documents that come before they can be handed on (design D1).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use uuid::Uuid;

use crate::parts::Content;

/// Bytes gathered before they are written at once, and read at once.
const BATCH: usize = 1 << 20;

type Shared = Arc<Mutex<File>>;

/// Where spool files go: the system's folder for temporary files, unless another is chosen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folder(Option<Arc<Path>>);

impl From<PathBuf> for Folder {
    fn from(path: PathBuf) -> Self {
        Self(Some(path.into()))
    }
}

impl Folder {
    fn file(&self) -> io::Result<File> {
        match &self.0 {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        }
    }
}

/// A failure of ours: the log has it under this id, the peer is told no more.
#[derive(Debug, thiserror::Error)]
#[error("internal error, logged as {0}")]
pub(crate) struct Logged(Uuid);

/// Whether bytes did not come because of a failure of ours, which the log has already: the peer is not to blame.
pub fn failed_here(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<Logged>())
}

/// Bytes on disk, nameless: they are gone with the last who reads them. The file is made when the
/// first bytes come, and the disk is touched only off the runtime's threads.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: Folder,
    file: Option<Shared>,
    batch: Vec<Bytes>,
    batched: usize,
    length: u64,
}

impl Spool {
    /// An empty one, that is to be in a folder.
    pub(crate) fn new(folder: &Folder) -> Self {
        Self { folder: folder.clone(), file: None, batch: Vec::new(), batched: 0, length: 0 }
    }

    /// Adds bytes at the end.
    pub(crate) async fn add(&mut self, bytes: Bytes) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.batched += bytes.len();
        self.batch.push(bytes);
        if self.batched >= BATCH { self.flush().await } else { Ok(()) }
    }

    /// Adds all of a content; where it now stands.
    pub(crate) async fn add_all(&mut self, content: &mut Content) -> io::Result<Range<u64>> {
        let start = self.length;
        while let Some(chunk) = content.chunk().await? {
            self.add(chunk).await?;
        }
        Ok(start..self.length)
    }

    /// What stands in a range.
    pub(crate) async fn content(&mut self, range: Range<u64>) -> io::Result<Content> {
        self.flush().await?;
        let Some(file) = &self.file else { return Ok(Content::empty()) };
        let state = (Arc::clone(file), range);
        Ok(Content::from_stream(stream::try_unfold(state, |(file, range)| async {
            if range.is_empty() {
                return Ok(None);
            }
            let (file, bytes, range) = off_runtime(move || read(file, range)).await?;
            Ok(Some((bytes, (file, range))))
        })))
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.batched = 0;
        let (folder, file) = (self.folder.clone(), self.file.clone());
        self.file = Some(off_runtime(move || append(&folder, file, batch)).await?);
        Ok(())
    }
}

fn append(folder: &Folder, file: Option<Shared>, batch: Vec<Bytes>) -> io::Result<Shared> {
    let file = match file {
        Some(file) => file,
        None => Arc::new(Mutex::new(folder.file()?)),
    };
    let mut open = file.lock().unwrap_or_else(PoisonError::into_inner);
    open.seek(SeekFrom::End(0))?;
    for bytes in batch {
        open.write_all(&bytes)?;
    }
    drop(open);
    Ok(file)
}

fn read(file: Shared, mut range: Range<u64>) -> io::Result<(Shared, Bytes, Range<u64>)> {
    let length = range.end.saturating_sub(range.start).min(BATCH as u64);
    let mut bytes = Vec::new();
    let mut open = file.lock().unwrap_or_else(PoisonError::into_inner);
    open.seek(SeekFrom::Start(range.start))?;
    (&mut *open).take(length).read_to_end(&mut bytes)?;
    drop(open);
    if bytes.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a temporary file was cut"));
    }
    range.start += bytes.len() as u64;
    Ok((file, Bytes::from(bytes), range))
}

async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other).flatten();
    done.map_err(|error| {
        let id = Uuid::new_v4();
        tracing::error!(%id, %error, "a temporary file could not be written or read");
        io::Error::new(error.kind(), Logged(id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_back_each_range_whatever_is_added_meanwhile() {
        let mut spool = Spool::new(&Folder::default());
        let first: Vec<u8> = (0..3 * BATCH + 5).map(|at| (at % 251) as u8).collect();
        let one = spool.add_all(&mut Content::from(first.clone())).await.unwrap();
        let two = spool.add_all(&mut Content::from(b"second".to_vec())).await.unwrap();
        let mut reading = spool.content(one).await.unwrap();
        let mut got = reading.chunk().await.unwrap().unwrap().to_vec();
        let three = spool.add_all(&mut Content::from(b"third".to_vec())).await.unwrap();
        assert_eq!(spool.content(two).await.unwrap().collect(9).await.unwrap(), "second");
        assert_eq!(spool.content(three.clone()).await.unwrap().collect(9).await.unwrap(), "third");
        drop(spool);
        got.extend_from_slice(&reading.collect(4 * BATCH).await.unwrap());
        assert_eq!(got, first);
    }

    #[tokio::test]
    async fn a_failure_of_ours_is_told_from_one_of_the_peers() {
        let folder = Folder::from(PathBuf::from("/nowhere/at/all"));
        let mut spool = Spool::new(&folder);
        spool.add_all(&mut Content::from(b"bytes".to_vec())).await.unwrap();
        let ours = spool.content(0..5).await.unwrap_err();
        assert!(failed_here(&ours) && ours.to_string().starts_with("internal error"), "{ours}");
        assert!(!failed_here(&io::Error::other("the peer hung up")));
    }

    #[tokio::test]
    async fn touches_no_disk_for_nothing() {
        let mut spool = Spool::new(&Folder::default());
        let range = spool.add_all(&mut Content::empty()).await.unwrap();
        assert_eq!(spool.content(range).await.unwrap().collect(0).await.unwrap(), "");
        assert!(spool.file.is_none());
    }
}
