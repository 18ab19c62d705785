//! One SOAP message: an action, a body, and documents behind it.

pub(crate) mod inline;
pub(crate) mod read;
pub(crate) mod write;

use std::any::Any;
use std::fmt;

use uuid::Uuid;

use crate::addressing;
use crate::parts::{Part, Parts};
use crate::xml::Element;

/// How a message is put on the wire. An answer takes the encoding of its request (ITI TF-2 V.3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/soap+xml`; documents are base64 inside the body.
    Simple,
    /// `multipart/related` with the body first; documents follow as they are.
    Mtom,
}

/// A message, to be sent or received.
#[derive(Debug)]
pub struct Message {
    /// What is asked or answered: `wsa:Action`.
    pub action: String,
    /// `wsa:MessageID`.
    pub message_id: Option<String>,
    /// `wsa:RelatesTo`; a message that has it is an answer.
    pub relates_to: Option<String>,
    /// `wsa:To`.
    pub to: Option<String>,
    /// Other header blocks.
    pub headers: Vec<Element>,
    /// What is inside `env:Body`.
    pub body: Element,
    /// The documents that the body includes.
    pub parts: Parts,
    /// How it goes, or came.
    pub encoding: Encoding,
    /// What it takes up until it has gone out.
    pub held: Held,
}

/// Something that is dropped when the message that has it has gone out, or cannot.
#[derive(Default)]
pub struct Held(Option<Box<dyn Any + Send + Sync>>);

impl Held {
    /// What is dropped then.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self(Some(Box::new(held)))
    }

    /// Nothing.
    pub const fn nothing() -> Self {
        Self(None)
    }

    pub(crate) const fn is_nothing(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_nothing() { "Held(nothing)" } else { "Held(something)" })
    }
}

impl Message {
    /// A message with a new id.
    pub fn new(action: impl Into<String>, body: Element, encoding: Encoding) -> Self {
        Self {
            action: action.into(),
            message_id: Some(Uuid::new_v4().urn().to_string()),
            relates_to: None,
            to: None,
            headers: Vec::new(),
            body,
            parts: Parts::none(),
            encoding,
            held: Held::nothing(),
        }
    }

    /// With one more document behind it.
    #[must_use]
    pub fn with_part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// As the answer to a request, in the request's encoding.
    #[must_use]
    pub fn answering(mut self, request_id: Option<&str>, encoding: Encoding) -> Self {
        self.relates_to = Some(addressing::related(request_id));
        self.encoding = encoding;
        self
    }
}
