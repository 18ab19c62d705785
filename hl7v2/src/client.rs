//! Sends messages to a server, each once the one before was acknowledged.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use soap::limits::{CONNECT_TIME, HANDSHAKE_TIME};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::acknowledgement::Acknowledgement;
use crate::frame::{Ended, Frames};
use crate::limits;
use crate::message::Message;

/// A connection to a server.
pub struct Connection {
    frames: Frames<Box<dyn Stream>>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What it says.
    pub acknowledgement: Acknowledgement,
    /// What it says it answers, MSA-2.
    pub control_id: String,
    /// The whole of it.
    pub message: Message,
}

/// Why a message was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is nobody, or not whom we trust. Nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// No answer came, or none that makes sense. The message may have been dealt with, and may be sent again.
    #[error("{0}")]
    Unanswered(String),
}

impl Connection {
    /// Connects to `host:port`; without a configuration there is no TLS.
    pub async fn open(address: &str, tls: Option<&ClientConfig>) -> Result<Self, SendError> {
        let unreachable = |error: &dyn std::fmt::Display| {
            SendError::Unreachable(format!("{address} cannot be reached: {error}"))
        };
        let stream = match timeout(CONNECT_TIME, TcpStream::connect(address)).await {
            Ok(connected) => connected.map_err(|error| unreachable(&error))?,
            Err(_) => return Err(unreachable(&"nobody answered in time")),
        };
        stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
        let Some(tls) = tls else { return Ok(Self { frames: Frames::new(Box::new(stream)) }) };
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| unreachable(&error))?;
        let handshake = TlsConnector::from(Arc::new(tls.clone())).connect(name, stream);
        match timeout(HANDSHAKE_TIME, handshake).await {
            Ok(done) => {
                Ok(Self { frames: Frames::new(Box::new(done.map_err(|error| unreachable(&error))?)) })
            }
            Err(_) => Err(unreachable(&"the TLS handshake was not finished in time")),
        }
    }

    /// Sends a message, and waits for its acknowledgement.
    pub async fn send(&mut self, message: &[u8]) -> Result<Answer, SendError> {
        let unanswered = |error: String| SendError::Unanswered(error);
        let sent = self.frames.send(message).await;
        // A server may answer that it does not read on, and close: its reason is worth more than a broken pipe.
        let answer = match timeout(limits::ANSWER_TIME, self.answer()).await {
            Ok(Err(error)) => return Err(unanswered(sent.err().map_or(error, |error| error.to_string()))),
            Ok(Ok(answer)) => answer,
            Err(_) => return Err(unanswered("no acknowledgement came in time".to_owned())),
        };
        let message = Message::read(&answer);
        let message =
            message.map_err(|unreadable| unanswered(format!("the answer: {}", unreadable.defect)))?;
        let (acknowledgement, control_id) = Acknowledgement::read(&message).map_err(unanswered)?;
        Ok(Answer { acknowledgement, control_id, message })
    }

    async fn answer(&mut self) -> Result<Vec<u8>, String> {
        let ended = |ended| match ended {
            Ended::Closed => "the connection was closed without an acknowledgement".to_owned(),
            Ended::Lost(defect) => format!("the answer: {defect}"),
        };
        self.frames.begin().await.map_err(ended)?;
        self.frames.message().await.map_err(ended)
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}
