//! What the server makes of requests as they stand on the wire.

use soap::{Fault, Message, Peer, limits};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::peers::{Authority, Running, connect, element, listen, listen_until, pong, serve, talk};

pub(crate) const ENVELOPE: &str = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' xmlns:w='http://www.w3.org/2005/08/addressing'><s:Header><w:Action>urn:ping</w:Action><w:MessageID>urn:id</w:MessageID></s:Header><s:Body><ping/></s:Body></s:Envelope>";

async fn running() -> (Authority, Running) {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    (authority, server)
}

/// The answer to one request, as text.
async fn ask(text: &str) -> String {
    let (authority, server) = running().await;
    talk(&mut connect(&authority, server.address).await, text).await
}

fn post(media_type: &str, body: &str) -> String {
    format!(
        "POST /service HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn answers(request: &str, status: &str, contains: &[&str]) {
    let answer = ask(request).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}\n{answer}");
    for text in contains {
        assert!(answer.contains(text), "{text}\n{answer}");
    }
}

#[tokio::test]
async fn answers_a_message_in_its_encoding() {
    let simple = [
        "content-type: application/soap+xml; charset=UTF-8",
        "RelatesTo>urn:id<",
        "urn:pong",
        "content-length: ",
    ];
    answers(&post("application/soap+xml", ENVELOPE), "200", &simple).await;
    let body = format!("--B\r\n\r\n{ENVELOPE}\r\n--B--\r\n");
    let mtom = ["content-type: multipart/related", "application/xop+xml", "RelatesTo>urn:id<", "urn:pong"];
    answers(&post("multipart/related; boundary=B", &body), "200", &mtom).await;
}

#[tokio::test]
async fn ignores_the_soap_action_of_soap_1_1() {
    let request =
        post("application/soap+xml", ENVELOPE).replace("Host: x", "Host: x\r\nSOAPAction: \"urn:other\"");
    answers(&request, "200", &["urn:pong"]).await;
}

#[tokio::test]
async fn takes_chunked_bodies_and_says_to_continue() {
    let chunked = format!("{:x}\r\n{ENVELOPE}\r\n0\r\n\r\n", ENVELOPE.len());
    let head =
        "POST /service HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/soap+xml\r\n";
    answers(&format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunked}"), "200", &["urn:pong"]).await;
    let request = format!("{head}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}");
    answers(&request, "100 Continue", &["HTTP/1.1 200", "urn:pong"]).await;
}

#[tokio::test]
async fn refuses_before_a_body_that_waits_is_sent() {
    let head = "POST /service HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 9\r\n";
    answers(&format!("{head}Content-Type: text/plain\r\n\r\n"), "415", &["env:Sender"]).await;
    let (authority, server) = running().await;
    let elsewhere = head.replace("/service", "/elsewhere");
    let answer = talk(&mut connect(&authority, server.address).await, &format!("{elsewhere}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn answers_faults_in_the_encoding_of_the_request() {
    let old = ENVELOPE
        .replace("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/");
    let mismatch = ["env:VersionMismatch", "env:Upgrade", "content-type: application/soap+xml"];
    answers(&post("text/xml", &old), "500", &mismatch).await;
    let strange = ENVELOPE.replace("<w:MessageID>", "<x s:mustUnderstand='1'/><w:MessageID>");
    let body = format!("--B\r\n\r\n{strange}\r\n--B--\r\n");
    let not_understood = [
        "env:MustUnderstand",
        "env:NotUnderstood qname=\"x\"",
        "content-type: multipart/related",
        "RelatesTo>urn:id<",
    ];
    answers(&post("multipart/related; boundary=B", &body), "500", &not_understood).await;
    let nameless = ENVELOPE.replace("<w:Action>urn:ping</w:Action>", "");
    let required = ["env:Sender", "wsa:MessageAddressingHeaderRequired", "addressing/fault<"];
    answers(&post("application/soap+xml", &nameless), "400", &required).await;
    answers(&post("application/soap+xml", "<a><b></a>"), "400", &["env:Sender", "addressing/soap/fault<"])
        .await;
}

#[tokio::test]
async fn passes_on_a_header_that_the_service_understands() {
    let known =
        ENVELOPE.replace("<w:MessageID>", "<Understood xmlns='urn:test' s:mustUnderstand='1'/><w:MessageID>");
    answers(&post("application/soap+xml", &known), "200", &["urn:pong"]).await;
}

#[tokio::test]
async fn says_what_is_wrong_with_the_request_line_and_head() {
    answers(&post("application/soap+xml", ENVELOPE).replace("/service", "/nowhere"), "404", &[]).await;
    answers("GET /service HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405", &["allow: POST"]).await;
    answers(&post("text/plain", "x"), "415", &["env:Sender"]).await;
    let zipped =
        post("application/soap+xml", ENVELOPE).replace("Host: x", "Host: x\r\nContent-Encoding: gzip");
    answers(&zipped, "415", &["gzip"]).await;
}

fn get(target: &str, host: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{host}Connection: close\r\n\r\n")
}

#[tokio::test]
async fn describes_itself_to_who_asks_by_get() {
    let wsdl = [
        "content-type: text/xml; charset=UTF-8",
        "schemaLocation=\"service/a.xsd\"",
        "location=\"https://xds.example:9443/service\"",
    ];
    let host = "Host: xds.example:9443\r\n";
    answers(&get("/service?wsdl", host), "200", &wsdl).await;
    answers(&get("/service?WSDL", host), "200", &wsdl).await;
    answers(&get("https://xds.example:9443/service?wsdl", "Host: other\r\n"), "200", &wsdl).await;
    answers(&get("/service/a.xsd", host), "200", &["text/xml", "\r\n\r\n<schema/>"]).await;
    let head = ask(&get("/service?wsdl", host).replace("GET", "HEAD")).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn describes_nothing_else_and_nobody_else() {
    let host = "Host: x\r\n";
    for target in ["/service/b.xsd", "/service/", "/elsewhere?wsdl", "/elsewhere/a.xsd", "/?wsdl"] {
        answers(&get(target, host), "404", &[]).await;
    }
    for target in ["/service", "/service?", "/service?xsd", "/service?wsdl&more"] {
        answers(&get(target, host), "405", &["allow: POST"]).await;
    }
    for host in ["", "Host: \r\n", "Host: a/b\r\n", "Host: \"><x/>\r\n", "Host: me@x\r\n"] {
        answers(&get("/service?wsdl", host), "400", &[]).await;
    }
    answers(
        &post("application/soap+xml", ENVELOPE).replace("/service", "/service?wsdl"),
        "200",
        &["urn:pong"],
    )
    .await;
}

#[tokio::test]
async fn refuses_heads_beyond_the_limits() {
    let long = format!("Host: x\r\nX: {}", "a".repeat(limits::HEAD));
    answers(&post("application/soap+xml", ENVELOPE).replace("Host: x", &long), "431", &[]).await;
    let many = format!("Host: x{}", "\r\nX: y".repeat(limits::HEAD_FIELDS));
    answers(&post("application/soap+xml", ENVELOPE).replace("Host: x", &many), "431", &[]).await;
}

/// Sends a head that announces so much, then so many mebibytes, before any answer is looked at.
pub(crate) async fn upload(stream: &mut TlsStream<TcpStream>, head: &str, announced: u64, mebibytes: u64) {
    stream.write_all(format!("{head}Content-Length: {announced}\r\n\r\n").as_bytes()).await.unwrap();
    let mut body = format!("--B\r\n\r\n{ENVELOPE}\r\n--B\r\n\r\n").into_bytes();
    body.resize(1 << 20, 0);
    for _ in 0..mebibytes {
        stream.write_all(&body).await.unwrap();
    }
}

pub(crate) const UPLOAD: &str = "POST /service HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/related; boundary=B\r\n";

#[tokio::test]
async fn a_refusal_reaches_a_client_that_sends_everything_first() {
    let authority = Authority::new();
    let refuse = async |_: Message, _: Peer| Err(Fault::sender("not that"));
    let server = serve(&authority, &authority.identity(), refuse).await;
    for (method, path, status) in
        [("POST", "/service", "400"), ("POST", "/elsewhere", "404"), ("PUT", "/service", "405")]
    {
        let head = UPLOAD.replace("POST /service", &format!("{method} {path}"));
        let mut stream = connect(&authority, server.address).await;
        upload(&mut stream, &head, 200 << 20, 200).await;
        let answer = listen(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn refuses_a_message_that_announces_too_much() {
    let (authority, server) = running().await;
    let mut stream = connect(&authority, server.address).await;
    upload(&mut stream, UPLOAD, limits::MESSAGE + 1, 100).await;
    let answer = listen_until(&mut stream, |answer| answer.contains("</env:Envelope>")).await;
    for text in ["HTTP/1.1 413", "connection: close", "env:Sender"] {
        assert!(answer.contains(text), "{answer}");
    }
}

/// What could be read in two ways is refused or ends the connection.
#[tokio::test]
async fn never_takes_one_request_for_two() {
    let head = "POST /service HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n";
    let length = ENVELOPE.len();
    let smuggled = "POST /service HTTP/1.1\r\nHost: x\r\n\r\n";
    for ambiguous in [
        format!("{head}Content-Length: {length}\r\nContent-Length: 5\r\n\r\n{ENVELOPE}"),
        format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n{ENVELOPE}"),
        format!("{head}Content-Length : {length}\r\n\r\n{ENVELOPE}"),
        format!("{head}Content-Length: +{length}\r\n\r\n{ENVELOPE}"),
        format!("{}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", head.replace("1.1", "1.0")),
    ] {
        let answer = ask(&format!("{ambiguous}{smuggled}")).await;
        assert!(
            answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.0 400"),
            "{ambiguous}\n{answer}"
        );
        assert_eq!(answer.matches("HTTP/1.").count(), 1, "{answer}");
    }
    let both = format!(
        "{head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{ENVELOPE}\r\n0\r\n\r\n{smuggled}"
    );
    let answer = ask(&both).await;
    assert_eq!(answer.matches("HTTP/1.").count(), 1, "{answer}");
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_refused() {
    let (authority, server) = running().await;
    let mut stream = connect(&authority, server.address).await;
    let request = post("application/soap+xml", ENVELOPE).replace("</s:Envelope>", "");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = listen(&mut stream).await;
    assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
}

/// A host that is not ours is ignored.
#[tokio::test]
async fn goes_by_the_path_whatever_host_is_named() {
    let request = post("application/soap+xml", ENVELOPE);
    for elsewhere in ["https://evil.example/service", "http://169.254.169.254:80/service?x"] {
        answers(&request.replace("POST /service", &format!("POST {elsewhere}")), "200", &["urn:pong"]).await;
    }
    answers(&request.replace("Host: x", "Host: evil.example"), "200", &["urn:pong"]).await;
}

#[tokio::test]
async fn keeps_the_connection_for_the_next_request() {
    let keep = post("application/soap+xml", ENVELOPE).replace("Connection: close\r\n", "");
    let body = format!("--B\r\n\r\n{ENVELOPE}\r\n--B--\r\nepilogue");
    let mtom = post("multipart/related; boundary=B", &body).replace("Connection: close\r\n", "");
    let last = post("application/soap+xml", ENVELOPE);
    let answer = ask(&format!("{keep}{mtom}{last}")).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 3, "{answer}");
}

#[tokio::test]
async fn a_handler_that_panics_costs_its_own_request_only() {
    let authority = Authority::new();
    let moody = |message: Message, _: Peer| async move {
        assert!(message.headers.is_empty(), "a secret");
        Ok::<_, Fault>(Message::new("urn:pong", element("Pong"), message.encoding))
    };
    let server = serve(&authority, &authority.identity(), moody).await;
    let bad = ENVELOPE.replace("<w:MessageID>", "<x/><w:MessageID>");
    let bad = post("application/soap+xml", &bad).replace("Connection: close\r\n", "");
    let good = post("application/soap+xml", ENVELOPE);
    let answer = talk(&mut connect(&authority, server.address).await, &format!("{bad}{good}")).await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("env:Receiver") && !answer.contains("secret"), "{answer}");
}
