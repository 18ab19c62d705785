//! A repository whose documents lie in a bucket of a real S3 server, `s3s-fs`, which fails as it is told.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::proxy::{Fault, Proxy};
use super::*;
use crate::Bucket;
use crate::tests::sweep::UPKEEP;
use crate::upkeep;

const PART: usize = 5 << 20;

/// The server, and a repository that reaches it through a proxy.
struct Service {
    ward: Ward,
    proxy: Proxy,
    server: Child,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

/// Where `s3s-fs` is: `DOSEBOOK_S3_SERVER`, `target/tools/bin` (made by `.ci/tools`) or the `PATH`.
fn program() -> Option<PathBuf> {
    let tools = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools).chain(std::env::split_paths(&path).collect::<Vec<_>>());
    let given = std::env::var_os("DOSEBOOK_S3_SERVER").map(PathBuf::from);
    let found =
        given.into_iter().chain(folders.map(|folder| folder.join("s3s-fs"))).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "s3s-fs is not here: run `bash .ci/tools`");
        eprintln!("NOT TESTED: s3s-fs is not here; `bash .ci/tools` installs it");
    }
    found
}

fn serve(program: &std::path::Path, root: &std::path::Path) -> (Child, SocketAddr) {
    loop {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(program);
        command.args(["--host", "127.0.0.1", "--port", &free.port().to_string()]);
        command.args(["--access-key", "ward", "--secret-key", "s3cret"]).arg(root);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        // It ends when somebody else was given the port meanwhile.
        while server.try_wait().unwrap().is_none() {
            if TcpStream::connect(free).is_ok() {
                return (server, free);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn bucket(endpoint: String, trust: Option<Vec<u8>>, folder: &std::path::Path) -> Bucket {
    Bucket {
        name: "dose".to_owned(),
        prefix: "north".to_owned(),
        endpoint: Some(endpoint),
        region: "us-east-1".to_owned(),
        access_key_id: "ward".to_owned(),
        secret_access_key: "s3cret".to_owned(),
        trust,
        spool: folder.join("spool"),
    }
}

async fn open_bucket(bucket: Bucket, index: &Place) -> Store {
    Store::open(&Documents::Bucket(Box::new(bucket)), index.location()).await.unwrap()
}

/// TLS before a service, with a certificate of a CA of its own: its URL and that CA.
async fn tls_before(upstream: SocketAddr) -> (String, Vec<u8>) {
    let (ca_key, key) = (rcgen::KeyPair::generate().unwrap(), rcgen::KeyPair::generate().unwrap());
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let trust = ca.self_signed(&ca_key).unwrap().pem().into_bytes();
    let names = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = names.signed_by(&key, &rcgen::Issuer::new(ca, ca_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us hangs up, and so may any other.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut upstream = tokio::net::TcpStream::connect(upstream).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
            });
        }
    });
    (format!("https://{address}"), trust)
}

impl Service {
    async fn start() -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("dose")).unwrap();
        let (server, address) = serve(&program, &root);
        let proxy = Proxy::before(address).await;
        let bucket = bucket(format!("http://{}", proxy.address), None, folder.path());
        assert!(!format!("{bucket:?} {bucket}").contains("s3cret"));
        let index = Place::fresh().await;
        let store = open_bucket(bucket, &index).await;
        Some(Self { ward: Ward::of(store, folder, index, Limits::default()), proxy, server })
    }

    fn objects(&self) -> Vec<PathBuf> {
        files(&self.ward.folder.path().join("root/dose/north/documents"))
    }

    fn spooled(&self) -> usize {
        files(&self.ward.folder.path().join("spool")).len()
    }

    async fn provide(&self, bytes: &[u8]) -> RegistryErrors {
        self.ward.provide(submission(), bytes).await
    }

    async fn retrieve(&self) -> Result<Vec<u8>, RegistryErrors> {
        self.ward.retrieve(REPOSITORY, submission().entries[0].unique_id.as_str()).await
    }

    /// Reads the document as far as it comes.
    async fn read(&self) -> std::io::Result<bytes::Bytes> {
        let found = self.ward.repository.store.find(submission().entries[0].unique_id.as_str()).await;
        self.ward.repository.store.content(&found.unwrap().unwrap()).collect(usize::MAX).await
    }

    /// Waits until damage is noted, which may be done by a task of its own, and forgets it.
    async fn forget_damage(&self) {
        let index = self.ward.repository.store.index();
        loop {
            if let Some(key) = upkeep::damaged(index).await.unwrap().iter().next() {
                return upkeep::forget_damage(index, key).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn uploads(&self) -> usize {
        upkeep::uploads_before(self.ward.repository.store.index(), i64::MAX).await.unwrap().len()
    }

    /// Nothing was registered, and a sweep long after finds all that is left.
    async fn is_clean(&self) {
        assert!(self.ward.registry.entries.lock().unwrap().is_empty());
        self.proxy.plan([]);
        for round in 0..3 {
            self.ward.repository.sweep(LONG_AFTER + round * QUARANTINE).await.unwrap();
            if self.objects().is_empty() {
                break;
            }
        }
        assert_eq!((self.objects(), self.spooled(), self.uploads().await), (Vec::new(), 0, 0));
    }
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn some(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

#[tokio::test]
async fn documents_of_every_size_come_back_from_a_bucket() {
    for size in [0, 3, (1 << 20) + 1, PART, 2 * PART + 5] {
        let Some(service) = Service::start().await else { return };
        let bytes = some(size);
        assert_eq!(service.provide(&bytes).await, RegistryErrors::default(), "{size}");
        assert!(service.retrieve().await.unwrap() == bytes, "{size}");
        let [object] = &service.objects()[..] else { panic!("{:?}", service.objects()) };
        let key = object.strip_prefix(service.ward.folder.path().join("root/dose")).unwrap();
        assert!(key.starts_with("north/documents"), "{key:?}");
        assert_eq!((service.spooled(), service.uploads().await), (0, 0));
        assert_eq!(service.ward.repository.sweep(LONG_AFTER).await.unwrap(), Swept::default());
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_not_noticed() {
    let put = "PUT /dose/north/documents";
    let passing = [
        vec![(put, Fault::Answer(503)), (put, Fault::Answer(500))],
        vec![(put, Fault::CutRequest(1_000))],
        vec![(put, Fault::LoseAnswer)],
        vec![(put, Fault::Delay(Duration::from_millis(2_500)))],
    ];
    for faults in passing {
        for size in [40_000, PART + 1] {
            let Some(service) = Service::start().await else { return };
            service.proxy.plan(faults.clone());
            assert_eq!(service.provide(&some(size)).await, RegistryErrors::default(), "{faults:?} {size}");
            assert_eq!(service.proxy.left(), 0, "{faults:?} {size}");
            assert_eq!((service.objects().len(), service.spooled(), service.uploads().await), (1, 0, 0));
            assert!(service.retrieve().await.unwrap() == some(size));
        }
    }
}

#[tokio::test]
async fn the_end_of_a_large_document_may_get_lost_on_either_way() {
    for fault in [Fault::Answer(503), Fault::LoseAnswer] {
        let Some(service) = Service::start().await else { return };
        service.proxy.plan([("POST /dose/north/documents", fault), ("?uploadId=", fault)]);
        assert_eq!(service.provide(&some(PART + 1)).await, RegistryErrors::default(), "{fault:?}");
        assert!(service.retrieve().await.unwrap() == some(PART + 1), "{fault:?}");
        assert_eq!((service.objects().len(), service.uploads().await), (1, 0));
    }
}

#[tokio::test]
async fn a_service_that_fails_for_long_makes_the_source_come_again() {
    for fault in [Fault::Answer(503), Fault::CutRequest(1_000), Fault::Delay(Duration::from_secs(30))] {
        for size in [40_000, PART + 1] {
            let Some(service) = Service::start().await else { return };
            service.proxy.plan(std::iter::repeat_n(("/dose/north", fault), 100));
            let errors = service.provide(&some(size)).await;
            assert_eq!(codes(&errors), ["XDSRepositoryBusy"], "{fault:?} {size}");
            assert!(!errors.to_string().contains("127.0.0.1"), "{errors}");
            service.is_clean().await;
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_service_is_an_error_of_ours() {
    for size in [40_000, PART + 1] {
        let Some(service) = Service::start().await else { return };
        service.proxy.plan([("/dose/north", Fault::Answer(403))]);
        assert_eq!(codes(&service.provide(&some(size)).await), ["XDSRepositoryError"]);
        service.is_clean().await;
    }
}

#[tokio::test]
async fn a_part_that_is_refused_ends_the_upload_at_once_or_when_swept() {
    for abort in [None, Some(("DELETE", Fault::Answer(403)))] {
        let Some(service) = Service::start().await else { return };
        service.proxy.plan([("partNumber=2", Fault::Answer(403))].into_iter().chain(abort));
        assert_eq!(codes(&service.provide(&some(2 * PART + 5)).await), ["XDSRepositoryError"]);
        assert_eq!((service.proxy.left(), service.spooled()), (0, 0));
        assert_eq!(service.uploads().await, usize::from(abort.is_some()));
        service.is_clean().await;
        assert!(service.proxy.seen("DELETE") >= 1);
    }
}

#[tokio::test]
async fn a_read_that_breaks_off_goes_on_where_it_was() {
    let Some(service) = Service::start().await else { return };
    let bytes = some(3_000_000);
    service.provide(&bytes).await;
    let get = "GET /dose/north/documents";
    service.proxy.plan([
        (get, Fault::CutAnswer(1_000_000)),
        (get, Fault::CutAnswer(7)),
        (get, Fault::Answer(503)),
    ]);
    assert!(service.read().await.unwrap() == bytes);
    assert_eq!(service.proxy.left(), 0);
}

#[tokio::test]
async fn a_read_that_cannot_go_on_ends_in_an_error() {
    let Some(service) = Service::start().await else { return };
    service.provide(&some(3_000_000)).await;
    let dead = std::iter::repeat_n(("GET", Fault::Answer(503)), 100);
    service.proxy.plan(std::iter::once(("GET", Fault::CutAnswer(1_000_000))).chain(dead));
    assert!(service.read().await.is_err());
    assert_eq!(service.ward.repository.damaged().await.unwrap(), 0, "it is out of reach, not damaged");
    service.proxy.plan([]);
    assert!(service.read().await.is_ok());
}

#[tokio::test]
async fn what_the_service_has_altered_or_lost_is_never_given() {
    for size in [40_000, 3_000_000] {
        let Some(service) = Service::start().await else { return };
        service.provide(&some(size)).await;
        let object = &service.objects()[0];
        let mut altered = some(size);
        altered[size / 2] ^= 1;
        std::fs::write(object, altered).unwrap();
        assert!(service.read().await.is_err());
        if size < 1 << 20 {
            assert_eq!(codes(&service.retrieve().await.unwrap_err()), ["XDSRepositoryError"]);
        }
        service.forget_damage().await;
        std::fs::remove_file(object).unwrap();
        assert_eq!(codes(&service.retrieve().await.unwrap_err()), ["XDSRepositoryError"]);
        service.forget_damage().await;
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_removed_does_not_keep_the_others() {
    let Some(service) = Service::start().await else { return };
    let store = &service.ward.repository.store;
    let locked = store.keep(Content::from(b"locked".to_vec()), 10).await.unwrap().key;
    store.keep(Content::from(b"abandoned".to_vec()), 10).await.unwrap();
    let refused = Box::leak(format!("DELETE /dose/north/{locked}").into_boxed_str());
    service.ward.repository.sweep(LONG_AFTER).await.unwrap();
    service.proxy.plan([(&*refused, Fault::Answer(403))]);
    for objects in [1, 0] {
        let swept = service.ward.repository.sweep(LONG_AFTER + QUARANTINE).await.unwrap();
        assert_eq!((swept.objects, service.objects().len()), (1, objects));
    }
}

#[tokio::test]
async fn a_shelf_that_cannot_be_swept_does_not_keep_the_next() {
    let Some(service) = Service::start().await else { return };
    let repository = &service.ward.repository;
    service.proxy.plan([("list-type", Fault::Answer(403))]);
    assert!(!repository.tend_once(LONG_AFTER, UPKEEP).await);
    assert_eq!(service.proxy.left(), 0);
    let stands =
        upkeep::claim(repository.store.index(), upkeep::Chore::Sweep, LONG_AFTER + 100).await.unwrap();
    assert_eq!(stands.unwrap().position, 1);
}

#[tokio::test]
async fn few_parts_are_in_memory_however_many_documents_come() {
    let Some(service) = Service::start().await else { return };
    let slow = |milliseconds, times| {
        std::iter::repeat_n(("partNumber", Fault::Delay(Duration::from_millis(milliseconds))), times)
    };
    // The first are given up and sent again.
    service.proxy.plan(slow(2_500, 3).chain(slow(100, 1_000)));
    let store = &service.ward.repository.store;
    let kept = (0..12).map(|number| {
        let mut bytes = some(2 * PART + 1);
        bytes[0] = number;
        store.keep(Content::from(bytes), u64::MAX)
    });
    let kept = futures_util::future::try_join_all(kept).await;
    assert!(kept.is_ok(), "{kept:?}");
    assert!((2..=4).contains(&service.proxy.most()), "{} parts at once", service.proxy.most());
    assert_eq!(service.objects().len(), 12);
}

#[tokio::test]
async fn a_bucket_of_another_index_is_refused() {
    let Some(service) = Service::start().await else { return };
    service.provide(b"abc").await;
    let bucket = bucket(format!("http://{}", service.proxy.address), None, service.ward.folder.path());
    let documents = Documents::Bucket(Box::new(bucket));
    let another = Place::fresh().await;
    let refused = Store::open(&documents, another.location()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Another { .. }), "{refused}");
    assert_eq!(service.objects().len(), 1);
    Store::open(&documents, service.ward.index.location()).await.unwrap();
}

#[tokio::test]
async fn a_bucket_that_is_away_at_the_start_is_touched_when_it_is_known_to_be_ours() {
    let Some(service) = Service::start().await else { return };
    service.provide(b"abc").await;
    let again = |index: &Place| {
        service.proxy.plan(std::iter::repeat_n(("index-id", Fault::Answer(503)), 100));
        let folder = service.ward.folder.path();
        let bucket = bucket(format!("http://{}", service.proxy.address), None, folder);
        let (documents, index) = (Documents::Bucket(Box::new(bucket)), index.location().clone());
        async move { Store::open(&documents, &index).await.unwrap() }
    };
    let (own, another) = (&service.ward.index, &Place::fresh().await);
    for (index, is_ours) in [(another, false), (own, true)] {
        let store = again(index).await;
        assert!(!store.is_owned());
        let away = store.keep(Content::from(b"abd".to_vec()), 10).await.unwrap_err();
        assert!(matches!(away, StoreError::Objects(_)), "{away}");
        let registry = Partner::local(Arc::new(Endpoint::new(Audit::none())), Audit::none());
        let repository = Repository::new(REPOSITORY.parse().unwrap(), store, registry, Limits::default());
        assert!(!repository.tend_once(LONG_AFTER, UPKEEP).await && !repository.owns_its_place());
        assert_eq!(service.objects().len(), 1);
        service.proxy.plan([]);
        assert_eq!(repository.sweep(LONG_AFTER).await.is_ok(), is_ours);
        let kept = repository.store.keep(Content::from(b"abd".to_vec()), 10).await;
        assert_eq!((kept.is_ok(), repository.owns_its_place()), (is_ours, is_ours));
        assert_eq!(service.objects().len(), 1 + usize::from(is_ours));
        assert_eq!(repository.damaged().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_service_is_trusted_by_the_ca_that_is_named_and_no_other() {
    let Some(service) = Service::start().await else { return };
    let folder = service.ward.folder.path();
    let (url, trust) = tls_before(service.proxy.address).await;
    let (_, other) = tls_before(service.proxy.address).await;
    for (trust, is_trusted) in [(Some(trust), true), (Some(other), false), (None, false)] {
        let store = open_bucket(bucket(url.clone(), trust, folder), &service.ward.index).await;
        let kept = store.keep(Content::from(b"abc".to_vec()), 10).await;
        assert_eq!(kept.is_ok(), is_trusted, "{kept:?}");
    }
}
