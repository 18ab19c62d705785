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
    Wire { urls: Urls, client: Arc<Client> },
    Values(Arc<Endpoint>),
}

/// Where an actor is asked.
#[derive(Clone)]
struct Urls {
    usual: Arc<str>,
    /// The actions that are asked elsewhere.
    elsewhere: Vec<(&'static str, Arc<str>)>,
}

impl Urls {
    fn of(&self, action: &str) -> &str {
        let elsewhere = self.elsewhere.iter().find(|(asked, _)| *asked == action);
        elsewhere.map_or(&self.usual, |(_, url)| url)
    }
}

impl Partner {
    /// A partner at a URL.
    pub fn remote(url: &str, client: Client, audit: Audit) -> Self {
        let urls = Urls { usual: url.into(), elsewhere: Vec::new() };
        Self { way: Way::Wire { urls, client: Arc::new(client) }, audit }
    }

    /// A partner at a URL that is asked `T` at another one.
    #[must_use]
    pub fn asked_at<T: Transaction>(mut self, url: &str) -> Self {
        if let Way::Wire { urls, .. } = &mut self.way {
            urls.elsewhere.push((T::ACTION, url.into()));
        }
        self
    }

    /// An actor of the same node (design D6).
    pub fn local(endpoint: Arc<Endpoint>, audit: Audit) -> Self {
        Self { way: Way::Values(endpoint), audit }
    }

    /// Where the partner is, and is asked what has no address of its own.
    pub fn address(&self) -> &str {
        match &self.way {
            Way::Wire { urls, .. } => &urls.usual,
            Way::Values(_) => "this node",
        }
    }

    /// Where the partner is asked `T`.
    pub fn address_of<T: Transaction>(&self) -> &str {
        match &self.way {
            Way::Wire { urls, .. } => urls.of(T::ACTION),
            Way::Values(_) => self.address(),
        }
    }

    /// Asks, and audits whatever came of it.
    pub async fn ask<T: Transaction>(&self, request: T) -> Result<T::Response, CallError> {
        let subject = request.subject();
        let is_local = matches!(self.way, Way::Values(_));
        let account = Account::asking::<T>(&self.audit, self.address_of::<T>(), is_local);
        let asked = async {
            match &self.way {
                Way::Wire { urls, client } => {
                    over_the_wire(client, urls.of(T::ACTION), request, &account).await
                }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transactions::{Register, StoredQuery};

    #[test]
    fn one_transaction_may_be_asked_elsewhere() {
        let elsewhere = vec![(Register::ACTION, "https://xds.example/iti42".into())];
        let urls = Urls { usual: "https://xds.example/iti18".into(), elsewhere };
        assert_eq!(urls.of(StoredQuery::ACTION), "https://xds.example/iti18");
        assert_eq!(urls.of(Register::ACTION), "https://xds.example/iti42");
    }
}
