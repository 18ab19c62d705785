//! MIME as SOAP uses it: media types with parameters, and multipart/related as a stream.

mod content_type;
mod head;
mod reader;
mod transfer;
mod writer;

use std::io;

pub(crate) use content_type::MediaType;
pub(crate) use reader::Multipart;
pub(crate) use transfer::Base64;
pub(crate) use writer::related;

/// The media type of bytes of which nothing is known.
pub(crate) const OCTETS: &str = "application/octet-stream";

/// What is wrong with a multipart body.
fn broken(reason: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("multipart: {reason}"))
}
