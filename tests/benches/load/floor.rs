//! The bare work in a process of its own: hyper over mutual TLS, the same bytes, rows and files, and nothing else.
//!
//! The floor reads no XML. It answers a registration once the same rows are committed by the same library
//! (`statements.rs`), a submission once the same hashes are made and the same file is synced besides, a query with
//! an answer of the node from memory, and a retrieval with the same bytes from a file.

mod documents;
mod material;
mod postgres;
mod server;
mod sqlite;
mod statements;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use tests::Node;

use crate::engine::Engine;
use crate::https::Peer;
use crate::identity;

pub(crate) use material::Material;
pub(crate) use server::serve;

/// The patient of the submission whose rows the floor repeats.
const PATTERN: &str = "P0999999";

/// The floor in a process of its own.
pub(crate) struct Floor {
    process: Child,
    peer: Peer,
}

impl Floor {
    /// Starts it beside a node, with what it is to give; without that, it only takes and gives large documents.
    pub(crate) async fn start(node: &Node, engine: &Engine, material: Option<&Material>) -> Self {
        let folder = node.folder().join("floor");
        std::fs::create_dir(&folder).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        if let Some(material) = material {
            material.write(&folder);
            std::fs::write(folder.join("database"), engine.copy(node, &folder).await).unwrap();
        }
        write_identity(node, &folder, port);
        let process =
            Command::new(std::env::current_exe().unwrap()).arg("floor").arg(&folder).spawn().unwrap();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, peer: Peer { port, tls: identity::as_client(node) } }
    }

    /// The id of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// How it is reached.
    pub(crate) const fn peer(&self) -> &Peer {
        &self.peer
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write_identity(node: &Node, folder: &Path, port: u16) {
    let [certificates, key, trust] = identity::server_files(node);
    let port = port.to_string();
    for (name, text) in
        [("identity.pem", &certificates), ("identity.key", &key), ("trust.pem", &trust), ("port", &port)]
    {
        std::fs::write(folder.join(name), text).unwrap();
    }
}
