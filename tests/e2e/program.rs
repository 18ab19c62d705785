//! The program as a person meets it: submit, find, fetch, again and again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dose::sample::BELGIAN_HOSPITAL;
use sha2::{Digest, Sha256};
use tests::{Node, Settings};

fn digests(folder: &Path) -> BTreeMap<[u8; 32], PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (Sha256::digest(fs::read(&path).unwrap()).into(), path)).collect()
}

/// Submits a folder twice, finds every document of one of its patients, and fetches them.
fn submit_find_fetch(node: &Node, folder: &Path, refused: usize) {
    let folder_name = folder.to_str().unwrap();
    let first = node.run(["submit", folder_name]);
    assert_eq!(first.code, i32::from(refused > 0), "{first:?}");
    let stored = node.stored_files().len();
    let second = node.run(["submit", folder_name]);
    assert!(
        second.stdout.contains(&format!("0 submitted, {stored} already there, {refused} refused")),
        "{second:?}"
    );
    assert_eq!(node.stored_files().len(), stored, "a second run changes nothing");
}

#[test]
fn reports_are_submitted_once_found_and_fetched() {
    let authority = BELGIAN_HOSPITAL.authority_oid;
    let node = Node::with(&Settings { authority: Some(authority), ..Settings::default() });
    let reports = node.folder().join("reports");
    fs::create_dir(&reports).unwrap();
    let own = |sample: &dose::sample::Sample| *sample.hospital == BELGIAN_HOSPITAL;
    for sample in dose::sample::all().into_iter().filter(own) {
        fs::write(reports.join(format!("{}.dcm", sample.name)), &sample.bytes).unwrap();
    }
    submit_find_fetch(&node, &reports, 0);

    let patients = node.web("/book").unwrap().1;
    assert!(patients.contains("71040199905"), "{patients}");
    let patient = format!("71040199905^^^&{authority}&ISO");
    let found = node.run(["find", "--patient", &patient, "--json"]);
    assert_eq!(found.code, 0, "{found:?}");
    let found = found.json();
    let entries = found.as_array().unwrap();
    assert_eq!(entries.len(), 2, "{found}");
    let ids: Vec<&str> = entries.iter().map(|entry| entry["unique_id"].as_str().unwrap()).collect();
    let fetched = node.run(["fetch"].into_iter().chain(ids).chain(["--out", "fetched"]));
    assert_eq!(fetched.code, 0, "{fetched:?}");
    let (sent, came) = (digests(&reports), digests(&node.folder().join("fetched")));
    assert_eq!(came.len(), 2);
    assert!(came.keys().all(|digest| sent.contains_key(digest)), "a fetched file differs from what was sent");

    let unknown = node.run(["fetch", "1.2.3.4.5.6.7.8.9", "--out", "fetched"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

#[test]
fn real_reports_are_submitted_and_what_is_no_dose_report_is_refused() {
    let shared = std::env::var_os("DOSEBOOK_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let reports = shared.join("data/rdsr");
    if !reports.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", reports.display());
        eprintln!("SKIPPED: no real reports in {}; DOSEBOOK_SHARED says where they are", reports.display());
        return;
    }
    let node = Node::start();
    let own = node.folder().join("reports");
    fs::create_dir(&own).unwrap();
    for entry in fs::read_dir(&reports).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "dcm") {
            fs::copy(&path, own.join(path.file_name().unwrap())).unwrap();
        }
    }
    // One is no dose report; one has the id of another and other bytes.
    submit_find_fetch(&node, &own, 2);
    let again = node.run(["submit", "reports"]);
    assert!(again.stderr.contains("ESR_non-dose.dcm") && again.stderr.contains("root concept"), "{again:?}");
    assert!(again.stderr.contains("XDSNonIdenticalHash"), "{again:?}");
}

#[test]
fn a_report_of_another_authority_needs_its_patient_named() {
    let node = Node::start();
    let sample = dose::sample::all().into_iter().find(|sample| sample.name == "fr-petct-ct").unwrap();
    fs::write(node.folder().join("report.dcm"), &sample.bytes).unwrap();
    let refused = node.run(["submit", "report.dcm"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    for oid in [sample.hospital.authority_oid, tests::AUTHORITY] {
        assert!(refused.stderr.contains(oid), "{oid} in {refused:?}");
    }
    assert!(refused.stderr.contains("--patient"), "{refused:?}");
    assert_eq!(node.run(["submit", "report.dcm", "--patient", "4711"]).code, 0);
}

#[test]
fn what_is_shown_as_json_names_a_refused_file_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain.txt"), "just text").unwrap();
    let shown = tests::run(folder.path(), ["show", "plain.txt", "--json"]);
    assert_eq!(shown.code, 1, "{shown:?}");
    assert_eq!(shown.json()["file"], "plain.txt");
    assert_eq!(shown.json()["outcome"], "refused");
}

#[test]
fn a_node_that_is_not_there_is_exit_code_3() {
    let mut node = Node::start();
    node.stop();
    let output = node.run(["find", "--patient", "4711"]);
    assert_eq!(output.code, 3, "{output:?}");
}

#[test]
fn the_judge_leaves_nothing_in_a_node_that_was_not_named() {
    let node = Node::start();
    let before = fs::read_dir(node.folder()).unwrap().count();
    let judged = tests::run(node.folder(), ["conform", "--filter", "iti-43/", "--json"]);
    assert_eq!(judged.code, 0, "{judged:?}");
    assert_eq!(node.stored_files(), [] as [PathBuf; 0]);
    assert_eq!(fs::read_dir(node.folder()).unwrap().count(), before, "nothing is made where it was run");
    for wrong in [["conform", "--config", "node.toml"].as_slice(), &["conform", "--filter", "no-such-case"]] {
        let refused = tests::run(node.folder(), wrong.iter().copied());
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    let stranger = tests::run(node.folder(), ["conform", &node.url("/registry"), "--data", "none"]);
    assert_eq!(stranger.code, 2, "{stranger:?}");
    assert!(stranger.stderr.contains("give --certificate"), "{stranger:?}");
}
