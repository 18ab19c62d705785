//! A document that is compared with its hash while it passes.
//!
//! Its last bytes are only given when all of it is what was expected: a wrong document never arrives whole.

use std::io;

use bytes::Bytes;
use sha1::Digest;
use soap::parts::Content;

/// Passes `content` on and compares it with its digest `D` at the end.
pub fn expecting<D: Digest + Send + 'static>(content: Content, expected: Vec<u8>) -> Content {
    let passing = Passing { content, digest: D::new(), expected, held: None };
    Content::from_stream(futures_util::stream::try_unfold(passing, Passing::next))
}

struct Passing<D> {
    content: Content,
    digest: D,
    expected: Vec<u8>,
    held: Option<Bytes>,
}

impl<D: Digest> Passing<D> {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        while let Some(chunk) = self.content.chunk().await? {
            self.digest.update(&chunk);
            if let Some(ready) = self.held.replace(chunk) {
                return Ok(Some((ready, self)));
            }
        }
        let digest = std::mem::replace(&mut self.digest, D::new()).finalize();
        match self.held.take() {
            // After the last bytes the digest is that of nothing: the end was checked before them.
            None if self.expected.is_empty() => Ok(None),
            _ if digest.as_slice() != self.expected => Err(io::Error::other(Altered)),
            None => Ok(None),
            Some(last) => {
                self.expected.clear();
                Ok(Some((last, self)))
            }
        }
    }
}

/// The document is not the one that its hash belongs to.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the document is not what its hash says: it was altered or damaged")]
pub struct Altered;

#[cfg(test)]
mod tests {
    use super::*;
    use sha1::Sha1;

    fn digest(bytes: &[u8]) -> Vec<u8> {
        Sha1::digest(bytes).to_vec()
    }

    fn chunks(chunks: &'static [&'static [u8]]) -> Content {
        let chunks = chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk)));
        Content::from_stream(futures_util::stream::iter(chunks))
    }

    #[tokio::test]
    async fn passes_on_what_is_right() {
        let right = expecting::<Sha1>(chunks(&[b"one", b"two", b"three"]), digest(b"onetwothree"));
        assert_eq!(right.collect(100).await.unwrap(), "onetwothree");
        let empty = expecting::<Sha1>(Content::empty(), digest(b""));
        assert_eq!(empty.collect(100).await.unwrap(), "");
    }

    #[tokio::test]
    async fn never_gives_the_end_of_what_is_wrong() {
        let mut wrong = expecting::<Sha1>(chunks(&[b"one", b"twO"]), digest(b"onetwo"));
        assert_eq!(wrong.chunk().await.unwrap().unwrap(), "one");
        assert!(wrong.chunk().await.unwrap_err().to_string().contains("altered"));
        let missing = expecting::<Sha1>(Content::empty(), digest(b"something"));
        assert!(missing.collect(100).await.is_err());
    }
}
