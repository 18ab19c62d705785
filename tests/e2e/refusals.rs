//! What is wrong is refused with the right code, leaves nothing behind, and the node goes on.

use std::fs;

use actors::transactions::documents::Outgoing;
use actors::transactions::{ProvideAndRegister, Register, RegistryResponse};
use metadata::{AvailabilityStatus, Flavour, Submission};
use soap::parts::Content;
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

/// A submission with faults, and what must be said of each; the last is for whom it is sent to.
fn spoiled() -> (Document, [&'static str; 5]) {
    let mut document = Document::of("P1", "x");
    let mut second = document.entry().clone();
    second.entry_uuid = "Document02".parse().unwrap();
    let entry = document.submission.entries.first_mut().unwrap();
    entry.type_code = None;
    entry.service_start_time = "2024".parse().ok();
    entry.service_stop_time = "2023".parse().ok();
    second.class_code = None;
    document.submission.entries.push(second);
    let expected = [
        "DocumentEntry Document01: typeCode is missing, expected a value from ",
        "DocumentEntry Document01: serviceStartTime is '2024', after serviceStopTime '2023', expected a time ",
        "DocumentEntry Document02: classCode is missing, expected a value from ",
        "DocumentEntry Document02: uniqueId is '2.25.",
        "",
    ];
    (document, expected)
}

/// Every error names its object, attribute, value, expectation and clause, and each of these is among them.
fn are_named(answer: &RegistryResponse, expected: &[&str]) {
    let contexts: Vec<_> = answer.errors.0.iter().map(|error| error.context.as_str()).collect();
    assert_eq!(contexts.len(), expected.len(), "{contexts:#?}");
    for expected in expected {
        assert!(contexts.iter().any(|context| context.contains(expected)), "{expected}: {contexts:#?}");
    }
    assert!(contexts.iter().all(|context| context.contains(", expected ") && context.contains(" (ITI TF-")));
}

#[tokio::test]
async fn a_submission_with_five_faults_names_five_to_who_provides_and_to_who_registers() {
    let node = Node::start();
    let (document, mut expected) = spoiled();
    expected[4] = "DocumentEntry Document02: Document is missing, expected one with id 'Document02'";
    let outgoing = Outgoing { media_type: String::new(), content: Content::from(document.bytes.clone()) };
    let documents = [(document.entry().entry_uuid.clone(), outgoing)];
    let request = ProvideAndRegister::new(document.submission.clone(), documents);
    are_named(&node.repository().ask(request).await.unwrap(), &expected);
    expected[4] =
        "DocumentEntry Document02: HasMember is missing, expected an association from the SubmissionSet";
    let mut submission: Submission = document.submission.clone();
    for entry in &mut submission.entries {
        entry.hash = "da39a3ee5e6b4b0d3255bfef95601890afd80709".parse().ok();
        (entry.size, entry.repository_unique_id) = (Some(0), "1.2.3".parse().ok());
    }
    are_named(&node.registry().ask(Register::new(submission)).await.unwrap(), &expected);
    nothing_is_left_of(&document, &node).await;
}
