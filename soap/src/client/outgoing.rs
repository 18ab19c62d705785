//! A request that goes out, again if it must and can.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Request, Uri, header};
use hyper::body::Body;
use tokio::sync::Mutex;

use super::SendError;
use crate::parts::Content;

/// Bytes that are handed to the connection at a time, so that it shows whether the peer takes them.
const PIECE: usize = 64 << 10;

/// What is sent: as often as is needed if it is at hand, once if it is a stream.
pub(super) struct Outgoing {
    uri: Uri,
    media_type: String,
    length: Option<u64>,
    pieces: Option<Vec<Bytes>>,
    content: Arc<Mutex<Content>>,
}

/// How far a request has gone out.
#[derive(Debug, Default)]
pub(super) struct Progress {
    length: Option<u64>,
    sent: AtomicU64,
    ended: AtomicBool,
}

impl Outgoing {
    pub(super) fn new(uri: Uri, media_type: String, content: Content) -> Self {
        let length = content.size_hint().exact();
        let pieces = content.pieces();
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

    /// The request, which notes its progress.
    pub(super) fn request(&self, progress: &Arc<Progress>) -> Result<Request<Content>, SendError> {
        let mut request = Request::post(self.uri.clone()).header(header::CONTENT_TYPE, &self.media_type);
        if let Some(length) = self.length {
            request = request.header(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let content = match &self.pieces {
            Some(pieces) => Arc::new(Mutex::new(Content::of_pieces(pieces.clone()))),
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
