//! A temporary file for documents that come before they can be handed on (design D1).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;

use crate::parts::Content;

/// Bytes gathered before they are written at once, and read at once.
const BATCH: usize = 1 << 20;

/// Bytes on disk, nameless: they are gone with the last who reads them. The file is made when the
/// first bytes come, and the disk is touched only off the runtime's threads.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    file: Option<Arc<Mutex<File>>>,
    batch: Vec<Bytes>,
    batched: usize,
    length: u64,
}

impl Spool {
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
        let file = self.file.clone();
        self.file = Some(off_runtime(move || append(file, batch)).await?);
        Ok(())
    }
}

fn append(file: Option<Arc<Mutex<File>>>, batch: Vec<Bytes>) -> io::Result<Arc<Mutex<File>>> {
    let file = match file {
        Some(file) => file,
        None => Arc::new(Mutex::new(tempfile::tempfile()?)),
    };
    let mut open = file.lock().unwrap_or_else(PoisonError::into_inner);
    open.seek(SeekFrom::End(0))?;
    for bytes in batch {
        open.write_all(&bytes)?;
    }
    drop(open);
    Ok(file)
}

type Shared = Arc<Mutex<File>>;

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
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_back_each_range_whatever_is_added_meanwhile() {
        let mut spool = Spool::default();
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
    async fn touches_no_disk_for_nothing() {
        let mut spool = Spool::default();
        let range = spool.add_all(&mut Content::empty()).await.unwrap();
        assert_eq!(spool.content(range).await.unwrap().collect(0).await.unwrap(), "");
        assert!(spool.file.is_none());
    }
}
