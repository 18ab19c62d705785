//! The bytes of a document as a stream.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use hyper::body::{Body, Frame, SizeHint};

use crate::message::Held;

/// A stream of bytes that can be read once.
pub struct Content(Inner);

enum Inner {
    Whole(Bytes),
    Pieces(VecDeque<Bytes>),
    /// The mutex is never locked: it makes what is only `Send` also `Sync`.
    Stream(Mutex<BoxStream>),
}

type BoxStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl Content {
    /// No bytes at all.
    pub const fn empty() -> Self {
        Self(Inner::Whole(Bytes::new()))
    }

    /// What a stream brings.
    pub fn from_stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(Inner::Stream(Mutex::new(Box::pin(stream))))
    }

    /// These bytes one after the other.
    pub(crate) fn of_pieces(pieces: impl IntoIterator<Item = Bytes>) -> Self {
        Self(Inner::Pieces(pieces.into_iter().filter(|piece| !piece.is_empty()).collect()))
    }

    /// All that is still to come, if it is at hand: then it can be had again.
    pub(crate) fn pieces(&self) -> Option<Vec<Bytes>> {
        match &self.0 {
            Inner::Whole(bytes) => Some(vec![bytes.clone()]),
            Inner::Pieces(pieces) => Some(pieces.iter().cloned().collect()),
            Inner::Stream(_) => None,
        }
    }

    /// With something that is dropped when all of it has gone out. What is at hand takes up no more than its bytes.
    pub(crate) fn holding(self, held: Held) -> Self {
        match &self.0 {
            Inner::Stream(_) if !held.is_nothing() => Self::from_stream(self.inspect(move |_| {
                let _ = &held;
            })),
            _ => self,
        }
    }

    /// The next bytes, never empty; `None` at the end.
    pub async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        self.next().await.transpose()
    }

    /// All bytes, refused beyond `limit`.
    pub async fn collect(mut self, limit: usize) -> io::Result<Bytes> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if all.len() + chunk.len() > limit {
                let reason = format!("more than {limit} bytes");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Bytes::from(bytes))
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Inner::Whole(bytes) => write!(f, "Content({} bytes)", bytes.len()),
            Inner::Pieces(pieces) => write!(f, "Content({} pieces)", pieces.len()),
            Inner::Stream(_) => f.write_str("Content(a stream)"),
        }
    }
}

impl Stream for Content {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = match &mut self.get_mut().0 {
            Inner::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Inner::Whole(bytes) => return Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Inner::Pieces(pieces) => return Poll::Ready(pieces.pop_front().map(Ok)),
            Inner::Stream(stream) => stream.get_mut().unwrap_or_else(PoisonError::into_inner),
        };
        loop {
            match stream.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) if bytes.is_empty() => {}
                other => return other,
            }
        }
    }
}

/// A content is also the body of an HTTP message.
impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.poll_next(context).map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Whole(bytes) => bytes.is_empty(),
            Inner::Pieces(pieces) => pieces.is_empty(),
            Inner::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Pieces(pieces) => {
                SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum())
            }
            Inner::Stream(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_chunks() -> Content {
        let chunks = [&b"ab"[..], b"", b"c"].map(|chunk| Ok(Bytes::from_static(chunk)));
        Content::from_stream(futures_util::stream::iter(chunks))
    }

    #[tokio::test]
    async fn gives_its_bytes_once_and_never_an_empty_chunk() {
        let mut content = three_chunks();
        assert_eq!(content.chunk().await.unwrap().unwrap(), "ab");
        assert_eq!(content.chunk().await.unwrap().unwrap(), "c");
        assert_eq!(content.chunk().await.unwrap(), None);
        let mut whole = Content::from(b"xy".to_vec());
        assert_eq!(whole.chunk().await.unwrap().unwrap(), "xy");
        assert_eq!(whole.chunk().await.unwrap(), None);
    }

    #[tokio::test]
    async fn collects_up_to_the_limit_and_refuses_a_byte_more() {
        assert_eq!(three_chunks().collect(3).await.unwrap(), "abc");
        assert_eq!(three_chunks().collect(2).await.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(Content::empty().collect(0).await.unwrap(), "");
    }

    #[tokio::test]
    async fn holds_until_all_of_it_has_gone_out_what_it_is_given() {
        let held = std::sync::Arc::new(());
        let mut content = three_chunks().holding(Held::new(std::sync::Arc::clone(&held)));
        while content.chunk().await.unwrap().is_some() {
            assert_eq!(std::sync::Arc::strong_count(&held), 2);
        }
        drop(content);
        assert_eq!(std::sync::Arc::strong_count(&held), 1);
        let at_hand = Content::from(b"xy".to_vec()).holding(Held::new(std::sync::Arc::clone(&held)));
        assert_eq!((std::sync::Arc::strong_count(&held), at_hand.pieces().unwrap().len()), (1, 1));
    }

    #[test]
    fn is_shared_between_threads_as_a_message_is() {
        fn check<T: Send + Sync>() {}
        check::<Content>();
    }
}
