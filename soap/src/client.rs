//! Sends a message to a URL and awaits the answer.

mod alert;
mod connection;
mod outgoing;

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::addressing::Side;
use crate::arriving::Arriving;
use crate::fault::Fault;
use crate::limits;
use crate::message::Message;
use crate::message::read::read;
use crate::message::write::write;
use crate::parts::Content;
use crate::spool::Folder;
use crate::xml::Element;
use connection::{Connector, Traffic};
use outgoing::{Outgoing, Progress};

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
/// Whether a message may be sent twice is known only to those who made it.
#[derive(Debug, Clone)]
pub struct Client {
    http: legacy::Client<Connector, Content>,
    turns: Arc<Mutex<HashMap<Authority, Arc<Semaphore>>>>,
    folder: Folder,
    is_busy: fn(&Element) -> bool,
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
            .build(Connector(builder.wrap_connector(tcp)));
        Self { http, turns: Arc::default(), folder: Folder::default(), is_busy: |_| false }
    }

    /// One that also comes back to a peer when the body of its answer says that it is busy and has done nothing, in as
    /// many words as this understands.
    #[must_use]
    pub fn coming_back_when(mut self, is_busy: fn(&Element) -> bool) -> Self {
        self.is_busy = is_busy;
        self
    }

    /// With an existing folder for documents that have to wait, instead of the system's folder for
    /// temporary files.
    #[must_use]
    pub fn spooling_in(mut self, folder: PathBuf) -> Self {
        self.folder = folder.into();
        self
    }

    /// Sends one message and reads its answer up to its envelope; documents stream behind it.
    ///
    /// A peer that asks for it with 503 and `Retry-After` is sent the message again, unless that is a stream that
    /// has been used; and so is a peer that has closed the connection before all of the message went out. When no
    /// answer came otherwise it is not known what became of the message, and that is the answer.
    pub async fn send(&self, url: &str, message: Message) -> Result<Message, SendError> {
        self.transfer(url, message, false).await
    }

    /// As [`Self::send`], for a question that may be asked twice: it is asked again, once, when the connection
    /// broke before the answer, as one does that was kept while the peer closed it.
    pub async fn ask(&self, url: &str, message: Message) -> Result<Message, SendError> {
        self.transfer(url, message, true).await
    }

    async fn transfer(&self, url: &str, mut message: Message, is_safe: bool) -> Result<Message, SendError> {
        let wrong = |reason: &str| SendError::Unreachable(format!("'{url}' {reason}"));
        let uri: Uri = url.parse().map_err(|_| wrong("is not a URL"))?;
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(wrong("is not an https URL, and nothing is sent over any other"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        let mut turn = self.turn(authority).await?;
        message.to.get_or_insert_with(|| url.to_owned());
        let written = write(message, &self.folder);
        let (media_type, content) =
            written.map_err(|error| wrong(&format!("cannot be sent this: {error}")))?;
        let outgoing = Outgoing::new(uri.clone(), media_type, content);
        let mut put_off = 0;
        loop {
            let (response, again) = self.deliver(&outgoing, is_safe, &mut put_off).await?;
            let pause = pause(asked(&response).unwrap_or(limits::RETRY_AFTER));
            let answer = receive(response, turn, &self.folder).await?;
            match pause {
                Some(pause) if again && put_off < limits::REPEATS && (self.is_busy)(&answer.body) => {
                    drop(answer);
                    put_off_by(pause, &mut put_off).await;
                    turn = self.turn(authority).await?;
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Sends until there is an answer, or a reason not to; whether it can be sent once more after that.
    async fn deliver(
        &self,
        outgoing: &Outgoing,
        is_safe: bool,
        put_off: &mut usize,
    ) -> Result<(Response<Incoming>, bool), SendError> {
        let (mut closed, mut broken) = (0, false);
        loop {
            let progress = outgoing.begin();
            let answer = wait(self.http.request(outgoing.request(&progress)?), &progress).await;
            let again = outgoing.can_go_again(&progress);
            match answer {
                Ok(response) => match retry_after(&response) {
                    Some(pause) if again && *put_off < limits::REPEATS => {
                        drop(response);
                        put_off_by(pause, put_off).await;
                    }
                    _ => return Ok((response, again)),
                },
                Err(NoAnswer::Closed(_))
                    if closed < limits::UNUSED_CONNECTIONS && outgoing.take_back().await =>
                {
                    metrics::counter!("dosebook_requests_repeated_total", "reason" => "closed").increment(1);
                    closed += 1;
                }
                Err(NoAnswer::Broken(_))
                    if !broken && (is_safe && again || outgoing.is_not_whole(&progress)) =>
                {
                    metrics::counter!("dosebook_requests_repeated_total", "reason" => "broken").increment(1);
                    broken = true;
                }
                Err(NoAnswer::Closed(error) | NoAnswer::Broken(error) | NoAnswer::Other(error)) => {
                    return Err(error);
                }
            }
        }
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

/// Why there was no answer to one request.
enum NoAnswer {
    /// The connection had been kept, and the peer closed it before anything went out.
    Closed(SendError),
    /// The connection was there and broke.
    Broken(SendError),
    Other(SendError),
}

/// Waits as long as the request goes out fast enough, and then for the time that an answer may take.
async fn wait(response: ResponseFuture, progress: &Progress) -> Result<Response<Incoming>, NoAnswer> {
    let late = |reason: String| NoAnswer::Other(SendError::Unreachable(reason));
    let mut response = pin!(response);
    let mut before = 0;
    loop {
        let (time, least) = match before {
            0 => (limits::CONNECT_TIME + limits::HANDSHAKE_TIME, 1),
            _ => (limits::ANSWER_TIME, limits::BODY_RATE * limits::ANSWER_TIME.as_secs()),
        };
        let had_ended = progress.ended();
        if let Ok(answer) = timeout(time, response.as_mut()).await {
            if let Some(traffic) =
                answer.as_ref().ok().and_then(|answer| answer.extensions().get::<Traffic>())
            {
                traffic.answered();
            }
            return answer.map_err(|error| no_answer(&error));
        }
        let (now, seconds) = (progress.sent(), time.as_secs());
        if had_ended || now == before {
            return Err(late(format!("no answer within {seconds} s")));
        }
        if !progress.ended() && now - before < least {
            return Err(late(format!("the peer took only {} bytes in {seconds} s", now - before)));
        }
        before = now;
    }
}

/// What became of a request that was not answered.
fn no_answer(error: &legacy::Error) -> NoAnswer {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    if cause.is_some_and(hyper::Error::is_parse) {
        return NoAnswer::Other(SendError::Nonsense(causes(error)));
    }
    let reason = SendError::Unreachable(alert::about_us(error).unwrap_or_else(|| causes(error)));
    let ours = cause.is_some_and(|cause| cause.is_user());
    if error.is_connect() || ours {
        return NoAnswer::Other(reason);
    }
    let was_only_kept = Traffic::of(error).is_some_and(|traffic| traffic.was_only_kept());
    if was_only_kept { NoAnswer::Closed(reason) } else { NoAnswer::Broken(reason) }
}

/// Waits before a message goes to a busy peer again.
async fn put_off_by(pause: Duration, put_off: &mut usize) {
    metrics::counter!("dosebook_requests_repeated_total", "reason" => "busy").increment(1);
    *put_off += 1;
    sleep(pause).await;
}

/// How long to wait for a peer whose server is busy, if we have that long.
fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let is_busy = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    asked(response).filter(|_| is_busy).and_then(pause)
}

/// How long a peer asks us to wait.
fn asked(response: &Response<Incoming>) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// How long we wait, if we have as long as is asked for: a little longer, so that not all who were told the same come
/// back at once.
fn pause(asked: Duration) -> Option<Duration> {
    let [jitter, ..] = *Uuid::new_v4().as_bytes();
    let spread = asked.max(Duration::from_secs(1)) * u32::from(jitter) / 1_024;
    (asked <= limits::RETRY_AFTER_MOST).then_some(asked + spread)
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
