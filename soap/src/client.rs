//! Sends a message to a URL and awaits the answer.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryStreamExt;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::addressing::Side;
use crate::arriving::Arriving;
use crate::fault::Fault;
use crate::limits;
use crate::message::Message;
use crate::message::read::read;
use crate::message::write::write;
use crate::parts::Content;
use crate::spool::Folder;

/// Why there is no answer, by whose fault it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The peer could not be reached, did not let us in, or not in time.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The peer answered with a fault.
    #[error("refused: {0}")]
    Refused(Fault),
    /// What came back is no answer.
    #[error("nonsense: {0}")]
    Nonsense(String),
}

/// Calls peers; clones share their connections.
///
/// A request is sent once. Whether it may be repeated is known only to those who made it.
#[derive(Debug, Clone)]
pub struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector>, Content>,
    turns: Arc<Mutex<HashMap<Authority, Arc<Semaphore>>>>,
    folder: Folder,
}

impl Client {
    /// A client with our identity (see [`crate::tls::client_config`]).
    pub fn new(mut tls: rustls::ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(limits::CONNECT_TIME));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        // HTTP/1.1 is what is spoken without ALPN; the builder insists on an empty list.
        tls.alpn_protocols.clear();
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1();
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::UNUSED_TIME)
            .pool_max_idle_per_host(limits::UNUSED_CONNECTIONS)
            .http1_max_buf_size(limits::READ_BUFFER)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build(builder.wrap_connector(tcp));
        Self { http, turns: Arc::default(), folder: Folder::default() }
    }

    /// With an existing folder for documents that have to wait, instead of the system's folder for
    /// temporary files.
    #[must_use]
    pub fn spooling_in(mut self, folder: PathBuf) -> Self {
        self.folder = folder.into();
        self
    }

    /// Sends one message and reads its answer up to its envelope; documents stream behind it.
    pub async fn send(&self, url: &str, mut message: Message) -> Result<Message, SendError> {
        let wrong = |reason: &str| SendError::Unreachable(format!("'{url}' {reason}"));
        let uri: Uri = url.parse().map_err(|_| wrong("is not a URL"))?;
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(wrong("is not an https URL, and nothing is sent over any other"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        let turn = self.turn(authority).await?;
        message.to.get_or_insert_with(|| url.to_owned());
        let written = write(message, &self.folder);
        let (media_type, content) =
            written.map_err(|error| wrong(&format!("cannot be sent this: {error}")))?;
        let sent = Arc::new(AtomicU64::new(0));
        let request = request(uri, &media_type, content, Arc::clone(&sent))?;
        let response = wait(self.http.request(request), &sent).await?;
        receive(response, turn, &self.folder).await
    }

    /// As [`Self::send`], for a question.
    pub async fn ask(&self, url: &str, message: Message) -> Result<Message, SendError> {
        self.send(url, message).await
    }

    /// A peer bears so many requests at a time, ours wait here for their turn.
    async fn turn(&self, authority: &Authority) -> Result<OwnedSemaphorePermit, SendError> {
        let turns = {
            let mut peers = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let turns = peers.entry(authority.clone());
            Arc::clone(turns.or_insert_with(|| Arc::new(Semaphore::new(limits::REQUESTS_TO_A_PEER))))
        };
        let turn = timeout(limits::TURN_TIME, turns.acquire_owned()).await.ok().and_then(Result::ok);
        turn.ok_or_else(|| {
            let (open, time) = (limits::REQUESTS_TO_A_PEER, limits::TURN_TIME.as_secs());
            SendError::Unreachable(format!("{open} requests to {authority} were open or unread for {time} s"))
        })
    }
}

/// An HTTP request that counts what was sent of it.
fn request(
    uri: Uri,
    media_type: &str,
    content: Content,
    sent: Arc<AtomicU64>,
) -> Result<Request<Content>, SendError> {
    let length = content.size_hint().exact();
    let counted = content.inspect_ok(move |chunk| {
        sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    });
    let mut request = Request::post(uri).header(header::CONTENT_TYPE, media_type);
    if let Some(length) = length {
        request = request.header(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    request
        .body(Content::from_stream(counted))
        .map_err(|error| SendError::Unreachable(format!("no request can be made of it: {error}")))
}

/// Waits as long as the request goes out, and then for the time that an answer may take.
async fn wait(response: ResponseFuture, sent: &AtomicU64) -> Result<Response<Incoming>, SendError> {
    let mut response = pin!(response);
    let mut before = 0;
    loop {
        let time =
            if before == 0 { limits::CONNECT_TIME + limits::HANDSHAKE_TIME } else { limits::ANSWER_TIME };
        match timeout(time, response.as_mut()).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) if is_nonsense(&error) => return Err(SendError::Nonsense(causes(&error))),
            Ok(Err(error)) => return Err(SendError::Unreachable(causes(&error))),
            Err(_) => {
                let now = sent.load(Ordering::Relaxed);
                if now == before {
                    return Err(SendError::Unreachable(format!("no answer within {} s", time.as_secs())));
                }
                before = now;
            }
        }
    }
}

/// Reads the answer. A fault may come with any status, a SOAP body with any of 4xx and 5xx.
async fn receive(
    response: Response<Incoming>,
    turn: OwnedSemaphorePermit,
    folder: &Folder,
) -> Result<Message, SendError> {
    let (head, body) = response.into_parts();
    let content = Arriving::new(body, None, Some(turn)).content();
    match read(&head.headers, content, Side::Answer, &|_| false, folder).await {
        Ok(message) => match Fault::read(&message.body) {
            Some(fault) => Err(SendError::Refused(fault)),
            None => Ok(message),
        },
        Err(_) if unavailable(head.status) => Err(SendError::Unreachable(format!("HTTP {}", head.status))),
        Err(refusal) => Err(SendError::Nonsense(format!("HTTP {}: {}", head.status, refusal.fault.reason))),
    }
}

fn unavailable(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// Whether what came back is not HTTP.
fn is_nonsense(error: &legacy::Error) -> bool {
    error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>()).is_some_and(hyper::Error::is_parse)
}

/// An error with all that lies behind it.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = error.source();
    }
    text
}
