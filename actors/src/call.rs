//! Asks any transaction of a partner and reads the answer: over the wire, or in values on the same node.

use std::sync::Arc;

use soap::client::Client;
pub use soap::client::SendError as CallError;
use soap::message::Message;

use tracing::Instrument;

use crate::Endpoint;
use crate::account::Account;
use crate::audit::Audit;
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
        let is_local = matches!(self.way, Way::Values(_));
        let account = Account::asking::<T>(&self.audit, self.address(), is_local);
        let asked = async {
            match &self.way {
                Way::Wire { url, client } => over_the_wire(client, url, request, &account).await,
                Way::Values(endpoint) => endpoint.answer_local(request).await.map_err(CallError::Refused),
            }
        };
        let answer = asked.instrument(account.span()).await;
        account.close::<T>(subject, answer.as_ref()).await;
        answer
    }
}

async fn over_the_wire<T: Transaction>(
    client: &Client,
    url: &str,
    request: T,
    account: &Account,
) -> Result<T::Response, CallError> {
    let (body, parts) = request.write();
    let message = Message { parts, ..Message::new(T::ACTION, body, T::ENCODING) };
    account.is_message(message.message_id.as_deref());
    let answer = if T::IS_SAFE { client.ask(url, message).await? } else { client.send(url, message).await? };
    T::Response::read(answer).map_err(CallError::Nonsense)
}

impl std::fmt::Debug for Partner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Partner({})", self.address())
    }
}
