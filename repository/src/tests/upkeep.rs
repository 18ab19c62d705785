//! A repository that is kept in order while it serves, by one node or several.

use super::*;
use crate::scrub::Pace;
use crate::tests::sweep::UPKEEP;
use crate::upkeep::{self, Chore, Stands};

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
    let sixty_fourth =
        crate::index::after(ward.repository.store.index(), 0, 64).await.unwrap().documents[63].number;
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
    let late = crate::index::after(index, 0, 100).await.unwrap().documents[50].number;
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
    let stands = |position, due| Some(Stands { position, due });
    assert_eq!(upkeep::claim(one, Chore::Sweep, 1_000).await.unwrap(), stands(0, 0));
    assert_eq!(upkeep::claim(other, Chore::Sweep, 1_000).await.unwrap(), None);
    assert_eq!(upkeep::claim(other, Chore::Scrub, 1_000).await.unwrap(), stands(0, 0), "another one is free");
    upkeep::done(one, Chore::Sweep, 7, 2_000).await.unwrap();
    assert_eq!(upkeep::claim(other, Chore::Sweep, 1_999).await.unwrap(), None);
    assert_eq!(upkeep::claim(other, Chore::Sweep, 2_000).await.unwrap(), stands(7, 2_000));
    let taken_over = upkeep::claim(one, Chore::Sweep, 2_000 + DAY).await.unwrap();
    assert_eq!(taken_over.unwrap().position, 7, "it never came back");
}

#[tokio::test]
async fn tending_sweeps_shelf_by_shelf_and_scrubs() {
    let ward = Ward::open().await;
    ward.repository.store.keep(Content::from(b"never filed".to_vec()), 100).await.unwrap();
    provide(&ward, 1).await;
    flip(&path(&ward, 1).await);
    for round in 0..2 {
        for shelf in 0..256 {
            let now = LONG_AFTER + round * QUARANTINE + shelf * 100;
            assert!(ward.repository.tend_once(now, UPKEEP).await);
        }
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
    for (removed, in_doubt) in [(0, 1_100), (1_100, 0)] {
        let swept = ward.repository.sweep(LONG_AFTER).await.unwrap();
        assert_eq!((swept.removed, swept.in_doubt), (removed, in_doubt));
    }
    ward.repository.sweep(LONG_AFTER + QUARANTINE).await.unwrap();
    assert_eq!(ward.objects(), 0);
}

/// Files so many documents of the same bytes.
async fn file(ward: &Ward, documents: i32) {
    let kept = ward.repository.store.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    let new = |number: i32| crate::store::New {
        unique_id: format!("1.2.3.4.{number}"),
        mime_type: "text/plain".to_owned(),
        kept: kept.clone(),
        provided: LONG_AFTER,
    };
    ward.repository.store.file((0..documents).map(new).collect()).await.unwrap();
}

async fn meddle(ward: &Ward, sql: &'static str, values: [i64; 2]) {
    let changed = ward.repository.store.index().write::<_, database::DatabaseError, _>(move |writer| {
        Box::pin(writer.execute(sql, values.map(Into::into)))
    });
    assert_eq!(changed.await.unwrap(), 1, "{sql}");
}

#[tokio::test]
async fn scrubbing_keeps_its_days_however_many_documents_there_are() {
    let ward = Ward::open().await;
    file(&ward, 1_000).await;
    let index = ward.repository.store.index();
    let numbers = crate::index::after(index, 0, 1_000).await.unwrap().documents;
    // In a day 432 of them are due in each ten seconds.
    let all = 432 * 8_640;
    meddle(&ward, "UPDATE chore SET documents = $1, counted = $2 WHERE name = 'scrub'", [all, LONG_AFTER])
        .await;
    upkeep::done(index, Chore::Scrub, 0, LONG_AFTER).await.unwrap();
    let mut last = 0;
    // It is looked at late, or between two that are due.
    for now in [0, 7, 19] {
        ward.repository.tend_once(LONG_AFTER + now, Upkeep { scrub_days: 1, ..UPKEEP }).await;
        let stands = upkeep::claim(index, Chore::Scrub, i64::MAX / 2).await.unwrap().unwrap();
        upkeep::done(index, Chore::Scrub, stands.position, stands.due).await.unwrap();
        let read = numbers.iter().position(|found| found.number == stands.position).unwrap() + 1;
        assert!(read as i64 * 10 >= 432 * now, "{read} after {now} seconds");
        assert!(stands.due > LONG_AFTER + now);
        last = read;
    }
    assert_eq!(last, 864);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_does_not_keep_the_others_from_it() {
    let ward = Ward::open().await;
    for number in 1..=5 {
        provide(&ward, number).await;
    }
    let hide = |path: std::path::PathBuf| {
        std::fs::remove_file(&path).unwrap();
        // It can be opened and not read, whoever asks.
        std::fs::create_dir(&path).unwrap();
    };
    hide(path(&ward, 2).await);
    flip(&path(&ward, 5).await);
    assert_eq!(ward.repository.scrub(0, 0, 30).await.unwrap(), Pace { position: 0, due: 30 * DAY });
    assert_eq!(ward.repository.damaged().await.unwrap(), 1, "the last one was read");
    // More of them are a store that is out of reach: it is left alone, and later not asked for the same again.
    hide(path(&ward, 1).await);
    hide(path(&ward, 3).await);
    let third = ward.repository.store.find("1.2.3.4.3").await.unwrap().unwrap();
    assert_eq!(ward.repository.scrub(0, 0, 30).await.unwrap(), Pace { position: third.number, due: 3_600 });
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_stop_scrubbing() {
    let ward = Ward::open().await;
    for number in 1..=3 {
        provide(&ward, number).await;
    }
    let row = ward.repository.store.find("1.2.3.4.2").await.unwrap().unwrap();
    flip(&path(&ward, 3).await);
    meddle(&ward, "UPDATE document SET sha1 = sha256, size = $2 WHERE number = $1", [row.number, 0]).await;
    let batch = crate::index::after(ward.repository.store.index(), 0, 10).await.unwrap();
    assert_eq!((batch.documents.len(), batch.rows), (2, 3));
    assert_eq!(ward.repository.scrub(0, 0, 30).await.unwrap(), Pace { position: 0, due: 30 * DAY });
    assert_eq!(ward.repository.damaged().await.unwrap(), 1);
}
