//! Client and server on a real socket over mutual TLS: documents, certificates, HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy takes what tests share for production code"
)]

mod again;
mod answers;
mod busy;
mod certificates;
mod documents;
mod http;
mod patience;
mod peers;
