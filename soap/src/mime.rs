//! MIME as SOAP uses it: media types with parameters, and multipart/related as a stream.

mod content_type;
mod reader;
mod transfer;
mod writer;

pub(crate) use content_type::MediaType;
pub(crate) use reader::Multipart;
pub(crate) use transfer::Base64;
pub(crate) use writer::related;

/// The media type of bytes of which nothing is known.
pub(crate) const OCTETS: &str = "application/octet-stream";
