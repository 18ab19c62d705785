//! A certificate authority, identities and a running server for the tests beside this.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::ServerName;
use soap::tls::{Identity, Trust, client_config, server_config};
use soap::xml::{Element, Name, Namespace};
use soap::{Client, Description, Fault, Message, Peer, Server, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const TEST: Namespace = Namespace { uri: "urn:test", prefix: "t" };

/// A certificate authority.
pub(crate) struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let name: String = key.public_key_raw().iter().map(|byte| format!("{byte:02x}")).take(32).collect();
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    pub(crate) fn pem(&self) -> &str {
        &self.1
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::from_pem(self.1.as_bytes()).unwrap()
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity_with(|_| {})
    }

    /// An identity after a change to its certificate.
    pub(crate) fn identity_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.serial_number = Some(7_u64.into());
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    /// A list that revokes the serial number of every identity made here.
    pub(crate) fn revokes_all(&self) -> String {
        let revoked = rcgen::RevokedCertParams {
            serial_number: 7_u64.into(),
            revocation_time: rcgen::date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2020, 1, 1),
            next_update: rcgen::date_time_ymd(2100, 1, 1),
            crl_number: 1_u64.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).unwrap().pem().unwrap()
    }

    /// The configuration of a client that remembers its sessions.
    pub(crate) fn resuming_client_config(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> rustls::ClientConfig {
        let usual = client_config(&self.identity(), &self.trust()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(self.pem().as_bytes()).unwrap()).unwrap();
        let config = rustls::ClientConfig::builder_with_provider(Arc::clone(usual.crypto_provider()));
        let config = config.with_protocol_versions(versions).unwrap().with_root_certificates(roots);
        let mut config = config.with_client_cert_resolver(usual.client_auth_cert_resolver);
        config.resumption = rustls::client::Resumption::in_memory_sessions(9);
        config
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(client_config(&self.identity(), &self.trust()).unwrap())
    }
}

type Answer = BoxFuture<'static, Result<Message, Fault>>;

/// A service made of one function, at the path `/service`.
struct Function<F>(F);

impl<F: Fn(Message, Peer) -> Answer + Send + Sync + 'static> Service for Function<F> {
    fn answer(&self, _: &str, message: Message, peer: Peer) -> BoxFuture<'_, Result<Message, Fault>> {
        (self.0)(message, peer)
    }

    fn serves(&self, path: &str) -> bool {
        path == "/service"
    }

    fn description(&self, path: &str) -> Option<Description> {
        let wsdl = "<import schemaLocation=\"schemas/a.xsd\"/><address location=\"https://localhost/here\"/>";
        let schemas = &[("a.xsd", "<schema/>")];
        let description =
            Description { wsdl, address: "https://localhost/here", folder: "schemas/", schemas };
        self.serves(path).then_some(description)
    }

    fn understands(&self, header: &Name) -> bool {
        header.is(TEST, "Understood")
    }
}

/// A server that runs until it is dropped or stopped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Running {
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}/service", self.address.port())
    }

    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        self.serving.await.unwrap();
    }
}

/// A server that answers with what a function makes of each message.
pub(crate) async fn serve<F, R>(authority: &Authority, identity: &Identity, answer: F) -> Running
where
    F: Fn(Message, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Message, Fault>> + Send + 'static,
{
    serve_trusting(&authority.trust(), identity, answer).await
}

/// A server that never answers, and what says each time that it was asked.
pub(crate) async fn serve_stuck(authority: &Authority) -> (Running, UnboundedReceiver<()>) {
    let (began, begun) = mpsc::unbounded_channel();
    let stuck = move |_: Message, _: Peer| {
        began.send(()).unwrap();
        std::future::pending()
    };
    (serve(authority, &authority.identity(), stuck).await, begun)
}

pub(crate) async fn serve_trusting<F, R>(trust: &Trust, identity: &Identity, answer: F) -> Running
where
    F: Fn(Message, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Message, Fault>> + Send + 'static,
{
    run(bind(trust, identity).await, answer)
}

pub(crate) async fn bind(trust: &Trust, identity: &Identity) -> Server {
    let config = server_config(identity, trust).unwrap();
    Server::bind((Ipv4Addr::LOCALHOST, 0).into(), config).await.unwrap()
}

pub(crate) fn run<F, R>(server: Server, answer: F) -> Running
where
    F: Fn(Message, Peer) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Message, Fault>> + Send + 'static,
{
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = Arc::new(Function(move |message, peer| answer(message, peer).boxed()));
    let serving = tokio::spawn(server.serve(service, async { drop(stopped.await) }));
    Running { address, stop: Some(stop), serving }
}

/// An element of the tests' namespace.
pub(crate) fn element(local: &'static str) -> Element {
    Element::new(TEST, local)
}

/// An answer to anything.
pub(crate) async fn pong(message: Message, _: Peer) -> Result<Message, Fault> {
    Ok(Message::new("urn:pong", element("Pong"), message.encoding))
}

/// A connection as a client of this authority makes it, to write and read what it likes.
pub(crate) async fn connect(authority: &Authority, address: SocketAddr) -> TlsStream<TcpStream> {
    connect_as(authority, &authority.identity(), address).await
}

pub(crate) async fn connect_as(
    authority: &Authority,
    identity: &Identity,
    address: SocketAddr,
) -> TlsStream<TcpStream> {
    let mut config = client_config(identity, &authority.trust()).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

/// Sends text and reads what comes back until the other side closes.
pub(crate) async fn talk(stream: &mut TlsStream<TcpStream>, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    listen(stream).await
}

/// Reads until the other side closes, politely or not.
pub(crate) async fn listen(stream: &mut TlsStream<TcpStream>) -> String {
    listen_until(stream, |_| false).await
}

/// Reads until enough came, or the other side closes.
pub(crate) async fn listen_until(stream: &mut TlsStream<TcpStream>, enough: impl Fn(&str) -> bool) -> String {
    let mut answer = String::new();
    let mut buffer = [0; 4096];
    while !enough(&answer) {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { break };
        answer.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    answer
}
