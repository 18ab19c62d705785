//! What people's browsers are answered: the book and its stylesheet; and monitors: whether the node lives, and
//! what it counts (design D13, D14).

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use metadata::{PatientId, RegistryErrors};

use crate::book::{Book, Frame, Language, MessagePage};
use crate::meters;
use crate::node::Node;

/// Nothing but our own stylesheet and images; no script at all; nobody may frame us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// Everything that the web listener of a node answers.
pub fn router(node: Arc<Node>) -> Router {
    let book = Arc::new(Book::of(&node));
    let health = Router::new()
        .route("/healthz", get(async || "the node lives\n"))
        .route("/readyz", get(ready))
        .with_state(node);
    pages(book).merge(health).layer(middleware::from_fn(protect))
}

fn pages(book: Arc<Book>) -> Router {
    Router::new()
        .route("/", get(async || Redirect::to("/book")))
        .route("/book", get(patients))
        .route("/book/patients/{id}", get(patient))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(&book), only_by_our_name))
        .route(
            "/book.css",
            get(async || asset("text/css; charset=utf-8", include_str!("../assets/book.css"))),
        )
        .route("/book.svg", get(async || asset("image/svg+xml", include_str!("../assets/book.svg"))))
        .with_state(book)
}

fn asset(kind: &'static str, content: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], content)
}

/// What Prometheus reads. It has the access rule of the book.
async fn metrics() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], meters::text())
}

/// 200 when the node can do its work, 503 with what is wrong.
async fn ready(State(node): State<Arc<Node>>) -> (StatusCode, String) {
    let checks = node.readiness().await;
    let line = |check: &crate::node::Check| match (&check.outcome, &check.note) {
        (Ok(()), None) => format!("{}: ready\n", check.name),
        (Ok(()), Some(text)) | (Err(text), _) => format!("{}: {text}\n", check.name),
    };
    let all = checks.iter().all(|check| check.outcome.is_ok());
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, checks.iter().map(line).collect())
}

type Asked = Query<HashMap<String, String>>;

async fn patients(
    State(book): State<Arc<Book>>,
    uri: Uri,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let search = asked.get("q").map(String::as_str).unwrap_or_default();
    match book.patients(frame(&book, &uri, &asked, &headers), search).await {
        Ok(list) => page(StatusCode::OK, &list),
        Err(errors) => failed(frame(&book, &uri, &asked, &headers), &errors),
    }
}

async fn patient(
    State(book): State<Arc<Book>>,
    Path(id): Path<String>,
    uri: Uri,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    let frame = || frame(&book, &uri, &asked, &headers);
    let Ok(patient) = id.parse::<PatientId>() else {
        return page(StatusCode::NOT_FOUND, &MessagePage::not_an_identifier(frame(), &id));
    };
    match book.patient(frame(), &patient).await {
        Ok(Some(history)) => page(StatusCode::OK, &history),
        Ok(None) => page(StatusCode::NOT_FOUND, &MessagePage::unknown_patient(frame(), &id)),
        Err(errors) => failed(frame(), &errors),
    }
}

async fn not_found(
    State(book): State<Arc<Book>>,
    uri: Uri,
    Query(asked): Asked,
    headers: HeaderMap,
) -> Response {
    // The address is anyone's invention, such as `//elsewhere.example`: no link is made of it.
    let frame = Frame { path: "/book".to_owned(), ..frame(&book, &uri, &asked, &headers) };
    page(StatusCode::NOT_FOUND, &MessagePage::not_found(frame))
}

/// The errors hold the id under which the log has the reason; neither goes to the page.
fn failed(frame: Frame, errors: &RegistryErrors) -> Response {
    tracing::error!(%errors, "a page of the book could not be made");
    page(StatusCode::INTERNAL_SERVER_ERROR, &MessagePage::failed(frame))
}

fn frame(book: &Book, uri: &Uri, asked: &HashMap<String, String>, headers: &HeaderMap) -> Frame {
    let chosen = asked.get("lang").and_then(|tag| Language::of_tag(tag));
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok());
    Frame {
        language: chosen.unwrap_or_else(|| Language::accepted(accepted.unwrap_or_default())),
        language_is_chosen: chosen.is_some(),
        node: book.config.node.name.clone(),
        is_loopback: book.config.web.listen.ip().is_loopback(),
        path: uri.path().to_owned(),
        search: asked.get("q").cloned().unwrap_or_default(),
    }
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template of the book could not be filled in");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// While there is no sign-in, a page answers only to a name of this machine: a foreign site cannot read it by
/// pointing a name of its own at the loopback address (DNS rebinding).
async fn only_by_our_name(State(book): State<Arc<Book>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    if book.config.web.listen.ip().is_loopback() && !host.is_some_and(is_this_machine) {
        let text = "this node answers as localhost, 127.0.0.1 or [::1]\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    next.run(request).await
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

/// Headers of every answer. Pages are not kept by browsers, and addresses with patient ids are not sent on.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
