//! What is noted only after the answer: nobody can tell.

use super::*;
use crate::index;
use crate::provide::WAITING;

/// Documents of which it is not noted that the registry knows them.
async fn in_doubt(ward: &Ward) -> usize {
    index::pending(ward.repository.store.index(), LONG_AFTER, 0).await.unwrap().len()
}

/// Submits without waiting for more than the answer.
async fn send(ward: &Ward, number: u32, bytes: &[u8]) {
    let submission = another(number);
    let id = submission.entries[0].entry_uuid.clone();
    assert_eq!(ward.send(submission, [(id, bytes.to_vec())]).await, RegistryErrors::default());
}

fn another(number: u32) -> Submission {
    let mut submission = submission();
    submission.entries[0].unique_id = format!("1.2.3.4.{number}").parse().unwrap();
    submission
}

#[tokio::test]
async fn a_document_is_there_before_it_is_noted_as_registered() {
    let ward = Ward::open().await;
    send(&ward, 1, b"abc").await;
    assert_eq!(in_doubt(&ward).await, 1, "the source has waited for it");
    assert_eq!(ward.retrieve(REPOSITORY, "1.2.3.4.1").await.unwrap(), b"abc");
    ward.repository.settled().await;
    assert_eq!(in_doubt(&ward).await, 0);
    assert_eq!(ward.retrieve(REPOSITORY, "1.2.3.4.1").await.unwrap(), b"abc");
}

#[tokio::test]
async fn many_documents_are_noted_together_and_few_wait() {
    let ward = Ward::open().await;
    for number in 0..5 * WAITING {
        send(&ward, number, number.to_string().as_bytes()).await;
        assert!(in_doubt(&ward).await <= WAITING as usize);
    }
    ward.repository.settled().await;
    assert_eq!(in_doubt(&ward).await, 0);
    assert_eq!(ward.registry.entries.lock().unwrap().len(), 5 * WAITING as usize);
}

/// What comes while others are being noted is noted as well.
#[tokio::test]
async fn nothing_is_left_behind() {
    let ward = Ward::open().await;
    for number in 0..20 {
        send(&ward, number, b"abc").await;
        ward.repository.settled().await;
        assert_eq!(in_doubt(&ward).await, 0);
    }
}

#[tokio::test]
async fn a_crash_before_it_is_noted_costs_nothing() {
    let ward = Ward::open().await;
    send(&ward, 1, b"abc").await;
    assert_eq!(in_doubt(&ward).await, 1);
    // As a runtime that ends takes its tasks with it.
    let Ward { registry, repository, partner, folder, index } = ward;
    drop((registry, repository, partner));
    let store = open(folder.path(), &index).await.unwrap();
    let ward = Ward::of(store, folder, index, Limits::default());
    assert_eq!(ward.retrieve(REPOSITORY, "1.2.3.4.1").await.unwrap(), b"abc");
}

/// Two submit different bytes under one id at once; the registry takes one of them, and nobody gets the other's.
#[tokio::test]
async fn between_documents_of_one_id_the_registry_decides_until_it_is_noted() {
    for taken in [0, 1] {
        let ward = Ward::open().await;
        let bytes = [&b"the first"[..], b"the second"];
        let mut submissions = Vec::new();
        for bytes in bytes {
            let kept = ward.repository.store.keep(Content::from(bytes.to_vec()), 99).await.unwrap();
            let mut submission = another(7);
            let id = submission.entries[0].entry_uuid.clone();
            ward.repository.file(&[(id, kept)], &mut submission).await.unwrap();
            submissions.push(submission);
        }
        assert_eq!(ward.retrieve(REPOSITORY, "1.2.3.4.7").await.unwrap(), bytes[0], "nobody knows yet");
        ward.registry.entries.lock().unwrap().extend(submissions.remove(taken).entries);
        assert_eq!(ward.retrieve(REPOSITORY, "1.2.3.4.7").await.unwrap(), bytes[taken]);
        assert_eq!(in_doubt(&ward).await, 2);
    }
}
