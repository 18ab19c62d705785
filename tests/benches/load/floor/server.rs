//! What the floor answers.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response};
use tokio::net::TcpListener;

use super::documents;
use super::material::{Given, Material};
use super::postgres::Pool;
use super::sqlite::Writer;
use crate::https::{self, Body, whole};
use crate::identity::server_of;

/// Serves until it is killed.
pub(crate) async fn serve(folder: &str) {
    let folder = PathBuf::from(folder);
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let tls = server_of(&read("identity.pem"), &read("identity.key"), &read("trust.pem"));
    let port = fs::read_to_string(folder.join("port")).unwrap().parse().unwrap();
    let floor = Arc::new(Server::open(folder).await);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    https::serve(listener, tls, move |request| Arc::clone(&floor).answer(request)).await;
}

struct Server {
    folder: PathBuf,
    answers: Option<Answers>,
}

struct Answers {
    registered: Given,
    provided: Given,
    found: Given,
    fetched: Given,
    /// Where a document goes into what is fetched.
    cut: usize,
    store: Store,
}

/// The rows, by the library that the product uses.
enum Store {
    Sqlite { registry: Writer, repository: Writer },
    Postgres { registry: Pool, repository: Pool },
}

impl Server {
    async fn open(folder: PathBuf) -> Self {
        let answers = match fs::read_to_string(folder.join("database")) {
            Ok(database) => Some(Answers::open(&folder, &database).await),
            Err(_) => None,
        };
        Self { folder, answers }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let mut path = head.uri.path().split('/').skip(1);
        let (what, number) = (path.next().unwrap_or_default(), path.next());
        let number = number.map_or(0, |number| number.parse().unwrap());
        let file = self.folder.join("large");
        match what {
            "upload" => {
                documents::take(body, file).await;
                return Response::new(whole(""));
            }
            "download" => {
                drop(body.collect().await.unwrap());
                return Response::new(documents::give(file));
            }
            _ => {}
        }
        let body = body.collect().await.unwrap().to_bytes();
        let answers = self.answers.as_ref().unwrap();
        answers.answer(what, number, body, &self.folder).await
    }
}

impl Answers {
    async fn open(folder: &Path, database: &str) -> Self {
        let given = |name| Material::read(folder, name).unwrap();
        let store = if database.contains("://") {
            let (registry, repository) = (Pool::open(database).await, Pool::open(database).await);
            Store::Postgres { registry, repository }
        } else {
            let open = |name: &str| Writer::open(&Path::new(database).join(name));
            Store::Sqlite { registry: open("registry.sqlite"), repository: open("repository.sqlite") }
        };
        Self {
            registered: given("register"),
            provided: given("provide"),
            found: given("find"),
            fetched: given("fetch"),
            cut: fs::read_to_string(folder.join("cut")).unwrap().parse().unwrap(),
            store,
        }
    }

    async fn answer(&self, what: &str, number: usize, body: Bytes, folder: &Path) -> Response<Body> {
        let (given, bytes) = match what {
            "register" => {
                self.register().await;
                (&self.registered, self.registered.bytes.clone())
            }
            "provide" => {
                self.provide(body, number, folder).await;
                (&self.provided, self.provided.bytes.clone())
            }
            "fetch" => {
                let file = folder.join("given").join(number.to_string());
                (&self.fetched, documents::insert(file, &self.fetched.bytes, self.cut).await)
            }
            "find" => (&self.found, self.found.bytes.clone()),
            _ => (&self.registered, self.registered.bytes.clone()), // A POST that nothing is done with.
        };
        let mut answer = Response::new(whole(bytes));
        answer.headers_mut().insert(CONTENT_TYPE, given.media_type.parse().unwrap());
        answer
    }

    async fn register(&self) {
        match &self.store {
            Store::Sqlite { registry, .. } => registry.register().await,
            Store::Postgres { registry, .. } => registry.register().await,
        }
    }

    async fn provide(&self, body: Bytes, document: usize, folder: &Path) {
        let kept = documents::keep(body, document, folder.join("documents")).await;
        match &self.store {
            Store::Sqlite { registry, repository } => {
                repository.file(kept).await;
                registry.register().await;
            }
            Store::Postgres { registry, repository } => {
                repository.file(kept).await;
                registry.register().await;
            }
        }
    }
}
