//! A file as the content of a document.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use futures_util::stream;
use soap::parts::Content;

/// Bytes of a file that are read at once.
pub(crate) const CHUNK: usize = 256 << 10;

/// The bytes of a file, a chunk at a time, read where blocking is in nobody's way.
pub(crate) fn content(file: File) -> Content {
    Content::from_stream(stream::try_unfold(file, |mut file| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let length = file.read(&mut chunk)?;
            chunk.truncate(length);
            io::Result::Ok((chunk, file))
        });
        let (chunk, file) = read.await.map_err(io::Error::other)??;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_sent_as_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let bytes: Vec<u8> = (0..CHUNK * 2 + 7).map(|at| u8::try_from(at % 251).unwrap()).collect();
        std::fs::write(&path, &bytes).unwrap();
        let mut content = content(File::open(&path).unwrap());
        assert_eq!(content.chunk().await.unwrap().unwrap().len(), CHUNK);
        let rest = content.collect(usize::MAX).await.unwrap();
        assert_eq!(rest, bytes[CHUNK..]);
    }
}
