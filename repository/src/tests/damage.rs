//! Documents whose bytes are damaged or gone, and what a source that sends them again gets.

use super::*;

const DAMAGED: &str = "1.2.3.4.7";
const AGAIN: &str = "1.2.3.4.8";

async fn provide(ward: &Ward, unique_id: &str) -> RegistryErrors {
    let mut sent = submission();
    sent.entries[0].unique_id = unique_id.parse().unwrap();
    ward.provide(sent, b"a letter").await
}

async fn object(ward: &Ward, unique_id: &str) -> std::path::PathBuf {
    let found = ward.repository.store.find(unique_id).await.unwrap().unwrap();
    ward.folder.path().join(found.key)
}

type Harm = fn(&std::path::Path);

/// What can become of an object, and whether anybody is told of it before the document comes again.
const HARMS: [(Harm, bool); 3] = [
    (|object| std::fs::write(object, b"a bitter").unwrap(), true),
    (|object| std::fs::write(object, b"a let").unwrap(), false),
    (|object| std::fs::remove_file(object).unwrap(), false),
];

#[tokio::test]
async fn a_good_copy_of_a_damaged_document_mends_it() {
    for (harm, is_read) in HARMS {
        let ward = Ward::open().await;
        assert!(provide(&ward, DAMAGED).await.is_empty());
        harm(&object(&ward, DAMAGED).await);
        if is_read {
            assert!(ward.retrieve(REPOSITORY, DAMAGED).await.is_err());
        }
        assert!(provide(&ward, AGAIN).await.is_empty());
        for unique_id in [AGAIN, DAMAGED] {
            assert_eq!(ward.retrieve(REPOSITORY, unique_id).await.unwrap(), b"a letter");
        }
        assert_eq!(ward.repository.damaged().await.unwrap(), 0);
        assert_eq!(object(&ward, AGAIN).await, object(&ward, DAMAGED).await);
    }
}

#[tokio::test]
async fn a_good_copy_mends_even_when_its_own_registration_is_refused() {
    let ward = Ward::open().await;
    provide(&ward, DAMAGED).await;
    std::fs::remove_file(object(&ward, DAMAGED).await).unwrap();
    *ward.registry.refusal.lock().unwrap() = Some(RegistryError::new(ErrorCode::Metadata, "no"));
    assert!(!provide(&ward, AGAIN).await.is_empty());
    assert_eq!(ward.retrieve(REPOSITORY, DAMAGED).await.unwrap(), b"a letter");
    assert_eq!(ward.objects(), 1);
}

#[tokio::test]
async fn a_copy_that_was_taken_for_abandoned_mends_nothing() {
    let ward = Ward::open().await;
    provide(&ward, DAMAGED).await;
    std::fs::remove_file(object(&ward, DAMAGED).await).unwrap();
    let store = &ward.repository.store;
    let kept = store.keep(Content::from(b"a letter".to_vec()), 10).await.unwrap();
    removal::condemn(store.index(), vec![kept.key.clone()], 0).await.unwrap();
    let mut sent = submission();
    let id = sent.entries[0].entry_uuid.clone();
    let errors = ward.repository.file(&[(id, kept)], &mut sent).await.unwrap_err();
    assert_eq!(codes(&errors), ["XDSRepositoryBusy"]);
}

#[tokio::test]
async fn the_bytes_of_a_document_that_was_refused_meanwhile_are_not_damaged() {
    let ward = Ward::open().await;
    provide(&ward, DAMAGED).await;
    let found = ward.repository.store.find(DAMAGED).await.unwrap().unwrap();
    let index = ward.repository.store.index();
    ward.repository.store.doubt(vec![found.number]).await.unwrap();
    ward.repository.store.remove(vec![found.number]).await.unwrap();
    assert!(ward.repository.store.content(&found).collect(10).await.is_err());
    // It is noted by another task.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(crate::upkeep::count_damaged(index).await.unwrap(), 0);
}
