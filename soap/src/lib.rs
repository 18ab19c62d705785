//! Carries messages between machines; has never heard of XDS.

mod addressing;
mod arriving;
pub mod client;
mod envelope;
pub mod fault;
pub mod limits;
pub mod message;
mod mime;
pub mod parts;
pub mod peer;
mod rate;
pub mod server;
mod spool;
pub mod tls;
pub mod xml;

pub use addressing::WSA;
pub use client::{Client, SendError};
pub use fault::{Fault, FaultCode, Subcode};
pub use message::{Encoding, Message};
pub use parts::{Binary, Content, Part, Parts, XOP, binary, include, same_content_id};
pub use peer::{Certificate, Peer};
pub use server::{Description, Server, Service};
pub use spool::failed_here;
