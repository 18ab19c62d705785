//! One connection from its TLS handshake to its end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Service;
use super::admission::{Admission, Place};
use super::exchange::{Exchange, exchange};
use super::meters::{Meters, Within};
use super::seldom::Seldom;
use super::stall::Stall;
use crate::limits;
use crate::peer::Peer;
use crate::spool::Folder;

/// What all connections of a server share.
pub(super) struct Listener {
    pub(super) service: Arc<dyn Service>,
    pub(super) tls: TlsAcceptor,
    pub(super) admission: Admission,
    pub(super) folder: Folder,
    /// What is said of those who could not connect.
    pub(super) strangers: Seldom,
    pub(super) meters: Meters,
    /// Whether who is answered is told to make no further request on the same connection.
    pub(super) is_leaving: AtomicBool,
}

/// Serves the requests of one connection until either side closes it, or the server stops.
pub(super) async fn serve(
    listener: Arc<Listener>,
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    mut stopped: watch::Receiver<()>,
) {
    let Some(stream) = handshake(&listener, stream, address).await else { return };
    let meters = &listener.meters;
    meters.connections.increment(1);
    let _open = Within::new(&meters.open);
    let certificates = stream.get_ref().1.peer_certificates();
    let known = match certificates.and_then(<[_]>::first).map(|der| listener.admission.peer(der)) {
        Some(Ok(known)) => known,
        Some(Err(error)) => return tracing::warn!(%address, %error, "a client certificate cannot be read"),
        None => return tracing::warn!(%address, "a connection without client certificate"),
    };
    let connection = known.connections.place().await;
    if connection.is_none() {
        meters.too_many_of_a_peer.increment(1);
    }
    let exchange_of = Arc::new(Exchange {
        listener: Arc::clone(&listener),
        peer: Peer { address: Some(address), certificate: Some(Arc::clone(&known.certificate)) },
        busy: place.busy || connection.is_none(),
        turns: known.turns.clone(),
        _stopped: stopped.clone(),
    });
    let service = service_fn(move |request| exchange(request, Arc::clone(&exchange_of)));
    let stream = Stall::new(stream, meters.received.clone(), meters.sent.clone());
    let mut http = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD_TIME)
            .max_headers(limits::HEAD_FIELDS)
            .max_header_size(limits::HEAD)
            .max_buf_size(limits::READ_BUFFER)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = tokio::select! {
        ended = http.as_mut() => ended,
        () = async { tokio::select! { _ = stopped.changed() => {}, () = sleep(limits::CONNECTION_AGE) => {} } } => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%address, %error, "a connection broke");
    }
    drop((place, connection));
}

async fn handshake(
    listener: &Listener,
    stream: TcpStream,
    address: SocketAddr,
) -> Option<TlsStream<TcpStream>> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%address, %error, "no nodelay");
    }
    let error = match timeout(limits::HANDSHAKE_TIME, listener.tls.accept(stream)).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "not finished in time".to_owned(),
    };
    listener.meters.handshakes_failed.increment(1);
    if let Some(unsaid) = listener.strangers.pass() {
        tracing::info!(%address, error, unsaid, "TLS handshake refused");
    }
    None
}
