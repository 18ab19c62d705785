//! Patients are fed over MLLP, and merged while documents of theirs come.

use std::time::{Duration, Instant};

use actors::transactions::patient_identity_feed::Parties;
use actors::transactions::{PatientFeed, RegistryResponse};
use futures_util::StreamExt;
use hl7v2::{Acknowledgement, Code, Connection};
use metadata::{AvailabilityStatus, Flavour, PatientId};
use soap::parts::Content;
use tests::{Document, Node, Settings};

use crate::find::find;

fn node(feed: bool, tls: bool) -> Node {
    Node::with(&Settings { feed, mllp: Some(tls), ..Settings::default() })
}

fn id(patient: &str) -> PatientId {
    Document::of(patient, "").patient()
}

async fn send(source: &mut Connection, feed: &PatientFeed) -> Acknowledgement {
    let answer = source.send(&feed.write(&Parties::default(), "c-1")).await.unwrap();
    assert_eq!(answer.control_id, "c-1");
    answer.acknowledgement
}

fn codes(answer: &RegistryResponse) -> Vec<&str> {
    answer.errors.0.iter().map(|error| error.code.name(Flavour::Repository)).collect()
}

#[tokio::test]
async fn a_document_is_taken_once_its_patient_was_fed() {
    for tls in [true, false] {
        let node = node(true, tls);
        let document = Document::of("P1", "x");
        assert!(!document.provide(&node.repository()).await.unwrap().is_success());
        let mut source = node.source().await;
        assert_eq!(
            send(&mut source, &PatientFeed::of(&document.patient())).await,
            Acknowledgement::accept("")
        );
        assert!(document.provide(&node.repository()).await.unwrap().is_success());
        drop(source);
        let audit = std::fs::read_to_string(node.folder().join("data/audit.jsonl")).unwrap();
        let record = audit.lines().find(|line| line.contains("\"ITI-8\"")).unwrap();
        assert_eq!(record.contains("CN=adt"), tls, "{record}");
        let log = node.log();
        let line =
            log.lines().find(|line| line.contains("number=\"ITI-8\"")).unwrap_or_else(|| panic!("{log}"));
        assert!(line.contains("success") && !line.contains("P1"), "{line}");
        let (_, metrics) = node.web("/metrics").unwrap();
        assert!(metrics.contains("dosebook_mllp_messages_total{answer=\"AA\"} 1"), "{metrics}");
    }
}

#[tokio::test]
async fn every_event_is_acknowledged_and_only_what_it_should_is_known() {
    let node = node(true, false);
    let mut source = node.source().await;
    for (number, (trigger, is_known)) in
        (1..).zip([("A01", true), ("A04", true), ("A05", true), ("A08", false), ("A02", false)])
    {
        let document = Document::of(&format!("P{number}"), "x");
        let feed = PatientFeed::of(&document.patient()).write(&Parties::default(), "m");
        let message = String::from_utf8(feed).unwrap().replace("A04", trigger);
        let code = source.send(message.as_bytes()).await.unwrap().acknowledgement.code;
        assert_eq!(code, if trigger == "A02" { Code::Reject } else { Code::Accept }, "{trigger}");
        let answer = document.provide(&node.repository()).await.unwrap();
        assert_eq!(answer.is_success(), is_known, "{trigger}: {:?}", answer.errors);
    }
    let empty = PatientFeed::Known(Vec::new()).write(&Parties::default(), "m");
    let answer = source.send(&empty).await.unwrap().acknowledgement;
    assert_eq!((answer.code, answer.text.starts_with("PID-3: ")), (Code::Error, true), "{}", answer.text);
    assert_eq!(source.send(b"hello").await.unwrap().acknowledgement.code, Code::Reject);
}

#[tokio::test]
async fn after_a_merge_the_survivor_has_the_documents_of_both() {
    let node = node(true, true);
    let mut source = node.source().await;
    for patient in ["P1", "P2", "P3"] {
        send(&mut source, &PatientFeed::of(&id(patient))).await;
        assert!(Document::of(patient, patient).provide(&node.repository()).await.unwrap().is_success());
    }
    let mut merge = async |subsumed, survivor| {
        let answer = send(&mut source, &PatientFeed::merge(&id(subsumed), &id(survivor))).await;
        assert_eq!(answer.code, Code::Accept);
        answer.text
    };
    assert_eq!(merge("P1", "P2").await, "");
    assert_eq!(merge("P2", "P3").await, "");
    // Once more, the other way round, with oneself, with nobody, and late.
    for (subsumed, survivor) in
        [("P1", "P2"), ("P3", "P2"), ("P3", "P3"), ("X", "P3"), ("P3", "X"), ("X", "P1")]
    {
        let text = merge(subsumed, survivor).await;
        assert!(text.starts_with("nothing was changed: "), "{subsumed} into {survivor}: {text}");
    }
    let consumer = node.consumer();
    let found = find(&consumer, &id("P3"), AvailabilityStatus::Approved).await;
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|entry| entry.patient_id == Some(id("P3"))));
    for gone in ["P1", "P2"] {
        assert_eq!(find(&consumer, &id(gone), AvailabilityStatus::Approved).await, []);
        let refused = Document::of(gone, "late").provide(&node.repository()).await.unwrap();
        assert_eq!(codes(&refused), ["XDSUnknownPatientId"]);
    }
    assert_eq!(node.stored_files().len(), 3);
    let (_, metrics) = node.web("/metrics").unwrap();
    let unchanged = "outcome=\"unchanged\"";
    assert!(metrics.lines().any(|line| line.contains(unchanged) && line.ends_with(" 6")), "{metrics}");
}

/// A document whose content is on its way until `merge` is done: it is refused, and leaves nothing behind.
async fn an_upload_of_a_patient_who_is_merged_meanwhile<P: Future<Output = ()>>(
    node: &Node,
    merge: impl FnOnce() -> P,
) {
    let document = Document::of("P1", "");
    let (go_on, wait) = tokio::sync::oneshot::channel::<()>();
    let rest = futures_util::stream::once(async move {
        drop(wait.await);
        Ok(bytes::Bytes::from_static(b"the end"))
    });
    let chunk = bytes::Bytes::from(vec![7; 64 << 10]);
    let beginning = futures_util::stream::iter((0..128).map(move |_| Ok(chunk.clone())));
    let content = Content::from_stream(beginning.chain(rest));
    let repository = node.repository();
    let upload = tokio::spawn(async move { document.provide_stream(&repository, content).await });
    let deadline = Instant::now() + Duration::from_secs(30);
    while node.stored_files().is_empty() {
        assert!(Instant::now() < deadline, "nothing of it has come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    merge().await;
    drop(go_on);
    let refused = upload.await.unwrap().unwrap();
    assert_eq!(codes(&refused), ["XDSUnknownPatientId"]);
    assert_eq!(node.stored_files(), [] as [std::path::PathBuf; 0]);
    for patient in ["P1", "P2"] {
        assert_eq!(find(&node.consumer(), &id(patient), AvailabilityStatus::Approved).await, []);
    }
}

#[tokio::test]
async fn documents_of_a_patient_who_is_merged_while_they_come_do_not_stay() {
    let node = node(false, false);
    let mut source = node.source().await;
    an_upload_of_a_patient_who_is_merged_meanwhile(&node, async || {
        let answer = send(&mut source, &PatientFeed::merge(&id("P1"), &id("P2"))).await;
        assert_eq!(answer, Acknowledgement::accept(""));
    })
    .await;
}

#[tokio::test]
async fn a_node_that_stops_has_told_its_sources() {
    let mut node = node(true, true);
    let mut source = node.source().await;
    assert_eq!(send(&mut source, &PatientFeed::of(&id("P1"))).await.code, Code::Accept);
    node.stop();
    assert!(source.send(&PatientFeed::of(&id("P2")).write(&Parties::default(), "m")).await.is_err());
    node.resume();
    assert!(Document::of("P1", "x").provide(&node.repository()).await.unwrap().is_success());
}
