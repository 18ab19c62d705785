//! One request, one answer, one connection: HTTP/1.1 over mutual TLS.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::Error;

/// Who we are to the server, and whom we trust, in PEM form.
#[derive(Clone, Default)]
pub struct Credentials {
    /// Our certificate and its chain.
    pub certificates: Vec<u8>,
    /// Our private key.
    pub key: Vec<u8>,
    /// The CAs that the server's certificate may come from.
    pub trust: Vec<u8>,
}

/// Never shows the key.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What came back, unread.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) http: u16,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// HTTP headers, in the order in which they go out.
pub(crate) type Headers = Vec<(String, String)>;

/// The line to the servers.
pub(crate) struct Line {
    tls: TlsConnector,
}

impl Line {
    pub(crate) fn new(credentials: &Credentials) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let refused =
            |what: &str, error: &dyn std::fmt::Display| Error::Credentials(format!("{what}: {error}"));
        let mut roots = RootCertStore::empty();
        for root in
            read_certificates(&credentials.trust).map_err(|error| refused("the trusted CAs", &error))?
        {
            roots.add(root).map_err(|error| refused("a trusted CA", &error))?;
        }
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused("TLS", &error))?
            .with_root_certificates(roots);
        let config = if credentials.key.is_empty() {
            builder.with_no_client_auth()
        } else {
            let chain = read_certificates(&credentials.certificates);
            let chain = chain.map_err(|error| refused("the client certificate", &error))?;
            let key = PrivateKeyDer::from_pem_slice(&credentials.key);
            let key = key.map_err(|error| refused("the client's private key", &error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| refused("the client identity", &error))?
        };
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Posts a body and waits for the whole answer.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Raw, String> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(url, headers, body)).await;
        answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())))
    }

    /// Sends bytes `times` times on one connection, and reads as many frames (MLLP, HL7 v2 appendix C).
    pub(crate) async fn frames(&self, url: &str, bytes: &[u8], times: usize) -> Result<Vec<Vec<u8>>, String> {
        let answer = tokio::time::timeout(PATIENCE, self.mllp(url, bytes, times)).await;
        answer.unwrap_or_else(|_| Err(format!("no acknowledgement within {} seconds", PATIENCE.as_secs())))
    }

    async fn mllp(&self, url: &str, bytes: &[u8], times: usize) -> Result<Vec<Vec<u8>>, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{url:?} is no URL: {error}"))?;
        let (host, port) =
            uri.host().zip(uri.port_u16()).ok_or_else(|| format!("{url:?} names no host and port"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let stream = TcpStream::connect((host.as_str(), port)).await;
        let stream = stream.map_err(|error| format!("cannot reach {host}:{port}: {error}"))?;
        if uri.scheme_str() != Some("mllps") {
            return frames(stream, bytes, times).await;
        }
        let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
        frames(stream, bytes, times).await
    }

    async fn exchange(&self, url: &str, headers: &[(String, String)], body: Vec<u8>) -> Result<Raw, String> {
        let uri: Uri = url.parse().map_err(|error| format!("{url:?} is no URL: {error}"))?;
        let secure = uri.scheme_str() == Some("https");
        let host = uri.host().ok_or_else(|| format!("{url:?} names no host"))?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let stream = TcpStream::connect((host.as_str(), port)).await;
        let stream = stream.map_err(|error| format!("cannot reach {host}:{port}: {error}"))?;
        let request = request(&uri, headers, body)?;
        if !secure {
            return converse(stream, request).await;
        }
        let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
        converse(stream, request).await
    }
}

fn read_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

fn request(uri: &Uri, headers: &[(String, String)], body: Vec<u8>) -> Result<Request<Full<Bytes>>, String> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::post(path).header("Host", authority).header("Connection", "close");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Full::from(body)).map_err(|error| format!("the request cannot be sent: {error}"))
}

async fn converse<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Raw, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("the exchange broke off: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken)?;
    let http = answer.status().as_u16();
    let content_type = answer.headers().get("content-type").map(|value| value.as_bytes().to_vec());
    let content_type = String::from_utf8_lossy(&content_type.unwrap_or_default()).into_owned();
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
    let body = body.map_err(|error| format!("the answer broke off: {error}"))?.to_bytes();
    driver.abort();
    Ok(Raw { http, content_type, body })
}

async fn frames<S>(mut stream: S, bytes: &[u8], times: usize) -> Result<Vec<Vec<u8>>, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let broken = |error: std::io::Error| format!("the exchange broke off: {error}");
    let mut answers = Vec::new();
    for _ in 0..times {
        stream.write_all(bytes).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;
        let mut answer = Vec::new();
        while !answer.ends_with(FRAME_END) {
            let byte = stream.read_u8().await;
            answer.push(byte.map_err(|error| format!("the acknowledgement broke off: {error}"))?);
            if answer.len() > LARGEST_ACKNOWLEDGEMENT {
                return Err("the acknowledgement does not end".to_owned());
            }
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// What ends a frame of MLLP.
pub(crate) const FRAME_END: &[u8] = b"\x1c\r";
const LARGEST_ACKNOWLEDGEMENT: usize = 1 << 20;
/// How long one exchange may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many bytes of an answer are read.
const LARGEST_ANSWER: usize = 256 << 20;
