//! What the nodes exchange, as their own audit records tell it: a line for every transaction that one answered.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::hospital::Hospital;
use crate::output::Output;

/// Time in which a node has written the record of what it has just answered.
const WRITTEN: Duration = Duration::from_millis(20);

/// The audit records of the hospitals, from now on.
pub(super) struct Trail {
    files: Vec<Followed>,
    output: Output,
}

struct Followed {
    hospital: &'static str,
    path: PathBuf,
    /// How much of it has been shown.
    offset: u64,
}

impl Trail {
    /// Follows what is written from now on.
    pub(super) fn follow(hospitals: &[Hospital], output: Output) -> Self {
        let followed = |hospital: &Hospital| {
            let path = hospital.config.data("audit.jsonl");
            let offset = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            Followed { hospital: hospital.sample.name, path, offset }
        };
        Self { files: hospitals.iter().map(followed).collect(), output }
    }

    /// Shows what has been written since the last time.
    pub(super) async fn show(&mut self) {
        tokio::time::sleep(WRITTEN).await;
        for file in &mut self.files {
            let (text, length) = whole_lines(&file.path, file.offset);
            file.offset += length;
            let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for record in records.filter(|record| record.get("side").is_some_and(|side| side == "answering"))
            {
                self.output.line(line(&record, file.hospital));
                self.output.value(&json!({ "step": "exchange", "to": file.hospital, "record": record }));
            }
        }
    }
}

/// The complete lines from `offset` on, and how many bytes they are.
fn whole_lines(path: &Path, offset: u64) -> (String, u64) {
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(offset))?;
        file.read_to_string(&mut text)
    });
    // A record that cannot be read now can be read the next time.
    if read.is_err() {
        return (String::new(), 0);
    }
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    let length = u64::try_from(text.len()).unwrap_or_default();
    (text, length)
}

/// Transaction, from whom, to whom, outcome, and what it was about.
fn line(record: &Value, to: &str) -> String {
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
    let (transaction, name) = (text("transaction"), text("name"));
    let actor = match transaction {
        "ITI-18" | "ITI-42" => "registry",
        _ => "repository",
    };
    let from_to = match text("peer") {
        "this node" if transaction == "ITI-42" => format!("its repository -> its {actor}"),
        "this node" => format!("{to} itself -> its {actor}"),
        peer => match peer.strip_prefix("CN=").unwrap_or(peer) {
            from if from == to => format!("{from} -> its {actor}"),
            from => format!("{from} -> {actor} of {to}"),
        },
    };
    let outcome = match record.get("outcome").and_then(Value::as_u64) {
        Some(0) => "success".to_owned(),
        Some(4) => format!("success with warnings ({})", text("description")),
        _ => format!("failure ({})", text("description")),
    };
    format!("    {transaction} {name:<35} {from_to}: {outcome}{}", about(record))
}

fn about(record: &Value) -> String {
    let list = |key: &str| record.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let patients = list("patients");
    let patients = patients.iter().filter_map(Value::as_str).map(|id| format!("patient {}", bare(id)));
    let documents = list("objects");
    let documents = documents.iter().filter(|object| object.get("role").is_some_and(|role| role == 3));
    let documents = documents
        .filter_map(|object| Some(format!("document {}", object.get("id").and_then(Value::as_str)?)));
    let about: Vec<String> = patients.chain(documents).collect();
    if about.is_empty() { ", by document id".to_owned() } else { format!(", {}", about.join(", ")) }
}

/// An id without the authority that assigned it.
fn bare(id: &str) -> &str {
    id.split('^').next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_asked_whom_for_what_and_how_it_ended() {
        let record = json!({
            "transaction": "ITI-43", "name": "Retrieve Document Set", "outcome": 8, "peer": "CN=A",
            "description": "XDSDocumentUniqueIdError", "patients": [], "objects": [{ "role": 3, "id": "1.2" }],
        });
        let expected = "    ITI-43 Retrieve Document Set               A -> repository of B: failure \
                        (XDSDocumentUniqueIdError), document 1.2";
        assert_eq!(line(&record, "B"), expected);
        let record = json!({
            "transaction": "ITI-42", "name": "Register Document Set-b", "outcome": 0, "peer": "this node",
            "patients": ["7^^^&1.2&ISO"], "objects": [{ "role": 20, "id": "1.2" }],
        });
        let expected = "    ITI-42 Register Document Set-b             its repository -> its registry: success, patient 7";
        assert_eq!(line(&record, "B"), expected);
    }

    #[test]
    fn a_record_is_shown_when_all_of_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        assert_eq!(whole_lines(&path, 0), (String::new(), 0));
        fs::write(&path, "one\ntwo\nthr").unwrap();
        assert_eq!(whole_lines(&path, 4), ("two\n".to_owned(), 4));
        assert_eq!(whole_lines(&path, 8), (String::new(), 0));
    }
}
