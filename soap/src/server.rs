//! Accepts connections, hands each message to a service and sends its answer home.
//!
//! HTTP/1.1 over mutual TLS only (ITI TF-2 V.3, 3.19). Limits stand in `limits.rs`.

mod admission;
mod connection;
mod description;
mod exchange;
mod meters;
mod seldom;
mod stall;
mod under_way;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Duration, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::fault::Fault;
use crate::limits;
use crate::message::Message;
use crate::peer::Peer;
use crate::spool::Folder;
use crate::xml::Name;
use admission::Admission;
use connection::Listener;
use meters::Meters;
pub use seldom::Seldom;

pub use description::Description;

/// What answers the messages of a server.
pub trait Service: Send + Sync + 'static {
    /// Answers one message that came to `path` from `peer`, to the end even if the peer hangs up meanwhile.
    ///
    /// Its documents stream from the peer while they are read: those not read before the answer
    /// are lost. The answer goes out in the encoding of the request.
    fn answer(&self, path: &str, message: Message, peer: Peer) -> BoxFuture<'_, Result<Message, Fault>>;

    /// Whether anything is answered at `path`.
    fn serves(&self, path: &str) -> bool;

    /// What describes what is answered at `path`, if anything does.
    fn description(&self, _path: &str) -> Option<Description> {
        None
    }

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
    folder: Folder,
    leave: Duration,
}

impl Server {
    /// Listens at `address`; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, tls: Arc<ServerConfig>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, tls, folder: Folder::default(), leave: Duration::ZERO })
    }

    /// With an existing folder for documents that have to wait, instead of the system's folder for
    /// temporary files, which may be in memory.
    #[must_use]
    pub fn spooling_in(mut self, folder: PathBuf) -> Self {
        self.folder = folder.into();
        self
    }

    /// Takes its leave for so long: it still answers everybody, and tells them to come back on another connection,
    /// so that who distributes connections between servers can send them elsewhere.
    #[must_use]
    pub const fn leaving_for(mut self, time: Duration) -> Self {
        self.leave = time;
        self
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, takes its leave, then takes no more and finishes what is under way.
    pub async fn serve(self, service: Arc<dyn Service>, shutdown: impl Future<Output = ()>) {
        let listener = Arc::new(Listener {
            service,
            tls: TlsAcceptor::from(self.tls),
            admission: Admission::default(),
            folder: self.folder,
            strangers: Seldom::default(),
            meters: Meters::default(),
            is_leaving: AtomicBool::new(false),
        });
        let (stop, stopped) = watch::channel(());
        let mut leave = pin!(async {
            shutdown.await;
            listener.is_leaving.store(true, Ordering::Relaxed);
            sleep(self.leave).await;
        });
        loop {
            let (stream, address) = tokio::select! {
                () = &mut leave => break,
                accepted = accept(&self.listener) => accepted,
            };
            let place = listener.admission.connection();
            if place.as_ref().is_none_or(|place| place.busy) {
                listener.meters.too_many.increment(1);
            }
            let Some(place) = place else {
                if let Some(unsaid) = listener.strangers.pass() {
                    tracing::warn!(%address, unsaid, "too many connections: closed");
                }
                continue;
            };
            tokio::spawn(connection::serve(Arc::clone(&listener), stream, address, place, stopped.clone()));
        }
        drop((self.listener, stopped));
        stop.send_replace(());
        if timeout(limits::SHUTDOWN_TIME, stop.closed()).await.is_err() {
            tracing::warn!("some requests were still under way when the server stopped");
        }
    }
}

/// The next connection; when none can be taken, as with no file descriptors left, soon again.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
