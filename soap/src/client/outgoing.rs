//! A request that goes out, again if it must and can.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Request, Uri, header};
use hyper::body::Body;
use tokio::sync::Mutex;

use super::SendError;
use crate::limits;
use crate::parts::Content;

/// Bytes that are handed to the connection at a time, so that it shows whether the peer takes them.
const PIECE: usize = 64 << 10;

/// Bytes of a stream that are kept until it is known that some of them went out: a little more than a connection takes
/// before it writes.
const BEGUN: usize = 2 * limits::READ_BUFFER;

/// What is sent: as often as is needed if it is at hand, once if it is a stream.
pub(super) struct Outgoing {
    uri: Uri,
    media_type: String,
    length: Option<u64>,
    pieces: Option<Vec<Bytes>>,
    content: Arc<Mutex<Source>>,
}

/// How far a request has gone out.
#[derive(Debug, Default)]
pub(super) struct Progress {
    length: Option<u64>,
    sent: AtomicU64,
    ended: AtomicBool,
}

/// A content that can be had again as long as little of it was had.
struct Source {
    content: Content,
    begun: Vec<Bytes>,
    /// How many of these are to be had again.
    again: usize,
    is_far: bool,
}

impl Source {
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        if self.again > 0 {
            let at = self.begun.len() - self.again;
            self.again -= 1;
            return Ok(self.begun.get(at).cloned());
        }
        let chunk = self.content.chunk().await?;
        self.begun.extend(chunk.clone().filter(|_| !self.is_far));
        if self.begun.iter().map(Bytes::len).sum::<usize>() > BEGUN {
            self.is_far = true;
            self.begun.clear();
        }
        Ok(chunk)
    }

    /// Begins again, if that is possible.
    fn rewind(&mut self) -> bool {
        self.again = self.begun.len();
        !self.is_far
    }
}

impl Outgoing {
    pub(super) fn new(uri: Uri, media_type: String, content: Content) -> Self {
        let length = content.size_hint().exact();
        let pieces = content.pieces();
        let content = Source { content, begun: Vec::new(), again: 0, is_far: false };
        Self { uri, media_type, length, pieces, content: Arc::new(Mutex::new(content)) }
    }

    /// Nothing of it has gone out yet.
    pub(super) fn begin(&self) -> Arc<Progress> {
        Arc::new(Progress { length: self.length, ..Progress::default() })
    }

    /// Whether it can be sent once more after what has gone out of it.
    pub(super) fn can_go_again(&self, progress: &Progress) -> bool {
        self.pieces.is_some() || progress.sent() == 0
    }

    /// Whether the peer cannot have had all of it, and it can be sent once more: its last piece closes the message.
    pub(super) fn is_not_whole(&self, progress: &Progress) -> bool {
        self.pieces.is_some() && !progress.ended()
    }

    /// Takes back what was handed to a connection that wrote nothing of it; whether it can be sent once more.
    pub(super) async fn take_back(&self) -> bool {
        self.pieces.is_some() || self.content.lock().await.rewind()
    }

    /// The request, which notes its progress.
    pub(super) fn request(&self, progress: &Arc<Progress>) -> Result<Request<Content>, SendError> {
        let mut request = Request::post(self.uri.clone()).header(header::CONTENT_TYPE, &self.media_type);
        if let Some(length) = self.length {
            request = request.header(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let content = match &self.pieces {
            Some(pieces) => {
                let content = Content::of_pieces(pieces.clone());
                Arc::new(Mutex::new(Source { content, begun: Vec::new(), again: 0, is_far: true }))
            }
            None => Arc::clone(&self.content),
        };
        let state = (content, Bytes::new(), Arc::clone(progress));
        let counted = stream::try_unfold(state, |(content, mut rest, progress)| async {
            if rest.is_empty() {
                let Some(chunk) = content.lock().await.chunk().await? else {
                    progress.ended.store(true, Ordering::Release);
                    return Ok(None);
                };
                rest = chunk;
            }
            let piece = rest.split_to(rest.len().min(PIECE));
            progress.sent.fetch_add(piece.len() as u64, Ordering::Release);
            Ok(Some((piece, (content, rest, progress))))
        });
        request
            .body(Content::from_stream(counted))
            .map_err(|error| SendError::Unreachable(format!("no request can be made of it: {error}")))
    }
}

impl Progress {
    /// Bytes that went out so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Acquire)
    }

    /// Whether all of it went out. A body whose length was announced is not asked for its end.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire) || self.length == Some(self.sent())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    fn outgoing(content: Content) -> Outgoing {
        Outgoing::new(Uri::from_static("https://localhost/"), String::new(), content)
    }

    fn stream(chunks: usize) -> Content {
        Content::from_stream(stream::iter((0..chunks).map(|at| Ok(Bytes::from(vec![at as u8; PIECE + 1])))))
    }

    /// Reads as much as a connection takes before it writes.
    async fn begin(outgoing: &Outgoing, chunks: usize) -> Vec<u8> {
        let request = outgoing.request(&outgoing.begin()).unwrap();
        let read = request.into_body().take(chunks).map(|piece| piece.unwrap().to_vec());
        read.collect::<Vec<_>>().await.concat()
    }

    #[tokio::test]
    async fn a_stream_of_which_nothing_went_out_goes_again_from_its_start() {
        let whole = begin(&outgoing(stream(20)), usize::MAX).await;
        assert_eq!(whole.len(), 20 * (PIECE + 1));
        let outgoing = outgoing(stream(20));
        for pieces in [1, 2, 3, 2] {
            assert!(whole.starts_with(&begin(&outgoing, pieces).await));
            assert!(outgoing.take_back().await);
        }
        assert!(begin(&outgoing, usize::MAX).await == whole);
        assert!(!outgoing.take_back().await, "too much has gone out to be taken back");
    }

    #[tokio::test]
    async fn what_is_at_hand_is_not_whole_until_its_last_piece() {
        let at_hand = outgoing(Content::of_pieces([vec![1; 3 * PIECE].into(), vec![2; 9].into()]));
        let progress = at_hand.begin();
        let mut body = at_hand.request(&progress).unwrap().into_body();
        for _ in 0..3 {
            body.chunk().await.unwrap().unwrap();
            assert!(at_hand.is_not_whole(&progress));
        }
        body.chunk().await.unwrap().unwrap();
        assert!(!at_hand.is_not_whole(&progress));
        assert!(!outgoing(stream(1)).is_not_whole(&Progress::default()));
    }
}
