//! How long the server waits for a peer. The clock of these tests runs only while all are waiting.

use futures_util::stream;
use soap::{Content, Encoding, Fault, Message, Part, Peer, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::ENVELOPE;
use crate::peers::{Authority, connect, element, listen, pong, serve, serve_stuck, talk};

#[tokio::test]
async fn closes_a_connection_that_never_shakes_hands() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    tokio::time::pause();
    assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
}

#[tokio::test]
async fn closes_a_connection_whose_head_never_ends() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let mut stream = connect(&authority, server.address).await;
    stream.write_all(b"POST /service HTTP/1.1\r\nHost:").await.unwrap();
    tokio::time::pause();
    let answer = listen(&mut stream).await;
    assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn gives_up_a_document_that_does_not_come() {
    let authority = Authority::new();
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let wait = move |mut message: Message, _: Peer| {
        let began = began.clone();
        async move {
            began.send(()).unwrap();
            let part = message.parts.next().await.unwrap().unwrap();
            let error = part.content.collect(99).await.unwrap_err();
            Err(Fault::sender(format!("{:?}", error.kind())))
        }
    };
    let server = serve(&authority, &authority.identity(), wait).await;
    let mut stream = connect(&authority, server.address).await;
    let head = "POST /service HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=B\r\nContent-Length: 9999\r\n\r\n";
    let body = format!("--B\r\n\r\n{ENVELOPE}\r\n--B\r\n\r\nbegun");
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    begun.recv().await.unwrap();
    tokio::time::pause();
    let answer = listen(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("TimedOut"), "{answer}");
}

#[tokio::test]
async fn a_stopped_server_takes_no_more_and_finishes_what_is_under_way() {
    let authority = Authority::new();
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let (allow, allowed) = tokio::sync::watch::channel(());
    let slow = move |message, peer| {
        began.send(()).unwrap();
        let mut allowed = allowed.clone();
        async move {
            allowed.changed().await.unwrap();
            pong(message, peer).await
        }
    };
    let server = serve(&authority, &authority.identity(), slow).await;
    let address = server.address;
    let mut stream = connect(&authority, address).await;
    let request = format!(
        "POST /service HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: {}\r\n\r\n{ENVELOPE}",
        ENVELOPE.len()
    );
    let answer = tokio::spawn(async move { talk(&mut stream, &request).await });
    begun.recv().await.unwrap();
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    allow.send(()).unwrap();
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 200"));
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_stopped_server_does_not_wait_for_ever() {
    let authority = Authority::new();
    let (server, mut begun) = serve_stuck(&authority).await;
    let (client, url) = (authority.client(), server.url());
    let message = Message::new("urn:ping", element("Ping"), Encoding::Simple);
    let asking = tokio::spawn(async move { client.send(&url, message).await });
    begun.recv().await.unwrap();
    tokio::time::pause();
    server.stop().await;
    asking.abort();
}

#[tokio::test]
async fn a_client_does_not_wait_for_ever() {
    let authority = Authority::new();
    let (server, mut begun) = serve_stuck(&authority).await;
    let client = authority.client();
    let message = Message::new("urn:ping", element("Ping"), Encoding::Simple);
    let url = server.url();
    let pausing = async {
        begun.recv().await.unwrap();
        tokio::time::pause();
    };
    let (error, ()) = tokio::join!(client.send(&url, message), pausing);
    let expected = format!("no answer within {} s", limits::ANSWER_TIME.as_secs());
    assert_eq!(error.unwrap_err(), soap::SendError::Unreachable(expected));
}

#[tokio::test]
async fn a_client_does_not_wait_for_its_turn_for_ever() {
    let authority = Authority::new();
    let endless = async |message: Message, _: Peer| {
        let content = Content::from_stream(stream::pending());
        let part = Part { content_id: "1@test".to_owned(), media_type: "text/plain".to_owned(), content };
        Ok(Message::new("urn:pong", element("Pong"), message.encoding).with_part(part))
    };
    let server = serve(&authority, &authority.identity(), endless).await;
    let (client, url) = (authority.client(), server.url());
    let ping = || Message::new("urn:ping", element("Ping"), Encoding::Mtom);
    let asked = (0..limits::REQUESTS_TO_A_PEER).map(|_| client.send(&url, ping()));
    let unread = futures_util::future::try_join_all(asked).await.unwrap();
    tokio::time::pause();
    let waiting = tokio::time::timeout(2 * limits::TURN_TIME, client.send(&url, ping()));
    let error = waiting.await.expect("it waits for ever").unwrap_err();
    assert!(matches!(&error, soap::SendError::Unreachable(reason) if reason.contains("unread")), "{error}");
    drop(unread);
}

#[tokio::test]
async fn tells_a_peer_with_too_many_connections_to_come_back() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let identity = authority.identity();
    let mut open = Vec::new();
    for _ in 0..limits::CONNECTIONS_OF_A_PEER {
        open.push(crate::peers::connect_as(&authority, &identity, server.address).await);
    }
    let mut beyond = crate::peers::connect_as(&authority, &identity, server.address).await;
    let request = "POST /service HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    beyond.write_all(request.as_bytes()).await.unwrap();
    // Another node is served meanwhile.
    let mut other = connect(&authority, server.address).await;
    let close = request.replace("Host: x", "Host: x\r\nConnection: close");
    assert!(talk(&mut other, &close).await.starts_with("HTTP/1.1 415"));
    drop(open.split_off(1));
    let answer = tokio::time::timeout(limits::PLACE_TIME, beyond.read_u8()).await;
    assert_eq!(answer.unwrap().unwrap(), b'H');
}
