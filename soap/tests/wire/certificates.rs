//! Who may speak, on both sides of a connection: certificates of every kind.

use rcgen::ExtendedKeyUsagePurpose;
use soap::tls::{Identity, Trust, client_config, server_config};
use soap::{Client, Encoding, Message, Peer, SendError};

use crate::peers::{Authority, element, pong, serve, serve_trusting};

fn ping() -> Message {
    Message::new("urn:ping", element("Ping"), Encoding::Simple)
}

/// What a client with this identity hears from a server of this authority.
async fn call(authority: &Authority, identity: &Identity) -> Result<Message, SendError> {
    let server = serve(authority, &authority.identity(), pong).await;
    let client = Client::new(client_config(identity, &authority.trust()).unwrap());
    client.send(&server.url(), ping()).await
}

fn refused_in_the_handshake(result: &Result<Message, SendError>, alert: &str) {
    match result {
        Err(SendError::Unreachable(reason)) => {
            let told = format!("the peer does not accept our certificate (TLS alert {alert}");
            assert!(reason.contains(&told), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_server_knows_its_peer_by_the_certificate() {
    let authority = Authority::new();
    let identity = authority.identity_with(|params| {
        params.distinguished_name.push(rcgen::DnType::CommonName, "Hospital A");
    });
    let expected = identity.certificate().unwrap();
    let tell = move |message: Message, peer: Peer| {
        let same = peer.certificate.as_deref() == Some(&expected) && peer.address.is_some();
        let answer = element("Peer").with("same", same.to_string());
        async move { Ok(Message::new("urn:peer", answer, message.encoding)) }
    };
    let server = serve(&authority, &authority.identity(), tell).await;
    let client = Client::new(client_config(&identity, &authority.trust()).unwrap());
    let answer = client.send(&server.url(), ping()).await.unwrap();
    assert_eq!(answer.body.attribute("same"), Some("true"));
    assert!(answer.relates_to.is_some());
}

#[tokio::test]
async fn refuses_a_client_without_certificate() {
    let authority = Authority::new();
    let server = serve(&authority, &authority.identity(), pong).await;
    let mut roots = rustls::RootCertStore::empty();
    let pem = rustls::pki_types::pem::PemObject::from_pem_slice(authority.pem().as_bytes()).unwrap();
    roots.add(pem).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let result = Client::new(config.with_no_client_auth()).send(&server.url(), ping()).await;
    refused_in_the_handshake(&result, "CertificateRequired");
}

#[tokio::test]
async fn refuses_an_expired_client_certificate() {
    let authority = Authority::new();
    let expired = authority.identity_with(|params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    refused_in_the_handshake(&call(&authority, &expired).await, "CertificateExpired");
}

#[tokio::test]
async fn refuses_a_client_certificate_that_is_not_yet_valid() {
    let authority = Authority::new();
    let early = authority.identity_with(|params| params.not_before = rcgen::date_time_ymd(2100, 1, 1));
    refused_in_the_handshake(&call(&authority, &early).await, "");
}

#[tokio::test]
async fn refuses_a_client_of_an_unknown_authority() {
    let authority = Authority::new();
    let stranger = Authority::new().identity();
    refused_in_the_handshake(&call(&authority, &stranger).await, "UnknownCA");
}

#[tokio::test]
async fn refuses_a_certificate_that_is_for_servers_only() {
    let authority = Authority::new();
    let wrong = authority.identity_with(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    refused_in_the_handshake(&call(&authority, &wrong).await, "");
}

#[tokio::test]
async fn refuses_a_revoked_client_certificate() {
    let authority = Authority::new();
    let trust = authority.trust().with_crls_pem(authority.revokes_all().as_bytes()).unwrap();
    let server = serve_trusting(&trust, &authority.identity(), pong).await;
    let result = authority.client().send(&server.url(), ping()).await;
    refused_in_the_handshake(&result, "CertificateRevoked");
}

#[tokio::test]
async fn the_client_refuses_servers_that_it_does_not_trust() {
    let authority = Authority::new();
    let wrong = [
        (Authority::new().identity(), "UnknownIssuer"),
        (authority.identity_with(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)), "expired"),
        (authority.identity_with(|params| params.subject_alt_names.clear()), "not valid for any names"),
    ];
    for (identity, reason) in wrong {
        let server = serve(&authority, &identity, pong).await;
        let error = authority.client().send(&server.url(), ping()).await.unwrap_err();
        let SendError::Unreachable(text) = &error else { panic!("{error}") };
        assert!(text.contains(reason), "{text}");
    }
}

#[tokio::test]
async fn nothing_is_sent_without_tls() {
    let client = Authority::new().client();
    for url in ["http://localhost:1/", "ftp://localhost/", "localhost", "", "https://"] {
        assert!(matches!(client.send(url, ping()).await, Err(SendError::Unreachable(_))), "{url}");
    }
}

#[tokio::test]
async fn no_session_is_resumed_past_the_verifier() {
    let authority = Authority::new();
    let config = server_config(&authority.identity(), &authority.trust()).unwrap();
    assert_eq!(config.send_tls13_tickets, 0);
    assert!(!config.session_storage.can_cache());
    assert!(!config.ticketer.enabled());
    assert_eq!(config.alpn_protocols, [b"http/1.1"]);
}

#[test]
fn says_what_is_wrong_with_an_identity_or_trust() {
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let authority = Authority::new();
    let pem = authority.pem();
    for (certificates, key, reason) in [
        ("", key.as_str(), "certificate: "),
        (pem, "", "private key: "),
        (pem, key.as_str(), "private key: "),
    ] {
        let error = Identity::from_pem(certificates.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with(reason), "{error}");
    }
    assert!(Trust::from_pem(b"").is_err());
    assert!(!format!("{:?}", authority.identity()).contains("PRIVATE"));
}
