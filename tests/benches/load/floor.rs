//! The bare work: hyper over mutual TLS, the same hashes, the same file with fsync, and nothing else.

use std::convert::Infallible;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::{Method, Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::Digest;
use soap::tls::{Identity, Trust, client_config, server_config};
use tests::{Node, noise};
use tokio_rustls::TlsAcceptor;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// The floor in a process of its own.
pub(crate) struct Floor {
    process: Child,
    address: SocketAddr,
    client: Client<hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>, Body>,
}

impl Floor {
    /// Starts it with an identity of the node's CA, its file beside the node's.
    pub(crate) fn start(node: &Node) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let folder = node.folder().join("floor");
        std::fs::create_dir(&folder).unwrap();
        let authority = node.authority();
        let identity = authority.authority().issue(&certs::Request::node("floor", ["localhost"])).unwrap();
        for (name, text) in [
            ("identity.pem", identity.certificates.as_str()),
            ("identity.key", &identity.key),
            ("trust.pem", authority.authority().certificate()),
            ("address", &address.to_string()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let (identity, trust) = identities(&folder);
        let tls = client_config(&identity, &trust).unwrap();
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1();
        let client = Client::builder(TokioExecutor::new()).build(connector.build());
        let this = std::env::current_exe().unwrap();
        let process = Command::new(this).arg("floor").arg(&folder).spawn().unwrap();
        while std::net::TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, address, client }
    }

    /// The id of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Sends so many bytes that are not kept, and gets so many back from memory.
    pub(crate) async fn exchange(&self, request: usize, answer: usize) {
        let body = Full::new(Bytes::from(vec![7; request])).map_err(never).boxed_unsync();
        let mut body = self.ask(Method::PUT, &format!("/{answer}"), body).await;
        while let Some(frame) = body.frame().await {
            frame.unwrap();
        }
    }

    /// Sends so many bytes, which are durable when it answers.
    pub(crate) async fn upload(&self, size: u64) {
        let body = StreamBody::new(noise(size).map(|chunk| chunk.map(Frame::data)));
        drop(self.ask(Method::POST, "/", body.boxed_unsync()).await);
    }

    /// Gets back what was sent.
    pub(crate) async fn download(&self, size: u64) {
        let mut body = self.ask(Method::GET, "/", Full::default().map_err(never).boxed_unsync()).await;
        let mut received = 0;
        while let Some(frame) = body.frame().await {
            received += frame.unwrap().into_data().unwrap().len() as u64;
        }
        assert_eq!(received, size);
    }

    async fn ask(&self, method: Method, path: &str, body: Body) -> Incoming {
        let url = format!("https://localhost:{}{path}", self.address.port());
        let request = Request::builder().method(method).uri(url).body(body).unwrap();
        let answer = self.client.request(request).await.unwrap();
        assert!(answer.status().is_success());
        answer.into_body()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn identities(folder: &Path) -> (Identity, Trust) {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let identity = Identity::from_pem(&read("identity.pem"), &read("identity.key")).unwrap();
    (identity, Trust::from_pem(&read("trust.pem")).unwrap())
}

/// Serves uploads and downloads of one file.
pub(crate) async fn serve(folder: &str) {
    let folder = PathBuf::from(folder);
    let (identity, trust) = identities(&folder);
    let acceptor = TlsAcceptor::from(server_config(&identity, &trust).unwrap());
    let address = std::fs::read_to_string(folder.join("address")).unwrap();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (acceptor, file) = (acceptor.clone(), folder.join("file"));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(socket).await else { return };
            let service = hyper::service::service_fn(move |request| answer(request, file.clone()));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>, file: PathBuf) -> Result<Response<Body>, Infallible> {
    Ok(match *request.method() {
        Method::POST => {
            keep(request.into_body(), file).await;
            Response::new(Full::default().map_err(never).boxed_unsync())
        }
        Method::PUT => {
            let length = request.uri().path().trim_start_matches('/').parse().unwrap();
            let mut body = request.into_body();
            while let Some(frame) = body.frame().await {
                frame.unwrap();
            }
            Response::new(Full::new(Bytes::from(vec![7; length])).map_err(never).boxed_unsync())
        }
        _ => Response::new(read(file)),
    })
}

async fn keep(mut body: Incoming, file: PathBuf) {
    let (send, receive) = std::sync::mpsc::sync_channel::<Bytes>(16);
    let writer = tokio::task::spawn_blocking(move || {
        let (mut sha1, mut sha256) = (sha1::Sha1::new(), sha2::Sha256::new());
        let staged = file.with_extension("staged");
        let mut out = File::create(&staged).unwrap();
        for chunk in receive {
            sha1.update(&chunk);
            sha256.update(&chunk);
            out.write_all(&chunk).unwrap();
        }
        out.sync_all().unwrap();
        std::fs::rename(&staged, &file).unwrap();
        File::open(file.parent().unwrap()).unwrap().sync_all().unwrap();
        (sha1.finalize(), sha256.finalize())
    });
    while let Some(frame) = body.frame().await {
        let chunk = frame.unwrap().into_data().unwrap();
        tokio::task::block_in_place(|| send.send(chunk).unwrap());
    }
    drop(send);
    std::hint::black_box(writer.await.unwrap());
}

fn read(file: PathBuf) -> Body {
    let (send, receive) = tokio::sync::mpsc::channel(16);
    tokio::task::spawn_blocking(move || {
        let mut file = File::open(file).unwrap();
        loop {
            let mut chunk = vec![0; 256 << 10];
            match file.read(&mut chunk).unwrap() {
                0 => return,
                read => chunk.truncate(read),
            }
            if send.blocking_send(Ok(Frame::data(Bytes::from(chunk)))).is_err() {
                return;
            }
        }
    });
    let frames =
        futures_util::stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) });
    StreamBody::new(frames.boxed()).boxed_unsync()
}

fn never(never: Infallible) -> std::io::Error {
    match never {}
}
