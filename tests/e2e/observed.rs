//! What a node tells of itself: its log, its metrics, and that it is about to stop.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dose::sample::{BELGIAN_HOSPITAL, CHARLOTTE, CHARLOTTE_IN_BELGIUM, NOOR, NOOR_IN_BELGIUM};
use tests::{Document, Node, Postgres, Settings};

/// A node whose hospital has submitted, found, fetched and looked at what is there, and has been refused.
async fn after_an_exchange(settings: Settings) -> Node {
    let authority = BELGIAN_HOSPITAL.authority_oid;
    let node = Node::with(&Settings { authority: Some(authority), ..settings });
    for sample in dose::sample::all().into_iter().filter(|sample| *sample.hospital == BELGIAN_HOSPITAL) {
        fs::write(node.folder().join(format!("{}.dcm", sample.name)), &sample.bytes).unwrap();
        let submitted = node.run(["submit", &format!("{}.dcm", sample.name)]);
        assert_eq!(submitted.code, 0, "{submitted:?}");
    }
    let patient = format!("{CHARLOTTE_IN_BELGIUM}^^^&{authority}&ISO");
    let found = node.run(["find", "--patient", &patient, "--json"]).json();
    let id = found.pointer("/0/unique_id").unwrap().as_str().unwrap().to_owned();
    assert_eq!(node.run(["fetch", &id, "--out", "fetched"]).code, 0);
    let page = format!("/book/patients/{}", patient.replace('^', "%5E").replace('&', "%26"));
    assert!(node.web(&page).unwrap().1.contains("Specimen, Charlotte"));
    assert!(node.web(&format!("/book?q={CHARLOTTE_IN_BELGIUM}")).unwrap().1.contains(CHARLOTTE_IN_BELGIUM));
    // An error whose text names the patients: two in one submission.
    let mut mixed = Document::of(CHARLOTTE_IN_BELGIUM, "x");
    mixed.submission.submission_set.patient_id = format!("{NOOR_IN_BELGIUM}^^^&{authority}&ISO").parse().ok();
    mixed.submission.entries.iter_mut().for_each(|entry| entry.patient_id = patient.parse().ok());
    assert!(!mixed.provide(&node.repository()).await.unwrap().is_success());
    node
}

#[tokio::test]
async fn the_log_of_an_exchange_names_no_patient() {
    let environment = vec![("DOSEBOOK_LOG".to_owned(), "debug".to_owned())];
    let mut node = after_an_exchange(Settings { environment, ..Settings::default() }).await;
    node.stop();
    let log = node.log();
    let names = [&CHARLOTTE, &NOOR].into_iter().flat_map(|person| person.name.split(['^', ' ', ',']));
    let ids = [CHARLOTTE_IN_BELGIUM, NOOR_IN_BELGIUM].into_iter();
    for secret in names.chain(ids).filter(|part| part.len() > 3) {
        let line = log.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
        assert_eq!(line, None, "{secret} is in the log");
    }
    for number in ["ITI-41", "ITI-42", "ITI-18", "ITI-43"] {
        let line =
            log.lines().find(|line| line.contains(number) && line.contains("done outcome=\"success\""));
        let line = line.unwrap_or_else(|| panic!("no line of {number} in:\n{log}"));
        assert!(line.contains("side=\"answering\"") && line.contains("milliseconds="), "{line}");
    }
    let refused = log.lines().find(|line| line.contains("errors=\"XDSPatientIdDoesNotMatch")).unwrap();
    assert!(refused.contains("peer=\"CN=") && refused.contains("message_id="), "{refused}");
}

/// The value of a meter with these labels.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn the_metrics_of_an_exchange_tell_what_happened_and_name_nobody() {
    let node = after_an_exchange(Settings::default()).await;
    assert_eq!(node.web("/readyz").unwrap().0, 200);
    let text = node.web("/metrics").unwrap().1;
    let transactions = |transaction: &str, outcome: &str| {
        let labels = format!("transaction=\"{transaction}\",side=\"answering\",outcome=\"{outcome}\"");
        value(&text, &format!("dosebook_transactions_total{{{labels}}}"))
    };
    assert!(transactions("ITI-41", "success") >= 2.0);
    assert_eq!(transactions("ITI-41", "success"), transactions("ITI-42", "success"));
    assert!(transactions("ITI-41", "failure") == 1.0);
    // The program asked twice, the book once; that the node asks itself whether it is ready is not counted.
    assert!((2.0..9.0).contains(&transactions("ITI-18", "success")), "{text}");
    assert!(transactions("ITI-43", "success") >= 1.0);
    let kept = value(&text, "dosebook_documents_kept_total");
    assert!(kept >= transactions("ITI-41", "success"));
    assert!(value(&text, "dosebook_documents_kept_bytes_total") > kept * 1_000.0);
    assert!(value(&text, "dosebook_documents_given_bytes_total") > 1_000.0);
    assert!(value(&text, "dosebook_connections_total") >= 2.0);
    assert_eq!(value(&text, "dosebook_requests_under_way"), 0.0);
    assert!(value(&text, "dosebook_received_bytes_total") > 10_000.0);
    let answered = value(&text, "dosebook_requests_total{result=\"answered\"}");
    assert!(answered >= transactions("ITI-41", "success") + transactions("ITI-43", "success"));
    let labels = "transaction=\"ITI-41\",side=\"answering\"";
    let count = value(&text, &format!("dosebook_transaction_seconds_count{{{labels}}}"));
    assert_eq!(count, transactions("ITI-41", "success") + 1.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1_000_000.0);
    for secret in [CHARLOTTE_IN_BELGIUM, NOOR_IN_BELGIUM, "Charlotte", "localhost"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_a_node_on_postgres_tell_of_its_connections_and_commits() {
    let Some(server) = Postgres::start() else { return };
    let database = Some(server.url(&server.database()));
    let more = "connections = 3\n".to_owned();
    let node = Node::with(&Settings { database, more, ..Settings::default() });
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..40 {
        let repository = node.repository();
        crowd.spawn(async move {
            let document = Document::of("P1", format!("document {number}"));
            assert!(document.provide(&repository).await.unwrap().is_success());
        });
    }
    // All of them lock the same patient. Who watches blocks a thread, which must not be one that they need.
    let done = Arc::new(AtomicBool::new(false));
    let is_done = Arc::clone(&done);
    let most = tokio::task::spawn_blocking(move || {
        let mut most = 0.0_f64;
        while !is_done.load(Ordering::Relaxed) {
            let text = node.web("/metrics").unwrap().1;
            most = most.max(value(&text, "dosebook_database_waiting{keeper=\"registry\"}"));
        }
        (most, node)
    });
    while let Some(provided) = crowd.join_next().await {
        provided.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let (most, node) = most.await.unwrap();
    assert!(most > 0.0, "nobody has waited");
    let text = node.web("/metrics").unwrap().1;
    for keeper in ["registry", "repository"] {
        let connections = |state: &str| {
            let labels = format!("keeper=\"{keeper}\",state=\"{state}\"");
            value(&text, &format!("dosebook_database_connections{{{labels}}}"))
        };
        assert!(connections("in_use") + connections("idle") <= 3.0, "{text}");
        assert!(connections("idle") >= 1.0, "{text}");
        assert_eq!(value(&text, &format!("dosebook_database_waiting{{keeper=\"{keeper}\"}}")), 0.0);
        assert!(value(&text, &format!("dosebook_database_repeats_total{{keeper=\"{keeper}\"}}")) >= 0.0);
        let commits = value(&text, &format!("dosebook_commit_seconds_count{{keeper=\"{keeper}\"}}"));
        assert!(commits >= 40.0, "{commits} commits of the {keeper}");
    }
}

#[tokio::test]
async fn a_node_that_is_told_to_stop_says_so_first_and_still_answers() {
    let environment = vec![("DOSEBOOK__SOAP__DRAIN_SECONDS".to_owned(), "3".to_owned())];
    let mut node = Node::with(&Settings { environment, ..Settings::default() });
    let repository = node.repository();
    assert!(Document::of("P1", "before").provide(&repository).await.unwrap().is_success());
    let id = node.process_id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let told = Instant::now();
    while node.web("/readyz").unwrap().0 != 503 {
        assert!(told.elapsed() < Duration::from_secs(2), "it still says that it is ready");
    }
    assert!(node.web("/readyz").unwrap().1.contains("about to stop"));
    for number in 0..3 {
        let document = Document::of("P1", format!("while it leaves {number}"));
        assert!(document.provide(&repository).await.unwrap().is_success());
    }
    node.stop();
    assert!(told.elapsed() >= Duration::from_secs(3));
    let audit = fs::read_to_string(node.folder().join("data/audit.jsonl")).unwrap();
    let answered = |line: &&str| line.contains("\"ITI-41\"") && line.contains("\"answering\"");
    assert_eq!(audit.lines().filter(answered).count(), 4, "{audit}");
}
