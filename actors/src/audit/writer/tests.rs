use super::super::{Circumstances, Event, Kind, Outcome, Side, Subject};
use super::*;

const KIND: Kind =
    Kind { transaction: "ITI-42", name: "Register", asking: Event::EXPORT, answering: Event::IMPORT };

fn record(number: usize) -> Record {
    let whom = Circumstances { side: Side::Asking, peer: format!("peer {number}"), address: None };
    Record::of(&KIND, &Subject::default(), &whom, (Outcome::Success, "")).remove(0)
}

/// The peers of the records in these files, in order.
fn peers(paths: &[PathBuf]) -> Vec<String> {
    let text: String = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    records.map(|record| record["peer"].as_str().unwrap().to_owned()).collect()
}

fn expected(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("peer {number}")).collect()
}

#[tokio::test]
async fn loses_nothing_when_more_comes_than_the_queue_holds_and_it_is_dropped_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let writer = Writer::open(&path, None).unwrap();
    for number in 0..3 * QUEUE {
        writer.write(record(number)).await;
    }
    drop(writer);
    assert_eq!(peers(&[path]), expected(0..3 * QUEUE));
}

#[tokio::test]
async fn what_was_handed_over_is_there_after_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let writer = Writer::open(&path, None).unwrap();
    for number in 0..3 {
        writer.write(record(number)).await;
        writer.flush().await;
        assert_eq!(peers(std::slice::from_ref(&path)), expected(0..number + 1));
    }
}

#[tokio::test]
async fn keeps_every_file_under_the_time_at_which_it_was_full() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let limit = 10 * serde_json::to_vec(&record(10)).unwrap().len() as u64;
    let writer = Writer::open(&path, Some(limit)).unwrap();
    for number in 0..55 {
        writer.write(record(number)).await;
        writer.flush().await;
    }
    drop(writer);
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|file| *file != path).collect();
    // Files of one second are numbered from 2.
    files.sort_by_key(|file| (file.file_name().map(|name| name.len()), file.clone()));
    assert_eq!(files.len(), 5, "{files:?}");
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("audit-20") && name.ends_with(".jsonl"), "{name}");
    }
    let mut found = peers(&[files, vec![path]].concat());
    found.sort_by_key(|peer| peer.trim_start_matches("peer ").parse::<usize>().unwrap());
    assert_eq!(found, expected(0..55));
}

#[tokio::test]
async fn begins_a_new_line_behind_one_that_a_crash_has_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    fs::write(&path, "{\"time\":\"2026").unwrap();
    let writer = Writer::open(&path, None).unwrap();
    writer.write(record(1)).await;
    drop(writer);
    let text = fs::read_to_string(&path).unwrap();
    let (cut, whole) = text.split_once('\n').unwrap();
    assert_eq!(cut, "{\"time\":\"2026");
    assert!(serde_json::from_str::<serde_json::Value>(whole).is_ok(), "{whole}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn goes_on_when_the_disk_is_full() {
    // Every write to this device fails with ENOSPC; reading it gives zeros without end.
    let mut records = Records {
        path: "/dev/full".into(),
        file: OpenOptions::new().append(true).open("/dev/full").unwrap(),
        size: 0,
        limit: None,
        lines: Vec::new(),
        torn: false,
    };
    assert_eq!(records.append(&[&record(1)]).unwrap_err().kind(), io::ErrorKind::StorageFull);
    let mut file = tempfile::tempfile().unwrap();
    records.file = file.try_clone().unwrap();
    records.append(&[&record(2)]).unwrap();
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("\n{") && text.ends_with("}\n"), "{text}");
}
