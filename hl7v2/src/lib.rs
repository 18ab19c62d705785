//! Carries HL7 version 2 messages between machines, over MLLP with and without TLS; has never heard of XDS.

mod acknowledgement;
mod charset;
pub mod client;
mod frame;
pub mod limits;
mod message;
pub mod server;
mod text;

pub use acknowledgement::{Acknowledgement, Code, Condition, ErrorAt, next_control_id};
pub use charset::Charset;
pub use client::{Answer, Connection, SendError};
pub use message::{Defect, Header, Message, Repetition, Segment, TooLong, Unreadable};
pub use server::{Server, Service};
pub use text::escape;
