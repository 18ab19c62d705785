//! What is asked in a load, and whether the answer is right: every answer is looked at.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{FindDocuments, Query};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::StatusCode;
use memchr::memmem;
use metadata::AvailabilityStatus;
use sha2::{Digest, Sha256};
use tests::{AUTHORITY, Node};

use crate::https::{Connection, Peer, whole};
use crate::known::Known;
use crate::random::Random;
use crate::template::{Ids, Template, patient, unique_id};

/// A transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Register,
    Provide,
    Find,
    Fetch,
}

/// The first patient that a load writes for; those before it are known and stay as they are.
const FIRST_PATIENT: usize = 1_000_000;
/// Of so many documents that are given, one is hashed; the length is looked at always.
const HASHED: u64 = 16;
/// Of so many acknowledged submissions, one is asked for in the end; and so many at most.
const NOTED: u64 = 32;
const MOST_NOTED: usize = 500;

/// A load on one server.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) kind: Kind,
    pub(crate) peer: Peer,
    /// One, or one for each size of document.
    pub(crate) templates: Vec<Template>,
    pub(crate) known: Arc<Known>,
    /// For so many patients is written.
    pub(crate) patients: usize,
    noted: Mutex<Vec<Ids>>,
}

/// One question on its way.
pub(crate) struct Question {
    pub(crate) path: String,
    pub(crate) media_type: String,
    pub(crate) body: Bytes,
    ids: Ids,
    /// Which of the known documents is asked for.
    document: usize,
}

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Right,
    /// The server has more to do than it can: status 503.
    Refused,
}

impl Asker {
    /// Asks a server such questions.
    pub(crate) fn new(
        kind: Kind,
        peer: Peer,
        templates: Vec<Template>,
        known: Arc<Known>,
        patients: usize,
    ) -> Arc<Self> {
        Arc::new(Self { kind, peer, templates, known, patients, noted: Mutex::default() })
    }

    /// The next question.
    pub(crate) fn next(&self, random: &mut Random) -> Question {
        let template = self.templates.get(random.below(self.templates.len())).unwrap();
        let (mut path, mut document) = (template.path.clone(), 0);
        let ids = match self.kind {
            Kind::Register | Kind::Provide => {
                Ids { patient: FIRST_PATIENT + random.below(self.patients), entry: unique_id(random) }
            }
            Kind::Find => Ids { patient: random.below(self.known.patients), entry: String::new() },
            Kind::Fetch => {
                document = random.below(self.known.documents.len());
                path = path.replace("{document}", &document.to_string());
                self.known.documents.get(document).unwrap().ids.clone()
            }
        };
        let body = template.fill(&ids, random);
        Question { path, media_type: template.media_type.clone(), body, ids, document }
    }

    /// Asks, over a connection that is kept or over one for this question alone.
    pub(crate) async fn ask(
        &self,
        kept: &mut Option<Connection>,
        random: &mut Random,
        keep: bool,
    ) -> Outcome {
        let Question { path, media_type, body, ids, document } = self.next(random);
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => Connection::open(&self.peer).await,
        };
        let answer = connection.ask(&path, &media_type, whole(body), !keep).await;
        let (status, body) = (answer.status(), answer.into_body().collect().await.unwrap().to_bytes());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Outcome::Refused;
        }
        let right = status.is_success() && self.is_right(&body, document, random);
        assert!(right, "{:?}, {status}: {}", self.kind, String::from_utf8_lossy(&body));
        if random.next().is_multiple_of(NOTED) && matches!(self.kind, Kind::Register | Kind::Provide) {
            self.noted.lock().unwrap().push(ids);
        }
        if keep {
            *kept = Some(connection);
        }
        Outcome::Right
    }

    fn is_right(&self, body: &[u8], document: usize, random: &mut Random) -> bool {
        let success = memmem::find(body, b"ResponseStatusType:Success").is_some();
        success
            && match self.kind {
                Kind::Register | Kind::Provide => true,
                Kind::Find => memmem::find_iter(body, b"ExtrinsicObject>").count() == self.known.each,
                Kind::Fetch => self.is_document(body, document, random),
            }
    }

    /// Whether a document came whole; now and then, whether it is the one that was provided.
    fn is_document(&self, body: &[u8], document: usize, random: &mut Random) -> bool {
        let known = self.known.documents.get(document).unwrap();
        let Some(start) = memmem::find(body, &known.start) else { return false };
        let (Some(bytes), Some(behind)) =
            (body.get(start..start + known.size), body.get(start + known.size..))
        else {
            return false;
        };
        behind.starts_with(b"\r\n--")
            && (!random.next().is_multiple_of(HASHED) || Sha256::digest(bytes).as_slice() == known.sha256)
    }

    /// Asks a node for some of what it has acknowledged.
    pub(crate) async fn check_noted(&self, node: &Node) -> usize {
        let noted = std::mem::take(&mut *self.noted.lock().unwrap());
        let consumer = node.consumer();
        for ids in noted.iter().take(MOST_NOTED) {
            let query = Query::FindDocuments(FindDocuments {
                patient_id: format!("{}^^^&{AUTHORITY}&ISO", patient(ids.patient)).parse().unwrap(),
                status: vec![AvailabilityStatus::Approved],
                filter: Default::default(),
            });
            let found = consumer.query(StoredQuery::leaf_class(query)).await.unwrap().into_documents();
            let unique_ids: HashSet<&str> = found.iter().map(|entry| entry.unique_id.as_str()).collect();
            assert!(unique_ids.contains(ids.entry.as_str()), "acknowledged, but not there: {ids:?}");
        }
        noted.len().min(MOST_NOTED)
    }
}
