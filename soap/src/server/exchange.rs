//! One request and its answer (SOAP 1.2 Part 2 section 7).

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::{Body, Incoming};
use tokio::sync::watch;
use uuid::Uuid;

use super::connection::Listener;
use super::description;
use super::meters::Within;
use super::under_way::UnderWay;
use crate::addressing::Side;
use crate::arriving::{Arriving, Turns};
use crate::fault::Fault;
use crate::limits;
use crate::message::read::{Refusal, read};
use crate::message::write::write;
use crate::message::{Encoding, Message};
use crate::parts::Content;
use crate::peer::Peer;
use crate::spool::Folder;

/// What the exchanges of one connection share.
pub(super) struct Exchange {
    pub(super) listener: Arc<Listener>,
    pub(super) peer: Peer,
    /// The peer is only to be told to come back later.
    pub(super) busy: bool,
    pub(super) turns: Turns,
    /// Held until the last answer: a server that stops waits for it.
    pub(super) _stopped: watch::Receiver<()>,
}

/// Answers one request. However it is answered, the rest of it is read.
pub(super) async fn exchange(
    request: Request<Incoming>,
    context: Arc<Exchange>,
) -> Result<Response<Content>, Infallible> {
    let meters = &context.listener.meters;
    let (head, body) = request.into_parts();
    let unwanted = unwanted(&head, &body, &context);
    let arriving = Arriving::new(body, Some(context.turns.clone()), None);
    let mut response = match unwanted {
        Some(response) => response,
        None => in_turn(&head, &arriving, &context).await,
    };
    meters.count(response.status());
    if context.listener.is_leaving.load(Ordering::Relaxed) {
        close(&mut response);
    }
    let waits_to_send = head.headers.contains_key(header::EXPECT);
    let wanted = arriving.received().await > 0 || !waits_to_send;
    if arriving.ended().await || !wanted {
        return Ok(response);
    }
    Ok(response.map(|content| before_draining(content, arriving)))
}

/// Answers when there is a place for one more request. Nothing of its body is read before.
async fn in_turn(head: &Parts, arriving: &Arriving<Incoming>, context: &Arc<Exchange>) -> Response<Content> {
    let turn = {
        let _waiting = Within::new(&context.listener.meters.waiting);
        // Large bodies that wait for each other take no place from the others meanwhile.
        arriving.take_turn().await
    };
    if let Err(error) = turn {
        return refused(error.into());
    }
    match UnderWay::begin(&context.listener).await {
        Some(under_way) => answer(head, under_way.content(arriving), context, under_way).await,
        None => busy("too many requests are under way; come back later"),
    }
}

/// The answer to a request whose body need not be looked at.
fn unwanted(head: &Parts, body: &Incoming, context: &Exchange) -> Option<Response<Content>> {
    if context.busy {
        let mut response = busy("too many connections; come back later");
        close(&mut response);
        return Some(response);
    }
    if let Some(document) = description::answer(head, &*context.listener.service) {
        return Some(document);
    }
    if !context.listener.service.serves(head.uri.path()) {
        return Some(plain(StatusCode::NOT_FOUND, "no actor is here"));
    }
    if head.method != Method::POST {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "SOAP messages are sent by POST");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(response);
    }
    (body.size_hint().lower() > limits::MESSAGE).then(|| {
        let reason = format!("more than {} bytes", limits::MESSAGE);
        refused(io::Error::new(io::ErrorKind::FileTooLarge, reason).into())
    })
}

async fn answer(
    head: &Parts,
    body: Content,
    context: &Arc<Exchange>,
    under_way: Arc<UnderWay>,
) -> Response<Content> {
    let path = head.uri.path();
    let Listener { service, folder, .. } = &*context.listener;
    let message = match read(&head.headers, body, Side::Request, &|name| service.understands(name), folder)
        .await
    {
        Ok(message) => message,
        Err(refusal) => {
            let address = context.peer.address;
            tracing::info!(?address, path, status = %refusal.status, code = ?refusal.fault.code, "message refused");
            return refused(*refusal);
        }
    };
    let (encoding, request_id) = (message.encoding, message.message_id.clone());
    let action = message.action.clone();
    // A task of its own: whoever asked may hang up, but what was begun ends, and has its place for as long.
    let (exchange, at) = (Arc::clone(context), path.to_owned());
    let answering = tokio::spawn(async move {
        let answer = exchange.listener.service.answer(&at, message, exchange.peer.clone()).await;
        (answer, under_way)
    });
    // A handler that panics costs its own request, not the others of the connection.
    let (answer, _under_way) = match answering.await {
        Ok((answer, under_way)) => (answer, Some(under_way)),
        Err(error) => {
            let id = Uuid::new_v4();
            tracing::error!(%id, path, action, %error, "a handler panicked");
            (Err(Fault::receiver(format!("internal error, logged as {id}"))), None)
        }
    };
    match answer {
        Ok(message) => {
            tracing::debug!(path, action, "answered");
            respond(StatusCode::OK, message.answering(request_id.as_deref(), encoding), folder)
        }
        Err(fault) => {
            tracing::info!(path, action, code = ?fault.code, "answered with a fault");
            respond_fault(fault.status(), fault, request_id.as_deref(), encoding)
        }
    }
}

/// A fault has no documents.
fn respond_fault(
    status: StatusCode,
    fault: Fault,
    request_id: Option<&str>,
    encoding: Encoding,
) -> Response<Content> {
    respond(status, fault.into_message(request_id, encoding), &Folder::default())
}

fn respond(status: StatusCode, message: Message, folder: &Folder) -> Response<Content> {
    let (request_id, encoding) = (message.relates_to.clone(), message.encoding);
    let (media_type, content) = match write(message, folder) {
        Ok(written) => written,
        Err(error) => {
            let id = Uuid::new_v4();
            tracing::error!(%id, %error, "an answer could not be written");
            let fault = Fault::receiver(format!("internal error, logged as {id}"));
            return respond_fault(fault.status(), fault, request_id.as_deref(), encoding);
        }
    };
    let mut response = Response::new(content);
    *response.status_mut() = status;
    if let Ok(media_type) = HeaderValue::try_from(media_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    }
    response
}

fn refused(refusal: Refusal) -> Response<Content> {
    let Refusal { status, fault, encoding, request_id } = refusal;
    let mut response = respond_fault(status, fault, request_id.as_deref(), encoding);
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            retry_later(&mut response);
            close(&mut response);
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => close(&mut response),
        _ => {}
    }
    response
}

/// Says when to come back. The connection is kept: to make another costs more than to answer.
fn busy(reason: &'static str) -> Response<Content> {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = respond_fault(status, Fault::receiver(reason), None, Encoding::Simple);
    retry_later(&mut response);
    response
}

fn retry_later(response: &mut Response<Content>) {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(limits::RETRY_AFTER.as_secs()));
}

fn close(response: &mut Response<Content>) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// An answer that is no SOAP message.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Content> {
    let mut response = Response::new(Content::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}

/// The answer, which ends only when the rest of its request was read: many clients read no answer
/// before all of their request is sent, and a connection closed meanwhile would lose it.
fn before_draining(content: Content, arriving: Arriving<Incoming>) -> Content {
    let drained = stream::once(async move {
        arriving.drain().await;
        Ok(Bytes::new())
    });
    Content::from_stream(content.chain(drained))
}
