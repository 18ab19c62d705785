//! Asks any transaction of a partner and reads the answer: over the wire, or in values on the same node.

use std::sync::Arc;

use soap::client::Client;
pub use soap::client::SendError as CallError;
use soap::message::Message;

use crate::Endpoint;
use crate::audit::{Audit, Circumstances, Side};
use crate::transactions::{Response, Transaction};

/// An actor that we can ask. Cheap to clone.
#[derive(Clone)]
pub struct Partner {
    way: Way,
    audit: Audit,
}

#[derive(Clone)]
enum Way {
    Wire { url: Arc<str>, client: Arc<Client> },
    Values(Arc<Endpoint>),
}

impl Partner {
    /// A partner at a URL.
    pub fn remote(url: &str, client: Client, audit: Audit) -> Self {
        Self { way: Way::Wire { url: url.into(), client: Arc::new(client) }, audit }
    }

    /// An actor of the same node (design D6).
    pub fn local(endpoint: Arc<Endpoint>, audit: Audit) -> Self {
        Self { way: Way::Values(endpoint), audit }
    }

    /// Where the partner is.
    pub fn address(&self) -> &str {
        match &self.way {
            Way::Wire { url, .. } => url,
            Way::Values(_) => "this node",
        }
    }

    /// Asks, and audits whatever came of it.
    pub async fn ask<T: Transaction>(&self, request: T) -> Result<T::Response, CallError> {
        let subject = request.subject();
        let answer = match &self.way {
            Way::Wire { url, client } => over_the_wire(client, url, request).await,
            Way::Values(endpoint) => endpoint.answer_local(request).await.map_err(CallError::Refused),
        };
        let whom = Circumstances { side: Side::Asking, peer: self.address().to_owned(), address: None };
        self.audit.record::<T>(subject, &whom, answer.as_ref().map_err(kind));
        answer
    }
}

/// What kind of error it was; its text is the peer's and stays out of the audit.
const fn kind(error: &CallError) -> &'static str {
    match error {
        CallError::Unreachable(_) => "could not be reached",
        CallError::Refused(_) => "answered with a fault",
        CallError::Nonsense(_) => "gave an answer that makes no sense",
    }
}

async fn over_the_wire<T: Transaction>(
    client: &Client,
    url: &str,
    request: T,
) -> Result<T::Response, CallError> {
    let (body, parts) = request.write();
    let message = Message { parts, ..Message::new(T::ACTION, body, T::ENCODING) };
    let answer = client.send(url, message).await?;
    T::Response::read(answer).map_err(CallError::Nonsense)
}

impl std::fmt::Debug for Partner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Partner({})", self.address())
    }
}
