//! What a node keeps is verified, saved, given back and moved, by the program as a person runs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use actors::source::replace;
use metadata::{AvailabilityStatus, EntryUuid, ObjectId};
use tests::{Document, Node, PgBouncer, Postgres, S3, Settings};

use crate::find::{fetch, find};

const PATIENTS: usize = 3;

/// Documents of some patients, one of which replaces another.
async fn filled(node: &Node) -> Vec<Document> {
    let mut documents = Vec::new();
    for number in 0..PATIENTS * 2 {
        let document = Document::of(&format!("P{}", number % PATIENTS), format!("report {number}"));
        assert!(document.provide(&node.repository()).await.unwrap().is_success());
        documents.push(document);
    }
    let replaced = documents.first().unwrap();
    let uuid = uuid_of(node, replaced).await;
    let mut replacing = Document::of("P0", "the corrected report");
    let entry = replacing.entry().entry_uuid.clone();
    replace(&mut replacing.submission, &entry, uuid);
    assert!(replacing.provide(&node.repository()).await.unwrap().is_success());
    documents.push(replacing);
    documents
}

async fn uuid_of(node: &Node, document: &Document) -> EntryUuid {
    let found = find(&node.consumer(), &document.patient(), AvailabilityStatus::Approved).await;
    let entry = found.into_iter().find(|entry| entry.unique_id == document.entry().unique_id).unwrap();
    match entry.entry_uuid {
        ObjectId::Uuid(uuid) => uuid,
        ObjectId::Symbolic(_) => panic!("a registry gives UUIDs"),
    }
}

/// What a consumer sees of all documents: status, UUID and bytes by unique id.
async fn seen(
    node: &Node,
    documents: &[Document],
) -> BTreeMap<String, (AvailabilityStatus, String, Vec<u8>)> {
    let mut seen = BTreeMap::new();
    for status in [AvailabilityStatus::Approved, AvailabilityStatus::Deprecated] {
        for document in documents.iter().take(PATIENTS) {
            let patient = document.patient();
            for entry in find(&node.consumer(), &patient, status).await {
                let bytes = fetch(&node.consumer(), &entry).await;
                seen.insert(
                    entry.unique_id.to_string(),
                    (status, entry.entry_uuid.to_string(), bytes.to_vec()),
                );
            }
        }
    }
    seen
}

fn is_sound(node: &Node) -> serde_json::Value {
    let verified = node.run(["verify", "--json"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    verified.json()
}

#[tokio::test]
async fn a_sound_node_is_verified_while_it_runs_and_when_it_is_stopped() {
    let mut node = Node::start();
    let documents = filled(&node).await;
    let mut found = is_sound(&node);
    assert_eq!(found["documents"], documents.len(), "{found}");
    assert_eq!(found["patients"], PATIENTS);
    // A set, an entry and a membership each, and a replacement.
    assert_eq!(found["objects"], documents.len() * 3 + 1);
    assert_eq!((&found["damages"], &found["unnamed"]), (&0.into(), &0.into()));
    // That the registry knows a document is noted soon after the answer, and before the node ends.
    found["in_doubt"] = 0.into();
    node.stop();
    assert_eq!(is_sound(&node), found);
}

#[tokio::test]
async fn what_is_damaged_is_told_by_number_and_what_is_only_left_over_is_no_damage() {
    let node = Node::start();
    filled(&node).await;
    let stored = node.stored_files();
    let left = stored[0].with_file_name(format!("{}.{}", "0".repeat(64), uuid::Uuid::new_v4().simple()));
    fs::write(left, "left by a crash").unwrap();
    assert_eq!(is_sound(&node)["unnamed"], 1);

    let mut bytes = fs::read(&stored[0]).unwrap();
    bytes[0] ^= 1;
    fs::write(&stored[0], bytes).unwrap();
    fs::remove_file(&stored[1]).unwrap();
    fs::write(&stored[2], "shorter").unwrap();
    let damaged = node.run(["verify"]);
    assert_eq!(damaged.code, 1, "{damaged:?}");
    let lines: Vec<&str> =
        damaged.stdout.lines().filter(|line| line.starts_with("damaged: document ")).collect();
    assert_eq!(lines.len(), 3, "{damaged:?}");
    for (path, problem) in [(&stored[0], "altered"), (&stored[1], "is not there"), (&stored[2], "7 bytes")] {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            lines.iter().any(|line| line.contains(name) && line.contains(problem)),
            "{problem}: {lines:?}"
        );
    }
    assert!(!damaged.stdout.contains("P0"), "no patient is named: {damaged:?}");
    assert!(damaged.stdout.ends_with("3 damages\n"), "{damaged:?}");

    // What cannot be saved is named, and the rest is saved.
    let saved = node.run(["backup", "backup"]);
    assert_eq!(saved.code, 1, "{saved:?}");
    assert_eq!(saved.stderr.matches("damaged, and so not in the backup").count(), 3, "{saved:?}");
    assert_eq!(files(&node.folder().join("backup/documents")).len(), stored.len() - 3);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_backup_of_a_running_node_gives_everything_back() {
    let mut node = Node::start();
    let documents = filled(&node).await;
    let before = seen(&node, &documents).await;
    let saved = node.run(["backup", "backup", "--with-identity", "--json"]);
    assert_eq!(saved.code, 0, "{saved:?}");
    assert_eq!((&saved.json()["documents"], &saved.json()["copied"]), (&7.into(), &7.into()), "{saved:?}");

    let again = node.run(["backup", "backup", "--with-identity", "--json"]);
    assert_eq!((&again.json()["documents"], &again.json()["copied"]), (&7.into(), &0.into()), "{again:?}");

    let occupied = node.run(["restore", "backup"]);
    assert_eq!(occupied.code, 1, "{occupied:?}");
    assert!(occupied.stderr.contains("another dosebook is using"), "{occupied:?}");
    node.stop();
    let occupied = node.run(["restore", "backup"]);
    assert_eq!(occupied.code, 1, "{occupied:?}");
    for part in ["rows in table object", "7 rows in table document", "objects in the document store"] {
        assert!(occupied.stderr.contains(part), "{part} in {occupied:?}");
    }

    node.lose_everything();
    let restored = node.run(["restore", "backup"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    node.resume();
    assert_eq!(seen(&node, &documents).await, before);
    is_sound(&node);
    let more = Document::of("P1", "after the restore");
    assert!(more.provide(&node.repository()).await.unwrap().is_success());
}

#[tokio::test]
async fn an_interrupted_restore_starts_no_node_and_goes_on() {
    let mut node = Node::start();
    let documents = filled(&node).await;
    let before = seen(&node, &documents).await;
    assert_eq!(node.run(["backup", "backup", "--with-identity"]).code, 0);
    node.stop();
    node.lose_everything();
    let index = files(&node.folder().join("backup")).into_iter().find(|path| is_index(path)).unwrap();
    let aside = node.folder().join("aside");
    fs::rename(&index, &aside).unwrap();
    let interrupted = node.run(["restore", "backup"]);
    assert_eq!(interrupted.code, 1, "{interrupted:?}");
    for command in ["serve", "verify"] {
        let refused = node.run([command]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("a restore was interrupted here"), "{refused:?}");
    }
    fs::rename(&aside, &index).unwrap();
    let restored = node.run(["restore", "backup"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.stdout.starts_with("going on where"), "{restored:?}");
    node.resume();
    assert_eq!(seen(&node, &documents).await, before);
    is_sound(&node);
}

#[tokio::test]
async fn what_lies_behind_a_pooler_and_in_a_bucket_is_saved_and_given_back() {
    let Some(server) = Postgres::start() else { return };
    let Some(pooler) = PgBouncer::before(&server) else { return };
    let Some(bucket) = S3::start() else { return };
    let url = || server.url_through(pooler.address(), &server.database());
    let settings = Settings {
        database: Some(url()),
        pooler: true,
        documents: Some(bucket.bucket()),
        more: bucket.section(bucket.address()),
        ..Settings::default()
    };
    let mut node = Node::with(&settings);
    let documents = filled(&node).await;
    let before = seen(&node, &documents).await;
    let saved = node.run(["backup", "backup", "--with-identity", "--json"]);
    assert_eq!((saved.code, &saved.json()["copied"]), (0, &7.into()), "{saved:?}");
    node.stop();
    node.lose_everything();
    node.configure(settings.database.as_deref().unwrap(), &url());
    let objects = files(&bucket.objects().join("documents"));
    let refused = node.run(["restore", "backup"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("belong to another index"), "{refused:?}");
    assert_eq!(files(&bucket.objects().join("documents")), objects);

    node.configure(&bucket.bucket(), &format!("{}/again", bucket.bucket()));
    let restored = node.run(["restore", "backup"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    node.resume();
    assert_eq!(seen(&node, &documents).await, before);
    is_sound(&node);
    let names = |place: &str| {
        let found = files(&bucket.objects().join(place)).into_iter();
        found.map(|path| path.file_name().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("again/documents"), names("documents"));
}

fn is_index(path: &Path) -> bool {
    path.file_name().unwrap().to_str().unwrap().starts_with("repository-")
}

#[tokio::test]
async fn a_backup_that_was_altered_is_noticed() {
    let mut node = Node::start();
    filled(&node).await;
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    let saved = files(&node.folder().join("backup/documents"));
    let mut bytes = fs::read(&saved[0]).unwrap();
    bytes[0] ^= 1;
    fs::write(&saved[0], bytes).unwrap();
    node.stop();
    node.lose_everything();
    let restored = node.run(["restore", "backup"]);
    assert_eq!(restored.code, 1, "{restored:?}");
    assert!(restored.stderr.contains("lost: document"), "{restored:?}");
    assert!(restored.stderr.contains("altered"), "{restored:?}");
    let verified = node.run(["verify"]);
    assert!(verified.stdout.ends_with("1 damage\n"), "{verified:?}");
}

#[tokio::test]
async fn a_backup_while_documents_arrive_is_whole() {
    let mut node = Node::start();
    let documents = filled(&node).await;
    let repository = node.repository();
    let arriving = tokio::spawn(async move {
        for number in 0.. {
            let document = Document::of(&format!("Q{}", number % 7), format!("arriving {number}"));
            if document.provide(&repository).await.is_err() {
                return number;
            }
        }
        0
    });
    let folder = node.folder().to_owned();
    let backup = tokio::task::spawn_blocking(move || {
        tests::run(&folder, ["backup", "backup", "--with-identity", "--config", "node.toml"])
    });
    let backup = backup.await.unwrap();
    assert_eq!(backup.code, 0, "{backup:?}");
    let before = seen(&node, &documents).await;
    node.kill();
    assert!(arriving.await.unwrap() > 0);
    node.lose_everything();
    let restored = node.run(["restore", "backup"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    is_sound(&node);
    node.resume();
    assert_eq!(seen(&node, &documents).await, before);
}

/// The submissions of an export, the files of each by their names. They come patient by patient, and which patient is
/// the first is for each registry to say.
fn submissions(export: &Path) -> Vec<BTreeMap<String, Vec<u8>>> {
    let mut submissions: BTreeMap<PathBuf, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for path in files(&export.join("submissions")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let files = submissions.entry(path.parent().unwrap().to_owned()).or_default();
        files.insert(name, fs::read(path).unwrap());
    }
    let mut submissions: Vec<_> = submissions.into_values().collect();
    submissions.sort();
    submissions
}

#[tokio::test]
async fn what_is_exported_is_imported_elsewhere_with_its_ids_and_statuses() {
    let node = Node::start();
    let documents = filled(&node).await;
    let exported = node.run(["export", "out", "--json"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    let exported = exported.json();
    assert_eq!((&exported["submissions"], &exported["documents"]), (&7.into(), &7.into()), "{exported}");

    let other = Node::start();
    let out = node.folder().join("out");
    let out = out.to_str().unwrap();
    let imported = other.run(["import", out]);
    assert_eq!(imported.code, 0, "{imported:?}");
    assert!(imported.stdout.ends_with("7 submitted, 0 already there, 0 refused\n"), "{imported:?}");
    assert_eq!(seen(&other, &documents).await, seen(&node, &documents).await);
    assert_eq!(is_sound(&other)["objects"], is_sound(&node)["objects"]);

    let again = other.run(["import", out]);
    assert!(again.stdout.ends_with("0 submitted, 7 already there, 0 refused\n"), "{again:?}");
    assert_eq!(other.run(["export", "back"]).code, 0);
    assert_eq!(submissions(&other.folder().join("back")), submissions(&node.folder().join("out")));
    let patients = |node: &Node, folder: &str| {
        let text = fs::read_to_string(node.folder().join(folder).join("patients.jsonl")).unwrap();
        text.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(patients(&other, "back"), patients(&node, "out"));
}

#[tokio::test]
async fn an_import_tells_what_is_refused_and_why() {
    let node = Node::start();
    filled(&node).await;
    assert_eq!(node.run(["export", "out"]).code, 0);
    // One that nothing replaces.
    let exported = files(&node.folder().join("out/submissions"));
    let altered = exported.iter().find(|path| fs::read(path).unwrap() == b"report 4").unwrap();
    fs::write(altered, "another").unwrap();
    let other = Node::start();
    let out = node.folder().join("out");
    let imported = other.run(["import", out.to_str().unwrap()]);
    assert_eq!(imported.code, 1, "{imported:?}");
    assert!(imported.stdout.ends_with("6 submitted, 0 already there, 1 refused\n"), "{imported:?}");
    let refused = format!("{}: refused: ", altered.parent().unwrap().display());
    assert!(imported.stderr.contains(&refused), "{refused} in {imported:?}");
    assert_eq!(other.stored_files().len(), 6);
    let unfinished = other.run(["import", "."]);
    assert_eq!(unfinished.code, 2, "{unfinished:?}");
}

#[tokio::test]
async fn one_patient_can_be_exported_alone() {
    let node = Node::start();
    let documents = filled(&node).await;
    let patient = documents[1].patient().to_string();
    let exported = node.run(["export", "out", "--patient", &patient, "--json"]);
    assert_eq!(exported.code, 0, "{exported:?}");
    assert_eq!(exported.json()["submissions"], 2, "{exported:?}");
    let unknown = node.run(["export", "nobody", "--patient", "nobody"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

#[tokio::test]
async fn the_versions_of_the_tables_are_told() {
    let mut node = Node::start();
    let looked = node.run(["migrate", "--dry-run"]);
    assert_eq!(looked.code, 0, "{looked:?}");
    assert!(looked.stdout.contains("registry") && looked.stdout.contains("nothing to migrate"), "{looked:?}");
    assert_eq!(node.run(["migrate"]).code, 1, "not while a node runs");
    node.stop();
    assert_eq!(node.run(["migrate"]).code, 0);
}
