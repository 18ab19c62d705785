//! The repository through its endpoint, with a registry that does as it is told.

mod bucket;
mod cost;
mod damage;
mod full;
mod marking;
mod owner;
mod proxy;
mod settle;
mod sweep;
mod tables;
mod upkeep;

use std::sync::{Arc, Mutex};

use actors::audit::Audit;
use actors::transactions::documents::Outgoing;
use actors::transactions::{
    DocumentRequest, ProvideAndRegister, QueryResponse, Register, RegistryResponse, Retrieve, StoredQuery,
    stored_query::Found,
};
use actors::{Endpoint, Partner};
use database::testing::Place;
use metadata::{
    DocumentEntry, ErrorCode, Flavour, Object, RegistryError, RegistryErrors, Submission, sample,
};
use soap::parts::Content;
use soap::peer::Peer;

use crate::index::removal;
use crate::sweep::QUARANTINE;
use crate::{Documents, Limits, Repository, Store, StoreError, Swept, Upkeep, endpoint};

const REPOSITORY: &str = "1.2.3.99";
/// The year 2100.
const LONG_AFTER: i64 = 4_102_444_800;

/// A registry that keeps entries in memory, or refuses, or is not there.
#[derive(Default)]
struct Registry {
    entries: Mutex<Vec<DocumentEntry>>,
    refusal: Mutex<Option<RegistryError>>,
    /// What it answers beside its entries.
    beside: Mutex<Vec<Found>>,
}

async fn register(
    registry: Arc<Registry>,
    request: Register,
    _: Peer,
) -> Result<RegistryResponse, RegistryErrors> {
    if let Some(refusal) = registry.refusal.lock().unwrap().clone() {
        return Err(refusal.into());
    }
    registry.entries.lock().unwrap().extend(request.submission.entries);
    Ok(RegistryResponse::default())
}

async fn query(registry: Arc<Registry>, _: StoredQuery, _: Peer) -> Result<QueryResponse, RegistryErrors> {
    let entries = registry.entries.lock().unwrap().clone();
    let entries = entries.into_iter().map(|entry| Found::Object(Box::new(Object::Entry(entry))));
    Ok(QueryResponse::of(entries.chain(registry.beside.lock().unwrap().clone()).collect()))
}

async fn open(folder: &std::path::Path, index: &Place) -> Result<Store, StoreError> {
    Store::open(&Documents::Folder(folder.to_owned()), index.location()).await
}

struct Ward {
    registry: Arc<Registry>,
    repository: Arc<Repository>,
    partner: Partner,
    folder: tempfile::TempDir,
    index: Place,
}

impl Ward {
    async fn open() -> Self {
        Self::with_limits(Limits::default()).await
    }

    async fn with_limits(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let index = Place::fresh().await;
        let store = open(folder.path(), &index).await.unwrap();
        Self::of(store, folder, index, limits)
    }

    fn of(store: Store, folder: tempfile::TempDir, index: Place, limits: Limits) -> Self {
        let registry = Arc::new(Registry::default());
        let answers = Endpoint::new(Audit::none());
        let answers = answers.answers(&registry, register).answers(&registry, query);
        let told = Partner::local(Arc::new(answers), Audit::none());
        let repository = Arc::new(Repository::new(REPOSITORY.parse().unwrap(), store, told, limits));
        let partner = Partner::local(Arc::new(endpoint(&repository, Audit::none())), Audit::none());
        Self { registry, repository, partner, folder, index }
    }

    async fn provide(&self, submission: Submission, bytes: &[u8]) -> RegistryErrors {
        let id = submission.entries[0].entry_uuid.clone();
        self.provide_as(submission, [(id, bytes.to_vec())]).await
    }

    async fn provide_as(
        &self,
        submission: Submission,
        documents: impl IntoIterator<Item = (metadata::ObjectId, Vec<u8>)>,
    ) -> RegistryErrors {
        let errors = self.send(submission, documents).await;
        // No source waits for this.
        self.repository.settled().await;
        errors
    }

    async fn send(
        &self,
        submission: Submission,
        documents: impl IntoIterator<Item = (metadata::ObjectId, Vec<u8>)>,
    ) -> RegistryErrors {
        let documents = documents.into_iter().map(|(id, bytes)| {
            (id, Outgoing { media_type: "application/dicom".to_owned(), content: Content::from(bytes) })
        });
        self.partner.ask(ProvideAndRegister::new(submission, documents)).await.unwrap().errors
    }

    async fn retrieve(&self, repository: &str, unique_id: &str) -> Result<Vec<u8>, RegistryErrors> {
        let wanted = DocumentRequest {
            home_community_id: None,
            repository_unique_id: repository.to_owned(),
            document_unique_id: unique_id.to_owned(),
        };
        let mut answer = self.partner.ask(Retrieve { documents: vec![wanted] }).await.unwrap();
        if answer.errors.is_failure() {
            return Err(answer.errors);
        }
        let arrived = answer.documents.next().await.unwrap().unwrap();
        assert_eq!(arrived.about[0].mime_type, "application/dicom");
        Ok(arrived.content.collect(usize::MAX).await.unwrap().to_vec())
    }

    fn objects(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
            entries
                .map(|entry| entry.unwrap().path())
                .map(|path| if path.is_dir() { count(&path) } else { 1 })
                .sum()
        }
        count(&self.folder.path().join("documents")) + count(&self.folder.path().join("incoming"))
    }
}

#[tokio::test]
async fn takes_documents_of_the_sources_that_the_domain_lists() {
    let ward = Ward::open().await;
    let mut domain = metadata::Domain::open();
    domain.sources = Some(["1.2.9".parse().unwrap()].into());
    ward.repository.domain.replace(domain.clone());
    let [error] = ward.provide(submission(), b"abc").await.0.try_into().unwrap();
    assert_eq!(error.code.name(Flavour::Repository), "XDSRepositoryMetadataError");
    assert_eq!(error.location.as_deref(), Some("SubmissionSet SubmissionSet01"));
    for part in ["sourceId is '1.2.3.4.5.4'", "of domain open, expected one of the 1", "TF-2 3.41.4.1.3"] {
        assert!(error.context.contains(part), "{part} in {}", error.context);
    }
    assert_eq!(ward.objects(), 0);
    domain.sources = Some(["1.2.3.4.5.4".parse().unwrap()].into());
    ward.repository.domain.replace(domain);
    assert_eq!(ward.provide(submission(), b"abc").await, RegistryErrors::default());
}

/// The sample as a Document Source sends it: without hash, size and repository.
fn submission() -> Submission {
    let mut submission = sample();
    for entry in &mut submission.entries {
        (entry.hash, entry.size, entry.repository_unique_id) = (None, None, None);
    }
    submission
}

fn codes(errors: &RegistryErrors) -> Vec<&str> {
    errors.0.iter().map(|error| error.code.name(Flavour::Repository)).collect()
}

#[tokio::test]
async fn keeps_registers_and_gives_back() {
    let ward = Ward::open().await;
    let sent = submission();
    assert_eq!(ward.provide(sent.clone(), b"abc").await, RegistryErrors::default());
    let entry = ward.registry.entries.lock().unwrap()[0].clone();
    // FIPS 180-4, the first example of SHA-1.
    assert_eq!(entry.hash.unwrap().to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(entry.size, Some(3));
    assert_eq!(entry.repository_unique_id.unwrap().as_str(), REPOSITORY);
    assert_eq!(ward.retrieve(REPOSITORY, sent.entries[0].unique_id.as_str()).await.unwrap(), b"abc");
}

#[tokio::test]
async fn keeps_large_and_empty_documents() {
    for bytes in [vec![], vec![7; (1 << 20) + 1], vec![9; 5_000_000]] {
        let ward = Ward::open().await;
        let sent = submission();
        assert_eq!(ward.provide(sent.clone(), &bytes).await, RegistryErrors::default());
        assert_eq!(ward.retrieve(REPOSITORY, sent.entries[0].unique_id.as_str()).await.unwrap(), bytes);
        assert_eq!(ward.objects(), 1);
    }
}

#[tokio::test]
async fn keeps_the_same_bytes_once() {
    let ward = Ward::open().await;
    let (one, mut two) = (submission(), submission());
    two.entries[0].unique_id = "1.2.3.4.77".parse().unwrap();
    ward.provide(one.clone(), b"abc").await;
    ward.provide(two.clone(), b"abc").await;
    assert_eq!(ward.objects(), 1);
    for sent in [one, two] {
        assert_eq!(ward.retrieve(REPOSITORY, sent.entries[0].unique_id.as_str()).await.unwrap(), b"abc");
    }
}

#[tokio::test]
async fn two_entries_may_share_one_part() {
    let ward = Ward::open().await;
    let mut sent = submission();
    let mut twin = sent.entries[0].clone();
    (twin.entry_uuid, twin.unique_id) = ("Document02".parse().unwrap(), "1.2.3.4.77".parse().unwrap());
    sent.entries.push(twin);
    let kept = ward.repository.store.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    let both: Vec<_> = sent.entries.iter().map(|entry| (entry.entry_uuid.clone(), kept.clone())).collect();
    ward.repository.file(&both, &mut sent).await.unwrap();
    assert_eq!(ward.retrieve(REPOSITORY, "1.2.3.4.77").await.unwrap(), b"abc");
}

#[tokio::test]
async fn leaves_nothing_of_what_the_registry_refuses() {
    let ward = Ward::open().await;
    let refusal = RegistryError::new(ErrorCode::Metadata, "no").at("Document01");
    *ward.registry.refusal.lock().unwrap() = Some(refusal);
    let sent = submission();
    let errors = ward.provide(sent.clone(), b"abc").await;
    assert_eq!(codes(&errors), ["XDSRegistryMetadataError"], "as a registry spells it");
    assert_eq!(errors.0[0].location.as_deref(), Some("Document01"));
    assert_eq!(ward.objects(), 0);
    let unknown = ward.retrieve(REPOSITORY, sent.entries[0].unique_id.as_str()).await.unwrap_err();
    assert_eq!(codes(&unknown), ["XDSDocumentUniqueIdError"]);
}

#[tokio::test]
async fn keeps_documents_in_doubt_when_the_registry_fails() {
    let ward = Ward::open().await;
    let sent = submission();
    *ward.registry.refusal.lock().unwrap() = Some(RegistryError::new(ErrorCode::Internal, "the disk"));
    assert_eq!(codes(&ward.provide(sent.clone(), b"abc").await), ["XDSRegistryError"]);
    // Its commit has failed, and is there all the same after a restart.
    *ward.registry.refusal.lock().unwrap() = None;
    let mut entry = sent.entries[0].clone();
    entry.hash = Some("a9993e364706816aba3e25717850c26c9cd0d89d".parse().unwrap());
    ward.registry.entries.lock().unwrap().push(entry);
    let swept = ward.repository.sweep(LONG_AFTER).await.unwrap();
    assert_eq!(swept, Swept { confirmed: 1, ..Swept::default() });
    assert_eq!(ward.retrieve(REPOSITORY, sent.entries[0].unique_id.as_str()).await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_refusal_does_not_take_the_bytes_of_another_document() {
    let ward = Ward::open().await;
    let kept = submission();
    ward.provide(kept.clone(), b"abc").await;
    *ward.registry.refusal.lock().unwrap() = Some(RegistryError::new(ErrorCode::Metadata, "no"));
    let mut refused = submission();
    refused.entries[0].unique_id = "1.2.3.4.77".parse().unwrap();
    ward.provide(refused, b"abc").await;
    assert_eq!(ward.retrieve(REPOSITORY, kept.entries[0].unique_id.as_str()).await.unwrap(), b"abc");
}

#[tokio::test]
async fn refuses_a_hash_or_size_that_is_not_the_documents() {
    let ward = Ward::open().await;
    let mut sent = submission();
    sent.entries[0].hash = Some("a9993e364706816aba3e25717850c26c9cd0d89d".parse().unwrap());
    sent.entries[0].size = Some(4);
    let errors = ward.provide(sent, b"abcd").await;
    assert_eq!(codes(&errors), ["XDSRepositoryMetadataError"]);
    assert!(errors.0[0].context.contains("a9993e364706816aba3e25717850c26c9cd0d89d"), "{errors}");
    assert_eq!(ward.objects(), 0);
}

#[tokio::test]
async fn names_documents_without_entry_and_entries_without_document() {
    let ward = Ward::open().await;
    let errors = ward.provide_as(submission(), []).await;
    assert_eq!(codes(&errors), ["XDSMissingDocument"]);
    let stray = "Document77".parse().unwrap();
    let own = submission().entries[0].entry_uuid.clone();
    let errors = ward.provide_as(submission(), [(own, b"abc".to_vec()), (stray, b"x".to_vec())]).await;
    assert_eq!(codes(&errors), ["XDSMissingDocumentMetadata"]);
    assert_eq!(ward.objects(), 0);
}

/// One of the metadata, one of a document that came, one of one that did not, and the same of two more.
#[tokio::test]
async fn a_submission_with_five_faults_names_five_and_keeps_nothing() {
    let ward = Ward::open().await;
    let mut first = submission();
    first.entries[0].unique_id = "1.2.3.4.70".parse().unwrap();
    assert!(ward.provide(first, b"abc").await.is_empty());
    let mut sent = submission();
    sent.entries[0].type_code = None;
    let entry = |name: &str, unique_id: &str| DocumentEntry {
        entry_uuid: name.parse().unwrap(),
        unique_id: unique_id.parse().unwrap(),
        ..submission().entries[0].clone()
    };
    sent.entries.extend([
        entry("Document02", "1.2.3.4.70"),
        DocumentEntry { size: Some(9), ..entry("Document03", "1.2.3.4.73") },
        entry("Document04", "1.2.3.4.74"),
    ]);
    let documents = [("Document01", "one"), ("Document02", "other"), ("Document03", "three"), ("Stray", "x")];
    let documents = documents.map(|(id, bytes)| (id.parse().unwrap(), bytes.as_bytes().to_vec()));
    let errors = ward.provide_as(sent, documents).await;
    let expected = [
        "DocumentEntry Document01: typeCode is missing, expected a value from an XDS Document Source",
        "Document Stray: id is 'Stray', expected that of a DocumentEntry in the message",
        "DocumentEntry Document04: Document is missing, expected one with id 'Document04'",
        "DocumentEntry Document02: hash is 'd0941e68da8f38151ff86a61fc59f7c5cf9fcaa2' of the document that came, \
         expected 'a9993e364706816aba3e25717850c26c9cd0d89d' as of the document kept under uniqueId '1.2.3.4.70'",
        "DocumentEntry Document02: size is '5' of the document that came, expected '3'",
        "DocumentEntry Document03: size is '9', expected '5' as of the document that came",
    ];
    assert_eq!(errors.0.len(), expected.len(), "{errors}");
    for (error, expected) in errors.0.iter().zip(expected) {
        assert!(error.context.starts_with(expected) && error.context.contains("(ITI TF-"), "{error}");
    }
    assert_eq!(ward.objects(), 1);
}

#[tokio::test]
async fn all_documents_that_are_not_what_their_entries_say_are_named_and_none_is_kept() {
    let ward = Ward::open().await;
    let mut sent = submission();
    let mut second = sent.entries[0].clone();
    (second.entry_uuid, second.unique_id) = ("Document02".parse().unwrap(), "1.2.3.4.72".parse().unwrap());
    sent.entries.push(second);
    sent.entries.iter_mut().for_each(|entry| (entry.hash, entry.size) = (None, Some(1)));
    let ids: Vec<_> = sent.entries.iter().map(|entry| entry.entry_uuid.clone()).collect();
    let errors = ward.provide_as(sent, ids.into_iter().map(|id| (id, b"abc".to_vec()))).await;
    let places: Vec<_> = errors.0.iter().filter_map(|error| error.location.as_deref()).collect();
    assert_eq!(places, ["DocumentEntry Document01", "DocumentEntry Document02"]);
    assert_eq!(ward.objects(), 0);
}

#[tokio::test]
async fn a_refused_submission_is_read_no_further_than_it_must() {
    let ward = Ward::open().await;
    let mut sent = submission();
    (sent.entries[0].type_code, sent.entries[0].size) = (None, Some(1));
    let small = ward.provide(sent.clone(), &[0; 1 << 20]).await;
    let large = ward.provide(sent, &vec![0; (16 << 20) + 1]).await;
    assert_eq!((small.0.len(), large.0.len()), (2, 1), "{small} {large}");
}

#[tokio::test]
async fn refuses_two_documents_of_one_id_in_a_message() {
    let ward = Ward::open().await;
    let mut sent = submission();
    let mut twin = sent.entries[0].clone();
    twin.entry_uuid = "Document02".parse().unwrap();
    sent.entries.push(twin);
    let ids: Vec<_> = sent.entries.iter().map(|entry| entry.entry_uuid.clone()).collect();
    let errors = ward.provide_as(sent, ids.into_iter().map(|id| (id, b"abc".to_vec()))).await;
    assert_eq!(codes(&errors), ["XDSRepositoryDuplicateUniqueIdInMessage"]);
}

#[tokio::test]
async fn refuses_a_document_beyond_the_limit() {
    for limit in [2, 2_000_000] {
        let ward = Ward::with_limits(Limits { document: limit, ..Limits::default() }).await;
        let errors = ward.provide(submission(), &vec![0; usize::try_from(limit).unwrap() + 1]).await;
        assert_eq!(codes(&errors), ["XDSRepositoryOutOfResources"]);
        assert_eq!(ward.objects(), 0);
    }
}

#[tokio::test]
async fn refuses_other_bytes_under_a_registered_id() {
    let ward = Ward::open().await;
    ward.provide(submission(), b"abc").await;
    let errors = ward.provide(submission(), b"abd").await;
    assert_eq!(codes(&errors), ["XDSNonIdenticalHash"]);
    let unique_id = submission().entries[0].unique_id.to_string();
    assert_eq!(ward.retrieve(REPOSITORY, &unique_id).await.unwrap(), b"abc");
    assert_eq!(ward.objects(), 1);
}

#[tokio::test]
async fn knows_only_its_own_name_and_documents() {
    let ward = Ward::open().await;
    ward.provide(submission(), b"abc").await;
    let unique_id = submission().entries[0].unique_id.to_string();
    let errors = ward.retrieve("1.2.3.98", &unique_id).await.unwrap_err();
    assert_eq!(codes(&errors), ["XDSUnknownRepositoryId"]);
    let errors = ward.retrieve(REPOSITORY, "../../etc/passwd").await.unwrap_err();
    assert_eq!(codes(&errors), ["XDSDocumentUniqueIdError"]);
}

#[tokio::test]
async fn never_gives_the_end_of_a_damaged_document() {
    let ward = Ward::open().await;
    ward.provide(submission(), &vec![7; 2_000_000]).await;
    let unique_id = submission().entries[0].unique_id.to_string();
    let found = ward.repository.store.find(&unique_id).await.unwrap().unwrap();
    let object = ward.folder.path().join(found.key);
    let mut bytes = std::fs::read(&object).unwrap();
    bytes[1_000_000] ^= 1;
    std::fs::write(&object, bytes).unwrap();
    let wanted = DocumentRequest {
        home_community_id: None,
        repository_unique_id: REPOSITORY.to_owned(),
        document_unique_id: unique_id,
    };
    let mut answer = ward.partner.ask(Retrieve { documents: vec![wanted] }).await.unwrap();
    let arrived = answer.documents.next().await.unwrap().unwrap();
    assert!(arrived.content.collect(usize::MAX).await.is_err());
}

#[tokio::test]
async fn a_damaged_document_is_an_error_of_its_own() {
    for size in [3, 700_000, 2_000_000] {
        let ward = Ward::open().await;
        let ids = ["1.2.3.4.71", "1.2.3.4.72", "1.2.3.4.73"];
        for (number, id) in (1..).zip(ids) {
            let mut sent = submission();
            sent.entries[0].unique_id = id.parse().unwrap();
            assert!(ward.provide(sent, &vec![number; size]).await.is_empty());
        }
        let damaged = ward.repository.store.find(ids[1]).await.unwrap().unwrap();
        let object = ward.folder.path().join(&damaged.key);
        let mut bytes = std::fs::read(&object).unwrap();
        bytes[size / 2] ^= 1;
        std::fs::write(&object, bytes).unwrap();
        let wanted = ids.map(|id| DocumentRequest {
            home_community_id: None,
            repository_unique_id: REPOSITORY.to_owned(),
            document_unique_id: id.to_owned(),
        });
        let mut answer = ward.partner.ask(Retrieve { documents: wanted.into() }).await.unwrap();
        assert_eq!(codes(&answer.errors), ["XDSRepositoryError"], "{size} bytes");
        for number in [1, 3] {
            let arrived = answer.documents.next().await.unwrap().unwrap();
            assert_eq!(arrived.content.collect(usize::MAX).await.unwrap(), vec![number; size]);
        }
        assert!(answer.documents.next().await.unwrap().is_none());
    }
}

/// Leaves a document behind as a crash between filing and registering would.
async fn crash_before_registering(ward: &Ward, submission: &mut Submission) {
    let kept = ward.repository.store.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    let id = submission.entries[0].entry_uuid.clone();
    ward.repository.file(&[(id, kept)], submission).await.unwrap();
    ward.repository.store.keep(Content::from(b"never filed".to_vec()), 100).await.unwrap();
}

#[tokio::test]
async fn a_sweep_removes_what_no_entry_names() {
    let ward = Ward::open().await;
    crash_before_registering(&ward, &mut submission()).await;
    let found = [
        Swept { in_doubt: 1, condemned: 1, ..Swept::default() },
        Swept { removed: 1, objects: 1, ..Swept::default() },
        Swept { objects: 1, ..Swept::default() },
        Swept::default(),
    ];
    for (round, found) in (0..).zip(found) {
        let now = LONG_AFTER + round * QUARANTINE;
        assert_eq!(ward.repository.sweep(now).await.unwrap(), found, "round {round}");
    }
    assert_eq!(ward.objects(), 0);
}

#[tokio::test]
async fn a_sweep_keeps_what_the_registry_knows() {
    let ward = Ward::open().await;
    let mut sent = submission();
    crash_before_registering(&ward, &mut sent).await;
    ward.registry.entries.lock().unwrap().extend(sent.entries.clone());
    let swept = ward.repository.sweep(LONG_AFTER).await.unwrap();
    assert_eq!(swept, Swept { confirmed: 1, condemned: 1, ..Swept::default() });
    assert_eq!(ward.retrieve(REPOSITORY, sent.entries[0].unique_id.as_str()).await.unwrap(), b"abc");
}

#[tokio::test]
async fn a_sweep_leaves_what_may_be_on_its_way() {
    let ward = Ward::open().await;
    crash_before_registering(&ward, &mut submission()).await;
    let now = jiff::Timestamp::now().as_second();
    assert_eq!(ward.repository.sweep(now).await.unwrap(), Swept::default());
    assert_eq!(ward.objects(), 2);
}

#[tokio::test]
async fn what_was_swept_cannot_be_filed_any_more() {
    let ward = Ward::open().await;
    let mut sent = submission();
    let kept = ward.repository.store.keep(Content::from(b"slow".to_vec()), 10).await.unwrap();
    let swept = removal::condemn(ward.repository.store.index(), vec![kept.key.clone()], 0).await.unwrap();
    assert_eq!(swept, std::slice::from_ref(&kept.key));
    let id = sent.entries[0].entry_uuid.clone();
    let errors = ward.repository.file(&[(id, kept)], &mut sent).await.unwrap_err();
    assert_eq!(codes(&errors), ["XDSRepositoryBusy"]);
}

#[tokio::test]
async fn what_is_named_cannot_be_condemned() {
    let ward = Ward::open().await;
    ward.provide(submission(), b"abc").await;
    let found =
        ward.repository.store.find(submission().entries[0].unique_id.as_str()).await.unwrap().unwrap();
    assert_eq!(ward.repository.store.remove_unnamed(vec![found.key]).await.unwrap(), 0);
    ward.repository.store.remove(vec![found.number]).await.unwrap();
    assert_eq!(ward.objects(), 1, "a registered document is not removed");
}

#[tokio::test]
async fn a_sweep_removes_what_a_crash_left_unfinished() {
    let ward = Ward::open().await;
    let incoming = ward.folder.path().join("incoming");
    std::fs::create_dir_all(&incoming).unwrap();
    std::fs::write(incoming.join("c0ffee#1"), "half").unwrap();
    assert_eq!(ward.repository.sweep(LONG_AFTER).await.unwrap(), Swept { objects: 1, ..Swept::default() });
    assert_eq!(ward.objects(), 0);
}

#[tokio::test]
async fn a_document_whose_bytes_are_gone_is_an_error_of_its_own() {
    let ward = Ward::open().await;
    ward.provide(submission(), b"abc").await;
    let mut other = submission();
    other.entries[0].unique_id = "1.2.3.4.77".parse().unwrap();
    ward.provide(other, b"other").await;
    let lost = ward.repository.store.find("1.2.3.4.77").await.unwrap().unwrap();
    std::fs::remove_file(ward.folder.path().join(&lost.key)).unwrap();
    let errors = ward.retrieve(REPOSITORY, "1.2.3.4.77").await.unwrap_err();
    assert_eq!(codes(&errors), ["XDSRepositoryError"]);
    assert!(!errors.to_string().contains("documents/"), "no path for the peer: {errors}");
    assert!(ward.retrieve(REPOSITORY, submission().entries[0].unique_id.as_str()).await.is_ok());
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let ward = Ward::open().await;
    ward.provide(submission(), b"abc").await;
    let unique_id = submission().entries[0].unique_id.to_string();
    let Ward { folder, index, repository, partner, registry } = ward;
    drop((repository, partner, registry));
    let store = open(folder.path(), &index).await.unwrap();
    let found = store.find(&unique_id).await.unwrap().unwrap();
    assert!(found.registered);
    assert_eq!(store.content(&found).collect(10).await.unwrap(), "abc");
}
