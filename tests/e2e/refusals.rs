//! What is wrong is refused with the right code, leaves nothing behind, and the node goes on.

use std::fs;

use actors::transactions::RegistryResponse;
use metadata::{AvailabilityStatus, Flavour};
use tests::{Document, Node, Settings};

use crate::find::find;

fn codes(answer: &RegistryResponse) -> Vec<&str> {
    answer.errors.0.iter().map(|error| error.code.name(Flavour::Repository)).collect()
}

/// Nothing of it is there, and another document is accepted if it may be.
async fn nothing_is_left_of(document: &Document, node: &Node) {
    assert_eq!(node.stored_files(), [] as [std::path::PathBuf; 0]);
    for status in [AvailabilityStatus::Approved, AvailabilityStatus::Deprecated] {
        assert_eq!(find(&node.consumer(), &document.patient(), status).await, []);
    }
}

#[tokio::test]
async fn an_unknown_patient_is_refused_where_patients_are_fed() {
    let node = Node::with(&Settings { feed: true, ..Settings::default() });
    let document = Document::of("NOBODY", "x");
    let answer = document.provide(&node.repository()).await.unwrap();
    assert!(!answer.is_success());
    assert!(codes(&answer).iter().all(|code| *code == "XDSUnknownPatientId"), "{:?}", answer.errors);
    nothing_is_left_of(&document, &node).await;
}

#[tokio::test]
async fn two_patients_in_one_submission_are_refused() {
    let node = Node::start();
    let mut document = Document::of("P1", "x");
    document.submission.submission_set.patient_id = Some(Document::of("P2", "").patient());
    let answer = document.provide(&node.repository()).await.unwrap();
    assert_eq!(codes(&answer), ["XDSPatientIdDoesNotMatch"], "{:?}", answer.errors);
    nothing_is_left_of(&document, &node).await;
    assert!(Document::of("P1", "y").provide(&node.repository()).await.unwrap().is_success());
}

#[tokio::test]
async fn other_bytes_under_a_known_id_are_refused() {
    let node = Node::start();
    let first = Document::of("P1", "one");
    first.provide(&node.repository()).await.unwrap();
    let mut second = Document::of("P1", "two");
    second.submission.entries[0].unique_id = first.entry().unique_id.clone();
    let answer = second.provide(&node.repository()).await.unwrap();
    assert_eq!(codes(&answer), ["XDSNonIdenticalHash"], "{:?}", answer.errors);
    assert_eq!(node.stored_files().len(), 1);
    assert_eq!(find(&node.consumer(), &first.patient(), AvailabilityStatus::Approved).await.len(), 1);
}

#[test]
fn files_that_are_no_dose_reports_are_refused_by_name() {
    let sample = dose::sample::all().into_iter().next().unwrap();
    let authority = Some(sample.hospital.authority_oid);
    let node = Node::with(&Settings { authority, ..Settings::default() });
    let whole: &[u8] = &sample.bytes;
    let mut broken = whole.to_vec();
    broken[200..400].fill(0xFF);
    for (name, bytes) in [
        ("plain.txt", b"just text".as_slice()),
        ("cut.dcm", &whole[..whole.len() / 2]),
        ("broken.dcm", &broken),
    ] {
        fs::write(node.folder().join(name), bytes).unwrap();
        let output = node.run(["submit", name]);
        assert_eq!(output.code, 1, "{output:?}");
        assert!(format!("{}{}", output.stdout, output.stderr).contains(name), "{output:?}");
        assert_eq!(node.stored_files(), [] as [std::path::PathBuf; 0]);
    }
    fs::write(node.folder().join("good.dcm"), whole).unwrap();
    assert_eq!(node.run(["submit", "good.dcm"]).code, 0);
    assert_eq!(node.stored_files().len(), 1);
}
