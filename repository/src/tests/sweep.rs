//! Objects that no document names: how long they stay, and what is made of it when they are many.

use super::*;

pub(super) const UPKEEP: Upkeep = Upkeep { scrub_days: 30, remove_many: false };
const DAY: i64 = 24 * 3_600;

async fn abandoned(ward: &Ward) -> crate::content::Kept {
    ward.repository.store.keep(Content::from(b"slow".to_vec()), 10).await.unwrap()
}

async fn file(ward: &Ward, kept: crate::content::Kept) -> Result<Vec<i64>, RegistryErrors> {
    let mut sent = submission();
    let id = sent.entries[0].entry_uuid.clone();
    ward.repository.file(&[(id, kept)], &mut sent).await
}

/// Whether the index has not forgotten an object that no document names.
async fn is_known(ward: &Ward, key: &str) -> bool {
    let unnamed = removal::unnamed(ward.repository.store.index(), vec![key.to_owned()]).await.unwrap();
    unnamed[0].since.is_some()
}

#[tokio::test]
async fn an_object_that_no_document_names_stays_for_a_week() {
    let ward = Ward::open().await;
    abandoned(&ward).await;
    let swept = ward.repository.sweep(LONG_AFTER).await.unwrap();
    assert_eq!((swept, ward.objects()), (Swept { condemned: 1, ..Swept::default() }, 1));
    let swept = ward.repository.sweep(LONG_AFTER + QUARANTINE - 1).await.unwrap();
    assert_eq!((swept, ward.objects()), (Swept::default(), 1));
    let swept = ward.repository.sweep(LONG_AFTER + QUARANTINE).await.unwrap();
    assert_eq!((swept, ward.objects()), (Swept { objects: 1, ..Swept::default() }, 0));
}

#[tokio::test]
async fn what_was_swept_cannot_be_filed_when_it_is_gone_either() {
    let ward = Ward::open().await;
    let kept = abandoned(&ward).await;
    let mut now = LONG_AFTER;
    for wait in [QUARANTINE, 25 * DAY] {
        ward.repository.sweep(now).await.unwrap();
        let errors = file(&ward, kept.clone()).await.unwrap_err();
        assert_eq!(codes(&errors), ["XDSRepositoryBusy"]);
        now += wait;
    }
    assert_eq!(ward.objects(), 0);
    // No submission takes as long.
    ward.repository.sweep(now + 31 * DAY).await.unwrap();
    assert!(!is_known(&ward, &kept.key).await);
}

#[tokio::test]
async fn nothing_is_remembered_of_a_submission_that_was_refused() {
    let ward = Ward::open().await;
    let kept = abandoned(&ward).await;
    assert_eq!(ward.repository.store.remove_unnamed(vec![kept.key.clone()]).await.unwrap(), 1);
    assert_eq!((ward.objects(), is_known(&ward, &kept.key).await), (0, false));
}

#[tokio::test]
async fn an_index_that_names_few_of_the_objects_removes_none() {
    let ward = Ward::open().await;
    ward.provide(submission(), b"abc").await;
    // As after an older index was put in place of the one that names them.
    for number in 0..101 {
        let name = format!("documents/{:02x}/{number:064x}-object", number % 3);
        std::fs::write(ward.folder.path().join(name), "newer").unwrap();
    }
    assert_eq!(ward.repository.held_back_at(LONG_AFTER).await.unwrap(), None);
    assert_eq!(ward.repository.sweep(LONG_AFTER).await.unwrap().condemned, 101);
    assert_eq!(ward.repository.held_back_at(LONG_AFTER).await.unwrap(), Some(101));
    let now = LONG_AFTER + QUARANTINE;
    assert_eq!(ward.repository.sweep(now).await.unwrap(), Swept::default());
    assert_eq!(ward.objects(), 102);
    // However long nobody looks: what is much must not come to look like little.
    let now = LONG_AFTER + 31 * DAY;
    let mut swept = Swept::default();
    ward.repository.sweep_shelf(0, now, false, &mut swept).await.unwrap();
    assert_eq!(ward.repository.held_back_at(now).await.unwrap(), Some(101));
    for shelf in 0..3 {
        ward.repository.sweep_shelf(shelf, now, true, &mut swept).await.unwrap();
    }
    assert_eq!((swept.objects, ward.objects()), (101, 1));
    assert_eq!(ward.repository.held_back_at(now).await.unwrap(), None);
}

/// PostgreSQL may be told to give writers a view that does not change: who removes must not believe an old one.
#[tokio::test]
async fn a_document_that_came_to_share_an_object_keeps_it_whatever_the_isolation() {
    let ward = Ward::open().await;
    let index = ward.repository.store.index();
    if index.engine() == database::Engine::Sqlite {
        return;
    }
    let unchanging = "DO \'BEGIN EXECUTE format(\'\'ALTER DATABASE %I SET default_transaction_isolation = \'\'\'\'repeatable read\'\'\'\'\'\', current_database()); END\'";
    let set =
        index.write::<_, database::DatabaseError, _>(move |writer| Box::pin(writer.execute(unchanging, [])));
    set.await.unwrap();
    let store = Arc::new(open(ward.folder.path(), &ward.index).await.unwrap());
    let kept = abandoned(&ward).await;
    let number = file(&ward, kept.clone()).await.unwrap()[0];
    let comes = store.index().write::<_, database::DatabaseError, _>(move |writer| {
        Box::pin(async move {
            writer.row("SELECT number FROM document WHERE number = $1 $keep", [number.into()]).await?;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let share = "INSERT INTO document
                (unique_id, object_key, sha256, sha1, size, mime_type, provided, registered, share)
                SELECT \'1.2.3.4.77\', object_key, sha256, sha1, size, mime_type, provided, 1, 77
                FROM document WHERE number = $1";
            writer.execute(share, [number.into()]).await
        })
    });
    let goes = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        store.remove(vec![number]).await
    };
    let (came, went) = tokio::join!(comes, goes);
    assert_eq!(came.unwrap(), 1);
    went.unwrap();
    assert_eq!(ward.objects(), 1);
}
