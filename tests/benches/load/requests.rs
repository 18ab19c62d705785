//! The requests of all transactions, written by the project's own client and kept as bytes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actors::transactions::documents::Outgoing;
use actors::transactions::stored_query::{FindDocuments, Query};
use actors::transactions::{
    DocumentRequest, ProvideAndRegister, Register, Retrieve, StoredQuery, Transaction,
};
use actors::{Partner, audit::Audit};
use http_body_util::BodyExt;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use metadata::{AvailabilityStatus, Hash};
use soap::parts::Content;
use tests::{Node, REPOSITORY};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::https::{serve, whole};
use crate::identity::{as_server, client};
use crate::sample;
use crate::template::Template;

/// What a node is asked in a load.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    pub(crate) register: Template,
    /// One for each size of document.
    pub(crate) provide: Vec<Template>,
    pub(crate) find: Template,
    pub(crate) fetch: Template,
}

impl Requests {
    /// Lets the project's client send each request once, to a server that only keeps what comes.
    pub(crate) async fn prepare(node: &Node, documents: &[usize]) -> Self {
        let writer = Writer::start(node).await;
        let mut registered = sample::submission();
        for entry in &mut registered.entries {
            entry.hash = Some(Hash::from_bytes([7; 20]));
            entry.size = Some(40 << 10);
            entry.repository_unique_id = Some(REPOSITORY.parse().unwrap());
        }
        let query = Query::FindDocuments(FindDocuments {
            patient_id: sample::patient(),
            status: vec![AvailabilityStatus::Approved],
            filter: Default::default(),
        });
        let wanted = DocumentRequest {
            home_community_id: None,
            repository_unique_id: REPOSITORY.to_owned(),
            document_unique_id: crate::template::ENTRY.to_owned(),
        };
        let mut provide = Vec::new();
        for size in documents {
            provide.push(writer.write("/repository", sample::provide(sample::document(*size))).await);
        }
        Self {
            register: writer.write("/registry", Register::new(registered)).await,
            provide,
            find: writer.write("/registry", StoredQuery::leaf_class(query)).await,
            fetch: writer.write("/repository", Retrieve { documents: vec![wanted] }).await,
        }
    }
}

/// A request with a document that is sent as a stream: what stands before it and behind it.
pub(crate) async fn around_document(node: &Node) -> (Template, Vec<u8>) {
    let writer = Writer::start(node).await;
    let (media_type, mut bytes) = writer.bytes("/repository", sample::provide(sample::document(16))).await;
    let document = memchr::memmem::find(&bytes, crate::template::DOCUMENT).unwrap();
    let behind = bytes.split_off(document).split_off(crate::template::DOCUMENT.len());
    (Template::of("/repository", media_type, bytes), behind)
}

/// The project's client, and a server that keeps what it sends.
struct Writer {
    partner: Box<dyn Fn(&str) -> Partner + Send + Sync>,
    received: tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Vec<u8>)>>,
    replace: [String; 2],
}

impl Writer {
    async fn start(node: &Node) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let here = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, as_server(node), move |request| {
            let sender = sender.clone();
            async move {
                let media_type = request.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
                let body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
                sender.send((media_type, body)).unwrap();
                let mut answer = Response::new(whole("kept"));
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                answer
            }
        }));
        let (client, base) = (Arc::new(client(node)), here.clone());
        let partner = move |path: &str| {
            Partner::remote(&format!("{base}{path}"), client.as_ref().clone(), Audit::none())
        };
        let partner = Box::new(partner);
        Self { partner, received: received.into(), replace: [here, node.url("")] }
    }

    async fn write<T: Transaction>(&self, path: &str, request: T) -> Template {
        let (media_type, bytes) = self.bytes(path, request).await;
        Template::of(path, media_type, bytes)
    }

    /// The request as it would go to the node.
    async fn bytes<T: Transaction>(&self, path: &str, request: T) -> (String, Vec<u8>) {
        let refused = (self.partner)(path).ask(request).await;
        assert!(refused.is_err(), "nobody answers here");
        let (media_type, bytes) = self.received.lock().await.recv().await.unwrap();
        let [here, there] = &self.replace;
        let mut replaced = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for place in memchr::memmem::find_iter(&bytes, here) {
            replaced.extend_from_slice(bytes.get(from..place).unwrap());
            replaced.extend_from_slice(there.as_bytes());
            from = place + here.len();
        }
        replaced.extend_from_slice(bytes.get(from..).unwrap());
        (media_type, replaced)
    }
}

/// A document as it is provided, with what is said of it.
pub(crate) fn provided(submission: metadata::Submission, bytes: Vec<u8>) -> ProvideAndRegister {
    let id = submission.entries.first().unwrap().entry_uuid.clone();
    let outgoing = Outgoing { media_type: "application/dicom".to_owned(), content: Content::from(bytes) };
    ProvideAndRegister::new(submission, [(id, outgoing)])
}
