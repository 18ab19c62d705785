//! What the client makes of answers: whose fault it is that there is none.

use std::net::Ipv4Addr;

use soap::tls::server_config;
use soap::{Encoding, FaultCode, Message, SendError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::http::ENVELOPE;
use crate::peers::{Authority, element};

/// What a client makes of this answer.
async fn hears(answer: String) -> Result<Message, SendError> {
    let authority = Authority::new();
    let config = server_config(&authority.identity(), &authority.trust()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = TlsAcceptor::from(config).accept(stream).await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"Envelope>") {
            request.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let message = Message::new("urn:ping", element("Ping"), Encoding::Simple);
    let result = authority.client().send(&url, message).await;
    let request = server.await.unwrap();
    assert!(request.starts_with("POST / HTTP/1.1\r\n") && request.contains("content-length: "), "{request}");
    assert!(request.contains(&format!("<wsa:To>{url}</wsa:To>")) && request.contains("addressing/anonymous"));
    result
}

fn response(status: &str, media_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn fault() -> String {
    let fault = "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>no</s:Text></s:Reason></s:Fault>";
    ENVELOPE.replace("<ping/>", fault)
}

#[tokio::test]
async fn takes_an_answer_of_any_encoding_without_relates_to() {
    let message = hears(response("200 OK", "application/soap+xml", ENVELOPE)).await.unwrap();
    assert_eq!((message.encoding, message.relates_to), (Encoding::Simple, None));
    let mtom = format!("--B\r\n\r\n{ENVELOPE}\r\n--B--");
    let message = hears(response("200 OK", "multipart/related; boundary=B", &mtom)).await.unwrap();
    assert_eq!(message.encoding, Encoding::Mtom);
    let folded = response("200 OK", "multipart/related;\r\n boundary=B", &mtom);
    assert!(hears(folded).await.is_ok());
}

#[tokio::test]
async fn takes_an_answer_without_addressing() {
    let start = ENVELOPE.find("<s:Header>").unwrap();
    let end = ENVELOPE.find("<s:Body>").unwrap();
    let bare = format!("{}{}", &ENVELOPE[..start], &ENVELOPE[end..]);
    assert_eq!(hears(response("200 OK", "application/soap+xml", &bare)).await.unwrap().action, "");
}

#[tokio::test]
async fn finds_a_fault_behind_any_status() {
    for status in
        ["200 OK", "400 Bad Request", "404 Not Found", "500 Internal Server Error", "503 Service Unavailable"]
    {
        let error = hears(response(status, "application/soap+xml", &fault())).await.unwrap_err();
        let SendError::Refused(fault) = error else { panic!("{status} {error}") };
        assert_eq!((fault.code, fault.reason.as_str()), (FaultCode::Sender, "no"));
    }
    let mtom = format!("--B\r\n\r\n{}\r\n--B--", fault());
    let error = hears(response("500 X", "multipart/related; boundary=B", &mtom)).await.unwrap_err();
    assert!(matches!(error, SendError::Refused(_)), "{error}");
}

#[tokio::test]
async fn tells_nonsense_from_a_peer_that_is_away() {
    for nonsense in [
        response("200 OK", "text/html", "<html/>"),
        response("404 Not Found", "text/html", "<html/>"),
        response("200 OK", "application/soap+xml", "<s:Envelope"),
        response("200 OK", "multipart/related; boundary=B", "--C--"),
        "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
    ] {
        let error = hears(nonsense.clone()).await.unwrap_err();
        assert!(matches!(error, SendError::Nonsense(_)), "{nonsense}\n{error}");
    }
    for away in [
        response("503 Service Unavailable", "text/plain", "later"),
        response("502 X", "text/html", ""),
        String::new(),
    ] {
        let error = hears(away.clone()).await.unwrap_err();
        assert!(matches!(error, SendError::Unreachable(_)), "{away}\n{error}");
    }
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    drop(listener);
    let message = Message::new("urn:ping", element("Ping"), Encoding::Simple);
    let error = Authority::new().client().send(&url, message).await.unwrap_err();
    assert!(matches!(&error, SendError::Unreachable(reason) if reason.contains("refused")), "{error}");
}
