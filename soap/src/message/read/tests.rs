use futures_util::stream;
use http::HeaderValue;

use super::*;
use crate::fault::FaultCode;
use crate::parts::{Binary, binary};

const ACTION: &str = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";

fn envelope_with(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' xmlns:w='http://www.w3.org/2005/08/addressing'>\
         <s:Header><w:Action s:mustUnderstand='1'>{ACTION}</w:Action><w:MessageID>urn:id</w:MessageID></s:Header>\
         <s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn include(href: &str) -> String {
    format!("<D><i:Include xmlns:i='http://www.w3.org/2004/08/xop/include' href='{href}'/></D>")
}

async fn receive(media_type: &str, body: &[u8]) -> Result<Message, Box<Refusal>> {
    let mut head = HeaderMap::new();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap());
    let pieces: Vec<_> = body.chunks(777).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    read(&head, Content::from_stream(stream::iter(pieces)), Side::Request, &|_| false, &Folder::default())
        .await
}

/// Receives a message and collects its documents: content id and bytes.
async fn documents(media_type: &str, body: &str) -> Vec<(String, String)> {
    let mut message = receive(media_type, body.as_bytes()).await.unwrap();
    assert_eq!(message.action, ACTION);
    let mut documents = Vec::new();
    while let Some(part) = message.parts.next().await.unwrap() {
        let bytes = part.content.collect(1 << 20).await.unwrap();
        documents.push((part.content_id, String::from_utf8(bytes.to_vec()).unwrap()));
    }
    documents
}

fn document(content_id: &str, content: &str) -> (String, String) {
    (content_id.to_owned(), content.to_owned())
}

fn root(content_id: &str) -> String {
    let xml = envelope_with(&format!("<a>{}</a>", include("cid:1@x")));
    format!(
        "--B\r\nContent-Type: application/xop+xml; type=\"application/soap+xml\"\r\nContent-ID: {content_id}\r\n\r\n{xml}\r\n"
    )
}

const DOCUMENT: &str = "--B\r\nContent-Type: text/plain\r\nContent-ID: <1@x>\r\n\r\nhello\n\r\n";

#[tokio::test]
async fn reads_simple_messages_however_they_are_declared() {
    for media_type in [
        "application/soap+xml; charset=UTF-8",
        "application/soap+xml;charset=\"utf-8\";action=\"urn:other;x\"",
        "Application/SOAP+XML",
        "text/xml; charset=utf-8",
    ] {
        let message = receive(media_type, envelope_with("<a/>").as_bytes()).await.unwrap();
        assert_eq!((message.encoding, message.action.as_str()), (Encoding::Simple, ACTION));
        assert_eq!(message.message_id.as_deref(), Some("urn:id"));
    }
}

#[tokio::test]
async fn reads_utf_16_with_its_mark() {
    let text = envelope_with("<a>\u{e9}</a>");
    let bytes: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let message = receive("application/soap+xml; charset=utf-16", &bytes).await.unwrap();
    assert_eq!(message.body.text(), "\u{e9}");
}

#[tokio::test]
async fn m4_takes_the_first_part_when_start_is_missing() {
    let found =
        documents("multipart/related; boundary=B", &format!("{}{DOCUMENT}--B--", root("<r@x>"))).await;
    assert_eq!(found, [document("1@x", "hello\n")]);
}

#[tokio::test]
async fn m4_takes_start_with_and_without_brackets() {
    for start in ["\"<r@x>\"", "\"r@x\"", "<r@x>", "\"r%40x\""] {
        let media_type =
            format!("multipart/related; boundary=B; start={start}; type=\"application/xop+xml\"");
        let found = documents(&media_type, &format!("{}{DOCUMENT}--B--", root("<r@x>"))).await;
        assert_eq!(found, [document("1@x", "hello\n")], "{start}");
    }
}

#[tokio::test]
async fn m4_finds_the_root_when_start_matches_nothing() {
    let media_type = "multipart/related; boundary=B; start=\"<other@x>\"";
    for body in [format!("{}{DOCUMENT}--B--", root("<r@x>")), format!("{DOCUMENT}{}--B--", root("<r@x>"))] {
        assert_eq!(documents(media_type, &body).await, [document("1@x", "hello\n")]);
    }
    let untyped = root("<r@x>").replace("Content-Type", "X-Type");
    let found = documents(media_type, &format!("{untyped}{DOCUMENT}--B--")).await;
    assert_eq!(found, [document("1@x", "hello\n")]);
}

#[tokio::test]
async fn m5_takes_any_type_parameter() {
    for kind in ["type=\"text/xml\"", "type=application/soap+xml", "type=\"application/xop+xml\"", "x=y"] {
        let media_type = format!("multipart/related; {kind}; boundary=B");
        assert_eq!(
            documents(&media_type, &format!("{}{DOCUMENT}--B--", root("<r@x>"))).await.len(),
            1,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn m6_takes_any_declaration_of_the_root() {
    for declared in [
        "application/xop+xml; type=\"application/soap+xml; action=\\\"urn:a\\\"\"; charset=UTF-8",
        "application/xop+xml;charset=utf-8;type=\"application/soap+xml\"",
        "application/xop+xml",
        "text/xml",
    ] {
        let body = format!("--B\r\nContent-Type: {declared}\r\n\r\n{}\r\n--B--", envelope_with("<a/>"));
        assert!(documents("multipart/related; boundary=B", &body).await.is_empty(), "{declared}");
    }
}

#[tokio::test]
async fn m7_finds_a_root_that_is_not_first() {
    let second = DOCUMENT.replace("1@x", "2@x").replace("hello", "two");
    let last = DOCUMENT.replace("1@x", "3@x").replace("hello", "three");
    let body = format!("{DOCUMENT}{second}{}{last}--B--", root("<r@x>"));
    let found = documents("multipart/related; boundary=B; start=\"<r@x>\"", &body).await;
    assert_eq!(found, [document("1@x", "hello\n"), document("2@x", "two\n"), document("3@x", "three\n")]);
}

#[tokio::test]
async fn m16_m17_reads_included_and_inline_documents_side_by_side() {
    let long = vec![b'x'; limits::INLINE];
    let lines = base64_lines(&long);
    let xml = envelope_with(&format!("<a>{}<D>aGVs\r\nbG8=</D><D>{lines}</D></a>", include("cid:1@x")));
    let body = format!("--B\r\n\r\n{xml}\r\n{DOCUMENT}--B--");
    let mut message = receive("multipart/related; boundary=B", body.as_bytes()).await.unwrap();
    let held: Vec<_> = message.body.elements().map(|document| binary(document).unwrap()).collect();
    assert_eq!(held[0], Binary::Included("1@x".to_owned()));
    assert_eq!(held[1], Binary::Inline(b"hello".to_vec()));
    let Binary::Included(taken) = &held[2] else { panic!("{held:?}") };
    let part = message.parts.next().await.unwrap().unwrap();
    assert!(same_content_id(taken, &part.content_id));
    assert_eq!(part.content.collect(1 << 20).await.unwrap(), long);
    assert_eq!(message.parts.next().await.unwrap().unwrap().content_id, "1@x");
}

#[tokio::test]
async fn takes_long_base64_out_of_a_simple_message() {
    let long = vec![b'y'; 3 * limits::INLINE];
    let xml = envelope_with(&format!("<a><D>{}</D></a>", base64_lines(&long)));
    let found = documents("application/soap+xml", &xml).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1.as_bytes(), long);
}

fn base64_lines(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let digits = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<_> = digits.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

#[tokio::test]
async fn m19_leaves_parts_alone_that_nothing_includes() {
    let body = format!("--B\r\n\r\n{}\r\n{DOCUMENT}--B--", envelope_with("<a/>"));
    assert_eq!(documents("multipart/related; boundary=B", &body).await, [document("1@x", "hello\n")]);
}

#[tokio::test]
async fn m20_reads_a_message_whose_part_is_missing() {
    let body = format!("{}--B--", root("<r@x>"));
    assert!(documents("multipart/related; boundary=B", &body).await.is_empty());
}

#[tokio::test]
async fn m25_refuses_document_types_instructions_and_xml_1_1() {
    for start in ["<!DOCTYPE a>", "<?xml-stylesheet href='x'?>", "<?xml version='1.1'?>"] {
        let text = format!("{start}{}", envelope_with("<a/>"));
        let refusal = receive("application/soap+xml", text.as_bytes()).await.unwrap_err();
        assert_eq!((refusal.status.as_u16(), refusal.fault.code), (400, FaultCode::Sender), "{start}");
    }
}

/// A request as each of the common SOAP stacks sends it: Content-Type, root head, href, Content-ID.
#[tokio::test]
async fn survives_the_clients_that_are_out_there() {
    let clients = [
        (
            "multipart/related; type=\"application/xop+xml\"; boundary=\"uuid:1\"; start=\"<root.message@cxf.apache.org>\"; start-info=\"application/soap+xml\"; action=\"urn:x\"",
            "uuid:1",
            "Content-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <root.message@cxf.apache.org>",
            "cid:u-1@urn%3Aihe%3Aiti",
            "<u-1@urn%3Aihe%3Aiti>",
        ),
        (
            "multipart/related; boundary=MIMEBoundary_1; type=\"application/xop+xml\"; start=\"<0.x@apache.org>\"; start-info=\"application/soap+xml\"",
            "MIMEBoundary_1",
            "Content-Type: application/xop+xml; charset=utf-8; type=\"application/soap+xml\"\r\nContent-ID: <0.x@apache.org>",
            "cid:1.x@apache.org",
            "<1.x@apache.org>",
        ),
        (
            "multipart/related; type=\"application/xop+xml\";start=\"<http://tempuri.org/0>\";boundary=\"uuid:2+id=1\";start-info=\"application/soap+xml\"",
            "uuid:2+id=1",
            "Content-ID: <http://tempuri.org/0>\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: application/xop+xml;charset=utf-8;type=\"application/soap+xml\"",
            "cid:http%3A%2F%2Ftempuri.org%2F1%2F63",
            "<http://tempuri.org/1/63>",
        ),
        (
            "Multipart/Related; Boundary=\"==x==\"; Type=\"application/xop+xml\"; Start=\"<SOAP-ENV:Envelope>\"",
            "==x==",
            "content-type: application/xop+xml\r\ncontent-id: <SOAP-ENV:Envelope>",
            "cid:id1",
            "<id1>",
        ),
        (
            "multipart/related;start=\"<rootpart*u@example.jaxws.sun.com>\";type=\"application/xop+xml\";boundary=\"uuid:3\";start-info=\"application/soap+xml;action=\\\"urn:x\\\"\"",
            "uuid:3",
            "Content-Id: <rootpart*u@example.jaxws.sun.com>\r\nContent-Type: application/xop+xml;charset=utf-8;type=\"application/soap+xml\"",
            "cid:u@example.jaxws.sun.com",
            "<u@example.jaxws.sun.com>",
        ),
    ];
    for (media_type, boundary, root_head, href, content_id) in clients {
        let xml = envelope_with(&format!("<a>{}</a>", include(href)));
        let body = format!(
            "\r\n--{boundary}\r\n{root_head}\r\n\r\n{xml}\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-ID: {content_id}\r\n\r\nhello\r\n--{boundary}--"
        );
        let mut message = receive(media_type, body.as_bytes()).await.unwrap();
        let Binary::Included(id) = binary(message.body.elements().next().unwrap()).unwrap() else { panic!() };
        let part = message.parts.next().await.unwrap().unwrap();
        assert!(same_content_id(&id, &part.content_id), "{id} {}", part.content_id);
        assert_eq!(part.content.collect(9).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn refuses_what_is_no_soap_message() {
    for media_type in
        ["text/plain", "application/xop+xml", "multipart/form-data; boundary=B", "application/json", "x"]
    {
        assert_eq!(receive(media_type, b"x").await.unwrap_err().status, 415, "{media_type}");
    }
    let mut head = HeaderMap::new();
    let nothing = read(&head, Content::empty(), Side::Request, &|_| false, &Folder::default()).await;
    assert_eq!(nothing.unwrap_err().status, 415);
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/soap+xml"));
    head.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(
        read(&head, Content::empty(), Side::Request, &|_| false, &Folder::default())
            .await
            .unwrap_err()
            .status,
        415
    );
}

#[tokio::test]
async fn refuses_broken_messages_in_their_encoding() {
    let unknown = envelope_with("<a/>").replace("<w:MessageID>", "<x s:mustUnderstand='1'/><w:MessageID>");
    for (media_type, body, encoding, code) in [
        ("application/soap+xml", "", Encoding::Simple, FaultCode::Sender),
        ("application/soap+xml", "<a", Encoding::Simple, FaultCode::Sender),
        (
            "application/soap+xml",
            "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'/>",
            Encoding::Simple,
            FaultCode::VersionMismatch,
        ),
        ("application/soap+xml", &unknown, Encoding::Simple, FaultCode::MustUnderstand),
        ("multipart/related", "", Encoding::Mtom, FaultCode::Sender),
        ("multipart/related; boundary=B", "", Encoding::Mtom, FaultCode::Sender),
        ("multipart/related; boundary=B", "--B--", Encoding::Mtom, FaultCode::Sender),
        ("multipart/related; boundary=B", "--B\r\n\r\n<a\r\n--B--", Encoding::Mtom, FaultCode::Sender),
    ] {
        let refusal = receive(media_type, body.as_bytes()).await.unwrap_err();
        assert_eq!((refusal.encoding, refusal.fault.code), (encoding, code), "{media_type} {body}");
        let status = if code == FaultCode::Sender { 400 } else { 500 };
        assert_eq!(refusal.status, status);
    }
    let refusal = receive("application/soap+xml", unknown.as_bytes()).await.unwrap_err();
    assert_eq!(refusal.request_id.as_deref(), Some("urn:id"));
}

#[tokio::test]
async fn refuses_an_envelope_beyond_the_limit() {
    let filler = "<a>lorem, ipsum</a>".repeat(limits::ENVELOPE / 19);
    let refusal = receive("application/soap+xml", envelope_with(&filler).as_bytes()).await.unwrap_err();
    assert!(refusal.fault.reason.contains("longer than"), "{}", refusal.fault.reason);
}

#[tokio::test]
async fn takes_more_nodes_from_an_answer_than_from_a_request() {
    let many = envelope_with(&format!("<a>{}</a>", "<b/>".repeat(Limits::default().nodes)));
    let refusal = receive("application/soap+xml", many.as_bytes()).await.unwrap_err();
    assert!(refusal.fault.reason.contains("nodes"));
    let mut head = HeaderMap::new();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/soap+xml"));
    assert!(
        read(&head, Content::from(many.into_bytes()), Side::Answer, &|_| false, &Folder::default())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn says_as_a_status_what_stopped_the_body() {
    for (kind, status) in [
        (io::ErrorKind::TimedOut, 408),
        (io::ErrorKind::FileTooLarge, 413),
        (io::ErrorKind::ResourceBusy, 503),
        (io::ErrorKind::StorageFull, 507),
        (io::ErrorKind::UnexpectedEof, 400),
    ] {
        let broken = [Ok(Bytes::from_static(b"<s:Envelope")), Err(io::Error::from(kind))];
        let mut head = HeaderMap::new();
        head.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/soap+xml"));
        let body = Content::from_stream(stream::iter(broken));
        let refusal = read(&head, body, Side::Request, &|_| false, &Folder::default()).await.unwrap_err();
        assert_eq!(refusal.status, status);
        assert_eq!(refusal.fault.code == FaultCode::Receiver, status > 500);
    }
}

#[tokio::test]
async fn m16_takes_ten_megabytes_as_base64_behind_an_xml_declaration() {
    let document: Vec<u8> = (0..10_000_000_u32).map(|at| (at % 251) as u8).collect();
    let digits = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &document);
    let xml = format!("<?xml version=\"1.0\"?>{}", envelope_with(&format!("<a><D>{digits}</D></a>")));
    let mut message = receive("application/soap+xml", xml.as_bytes()).await.unwrap();
    let part = message.parts.next().await.unwrap().unwrap();
    assert_eq!(part.content.collect(document.len()).await.unwrap(), document);
}
