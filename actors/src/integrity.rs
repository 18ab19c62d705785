//! A document that is compared with its hash while it passes.
//!
//! Its last bytes are only given when all of it is what was expected: a wrong document never arrives whole.

use std::io;

use bytes::Bytes;
use sha1::Digest;
use soap::parts::Content;

/// Passes `content` on and compares it with its digest `D` at the end.
pub fn expecting<D: Digest + Send + 'static>(content: Content, expected: Vec<u8>) -> Content {
    let passing = (content, Some(Check::<D>::new(expected)));
    Content::from_stream(futures_util::stream::try_unfold(passing, pass_next))
}

async fn pass_next<D: Digest>(
    (mut content, mut check): (Content, Option<Check<D>>),
) -> io::Result<Option<(Bytes, (Content, Option<Check<D>>))>> {
    let Some(passing) = &mut check else { return Ok(None) };
    while let Some(chunk) = content.chunk().await? {
        if let Some(ready) = passing.pass(chunk) {
            return Ok(Some((ready, (content, check))));
        }
    }
    let last = check.map_or(Ok(None), Check::end)?;
    Ok(last.map(|last| (last, (content, None))))
}

/// A comparison under way: one chunk behind, so that the last is held until the whole is right.
#[derive(Debug)]
pub struct Check<D> {
    digest: D,
    expected: Vec<u8>,
    held: Option<Bytes>,
}

impl<D: Digest> Check<D> {
    /// Nothing has passed yet.
    pub fn new(expected: Vec<u8>) -> Self {
        Self { digest: D::new(), expected, held: None }
    }

    /// Takes the next chunk and lets the one before pass.
    pub fn pass(&mut self, chunk: Bytes) -> Option<Bytes> {
        self.digest.update(&chunk);
        self.held.replace(chunk)
    }

    /// Lets the last chunk pass if the whole is right.
    pub fn end(self) -> io::Result<Option<Bytes>> {
        if self.digest.finalize().as_slice() == self.expected {
            Ok(self.held)
        } else {
            Err(io::Error::other(Altered))
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
