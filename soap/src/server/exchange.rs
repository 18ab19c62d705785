//! One request and its answer (SOAP 1.2 Part 2 section 7).

use std::convert::Infallible;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::{Body, Incoming};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::Service;
use crate::addressing::Side;
use crate::arriving::Arriving;
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
    pub(super) service: Arc<dyn Service>,
    pub(super) peer: Peer,
    /// The peer is only to be told to come back later.
    pub(super) busy: bool,
    pub(super) large_bodies: Arc<Semaphore>,
    /// Where documents wait.
    pub(super) folder: Folder,
}

/// Answers one request. However it is answered, the rest of it is read.
pub(super) async fn exchange(
    request: Request<Incoming>,
    context: Arc<Exchange>,
) -> Result<Response<Content>, Infallible> {
    let (head, body) = request.into_parts();
    let unwanted = unwanted(&head, &body, &context);
    let arriving = Arriving::new(body, Some(Arc::clone(&context.large_bodies)), None);
    let response = match unwanted {
        Some(response) => response,
        None => answer(head.uri.path(), &head.headers, arriving.content(), &context).await,
    };
    let waits_to_send = head.headers.contains_key(header::EXPECT);
    let wanted = arriving.received().await > 0 || !waits_to_send;
    if arriving.ended().await || !wanted {
        return Ok(response);
    }
    Ok(response.map(|content| before_draining(content, arriving)))
}

/// The answer to a request whose body need not be looked at.
fn unwanted(head: &Parts, body: &Incoming, context: &Exchange) -> Option<Response<Content>> {
    if context.busy {
        return Some(busy());
    }
    if !context.service.serves(head.uri.path()) {
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

async fn answer(path: &str, head: &HeaderMap, body: Content, context: &Exchange) -> Response<Content> {
    let service = &context.service;
    let message = match read(head, body, Side::Request, &|name| service.understands(name), &context.folder)
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
    // A handler that panics costs its own request, not the others of the connection.
    let answering = AssertUnwindSafe(async { service.answer(path, message, context.peer.clone()).await });
    let answer = answering.catch_unwind().await.unwrap_or_else(|_| {
        let id = Uuid::new_v4();
        tracing::error!(%id, path, action, "a handler panicked");
        Err(Fault::receiver(format!("internal error, logged as {id}")))
    });
    match answer {
        Ok(message) => {
            tracing::debug!(path, action, "answered");
            respond(StatusCode::OK, message.answering(request_id.as_deref(), encoding), &context.folder)
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
        StatusCode::SERVICE_UNAVAILABLE => retry_later(&mut response),
        StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => close(&mut response),
        _ => {}
    }
    response
}

fn busy() -> Response<Content> {
    let fault = Fault::receiver("too many connections; come back later");
    let mut response = respond_fault(StatusCode::SERVICE_UNAVAILABLE, fault, None, Encoding::Simple);
    retry_later(&mut response);
    response
}

fn retry_later(response: &mut Response<Content>) {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(limits::RETRY_AFTER.as_secs()));
    close(response);
}

fn close(response: &mut Response<Content>) {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
}

fn plain(status: StatusCode, text: &'static str) -> Response<Content> {
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
