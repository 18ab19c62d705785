//! Accepts connections, hands each message to a service and sends its acknowledgement home: one after the other on a
//! connection, as the sender waits for each.

mod meters;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rustls::ServerConfig;
use soap::limits::{HANDSHAKE_TIME, SHUTDOWN_TIME};
use soap::peer::{Certificate, Peer};
use soap::server::Seldom;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::acknowledgement::{Acknowledgement, Code, Condition, ErrorAt};
use crate::frame::{Ended, Frames};
use crate::limits;
use crate::message::{Header, Message, Unreadable};
use meters::{Meters, Within};

/// What answers the messages of a server.
pub trait Service: Send + Sync + 'static {
    /// Answers what came from `peer`, to the end even if the peer hangs up meanwhile. What cannot be read is given
    /// too, so that it is told of.
    fn answer(&self, arrived: Result<Message, Unreadable>, peer: Peer) -> BoxFuture<'_, Acknowledgement>;
}

/// A listening server.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

struct Shared {
    service: Arc<dyn Service>,
    tls: Option<TlsAcceptor>,
    meters: Meters,
    strangers: Seldom,
    places: Arc<Semaphore>,
    of_peers: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

impl Server {
    /// Listens at `address`; port 0 takes a free one. Without a configuration there is no TLS.
    pub async fn bind(address: SocketAddr, tls: Option<&ServerConfig>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let tls = tls.map(|config| {
            let mut config = config.clone();
            // MLLP has no name in ALPN.
            config.alpn_protocols.clear();
            Arc::new(config)
        });
        Ok(Self { listener, address, tls })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then takes no more, and answers what has begun to come.
    pub async fn serve(self, service: Arc<dyn Service>, shutdown: impl Future<Output = ()>) {
        let shared = Arc::new(Shared {
            service,
            tls: self.tls.map(TlsAcceptor::from),
            meters: Meters::default(),
            strangers: Seldom::default(),
            places: Arc::new(Semaphore::new(limits::CONNECTIONS)),
            of_peers: Mutex::default(),
        });
        let (stop, stopped) = watch::channel(());
        tokio::pin!(shutdown);
        loop {
            let (stream, address) = tokio::select! {
                () = &mut shutdown => break,
                accepted = soap::server::accept(&self.listener) => accepted,
            };
            match shared.place(address.ip()) {
                Some(place) => {
                    tokio::spawn(connection(Arc::clone(&shared), stream, address, place, stopped.clone()));
                }
                None => {
                    shared.meters.too_many.increment(1);
                    if let Some(unsaid) = shared.strangers.pass() {
                        tracing::warn!(%address, unsaid, "too many MLLP connections: closed");
                    }
                }
            }
        }
        drop((self.listener, stopped));
        stop.send_replace(());
        if timeout(SHUTDOWN_TIME, stop.closed()).await.is_err() {
            tracing::warn!("some HL7 messages were still under way when the server stopped");
        }
    }
}

/// Among all connections, and among those from the same address.
type Place = (OwnedSemaphorePermit, OwnedSemaphorePermit);

impl Shared {
    fn place(&self, address: IpAddr) -> Option<Place> {
        let of_peer = {
            let mut peers = self.of_peers.lock().unwrap_or_else(PoisonError::into_inner);
            // Those without a connection are forgotten: there are at most as many as connections.
            peers.retain(|_, places| Arc::strong_count(places) > 1);
            let new = || Arc::new(Semaphore::new(limits::CONNECTIONS_OF_A_PEER));
            Arc::clone(peers.entry(address).or_insert_with(new))
        };
        Some((Arc::clone(&self.places).try_acquire_owned().ok()?, of_peer.try_acquire_owned().ok()?))
    }
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    stopped: watch::Receiver<()>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%address, %error, "no nodelay");
    }
    let mut peer = Peer { address: Some(address), certificate: None };
    let Some(tls) = &shared.tls else {
        exchange(&shared, stream, peer, stopped).await;
        return drop(place);
    };
    let stream = match timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        failed => {
            shared.meters.handshakes_failed.increment(1);
            if let Some(unsaid) = shared.strangers.pass() {
                let error = match failed {
                    Ok(Err(error)) => error.to_string(),
                    Ok(Ok(_)) | Err(_) => "not finished in time".to_owned(),
                };
                tracing::info!(%address, error, unsaid, "TLS handshake for MLLP refused");
            }
            return;
        }
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    match certificate.map(|der| Certificate::from_der(der)) {
        Some(Ok(certificate)) => peer.certificate = Some(Arc::new(certificate)),
        Some(Err(error)) => return tracing::warn!(%address, %error, "a client certificate cannot be read"),
        None => return tracing::warn!(%address, "an MLLP connection without client certificate"),
    }
    exchange(&shared, stream, peer, stopped).await;
    drop(place);
}

/// Answers one message after the other until either side has had enough.
async fn exchange<S>(shared: &Shared, stream: S, peer: Peer, mut stopped: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _open = Within::new(&shared.meters.open);
    let mut frames = Frames::new(stream);
    let mut ended = None;
    while ended.is_none() {
        let begun = tokio::select! {
            begun = frames.begin() => begun,
            _ = stopped.changed() => break,
        };
        let message = match begun {
            Ok(()) => frames.message().await,
            Err(ended) => Err(ended),
        };
        let arrived = match message {
            Ok(message) => Message::read(&message),
            Err(Ended::Closed) => break,
            Err(Ended::Lost(defect)) => {
                ended = Some(());
                Err(Unreadable { header: None, defect })
            }
        };
        let (header, answer) = answer(shared, arrived, &peer).await;
        shared.meters.count(answer.code);
        if let Err(error) = frames.send(&answer.write(header.as_ref())).await {
            tracing::debug!(address = ?peer.address, %error, "an acknowledgement was not taken");
            break;
        }
    }
    frames.close(ended.is_some()).await;
}

async fn answer(
    shared: &Shared,
    arrived: Result<Message, Unreadable>,
    peer: &Peer,
) -> (Option<Header>, Acknowledgement) {
    let header = match &arrived {
        Ok(message) => Some(message.header().clone()),
        Err(unreadable) => unreadable.header.as_deref().cloned(),
    };
    let answering = AssertUnwindSafe(shared.service.answer(arrived, peer.clone())).catch_unwind();
    let answer = answering.await.unwrap_or_else(|_| {
        tracing::error!("answering an HL7 message has panicked");
        let at = ErrorAt { segment: "MSH", sequence: 1, field: 9, condition: Condition::Internal };
        Acknowledgement { code: Code::Error, text: "internal error".to_owned(), error: Some(at) }
    });
    (header, answer)
}
