//! Bare HTTP/1.1 over mutual TLS by hyper and rustls: what both the floor and the clients consist of.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A body that is sent.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// A body that is at hand.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// Where a server is, and as whom it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) port: u16,
    pub(crate) tls: Arc<ClientConfig>,
}

/// One connection, which one client uses for one request after the other.
pub(crate) struct Connection {
    sender: SendRequest<Body>,
    host: String,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(peer: &Peer) -> Self {
        let socket = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, peer.port))).await.unwrap();
        socket.set_nodelay(true).unwrap();
        let name = "localhost".try_into().unwrap();
        let stream = TlsConnector::from(Arc::clone(&peer.tls)).connect(name, socket).await.unwrap();
        let (sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(driver);
        Self { sender, host: format!("localhost:{}", peer.port) }
    }

    /// Sends a request and awaits the head of its answer.
    pub(crate) async fn ask(
        &mut self,
        path: &str,
        media_type: &str,
        body: Body,
        last: bool,
    ) -> Response<Incoming> {
        self.sender.ready().await.unwrap();
        let mut request = Request::post(path).header(HOST, &self.host).header(CONTENT_TYPE, media_type);
        if last {
            request = request.header(CONNECTION, "close");
        }
        self.sender.send_request(request.body(body).unwrap()).await.unwrap()
    }
}

/// Answers every request on every connection by a function.
pub(crate) async fn serve<A, F>(listener: TcpListener, tls: Arc<ServerConfig>, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(tls);
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(socket).await else { return };
            let service = hyper::service::service_fn(move |request| {
                let answer = answer.clone();
                async move { Ok::<_, Infallible>(answer(request).await) }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            // A client that goes away is none of our business.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
