//! When the client sends a message again, and when it must not.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use soap::tls::server_config;
use soap::{Client, Content, Encoding, Message, Part, SendError, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::http::ENVELOPE;
use crate::peers::{Authority, element};

/// A peer that answers the requests it gets one after the other; where there is no answer it hangs up.
struct Scripted {
    authority: Authority,
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    hang_up: mpsc::Sender<oneshot::Sender<()>>,
    _serving: JoinHandle<()>,
}

impl Scripted {
    async fn with(answers: &[Option<&str>]) -> Self {
        let authority = Authority::new();
        let acceptor = TlsAcceptor::from(server_config(&authority.identity(), &authority.trust()).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (hang_up, mut hung_up) = mpsc::channel::<oneshot::Sender<()>>(1);
        let (seen, answers) = (Arc::clone(&requests), answers.iter().map(|text| text.map(str::to_owned)));
        let answers: Vec<Option<String>> = answers.collect();
        let serving = tokio::spawn(async move {
            let mut connection = None;
            for answer in answers {
                let read = tokio::select! {
                    read = next(&listener, &acceptor, connection.take()) => Ok(read),
                    heard = hung_up.recv() => Err(heard),
                };
                let (request, mut stream) = match read {
                    Ok(read) => read,
                    Err(heard) => {
                        heard.unwrap().send(()).unwrap();
                        next(&listener, &acceptor, None).await
                    }
                };
                seen.lock().unwrap().push(request);
                if let Some(answer) = answer {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    connection = Some(stream);
                }
            }
            // What comes beyond the script is seen as well.
            let (request, _) = next(&listener, &acceptor, connection).await;
            seen.lock().unwrap().push(request);
        });
        Self { authority, url, requests, hang_up, _serving: serving }
    }

    /// Closes the connection on which it waits for the next request.
    async fn hang_up(&self) {
        let (heard, hears) = oneshot::channel();
        self.hang_up.send(heard).await.unwrap();
        hears.await.unwrap();
    }

    async fn send(&self, message: Message) -> Result<Message, SendError> {
        self.authority.client().send(&self.url, message).await
    }

    async fn ask(&self, message: Message) -> Result<Message, SendError> {
        self.authority.client().ask(&self.url, message).await
    }

    /// The bodies of the requests so far.
    fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1.to_owned()).collect()
    }
}

/// The next request, on this connection or another, up to the end of its body.
async fn next(
    listener: &TcpListener,
    acceptor: &TlsAcceptor,
    mut connection: Option<TlsStream<TcpStream>>,
) -> (String, TlsStream<TcpStream>) {
    loop {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => acceptor.accept(listener.accept().await.unwrap().0).await.unwrap(),
        };
        let mut request = Vec::new();
        while let Ok(byte) = stream.read_u8().await {
            request.push(byte);
            let is_mtom = || String::from_utf8_lossy(&request).contains("multipart/related");
            if request.ends_with(b"--\r\n") || request.ends_with(b"env:Envelope>") && !is_mtom() {
                return (String::from_utf8(request).unwrap(), stream);
            }
        }
    }
}

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy";

fn good() -> String {
    let length = ENVELOPE.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: {length}\r\n\r\n{ENVELOPE}"
    )
}

fn ping() -> Message {
    Message::new("urn:ping", element("Ping"), Encoding::Simple)
}

fn with_document(content: Content) -> Message {
    let part = Part { content_id: "1@test".to_owned(), media_type: "text/plain".to_owned(), content };
    Message::new("urn:ping", element("Ping"), Encoding::Mtom).with_part(part)
}

#[tokio::test]
async fn comes_back_to_a_busy_peer_when_it_is_told() {
    let peer = Scripted::with(&[Some(BUSY), Some(BUSY), Some(&good())]).await;
    peer.send(ping()).await.unwrap();
    let [first, second, third] = &peer.requests()[..] else { panic!("{:?}", peer.requests()) };
    assert!(first == second && second == third, "{first}\n{second}");
}

#[tokio::test]
async fn does_not_come_back_for_ever() {
    let peer = Scripted::with(&[Some(BUSY); limits::REPEATS + 2]).await;
    let error = peer.send(ping()).await.unwrap_err();
    assert!(matches!(&error, SendError::Unreachable(reason) if reason.contains("503")), "{error}");
    assert_eq!(peer.requests().len(), limits::REPEATS + 1);
}

/// A peer whose server has time, and the service behind it has not.
fn says_busy() -> String {
    good().replace("<ping/>", "<busy/>").replace("\r\n\r\n", "\r\nRetry-After: 0\r\n\r\n")
}

/// A client that understands it.
fn understanding(peer: &Scripted) -> Client {
    peer.authority.client().coming_back_when(|body| &*body.name.local == "busy")
}

#[tokio::test]
async fn comes_back_when_the_answer_itself_says_that_the_peer_is_busy() {
    let busy = says_busy();
    let peer = Scripted::with(&[Some(&busy), Some(BUSY), Some(&busy), Some(&good())]).await;
    let document = with_document(Content::from(b"a document".to_vec()));
    let answer = understanding(&peer).send(&peer.url, document).await.unwrap();
    assert_eq!(&*answer.body.name.local, "ping");
    let requests = peer.requests();
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    assert_eq!(requests.len(), limits::REPEATS + 1);
}

#[tokio::test]
async fn gives_the_answer_of_a_peer_that_stays_busy() {
    let busy = says_busy();
    let peer = Scripted::with(&[Some(&*busy); limits::REPEATS + 2]).await;
    let answer = understanding(&peer).send(&peer.url, ping()).await.unwrap();
    assert_eq!(&*answer.body.name.local, "busy");
    assert_eq!(peer.requests().len(), limits::REPEATS + 1);

    // To others it is an answer as any, and a stream is gone.
    let peer = Scripted::with(&[Some(&*busy); 2]).await;
    assert_eq!(&*peer.send(ping()).await.unwrap().body.name.local, "busy");
    let streamed = with_document(Content::from_stream(stream::iter([Ok(Bytes::from_static(b"a stream"))])));
    let answer = understanding(&peer).send(&peer.url, streamed).await.unwrap();
    assert_eq!(&*answer.body.name.local, "busy");
    assert_eq!(peer.requests().len(), 2);
}

#[tokio::test]
async fn does_not_wait_longer_than_it_has_time() {
    for pause in [format!("Retry-After: {}", limits::RETRY_AFTER_MOST.as_secs() + 1), "X: y".to_owned()] {
        let peer = Scripted::with(&[Some(&BUSY.replace("Retry-After: 0", &pause))]).await;
        assert!(matches!(peer.ask(ping()).await, Err(SendError::Unreachable(_))));
        assert_eq!(peer.requests().len(), 1);
    }
}

#[tokio::test]
async fn sends_a_document_again_that_it_has_at_hand() {
    let peer = Scripted::with(&[Some(BUSY), Some(&good())]).await;
    peer.send(with_document(Content::from(b"a document".to_vec()))).await.unwrap();
    let [first, second] = &peer.requests()[..] else { panic!("{:?}", peer.requests()) };
    assert!(first == second && first.contains("a document"), "{first}\n{second}");
}

#[tokio::test]
async fn never_sends_half_a_document() {
    let peer = Scripted::with(&[Some(BUSY)]).await;
    let document = stream::iter([Ok(Bytes::from_static(b"a document"))]);
    let error = peer.ask(with_document(Content::from_stream(document))).await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable(_)), "{error}");
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn asks_again_once_when_the_connection_broke() {
    let peer = Scripted::with(&[None, Some(&good())]).await;
    peer.ask(ping()).await.unwrap();
    assert_eq!(peer.requests().len(), 2);
    let peer = Scripted::with(&[None, None]).await;
    assert!(matches!(peer.ask(ping()).await, Err(SendError::Unreachable(_))));
    assert_eq!(peer.requests().len(), 2);
}

/// As when a server stops while its peers keep their connections.
#[tokio::test]
async fn asks_again_when_the_connection_was_kept_and_the_peer_closed_it() {
    let peer = Scripted::with(&[Some(&good()), None, Some(&good())]).await;
    let client = peer.authority.client();
    drop(client.ask(&peer.url, ping()).await.unwrap());
    client.ask(&peer.url, ping()).await.unwrap();
    assert_eq!(peer.requests().len(), 3);
}

/// As when a server closes what nobody uses: nothing of what is sent into that goes out.
#[tokio::test]
async fn sends_even_a_submission_again_of_which_nothing_went_out() {
    let large = "x".repeat(100 << 10);
    let streamed = stream::iter([Ok(Bytes::from_static(b"a stream"))]);
    let messages = [
        (ping(), "Ping"),
        (with_document(Content::from(large.clone().into_bytes())), &*large),
        (with_document(Content::from_stream(streamed)), "a stream"),
    ];
    for (message, text) in messages {
        let peer = Scripted::with(&[Some(&good()), Some(&good())]).await;
        let client = peer.authority.client();
        drop(client.send(&peer.url, ping()).await.unwrap());
        peer.hang_up().await;
        client.send(&peer.url, message).await.unwrap();
        let requests = peer.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests[1].contains(text), "{}", requests[1]);
    }
}

#[tokio::test]
async fn never_sends_a_submission_again_of_which_it_does_not_know_what_became() {
    let peer = Scripted::with(&[None]).await;
    assert!(matches!(peer.send(ping()).await, Err(SendError::Unreachable(_))));
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn gives_up_a_peer_that_takes_little() {
    let authority = Authority::new();
    let acceptor = TlsAcceptor::from(server_config(&authority.identity(), &authority.trust()).unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let (taken, mut took) = mpsc::unbounded_channel();
    let _peer = tokio::spawn(async move {
        let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        loop {
            let read = stream.read(&mut [0; 16 << 10]).await.unwrap_or_default();
            taken.send(read).unwrap();
            tokio::time::sleep(limits::ANSWER_TIME / 4).await;
        }
    });
    let endless = stream::repeat_with(|| Ok(Bytes::from(vec![0; 1 << 20])));
    let message = with_document(Content::from_stream(endless));
    let client = authority.client();
    let pausing = async {
        took.recv().await.unwrap();
        tokio::time::pause();
    };
    let (answer, ()) = tokio::join!(client.send(&url, message), pausing);
    let error = answer.unwrap_err();
    assert!(matches!(error, SendError::Unreachable(_)), "{error}");
}
