//! What a store holds before a load begins: some patients, each with so many documents.

use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use memchr::memmem;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::https::{Connection, Peer, whole};
use crate::random::Random;
use crate::template::{Ids, Template, unique_id};

/// Clients that fill a store.
const CLIENTS: usize = 32;

/// Patients `P0000000` and on, and their documents.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) patients: usize,
    /// Documents of each patient.
    pub(crate) each: usize,
    /// None of them where only metadata was registered.
    pub(crate) documents: Vec<KnownDocument>,
}

/// One of the documents.
#[derive(Debug, Clone)]
pub(crate) struct KnownDocument {
    pub(crate) ids: Ids,
    pub(crate) size: usize,
    /// How it begins, as no other does.
    pub(crate) start: Vec<u8>,
    pub(crate) sha256: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Known {
    /// Submits to a node what it is to know, by ITI-41 or ITI-42, depending on the template.
    pub(crate) async fn submit(peer: &Peer, template: &Template, patients: usize, each: usize) -> Self {
        let documents = Arc::new(Mutex::new(Vec::new()));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (peer, template, documents) = (peer.clone(), template.clone(), Arc::clone(&documents));
            clients.spawn(async move {
                let (mut random, mut connection) = (Random::new(), Connection::open(&peer).await);
                for number in (client..patients * each).step_by(CLIENTS) {
                    let ids = Ids { patient: number % patients, entry: unique_id(&mut random) };
                    let body = template.fill(&ids, &mut random);
                    let document = document(&template, &body, ids);
                    let answer =
                        connection.ask(&template.path, &template.media_type, whole(body), false).await;
                    let answer = answer.into_body().collect().await.unwrap().to_bytes();
                    let success = memmem::find(&answer, b"ResponseStatusType:Success").is_some();
                    assert!(success, "{}", String::from_utf8_lossy(&answer));
                    documents.lock().unwrap().extend(document);
                }
            });
        }
        clients.join_all().await;
        let documents = std::mem::take(&mut *documents.lock().unwrap());
        Self { patients, each, documents }
    }
}

/// The document of a request.
fn document(template: &Template, request: &[u8], ids: Ids) -> Option<KnownDocument> {
    let from_start = request.get(template.document()?..)?;
    let size = memmem::find(from_start, b"\r\n--")?;
    let bytes = from_start.get(..size)?.to_vec();
    let start = bytes.get(..16)?.to_vec();
    Some(KnownDocument { ids, size, start, sha256: Sha256::digest(&bytes).to_vec(), bytes })
}
