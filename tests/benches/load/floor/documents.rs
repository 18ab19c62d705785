//! Documents of the floor: the same hashes, the same file with fsync, and the same file back.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use memchr::memmem;
use sha1::Digest;

use crate::https::Body;

/// What is read of a file at a time.
const CHUNK: usize = 256 << 10;
/// Chunks between the network and the disk.
const AHEAD: usize = 16;

/// What a document turned out to be.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) sha1: Vec<u8>,
    pub(super) sha256: Vec<u8>,
    pub(super) size: i64,
    pub(super) key: String,
}

/// Keeps the document of a request, which begins there: hashed, synced, renamed, its folder synced.
pub(super) async fn keep(request: Bytes, start: usize, folder: PathBuf) -> Kept {
    let work = move || {
        let from_start = request.get(start..).unwrap();
        let document = from_start.get(..memmem::find(from_start, b"\r\n--").unwrap()).unwrap();
        let (sha1, sha256) = (sha1::Sha1::digest(document), sha2::Sha256::digest(document));
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let key = format!("documents/{}/{hex}", hex.get(..2).unwrap());
        let folder = folder.join(hex.get(..2).unwrap());
        fs::create_dir_all(&folder).unwrap();
        write(&folder.join(&hex), |file| file.write_all(document).unwrap());
        Kept { sha1: sha1.to_vec(), sha256: sha256.to_vec(), size: document.len() as i64, key }
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Writes a file so that it is there whole, or not at all, whatever happens.
fn write(path: &Path, content: impl FnOnce(&mut File)) {
    let staged = path.with_extension("staged");
    let mut file = File::create(&staged).unwrap();
    content(&mut file);
    file.sync_all().unwrap();
    fs::rename(&staged, path).unwrap();
    File::open(path.parent().unwrap()).unwrap().sync_all().unwrap();
}

/// A small document from its file, in the middle of an answer.
pub(super) async fn insert(file: PathBuf, around: &Bytes, cut: usize) -> Bytes {
    let around = around.clone();
    let work = move || {
        let mut file = File::open(file).unwrap();
        let size = usize::try_from(file.metadata().unwrap().len()).unwrap();
        let mut answer = Vec::with_capacity(around.len() + size);
        answer.extend_from_slice(around.get(..cut).unwrap());
        file.read_to_end(&mut answer).unwrap();
        answer.extend_from_slice(around.get(cut..).unwrap());
        answer.into()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Takes a large document while it streams.
pub(super) async fn take(mut body: Incoming, file: PathBuf) {
    let (send, receive) = std::sync::mpsc::sync_channel::<Bytes>(AHEAD);
    let writer = tokio::task::spawn_blocking(move || {
        let (mut sha1, mut sha256) = (sha1::Sha1::new(), sha2::Sha256::new());
        write(&file, |out| {
            for chunk in receive {
                sha1.update(&chunk);
                sha256.update(&chunk);
                out.write_all(&chunk).unwrap();
            }
        });
        (sha1.finalize(), sha256.finalize())
    });
    while let Some(frame) = body.frame().await {
        let chunk = frame.unwrap().into_data().unwrap();
        tokio::task::block_in_place(|| send.send(chunk).unwrap());
    }
    drop(send);
    std::hint::black_box(writer.await.unwrap());
}

/// Gives it back while it is read.
pub(super) fn give(file: PathBuf) -> Body {
    let (send, receive) = tokio::sync::mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut file = File::open(file).unwrap();
        loop {
            let mut chunk = vec![0; CHUNK];
            match file.read(&mut chunk).unwrap() {
                0 => return,
                read => chunk.truncate(read),
            }
            if send.blocking_send(Ok(Frame::data(Bytes::from(chunk)))).is_err() {
                return;
            }
        }
    });
    let frames =
        futures_util::stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) });
    StreamBody::new(frames.boxed()).boxed_unsync()
}
