//! A repository that is kept in order while it serves, by one node or several.

use super::*;
use crate::scrub::Pace;
use crate::upkeep::{self, Chore};

const DAY: i64 = 24 * 3_600;

/// Provides a document of its own under the id `1.2.3.4.<number>`.
async fn provide(ward: &Ward, number: u32) {
    let mut sent = submission();
    sent.entries[0].unique_id = format!("1.2.3.4.{number}").parse().unwrap();
    assert_eq!(ward.provide(sent, format!("document {number}").as_bytes()).await, RegistryErrors::default());
}

fn flip(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[0] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

async fn path(ward: &Ward, number: u32) -> std::path::PathBuf {
    let found = ward.repository.store.find(&format!("1.2.3.4.{number}")).await.unwrap().unwrap();
    ward.folder.path().join(found.key)
}

#[tokio::test]
async fn scrubbing_finds_damage_and_sees_that_it_was_mended() {
    let ward = Ward::open().await;
    for number in 1..=3 {
        provide(&ward, number).await;
    }
    assert_eq!(ward.repository.scrub(0, 0, 30).await.unwrap(), Pace { position: 0, due: 30 * DAY });
    assert_eq!(ward.repository.damaged().await.unwrap(), 0);
    let (altered, lost) = (path(&ward, 1).await, path(&ward, 3).await);
    let was = std::fs::read(&lost).unwrap();
    flip(&altered);
    std::fs::remove_file(&lost).unwrap();
    ward.repository.scrub(0, 0, 30).await.unwrap();
    assert_eq!(ward.repository.damaged().await.unwrap(), 2);
    flip(&altered);
    std::fs::write(&lost, was).unwrap();
    ward.repository.scrub(0, 0, 30).await.unwrap();
    assert_eq!(ward.repository.damaged().await.unwrap(), 0);
}

#[tokio::test]
async fn damage_that_a_reader_meets_is_remembered() {
    let ward = Ward::open().await;
    provide(&ward, 1).await;
    flip(&path(&ward, 1).await);
    let errors = ward.retrieve(REPOSITORY, "1.2.3.4.1").await.unwrap_err();
    assert_eq!(codes(&errors), ["XDSRepositoryError"]);
    assert_eq!(ward.repository.damaged().await.unwrap(), 1);
}

#[tokio::test]
async fn scrubbing_spreads_over_its_days_and_goes_on_where_it_was() {
    let ward = Ward::open().await;
    for number in 1..=100 {
        provide(&ward, number).await;
    }
    let first = ward.repository.scrub(0, 0, 100).await.unwrap();
    let sixty_fourth = crate::index::after(ward.repository.store.index(), 0, 64).await.unwrap()[63].number;
    assert_eq!(first, Pace { position: sixty_fourth, due: 64 * DAY });
    let second = ward.repository.scrub(first.position, first.due, 100).await.unwrap();
    assert_eq!(second, Pace { position: 0, due: 100 * DAY });
}

#[tokio::test]
async fn scrubbing_spreads_over_its_days_whatever_the_numbers_of_documents_are() {
    let ward = Ward::open().await;
    for number in 1..=100 {
        provide(&ward, number).await;
    }
    // As after the restore of a node with SQLite to PostgreSQL, and as documents are numbered there.
    let index = ward.repository.store.index();
    let late = crate::index::after(index, 0, 100).await.unwrap()[50].number;
    let moved = index.write::<_, database::DatabaseError, _>(move |writer| {
        let sql = "UPDATE document SET number = number + 3000000000000000 WHERE number > $1";
        Box::pin(writer.execute(sql, [late.into()]))
    });
    moved.await.unwrap();
    let first = ward.repository.scrub(0, 0, 100).await.unwrap();
    assert_eq!(first.due, 64 * DAY);
    let second = ward.repository.scrub(first.position, first.due, 100).await.unwrap();
    assert_eq!(second, Pace { position: 0, due: 100 * DAY });
}

#[tokio::test]
async fn a_chore_is_done_by_one_node_and_taken_over_when_that_is_gone() {
    let ward = Ward::open().await;
    let (one, other) = (ward.repository.store.index(), open(ward.folder.path(), &ward.index).await.unwrap());
    let other = other.index();
    assert_eq!(upkeep::claim(one, Chore::Sweep, 1_000).await.unwrap(), Some(0));
    assert_eq!(upkeep::claim(other, Chore::Sweep, 1_000).await.unwrap(), None);
    assert_eq!(upkeep::claim(other, Chore::Scrub, 1_000).await.unwrap(), Some(0), "another one is free");
    upkeep::done(one, Chore::Sweep, 7, 2_000).await.unwrap();
    assert_eq!(upkeep::claim(other, Chore::Sweep, 1_999).await.unwrap(), None);
    assert_eq!(upkeep::claim(other, Chore::Sweep, 2_000).await.unwrap(), Some(7));
    assert_eq!(upkeep::claim(one, Chore::Sweep, 2_000 + DAY).await.unwrap(), Some(7), "it never came back");
}

#[tokio::test]
async fn tending_sweeps_shelf_by_shelf_and_scrubs() {
    let ward = Ward::open().await;
    ward.repository.store.keep(Content::from(b"never filed".to_vec()), 100).await.unwrap();
    provide(&ward, 1).await;
    flip(&path(&ward, 1).await);
    let mut now = LONG_AFTER;
    for _ in 0..256 {
        ward.repository.tend_once(now, 30).await.unwrap();
        now += 100;
    }
    assert_eq!(ward.objects(), 1, "what nothing names is gone");
    assert_eq!(ward.repository.damaged().await.unwrap(), 1);
}

#[tokio::test]
async fn more_documents_in_doubt_than_are_asked_about_at_once_are_all_settled() {
    let ward = Ward::open().await;
    let kept = ward.repository.store.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    let new = |number: i32| crate::store::New {
        unique_id: format!("1.2.3.4.{number}"),
        mime_type: "text/plain".to_owned(),
        kept: kept.clone(),
        provided: 0,
    };
    ward.repository.store.file((0..1_100).map(new).collect()).await.unwrap();
    let swept = ward.repository.sweep(LONG_AFTER).await.unwrap();
    assert_eq!((swept.removed, swept.in_doubt, ward.objects()), (1_100, 0, 0));
}
