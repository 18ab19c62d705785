//! Whose documents a place has: it belongs to one index, however many open it.

use super::*;

const OWN: &str = "1.2.3.4.1";

async fn provide(ward: &Ward, unique_id: &str) {
    let mut sent = submission();
    sent.entries[0].unique_id = unique_id.parse().unwrap();
    assert_eq!(ward.provide(sent, unique_id.as_bytes()).await, RegistryErrors::default());
}

fn mark(ward: &Ward) -> std::path::PathBuf {
    ward.folder.path().join("index-id")
}

#[tokio::test]
async fn a_place_of_another_index_is_refused_and_left_as_it_is() {
    let ward = Ward::open().await;
    let another = Place::fresh().await;
    for documents in 0..2 {
        let marked = std::fs::read_to_string(mark(&ward)).unwrap();
        let refused = open(ward.folder.path(), &another).await.unwrap_err();
        assert!(matches!(refused, StoreError::Another { .. }), "{refused}");
        for part in ["repository.documents", "database.url", marked.trim()] {
            assert!(refused.to_string().contains(part), "{part} in {refused}");
        }
        assert_eq!(ward.objects(), documents);
        assert_eq!(std::fs::read_to_string(mark(&ward)).unwrap(), marked);
        provide(&ward, OWN).await;
    }
}

#[tokio::test]
async fn nodes_that_share_an_index_share_its_place() {
    let ward = Ward::open().await;
    provide(&ward, OWN).await;
    let beside = open(ward.folder.path(), &ward.index).await.unwrap();
    let kept = beside.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    beside.remove_unnamed(vec![kept.key]).await.unwrap();
    assert_eq!(ward.objects(), 1);
}

#[tokio::test]
async fn a_place_without_a_mark_is_that_of_the_index_that_names_its_documents() {
    let ward = Ward::open().await;
    provide(&ward, OWN).await;
    std::fs::remove_file(mark(&ward)).unwrap();
    let refused = open(ward.folder.path(), &Place::fresh().await).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unmarked { .. }), "{refused}");
    assert!(!mark(&ward).exists());
    open(ward.folder.path(), &ward.index).await.unwrap();
    assert!(mark(&ward).exists());
}

#[tokio::test]
async fn an_empty_place_is_not_that_of_an_index_that_names_documents() {
    let ward = Ward::open().await;
    open(tempfile::tempdir().unwrap().path(), &ward.index).await.unwrap();
    provide(&ward, OWN).await;
    let unmounted = tempfile::tempdir().unwrap();
    let refused = open(unmounted.path(), &ward.index).await.unwrap_err();
    assert!(refused.to_string().contains("is it mounted"), "{refused}");
    // Who knows better says so.
    let StoreError::Unmarked { own, .. } = refused else { panic!("{refused}") };
    std::fs::write(unmounted.path().join("index-id"), own).unwrap();
    open(unmounted.path(), &ward.index).await.unwrap();
}

#[tokio::test]
async fn the_mark_is_no_leftover() {
    let ward = Ward::open().await;
    assert_eq!(ward.repository.sweep(LONG_AFTER).await.unwrap(), Swept::default());
    for shelf in 0..=u8::MAX {
        assert_eq!(ward.repository.store.examine_shelf(shelf).await.unwrap().objects, 0);
    }
    assert!(ward.repository.store.has_no_objects().await.unwrap());
    assert!(mark(&ward).exists());
}

#[tokio::test]
async fn who_looks_at_another_place_is_told() {
    let ward = Ward::open().await;
    provide(&ward, OWN).await;
    let look = |folder: &std::path::Path, index: &Place| {
        let (documents, index) = (Documents::Folder(folder.to_owned()), index.location().clone());
        async move { Store::look(&documents, &index).await.map(drop) }
    };
    look(ward.folder.path(), &ward.index).await.unwrap();
    let another = Ward::open().await;
    let told = look(another.folder.path(), &ward.index).await.unwrap_err();
    assert!(matches!(told, StoreError::Another { .. }), "{told}");
}
