//! What a server does when it has enough to do, and when it is about to stop. Where much goes over the wire the
//! clock runs as it does, for a paused one does not wait for sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::HandshakeKind;
use rustls::pki_types::ServerName;
use soap::{Fault, Message, Peer, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::http::{ENVELOPE, UPLOAD, upload};
use crate::peers::{
    Authority, bind, connect, connect_as, listen, listen_until, pong, run, serve, serve_stuck, talk,
};

fn post(more: &str) -> String {
    let length = ENVELOPE.len();
    format!(
        "POST /service HTTP/1.1\r\nHost: x\r\n{more}Content-Type: application/soap+xml\r\nContent-Length: {length}\r\n\r\n{ENVELOPE}"
    )
}

/// As many connections as there are places for requests, each of which has sent this: of so many peers that none has
/// too many.
async fn crowd(authority: &Authority, address: SocketAddr, sent: &str) -> Vec<TlsStream<TcpStream>> {
    let mut open = Vec::new();
    for _ in 0..limits::REQUESTS / limits::CONNECTIONS_OF_A_PEER {
        let identity = authority.identity();
        for _ in 0..limits::CONNECTIONS_OF_A_PEER {
            let mut stream = connect_as(authority, &identity, address).await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            open.push(stream);
        }
    }
    open
}

fn is_whole(answer: &str) -> bool {
    answer.contains("</env:Envelope>")
}

#[tokio::test]
async fn says_when_to_come_back_even_to_who_sends_a_large_body_first() {
    let authority = Authority::new();
    let (server, mut begun) = serve_stuck(&authority).await;
    let _open = crowd(&authority, server.address, &post("")).await;
    for _ in 0..limits::REQUESTS {
        begun.recv().await.unwrap();
    }
    let small = async {
        let mut stream = connect(&authority, server.address).await;
        stream.write_all(post("").as_bytes()).await.unwrap();
        let answer = listen_until(&mut stream, is_whole).await;
        assert!(!answer.contains("connection: close"), "{answer}");
        answer
    };
    let large = async {
        let mut stream = connect(&authority, server.address).await;
        upload(&mut stream, UPLOAD, 64 << 20, 64).await;
        let answer = listen(&mut stream).await;
        assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
        answer
    };
    let (small, large) = tokio::join!(small, large);
    for answer in [small, large] {
        for text in ["503", &format!("retry-after: {}", limits::RETRY_AFTER.as_secs()), "env:Receiver"] {
            assert!(answer.contains(text), "{answer}");
        }
    }
    assert!(begun.try_recv().is_err(), "one more was begun");
}

#[tokio::test]
async fn who_hangs_up_does_not_free_the_place_of_what_was_begun() {
    let authority = Authority::new();
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = tokio::sync::watch::channel(false);
    let slow = move |message: Message, peer: Peer| {
        began.send(()).unwrap();
        let mut released = released.clone();
        async move {
            released.wait_for(|released| *released).await.unwrap();
            pong(message, peer).await
        }
    };
    let server = serve(&authority, &authority.identity(), slow).await;
    for _ in 0..limits::REQUESTS {
        let mut stream = connect(&authority, server.address).await;
        stream.write_all(post("").as_bytes()).await.unwrap();
        begun.recv().await.unwrap();
        drop(stream);
    }
    let mut beyond = connect(&authority, server.address).await;
    beyond.write_all(post("").as_bytes()).await.unwrap();
    let answer = listen_until(&mut beyond, is_whole).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(begun.try_recv().is_err(), "one more was begun");
    release.send_replace(true);
    beyond.write_all(post("").as_bytes()).await.unwrap();
    let answer = listen_until(&mut beyond, is_whole).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Large bodies that wait for their turn are not among those that are worked on.
#[tokio::test]
async fn large_bodies_that_wait_keep_nobody_from_a_place() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let head = format!(
        "POST /service HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: {}\r\n\r\n",
        limits::LARGE_BODY
    );
    let _open = crowd(&authority, server.address, &head).await;
    let mut small = connect(&authority, server.address).await;
    let asking = async {
        small.write_all(post("").as_bytes()).await.unwrap();
        listen_until(&mut small, is_whole).await
    };
    let answer = tokio::time::timeout(limits::PLACE_TIME, asking).await.expect("it waits for a place");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// What turns out to be large while it is read gives its place back until it is its turn.
#[tokio::test]
async fn large_bodies_that_are_not_announced_wait_without_a_place_and_lose_nothing() {
    let authority = Authority::new();
    let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
    let reading = move |mut message: Message, peer: Peer| {
        let began = began.clone();
        async move {
            if let Some(part) = message.parts.next().await.unwrap() {
                began.send(()).unwrap();
                let read = part.content.collect(usize::MAX).await;
                let read = read.map_err(|error| Fault::receiver(format!("{:?}", error.kind())))?;
                assert_eq!(read.len() as u64, limits::LARGE_BODY);
            }
            pong(message, peer).await
        }
    };
    let server = serve(&authority, &authority.identity(), reading).await;
    let part = "0".repeat(usize::try_from(limits::LARGE_BODY).unwrap());
    let body = format!("--B\r\n\r\n{ENVELOPE}\r\n--B\r\n\r\n{part}");
    let size = body.len();
    let head = "POST /service HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=B\r\nTransfer-Encoding: chunked\r\n\r\n";
    let sent = format!("{head}{size:x}\r\n{body}\r\n");
    let mut open = crowd(&authority, server.address, &sent).await;
    for _ in &open {
        begun.recv().await.unwrap();
    }

    let mut small = connect(&authority, server.address).await;
    small.write_all(post("").as_bytes()).await.unwrap();
    let answer = listen_until(&mut small, is_whole).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut beyond = connect(&authority, server.address).await;
    beyond.write_all(sent.as_bytes()).await.unwrap();
    beyond.flush().await.unwrap();
    open.push(beyond);
    let answers = open.iter_mut().map(|stream| Box::pin(listen_until(stream, is_whole)));
    let (refusal, refused, others) = futures_util::future::select_all(answers).await;
    assert!(refusal.starts_with("HTTP/1.1 500") && refusal.contains("ResourceBusy"), "{refusal}");
    drop(others);
    open.swap_remove(refused);

    for stream in &mut open {
        stream.write_all(b"9\r\n\r\n--B--\r\n\r\n0\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
    }
    for stream in &mut open {
        let answer = listen_until(stream, is_whole).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn a_peer_with_too_many_connections_is_told_so_after_a_large_body_too() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let identity = authority.identity();
    let mut open = Vec::new();
    for _ in 0..=limits::CONNECTIONS_OF_A_PEER {
        open.push(connect_as(&authority, &identity, server.address).await);
    }
    let mut beyond = open.pop().unwrap();
    let answering = async {
        upload(&mut beyond, UPLOAD, 64 << 20, 64).await;
        listen(&mut beyond).await
    };
    // The others stay connected, for the server would close those that say nothing.
    let speaking = async {
        loop {
            for stream in &mut open {
                stream.write_all(post("").as_bytes()).await.unwrap();
                listen_until(stream, is_whole).await;
            }
            tokio::time::sleep(limits::HEAD_TIME / 4).await;
        }
    };
    let answer = tokio::select! { answer = answering => answer, () = speaking => unreachable!() };
    for text in ["HTTP/1.1 503", "retry-after: ", "connection: close", "too many connections"] {
        assert!(answer.contains(text), "{answer}");
    }
}

#[tokio::test]
async fn a_leaving_server_answers_all_and_tells_them_to_go() {
    let authority = Authority::new();
    let leave = Duration::from_secs(60);
    let server = run(bind(&authority.trust(), &authority.identity()).await.leaving_for(leave), pong);
    let address = server.address;
    let mut kept = connect(&authority, address).await;
    kept.write_all(post("").as_bytes()).await.unwrap();
    let before = listen_until(&mut kept, is_whole).await;
    assert!(before.starts_with("HTTP/1.1 200") && !before.contains("connection: close"), "{before}");
    let stopping = tokio::spawn(server.stop());
    tokio::task::yield_now().await;
    for mut stream in [kept, connect(&authority, address).await] {
        let answer = talk(&mut stream, &post("")).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    }
    let idle = connect(&authority, address).await;
    tokio::time::pause();
    let begun = Instant::now();
    stopping.await.unwrap();
    assert!(begun.elapsed() <= leave + Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(address).await.is_err());
    drop(idle);
}

#[tokio::test]
async fn closes_a_kept_connection_that_nobody_uses() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let mut stream = connect(&authority, server.address).await;
    stream.write_all(post("").as_bytes()).await.unwrap();
    assert!(is_whole(&listen_until(&mut stream, is_whole).await));
    tokio::time::pause();
    let begun = Instant::now();
    assert!(matches!(stream.read(&mut [0; 9]).await, Ok(0) | Err(_)));
    assert!(begun.elapsed() <= limits::HEAD_TIME + Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(4 * limits::UNUSED_TIME <= limits::HEAD_TIME, "a client would send into what the server closes");
}

/// A resumed session would not be verified again.
#[tokio::test]
async fn shakes_hands_in_full_with_who_comes_back() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let config = Arc::new(authority.resuming_client_config(versions));
        for _ in 0..3 {
            let stream = TcpStream::connect(server.address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut stream = TlsConnector::from(Arc::clone(&config)).connect(name, stream).await.unwrap();
            assert!(talk(&mut stream, &post("Connection: close\r\n")).await.starts_with("HTTP/1.1 200"));
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
}
