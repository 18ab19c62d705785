//! Where a backup or an export may be written, who may read it, and what it never touches.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use metadata::AvailabilityStatus;
use tests::{Document, Node, Settings};

use crate::find::{fetch, find};

/// A node with a document, which is stopped.
async fn stopped(settings: &Settings) -> Node {
    let mut node = Node::with(settings);
    let document = Document::of("P0", "a report");
    assert!(document.provide(&node.repository()).await.unwrap().is_success());
    node.stop();
    node
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_backup_never_goes_where_the_node_keeps_what_it_has() {
    let node = stopped(&Settings { documents: Some("documents".to_owned()), ..Settings::default() }).await;
    let before = files(node.folder());
    for folder in ["data", "data/repository", "data/new/backup", ".", "new/../data", "documents/backup"] {
        let refused = node.run(["backup", folder]);
        assert_eq!(refused.code, 2, "{folder}: {refused:?}");
        assert!(refused.stderr.contains("name another folder"), "{folder}: {refused:?}");
        assert_eq!(files(node.folder()), before, "{folder}");
    }
}

#[tokio::test]
async fn a_backup_or_an_export_touches_nothing_that_is_not_its_own() {
    let node = stopped(&Settings::default()).await;
    let other = node.folder().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(other.join("x.sqlite"), "of another program").unwrap();
    for command in ["backup", "export"] {
        let refused = node.run([command, "other"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("x.sqlite"), "{refused:?}");
        assert_eq!(files(&other), [other.join("x.sqlite")]);
        assert_eq!(fs::metadata(&other).unwrap().permissions().mode() & 0o777, 0o755, "{command}");
    }

    // What a file system puts into every disk is in nobody's way; what comes later stays.
    let backup = node.folder().join("backup");
    fs::create_dir_all(backup.join("lost+found")).unwrap();
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    for name in ["notes.sqlite", "registry-notes.sqlite"] {
        fs::write(backup.join(name), "of a person").unwrap();
    }
    // Of an interrupted run, as a crash leaves it.
    let left = format!("registry-{}.sqlite", uuid::Uuid::new_v4().simple());
    for name in [left.clone(), format!("{left}-wal")] {
        fs::write(backup.join(name), "half").unwrap();
    }
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    assert!(backup.join("notes.sqlite").exists() && backup.join("registry-notes.sqlite").exists());
    let snapshots = files(&backup).into_iter().filter(|path| path.to_string_lossy().contains(".sqlite"));
    assert_eq!(snapshots.count(), 4, "two of the backup, two of a person: {:?}", files(&backup));
}

#[tokio::test]
async fn one_backup_at_a_time_writes_into_a_folder() {
    let mut node = stopped(&Settings::default()).await;
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    let backup = node.folder().join("backup");
    let before = files(&backup);
    let running = File::options().write(true).open(backup.join("backup.lock")).unwrap();
    running.lock().unwrap();
    let refused = node.run(["backup", "backup"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("another backup"), "{refused:?}");
    assert_eq!(files(&backup), before);
    let refused = node.run(["restore", "backup"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("a backup is being written"), "{refused:?}");
    drop(running);
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    node.resume();
}

#[tokio::test]
async fn an_interrupted_first_backup_goes_on() {
    let node = stopped(&Settings::default()).await;
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    fs::remove_file(node.folder().join("backup/manifest.json")).unwrap();
    let again = node.run(["backup", "backup", "--json"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!((&again.json()["documents"], &again.json()["copied"]), (&1.into(), &0.into()), "{again:?}");
}

#[tokio::test]
async fn nobody_else_can_read_a_backup_or_an_export() {
    let node = stopped(&Settings::default()).await;
    for (command, more) in [("backup", "--with-identity"), ("export", "--json")] {
        let folder = node.folder().join(command);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let saved = node.run([command, command, more]);
        assert_eq!(saved.code, 0, "{saved:?}");
        let written = files(&folder);
        assert!(written.len() > 3, "{written:?}");
        for path in written.iter().chain([&folder]) {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {:o}", path.display(), mode & 0o777);
        }
    }
}

#[tokio::test]
async fn tables_of_a_newer_release_are_refused_by_name_and_left_alone() {
    let node = stopped(&Settings::default()).await;
    // A database on a server is covered by the same words.
    if node.folder().join("data/registry.sqlite").exists() {
        let database = rusqlite::Connection::open(node.folder().join("data/registry.sqlite")).unwrap();
        let newer = "UPDATE schema_version SET version = 99 WHERE keeper = 'registry'";
        assert_eq!(database.execute(newer, []).unwrap(), 1);
        for arguments in [vec!["migrate"], vec!["migrate", "--dry-run"], vec!["serve"]] {
            let refused = node.run(arguments);
            assert_eq!(refused.code, 1, "{refused:?}");
            for part in ["registry", "version 99", "use the newer release"] {
                assert!(refused.stderr.contains(part), "{part} in {refused:?}");
            }
            assert!(!refused.stdout.contains("99"), "{refused:?}");
        }
    }
}

/// As docs/operations.md says it.
#[tokio::test]
async fn a_damaged_document_is_put_back_from_a_backup_while_the_node_runs() {
    let node = Node::start();
    let document = Document::of("P0", "a report");
    assert!(document.provide(&node.repository()).await.unwrap().is_success());
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    let stored = node.stored_files().remove(0);
    fs::write(&stored, "a reporT").unwrap();
    let entry = find(&node.consumer(), &document.patient(), AvailabilityStatus::Approved).await.remove(0);
    let refused = node.consumer().fetch(&entry).await;
    assert!(match refused {
        Ok(content) => content.collect(100).await.is_err(),
        Err(_) => true,
    });
    let damaged = node.run(["verify"]);
    assert!(damaged.stdout.contains(stored.file_name().unwrap().to_str().unwrap()), "{damaged:?}");

    let place = node.folder().join("data/repository");
    fs::copy(node.folder().join("backup").join(stored.strip_prefix(&place).unwrap()), &stored).unwrap();
    assert_eq!(fetch(&node.consumer(), &entry).await, b"a report");
    assert_eq!(node.run(["verify"]).code, 0);
}

/// It would count as if much of what is stored were named by nobody, and hold the sweeper back.
#[tokio::test]
async fn what_a_node_had_found_unnamed_does_not_come_back_with_its_backup() {
    const CONDEMN: &str = "INSERT INTO document
        (unique_id, object_key, sha256, sha1, size, mime_type, provided, registered, share)
        VALUES ('', ?1, x'', x'', 0, '', unixepoch(), 2, 0)";
    const LEFT: &str = "SELECT registered, COUNT(*) FROM document GROUP BY registered ORDER BY registered";
    let mut node = stopped(&Settings::default()).await;
    let file = node.folder().join("data/repository/repository.sqlite");
    // On a server it is the same statement that forgets them.
    if !file.exists() {
        return;
    }
    let index = rusqlite::Connection::open(&file).unwrap();
    for number in 0..200 {
        index.execute(CONDEMN, [format!("documents/00/{number}")]).unwrap();
    }
    drop(index);
    assert_eq!(node.run(["backup", "backup"]).code, 0);
    node.lose_everything();
    let restored = node.run(["restore", "backup"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let index = rusqlite::Connection::open(&file).unwrap();
    let mut left = index.prepare(LEFT).unwrap();
    let left = left.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let left: Vec<(i64, i64)> = left.map(Result::unwrap).collect();
    assert_eq!(left, [(1, 1)], "the one document, and nothing that is condemned");
}
