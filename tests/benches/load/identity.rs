//! Identities that the CA of a node under test issues to the harness: its clients, its floor.

use std::sync::Arc;

use rustls::{ClientConfig, ServerConfig};
use soap::client::Client;
use soap::tls::{Identity, Trust, client_config, server_config};
use tests::Node;

use crate::https::Peer;

/// As who a client comes to the node or its floor.
pub(crate) fn as_client(node: &Node) -> Arc<ClientConfig> {
    Arc::new(new_client(node))
}

/// A node, asked as someone whom it trusts.
pub(crate) fn peer(node: &Node) -> Peer {
    let port = node.url("").rsplit_once(':').unwrap().1.parse().unwrap();
    Peer { port, tls: as_client(node) }
}

/// The project's own client.
pub(crate) fn client(node: &Node) -> Client {
    Client::new(new_client(node))
}

/// A server at `localhost` whom the node's clients trust.
pub(crate) fn as_server(node: &Node) -> Arc<ServerConfig> {
    let [certificates, key, trust] = server_files(node);
    server_of(certificates.as_bytes(), key.as_bytes(), trust.as_bytes())
}

/// The same for another process: certificates, key and trust as PEM.
pub(crate) fn server_files(node: &Node) -> [String; 3] {
    let authority = node.authority();
    let issued = authority.authority().issue(&certs::Request::node("floor", ["localhost"])).unwrap();
    [issued.certificates, issued.key, authority.authority().certificate().to_owned()]
}

/// A server from such files.
pub(crate) fn server_of(certificates: &[u8], key: &[u8], trust: &[u8]) -> Arc<ServerConfig> {
    let identity = Identity::from_pem(certificates, key).unwrap();
    server_config(&identity, &Trust::from_pem(trust).unwrap()).unwrap()
}

fn new_client(node: &Node) -> ClientConfig {
    let authority = node.authority();
    let issued = authority.authority().issue(&certs::Request::person("load")).unwrap();
    let identity = Identity::from_pem(issued.certificates.as_bytes(), issued.key.as_bytes()).unwrap();
    let trust = Trust::from_pem(authority.authority().certificate().as_bytes()).unwrap();
    client_config(&identity, &trust).unwrap()
}
