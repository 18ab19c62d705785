//! Client and server on a real socket over mutual TLS: documents, certificates, HTTP.

mod answers;
mod certificates;
mod documents;
mod http;
mod patience;
mod peers;
