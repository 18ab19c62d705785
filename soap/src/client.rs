//! Sends a message to a URL and awaits the answer.

use crate::fault::Fault;
use crate::message::Message;

/// Why there is no answer, by whose fault it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The peer could not be reached, or not in time.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The peer answered with a fault.
    #[error("refused: {0}")]
    Refused(Fault),
    /// What came back is no answer.
    #[error("nonsense: {0}")]
    Nonsense(String),
}

/// Calls peers; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    tls: rustls::ClientConfig,
}

impl Client {
    /// A client with our identity.
    pub const fn new(tls: rustls::ClientConfig) -> Self {
        Self { tls }
    }

    /// Sends one message and reads the head of its answer; documents stream behind it.
    pub async fn send(&self, url: &str, message: Message) -> Result<Message, SendError> {
        let _ = (&self.tls, message);
        Err(SendError::Unreachable(format!("{url}: still being built")))
    }
}
