//! An index that has no room left.

use super::*;

#[tokio::test]
async fn an_index_without_room_says_so_and_has_nothing_of_it() {
    let ward = Ward::open().await;
    let store = &ward.repository.store;
    if store.index().engine() != database::Engine::Sqlite {
        return;
    }
    let no_more = store.index().write::<_, database::DatabaseError, _>(|writer| {
        Box::pin(writer.rows("PRAGMA max_page_count = 1", []))
    });
    no_more.await.unwrap();
    let kept = store.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    let new = |number: i32| crate::store::New {
        unique_id: format!("1.2.3.4.{number}"),
        mime_type: "text/plain".to_owned(),
        kept: kept.clone(),
        provided: 0,
    };
    let full = store.file((0..1_000).map(new).collect()).await.unwrap_err();
    assert_eq!(codes(&full.into()), ["XDSRepositoryOutOfResources"]);
    assert!(store.find("1.2.3.4.0").await.unwrap().is_none());
}

#[tokio::test]
async fn documents_stay_in_doubt_when_the_registry_has_no_room() {
    let ward = Ward::open().await;
    for (code, stays) in [(ErrorCode::OutOfResources, true), (ErrorCode::Busy, false)] {
        *ward.registry.refusal.lock().unwrap() = Some(RegistryError::new(code, "not now"));
        assert!(!ward.provide(submission(), b"abc").await.is_empty());
        let found = ward.repository.store.find(submission().entries[0].unique_id.as_str()).await.unwrap();
        assert_eq!(found.is_some(), stays);
        ward.repository.store.remove(found.into_iter().map(|found| found.number).collect()).await.unwrap();
        assert_eq!(ward.objects(), 0);
    }
}
