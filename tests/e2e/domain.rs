//! A node keeps to its affinity domain, and follows the folder that it is in while it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use actors::transactions::RegistryResponse;
use metadata::{AvailabilityStatus, Code, ErrorCode, Severity};
use tempfile::TempDir;
use tests::{AUTHORITY, Document, Node, Settings, run};

use crate::find::find;

/// Where the domain that is built in has its reports.
const CLASS_SCHEME: &str = "1.3.6.1.4.1.19376.1.2.6.1";

/// A domain in a folder, as `dosebook domain new` makes it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = run(folder.path(), ["domain", "new", "north"]);
        assert_eq!(made.code, 0, "{made:?}");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("north")
    }

    /// Replaces a file whole, as whoever copies one into its place does.
    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = self.0.path().join("beside");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    fn change(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.path().join("domain.toml")).unwrap();
        assert!(text.contains(old), "{old} is not in {text}");
        self.write("domain.toml", &text.replace(old, new));
    }

    fn node(&self) -> Node {
        Node::with(&Settings { domain: Some(self.path()), ..Settings::default() })
    }
}

/// A document whose codes the domain has.
fn document(patient: &str) -> Document {
    let mut document = Document::of(patient, format!("document of {patient}"));
    let diagnostic = Code::new("18748-4", "2.16.840.1.113883.6.1", "Diagnostic imaging study");
    document.submission.submission_set.content_type_code = Some(diagnostic);
    document
}

fn of_class(patient: &str, code: &str) -> Document {
    let mut document = document(patient);
    for entry in &mut document.submission.entries {
        entry.class_code = Some(Code::new(code, CLASS_SCHEME, "x"));
    }
    document
}

async fn provide(node: &Node, document: &Document) -> RegistryResponse {
    document.provide(&node.repository()).await.unwrap()
}

fn codes(answer: &RegistryResponse) -> Vec<ErrorCode> {
    answer.errors.0.iter().map(|error| error.code.clone()).collect()
}

/// Waits until the node tells something of itself.
fn wait(node: &Node, page: &str, what: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !node.web(page).unwrap().1.contains(what) {
        assert!(Instant::now() < deadline, "{what} is not at {page}:\n{}", node.web(page).unwrap().1);
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn reads(result: &str, times: u32) -> String {
    format!("dosebook_domain_reads_total{{result=\"{result}\"}} {times}")
}

#[tokio::test]
async fn a_code_that_the_domain_does_not_have_is_refused_and_leaves_nothing() {
    let folder = Folder::new();
    let node = folder.node();
    assert_eq!(provide(&node, &document("P1")).await.errors.0, []);
    let kept = node.stored_files().len();
    let refused = of_class("P2", "NO-SUCH");
    let answer = provide(&node, &refused).await;
    assert_eq!(codes(&answer), [ErrorCode::Metadata]);
    let error = &answer.errors.0[0];
    assert_eq!(error.location.as_deref(), Some("DocumentEntry Document01"));
    let expected = format!("one of 4: 18748-4^^2.16.840.1.113883.6.1, REPORTS^^{CLASS_SCHEME}, ");
    let received = format!("classCode is 'NO-SUCH^^{CLASS_SCHEME}'");
    for part in [received.as_str(), "domain ihe-test", &expected, "ITI TF-2 3.42.4.1.3.3, TF-3 4.2.3.2.3"] {
        assert!(error.context.contains(part), "{part} in {}", error.context);
    }
    assert_eq!(node.stored_files().len(), kept);
    assert_eq!(find(&node.consumer(), &refused.patient(), AvailabilityStatus::Approved).await, []);
}

#[tokio::test]
async fn a_domain_warns_or_accepts_as_its_attributes_say() {
    let folder = Folder::new();
    let policy =
        |policy: &str| format!("[attributes.classCode]\npolicy = \"{policy}\"\n\n[attributes.languageCode]");
    folder.change("[attributes.languageCode]", &policy("warn"));
    let mut node = folder.node();
    let answer = provide(&node, &of_class("P1", "NO-SUCH")).await;
    assert!(answer.is_success());
    assert_eq!(codes(&answer), [ErrorCode::Metadata]);
    assert_eq!(answer.errors.highest_severity(), Some(Severity::Warning));
    node.stop();
    folder.change(
        "policy = \"warn\"\n\n[attributes.languageCode]",
        "policy = \"accept\"\n\n[attributes.languageCode]",
    );
    node.resume();
    let answer = provide(&node, &of_class("P2", "NO-SUCH")).await;
    assert_eq!((answer.is_success(), answer.errors.is_empty()), (true, true));
    // Procedures have codes of whoever performed them.
    let mut procedure = document("P3");
    procedure.submission.entries[0].event_code_list.push(Code::new("own", "1.2.3", ""));
    assert_eq!(provide(&node, &procedure).await.errors.0, []);
}

#[tokio::test]
async fn patients_of_another_authority_and_sources_that_are_not_listed_are_refused() {
    let folder = Folder::new();
    folder.change("# sources = [\"1.3.6.1.4.1.21367.2009.1.2.1\"]", "sources = [\"1.2.3.4.5.4\"]");
    let node = folder.node();
    assert!(provide(&node, &document("P1")).await.is_success());

    let mut foreign = document("P1");
    let patient: metadata::PatientId = "P1^^^&1.2.3.99&ISO".parse().unwrap();
    foreign.submission.submission_set.patient_id = Some(patient.clone());
    foreign.submission.entries[0].patient_id = Some(patient);
    let answer = provide(&node, &foreign).await;
    assert_eq!(codes(&answer), [ErrorCode::UnknownPatientId], "{:?}", answer.errors);
    assert!(answer.errors.0[0].context.contains(AUTHORITY), "{:?}", answer.errors);

    let mut stranger = document("P1");
    stranger.submission.submission_set.source_id = "1.2.3.98".parse().unwrap();
    let answer = provide(&node, &stranger).await;
    assert_eq!(codes(&answer), [ErrorCode::Metadata], "{:?}", answer.errors);
    assert!(answer.errors.0[0].context.contains("sourceId is '1.2.3.98'"), "{:?}", answer.errors);
}

#[tokio::test]
async fn a_node_that_was_told_no_domain_refuses_no_code() {
    let node = Node::start();
    let answer = provide(&node, &of_class("P1", "NO-SUCH")).await;
    assert_eq!((answer.is_success(), answer.errors.is_empty()), (true, true), "{:?}", answer.errors);
}

#[tokio::test]
async fn a_domain_is_read_again_while_the_node_runs_and_a_broken_one_changes_nothing() {
    let folder = Folder::new();
    let node = folder.node();
    assert!(!provide(&node, &of_class("P1", "NEW")).await.is_success());
    let set = format!(
        r#"{{ "resourceType": "ValueSet", "compose": {{ "include": [
            {{ "system": "urn:oid:{CLASS_SCHEME}", "concept": [{{ "code": "NEW" }}] }}] }} }}"#
    );
    folder.write("valuesets/classCode.json", &set);
    wait(&node, "/metrics", &reads("read", 1));
    assert!(provide(&node, &of_class("P1", "NEW")).await.is_success());

    folder.write("valuesets/typeCode.json", "{ broken");
    wait(&node, "/metrics", &reads("refused", 1));
    wait(&node, "/metrics", "dosebook_domain_outdated 1");
    let (status, ready) = node.web("/readyz").unwrap();
    assert_eq!(status, 200, "{ready}");
    assert!(ready.contains("valuesets/typeCode.json: not JSON"), "{ready}");
    assert!(node.log().contains("what held before still holds"), "{}", node.log());
    assert!(provide(&node, &of_class("P2", "NEW")).await.is_success());
    assert!(!provide(&node, &of_class("P2", "OTHER")).await.is_success());

    fs::remove_file(folder.path().join("valuesets/typeCode.json")).unwrap();
    wait(&node, "/metrics", "dosebook_domain_outdated 0");
    assert!(!node.web("/readyz").unwrap().1.contains("domain"));
}

#[test]
fn sighup_reads_the_domain_again_and_ends_nobody() {
    let hang_up = |node: &Node| {
        let process = node.process_id().to_string();
        assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    };
    let folder = Folder::new();
    let (node, without) = (folder.node(), Node::start());
    hang_up(&without);
    hang_up(&node);
    wait(&node, "/metrics", &reads("read", 1));
    assert_eq!(without.web("/healthz").unwrap().0, 200);
}

#[test]
fn a_node_does_not_start_with_a_domain_that_is_broken_or_refuses_what_it_says_itself() {
    let folder = Folder::new();
    let mut node = folder.node();
    node.stop();
    let good = fs::read_to_string(folder.path().join("domain.toml")).unwrap();
    folder.write("domain.toml", &good.replace("IHETEST", "\u{7}\"\n"));
    assert!(!node.try_resume());
    assert!(node.log().contains("domain.toml: line "), "{}", node.log());
    folder.write("domain.toml", &good);
    node.configure(
        "[repository]",
        "[codes]\nclass = { code = \"X\", scheme = \"1.2\", display = \"\" }\n[repository]",
    );
    assert!(!node.try_resume());
    assert!(node.log().contains("codes.class is X^^1.2: domain ihe-test refuses it"), "{}", node.log());
    let checked = node.run(["config", "check"]);
    assert_eq!(checked.code, 2, "{checked:?}");
}

#[test]
fn reports_are_submitted_in_the_domain_that_is_built_in() {
    let folder = Folder::new();
    let node = folder.node();
    let reports = node.folder().join("reports");
    fs::create_dir(&reports).unwrap();
    for sample in dose::sample::all() {
        fs::write(reports.join(format!("{}.dcm", sample.name)), &sample.bytes).unwrap();
    }
    let submitted = node.run(["submit", "reports", "--patient", "4711", "--json"]);
    assert_eq!(submitted.code, 0, "{submitted:?}");
    for line in submitted.stdout.lines() {
        let outcome: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(outcome["remarks"], serde_json::Value::Null, "{line}");
    }
}

#[test]
fn real_reports_are_submitted_in_the_domain_that_is_built_in() {
    let shared = std::env::var_os("DOSEBOOK_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let reports = shared.join("data/rdsr");
    if !reports.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", reports.display());
        eprintln!("SKIPPED: no real reports in {}; DOSEBOOK_SHARED says where they are", reports.display());
        return;
    }
    let folder = Folder::new();
    let node = folder.node();
    let submitted = node.run(["submit", reports.to_str().unwrap(), "--patient", "4711", "--json"]);
    let outcomes = submitted.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    let outcomes: Vec<serde_json::Value> = outcomes.collect();
    assert!(outcomes.len() > 10, "{submitted:?}");
    for outcome in outcomes {
        assert_eq!(outcome["remarks"], serde_json::Value::Null, "{outcome}");
        let reason = outcome["reason"].as_str().unwrap_or_default();
        assert!(!reason.contains("domain"), "{outcome}");
    }
}

#[test]
fn a_source_without_a_node_stays_the_same_source() {
    let node = Node::start();
    let place = tempfile::tempdir().unwrap();
    let identity = node.authority().authority().issue(&certs::Request::person("source")).unwrap();
    for (name, text) in [
        ("source.pem", identity.certificates.as_str()),
        ("source.key", identity.key.as_str()),
        ("ca.pem", node.authority().authority().certificate()),
    ] {
        fs::write(place.path().join(name), text).unwrap();
    }
    let samples = dose::sample::all();
    for (sample, name) in samples.iter().zip(["one.dcm", "two.dcm"]) {
        fs::write(place.path().join(name), &sample.bytes).unwrap();
        let (registry, repository) = (node.url("/registry"), node.url("/repository"));
        let patient = format!("4711^^^&{AUTHORITY}&ISO");
        let submitted = run(
            place.path(),
            [
                "submit",
                name,
                "--patient",
                &patient,
                "--registry",
                &registry,
                "--repository",
                &repository,
                "--certificate",
                "source.pem",
                "--key",
                "source.key",
                "--trust",
                "ca.pem",
            ],
        );
        assert_eq!(submitted.code, 0, "{submitted:?}");
    }
    let kept = fs::read_to_string(place.path().join("dosebook-data/source-id")).unwrap();
    let exported = node.run(["export", "exported"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    let said = files(&node.folder().join("exported/submissions"));
    assert_eq!(said.iter().filter(|text| text.contains(kept.trim())).count(), 2, "{kept} in {said:?}");
}

/// What the files of a folder, and below, say.
fn files(folder: &Path) -> Vec<String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let said = paths.map(|path| match path.is_dir() {
        true => files(&path),
        false => fs::read_to_string(path).into_iter().collect(),
    });
    said.flatten().collect()
}
