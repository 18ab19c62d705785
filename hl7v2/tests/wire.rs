//! A server and its clients over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hl7v2::{Acknowledgement, Code, Connection, Message, SendError, Server, Service, Unreadable, limits};
use rustls::{ClientConfig, ServerConfig};
use soap::peer::Peer;
use soap::tls::{Identity, Trust, client_config, server_config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Says who asked, and how many segments came.
struct Echo;

impl Service for Echo {
    fn answer(&self, arrived: Result<Message, Unreadable>, peer: Peer) -> BoxFuture<'_, Acknowledgement> {
        Box::pin(async move {
            let message = match arrived {
                Ok(message) => message,
                Err(unreadable) => return Acknowledgement::unreadable(&unreadable),
            };
            match message.header().trigger.as_str() {
                "A99" => panic!("a handler with a defect"),
                "A98" => tokio::time::sleep(Duration::from_millis(200)).await,
                _ => {}
            }
            let who = peer
                .certificate
                .map_or_else(|| "nobody".to_owned(), |certificate| certificate.subject.clone());
            Acknowledgement::accept(format!("{} segments of {who}", message.segments().count()))
        })
    }
}

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

async fn start(tls: Option<&ServerConfig>) -> Running {
    let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), tls).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let address = server.address();
    let server = tokio::spawn(server.serve(Arc::new(Echo), async { drop(stopped.await) }));
    Running { address, stop, server }
}

impl Running {
    async fn open(&self) -> Connection {
        Connection::open(&self.address.to_string(), None).await.unwrap()
    }

    /// What comes back when these bytes are sent and nothing more.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

fn message(trigger: &str) -> Vec<u8> {
    format!("MSH|^~\\&|A|B|C|D|||ADT^{trigger}|id-{trigger}|P|2.3.1\rPID|||1").into_bytes()
}

#[tokio::test]
async fn answers_one_message_after_the_other_on_a_connection() {
    let running = start(None).await;
    let mut connection = running.open().await;
    for trigger in ["A01", "A08", "A40"] {
        let answer = connection.send(&message(trigger)).await.unwrap();
        assert_eq!(answer.acknowledgement, Acknowledgement::accept("1 segments of nobody"));
        assert_eq!(answer.control_id, format!("id-{trigger}"));
    }
}

#[tokio::test]
async fn answers_messages_that_did_not_wait() {
    let running = start(None).await;
    let frame = |trigger: &str| [b"\x0b", &message(trigger)[..], b"\x1c\r"].concat();
    let answers = running.raw(&[frame("A01"), frame("A04")].concat()).await;
    assert!(answers.contains("MSA|AA|id-A01") && answers.contains("MSA|AA|id-A04"), "{answers}");
}

#[tokio::test]
async fn answers_whatever_comes() {
    let running = start(None).await;
    for bytes in
        ["hello", "\u{b}", "\u{b}hello\u{1c}\r", "\u{b}MSH|^~\\&|\rX\u{1c}\r", "GET / HTTP/1.1\r\n\r\n"]
    {
        let answer = running.raw(bytes.as_bytes()).await;
        assert!(answer.contains("MSA|AR|"), "{bytes:?}: {answer}");
    }
    assert_eq!(running.raw(b"").await, "");
    assert_eq!(running.open().await.send(b"").await.unwrap().acknowledgement.code, Code::Reject);
}

#[tokio::test]
async fn who_sends_too_much_reads_why_it_was_not_read() {
    let running = start(None).await;
    let mut connection = running.open().await;
    let answer = connection.send(&vec![b'x'; 3 * limits::MESSAGE]).await.unwrap().acknowledgement;
    assert_eq!(answer.code, Code::Reject);
    assert!(answer.text.contains("1048576 bytes"), "{}", answer.text);
    assert!(matches!(connection.send(&message("A01")).await, Err(SendError::Unanswered(_))));
}

#[tokio::test]
async fn a_defect_is_answered_and_the_connection_goes_on() {
    let running = start(None).await;
    let mut connection = running.open().await;
    let answer = connection.send(&message("A99")).await.unwrap();
    assert_eq!((answer.acknowledgement.code, answer.control_id.as_str()), (Code::Error, "id-A99"));
    assert_eq!(connection.send(&message("A01")).await.unwrap().acknowledgement.code, Code::Accept);
}

#[tokio::test]
async fn answers_what_has_come_before_it_stops() {
    let running = start(None).await;
    let (mut busy, idle) = (running.open().await, running.open().await);
    let asked = tokio::spawn(async move { busy.send(&message("A98")).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(running.stop);
    assert_eq!(asked.await.unwrap().unwrap().acknowledgement.code, Code::Accept);
    running.server.await.unwrap();
    assert!(Connection::open(&running.address.to_string(), None).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_no_more() {
    let running = start(None).await;
    let mut open = Vec::new();
    for _ in 0..limits::CONNECTIONS_OF_A_PEER {
        let mut connection = running.open().await;
        connection.send(&message("A01")).await.unwrap();
        open.push(connection);
    }
    let refused = running.open().await.send(&message("A01")).await;
    assert!(matches!(refused, Err(SendError::Unanswered(_))), "{refused:?}");
    open.pop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(running.open().await.send(&message("A01")).await.is_ok());
}

/// A server's configuration, and those of a client that it trusts and of one that it does not.
fn configurations() -> (Arc<ServerConfig>, ClientConfig, ClientConfig) {
    let made = |name: &str| {
        let authority = certs::Authority::create(name).unwrap();
        let identity = authority.issue(&certs::Request::node(name, certs::LOOPBACK)).unwrap();
        let trust = Trust::from_pem(authority.certificate().as_bytes()).unwrap();
        (Identity::from_pem(identity.certificates.as_bytes(), identity.key.as_bytes()).unwrap(), trust)
    };
    let ((ours, trust), (other, _)) = (made("ours"), made("other"));
    let server = server_config(&ours, &trust).unwrap();
    (server, client_config(&ours, &trust).unwrap(), client_config(&other, &trust).unwrap())
}

#[tokio::test]
async fn speaks_tls_to_those_whom_it_trusts() {
    let (server, friend, stranger) = configurations();
    let running = start(Some(&server)).await;
    let address = running.address.to_string();
    let mut connection = Connection::open(&address, Some(&friend)).await.unwrap();
    let answer = connection.send(&message("A01")).await.unwrap().acknowledgement;
    assert!(answer.text.contains("CN=ours"), "{}", answer.text);
    let refused = match Connection::open(&address, Some(&stranger)).await {
        // With TLS 1.3 a client learns only from the first bytes that it was refused.
        Ok(mut connection) => connection.send(&message("A01")).await.map(drop),
        Err(error) => Err(error),
    };
    assert!(refused.is_err());
    let plain = Connection::open(&address, None).await.unwrap().send(&message("A01")).await;
    assert!(plain.is_err(), "{plain:?}");
}
