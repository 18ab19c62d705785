//! Who has no valid certificate is not heard; who has one is heard all the same.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use actors::audit::Audit;
use actors::{CallError, Partner};
use certs::{Authority, Request, Validity};
use tests::{Document, Node};

async fn refused(node: &Node, identity: &certs::Identity) {
    let partner = Partner::remote(&node.url("/repository"), node.client_as(identity), Audit::none());
    let document = Document::of("P1", "x");
    let answer = document.provide(&partner).await;
    assert!(matches!(answer, Err(CallError::Unreachable(_))), "{answer:?}");
    assert!(document.provide(&node.repository()).await.unwrap().is_success(), "the node goes on");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let stranger = Authority::create("A stranger").unwrap();
    let node = Node::start();
    refused(&node, &stranger.issue(&Request::person("stranger")).unwrap()).await;
}

#[tokio::test]
async fn an_expired_certificate_and_one_of_tomorrow_are_refused() {
    let node = Node::start();
    let directory = node.authority();
    for validity in [Validity::expired(), Validity::not_yet()] {
        let identity = directory.authority().issue(&Request::person("test").valid(validity)).unwrap();
        refused(&node, &identity).await;
    }
}

#[tokio::test]
async fn no_certificate_at_all_is_refused() {
    let node = Node::start();
    let mut roots = rustls::RootCertStore::empty();
    let authority = node.authority();
    let pem = authority.authority().certificate();
    let der = rustls::pki_types::CertificateDer::from(pem_to_der(pem));
    roots.add(der).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let url = node.url("");
    let address = url.trim_start_matches("https://").to_owned();
    let mut connection =
        rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut socket);
    // In TLS 1.3 the client learns of the refusal on its first read.
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut answer = Vec::new();
    let outcome = stream.read_to_end(&mut answer);
    assert!(outcome.is_err() && answer.is_empty(), "{outcome:?} {}", String::from_utf8_lossy(&answer));
    assert!(Document::of("P1", "x").provide(&node.repository()).await.unwrap().is_success());
}

fn pem_to_der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject;
    rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}
