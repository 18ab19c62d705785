//! What the registry is asked about documents in doubt, and what its answers mean.

use super::*;

/// A document in doubt, and what sweeps make of it when the registry answers this.
async fn swept_with(answer: impl FnOnce(&DocumentEntry) -> Found) -> Swept {
    let ward = Ward::open().await;
    let mut sent = submission();
    let kept = ward.repository.store.keep(Content::from(b"abc".to_vec()), 10).await.unwrap();
    let id = sent.entries[0].entry_uuid.clone();
    ward.repository.file(&[(id, kept)], &mut sent).await.unwrap();
    *ward.registry.beside.lock().unwrap() = vec![answer(&sent.entries[0])];
    let first = ward.repository.sweep(LONG_AFTER).await.unwrap();
    assert_eq!(first.removed, 0, "the registry may be about to take it in");
    let swept = ward.repository.sweep(LONG_AFTER).await.unwrap();
    let found = ward.repository.store.find(sent.entries[0].unique_id.as_str()).await.unwrap();
    assert_eq!((found.is_none(), ward.objects()), (swept.removed == 1, 1));
    Swept { confirmed: first.confirmed, ..swept }
}

fn object(entry: DocumentEntry) -> Found {
    Found::Object(Box::new(Object::Entry(entry)))
}

#[tokio::test]
async fn a_document_stays_in_doubt_while_its_entry_cannot_be_read() {
    let stays = Swept { in_doubt: 1, ..Swept::default() };
    let unreadable = ["<rim:ExtrinsicObject", "<a/>"];
    for markup in unreadable {
        assert_eq!(swept_with(|_| Found::Written(markup.into())).await, stays, "{markup}");
    }
    let reference = |_: &DocumentEntry| Found::Reference { id: "Document01".parse().unwrap(), home: None };
    assert_eq!(swept_with(reference).await, stays);
    let silent = |entry: &DocumentEntry| object(DocumentEntry { hash: None, ..entry.clone() });
    assert_eq!(swept_with(silent).await, stays);
}

#[tokio::test]
async fn an_entry_of_other_bytes_is_not_that_of_the_document() {
    let other = Some("a9993e364706816aba3e25717850c26c9cd0d89e".parse().unwrap());
    let swept = swept_with(|entry| object(DocumentEntry { hash: other, ..entry.clone() })).await;
    assert_eq!(swept, Swept { removed: 1, ..Swept::default() });
    let swept = swept_with(|entry| object(entry.clone())).await;
    assert_eq!(swept, Swept { confirmed: 1, ..Swept::default() });
}
