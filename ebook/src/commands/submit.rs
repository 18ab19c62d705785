//! `dosebook submit`: Document Source. Each file becomes one submission (ITI-41), unless it is there already.

mod description;
mod document;
mod files;
mod metadata;

use std::path::{Path, PathBuf};

use ::metadata::{DocumentEntry, EntryUuid, Flavour, ObjectId, UniqueId};
use actors::transactions::documents::Outgoing;
use actors::transactions::stored_query::{GetDocuments, Ids, Query};
use actors::{CallError, source};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::session::{Session, SessionArguments};
use crate::exit::Failure;
use crate::output::{Output, complain, is_watched};
pub(super) use description::Describing;
use document::Document;

/// Submits dose reports to a repository, a submission for each file
///
/// What is no dose report, cannot be read or is cut short is refused by name, and the others go on. A report that
/// is there already is left alone. A folder stands for the files in it and below.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook submit reports/*.dcm
  dosebook submit corrected.dcm --replace 1.2.3.4
  dosebook submit letter.pdf --metadata letter.toml --patient '4711^^^&1.2.3&ISO'")]
pub(crate) struct Arguments {
    /// Dose reports (DICOM), or folders with them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The patient, as id^^^&OID&ISO or a bare id of the domain [default: the Patient ID of the report]
    #[arg(long, value_name = "CX")]
    patient: Option<String>,
    /// The document that this one takes the place of, by entryUUID or uniqueId; for one file
    #[arg(long, value_name = "ID")]
    replace: Option<String>,
    /// What is said of the documents, TOML: for documents that are no dose reports. Keys: mime_type, format, type;
    /// and, if wanted, class, practice_setting, event, title, author, unique_id, creation_time, service_start,
    /// service_stop
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    #[command(flatten)]
    session: SessionArguments,
}

/// What became of a file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Submitted, with what the other side remarks.
    Submitted { unique_id: String, remarks: Option<String> },
    /// The very same document is registered.
    AlreadyThere { unique_id: String },
    /// Not submitted, and why.
    Refused(String),
}

/// How many files each outcome has.
#[derive(Debug, Default)]
struct Tally {
    submitted: usize,
    already_there: usize,
    refused: usize,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let session = Session::open(&arguments.session)?;
    let description = Describing::new(&session, arguments.patient.as_deref(), arguments.metadata.as_deref())?;
    let files = files::all(&arguments.files)?;
    if arguments.replace.is_some() && files.len() != 1 {
        let files = files.len();
        return Err(Failure::Usage(format!(
            "--replace goes with one file: one document takes its place, not {files}"
        )));
    }
    let replaced = match &arguments.replace {
        Some(id) => Some(find_replaced(&session, id).await?),
        None => None,
    };
    let bar = progress(files.len(), output);
    let every_line = bar.is_hidden();
    let mut tally = Tally::default();
    for path in &files {
        let outcome = match document::read(path, &description) {
            Ok(document) => submit(&session, document, replaced).await?,
            Err(reason) => Outcome::Refused(reason),
        };
        bar.suspend(|| say(path, &outcome, every_line, output));
        tally.count(&outcome);
        bar.inc(1);
    }
    bar.finish_and_clear();
    output.line(&tally);
    if tally.refused == 0 { Ok(()) } else { Err(Failure::Said) }
}

/// Submits one dose report.
pub(super) async fn report(
    session: &Session,
    bytes: Vec<u8>,
    describing: &Describing,
) -> Result<Outcome, Failure> {
    match Document::report(bytes, describing) {
        Ok(document) => submit(session, document, None).await,
        Err(reason) => Ok(Outcome::Refused(reason)),
    }
}

/// Submits one document; only that nobody is there ends the whole.
async fn submit(
    session: &Session,
    document: Document,
    replaced: Option<EntryUuid>,
) -> Result<Outcome, Failure> {
    let Document { mut submission, entry, content } = document;
    let unique_id = entry.unique_id.to_string();
    let known = match registered(session, &entry.unique_id).await? {
        Ok(known) => known,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    if let Some(known) = known.first() {
        return Ok(compare(&entry, known));
    }
    if let Some(replaced) = replaced {
        source::replace(&mut submission, &entry.entry_uuid, replaced);
    }
    let media_type = entry.mime_type.to_string();
    let documents: [(ObjectId, Outgoing); 1] = [(entry.entry_uuid, Outgoing { media_type, content })];
    match source::provide(&session.repository, submission, documents).await {
        Ok(answer) if answer.is_success() => {
            let remarks = (!answer.errors.is_empty()).then(|| answer.errors.said_by(Flavour::Repository));
            Ok(Outcome::Submitted { unique_id, remarks })
        }
        Ok(answer) => Ok(Outcome::Refused(answer.errors.said_by(Flavour::Repository))),
        Err(error @ CallError::Unreachable(_)) => Err(unreachable(session.repository.address(), &error)),
        Err(error) => Ok(Outcome::Refused(error.to_string())),
    }
}

/// What it means that a document with this id is registered already.
fn compare(entry: &DocumentEntry, known: &DocumentEntry) -> Outcome {
    let unique_id = entry.unique_id.to_string();
    let hash =
        |entry: &DocumentEntry| entry.hash.map_or_else(|| "not stated".to_owned(), |hash| hash.to_string());
    if known.hash != entry.hash {
        return Outcome::Refused(format!(
            "XDSNonIdenticalHash: document {unique_id} is registered with other bytes (SHA-1 {}, this file has {}); a \
             document never changes: give the new one its own uniqueId (ITI TF-3 4.2.4.1)",
            hash(known),
            hash(entry),
        ));
    }
    if known.patient_id != entry.patient_id {
        return Outcome::Refused(format!(
            "document {unique_id} is registered for another patient; if that one is wrong, it has to be corrected \
             there: the same document cannot belong to two"
        ));
    }
    Outcome::AlreadyThere { unique_id }
}

/// The entries with that `uniqueId`; `Err` inside is the registry's refusal of the question.
async fn registered(session: &Session, id: &UniqueId) -> Result<Result<Vec<DocumentEntry>, String>, Failure> {
    let query = Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(vec![id.clone()]) });
    match session.consumer(None)?.entries(query).await.map_err(Failure::from) {
        Ok(entries) => Ok(Ok(entries)),
        Err(Failure::Refused(reason)) => Ok(Err(reason)),
        Err(failure) => Err(failure),
    }
}

/// The entry that is to be replaced, by either of its ids.
async fn find_replaced(session: &Session, id: &str) -> Result<EntryUuid, Failure> {
    if let Ok(uuid) = id.parse() {
        return Ok(uuid);
    }
    let unique_id = id.parse().map_err(|error| Failure::Usage(format!("--replace: {error}")))?;
    let entries = registered(session, &unique_id).await?.map_err(Failure::Refused)?;
    let found = entries.iter().find_map(|entry| entry.entry_uuid.uuid());
    found.ok_or_else(|| {
        Failure::Refused(format!("--replace {id:?}: the registry knows no document with that uniqueId"))
    })
}

fn unreachable(address: &str, error: &CallError) -> Failure {
    Failure::Unreachable(format!("{address}: {error}"))
}

fn say(path: &Path, outcome: &Outcome, every_line: bool, output: Output) {
    let file = path.display();
    match outcome {
        Outcome::Submitted { remarks: Some(remarks), .. } => {
            output.line(format_args!("{file}: submitted; {remarks}"))
        }
        Outcome::Submitted { .. } if every_line => output.line(format_args!("{file}: submitted")),
        Outcome::AlreadyThere { .. } if every_line => {
            output.line(format_args!("{file}: already there, nothing changed"))
        }
        Outcome::Submitted { .. } | Outcome::AlreadyThere { .. } => {}
        Outcome::Refused(reason) if !output.json => complain(format_args!("{file}: refused: {reason}")),
        Outcome::Refused(_) => {}
    }
    output.value(&match outcome {
        Outcome::Submitted { unique_id, remarks } => {
            json!({ "file": path, "outcome": "submitted", "unique_id": unique_id, "remarks": remarks })
        }
        Outcome::AlreadyThere { unique_id } => {
            json!({ "file": path, "outcome": "already there", "unique_id": unique_id })
        }
        Outcome::Refused(reason) => json!({ "file": path, "outcome": "refused", "reason": reason }),
    });
}

/// A bar where a person watches; hidden otherwise, and then each file has its line.
fn progress(files: usize, output: Output) -> ProgressBar {
    if output.json || files < 2 || !is_watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(files).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} files, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Submitted { .. } => self.submitted += 1,
            Outcome::AlreadyThere { .. } => self.already_there += 1,
            Outcome::Refused(_) => self.refused += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { submitted, already_there, refused } = self;
        write!(f, "{submitted} submitted, {already_there} already there, {refused} refused")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> DocumentEntry {
        ::metadata::sample().entries.remove(0)
    }

    #[test]
    fn the_same_document_is_there_already() {
        assert!(matches!(compare(&entry(), &entry()), Outcome::AlreadyThere { .. }));
    }

    #[test]
    fn other_bytes_under_the_same_id_are_refused() {
        let other = DocumentEntry { hash: Some(::metadata::Hash::from_bytes([7; 20])), ..entry() };
        let Outcome::Refused(reason) = compare(&entry(), &other) else { panic!("accepted") };
        assert!(reason.starts_with("XDSNonIdenticalHash"), "{reason}");
        assert!(reason.contains(&"07".repeat(20)), "{reason}");
    }

    #[test]
    fn the_document_of_another_patient_is_not_this_one() {
        let other = DocumentEntry { patient_id: "other^^^&1.2&ISO".parse().ok(), ..entry() };
        let Outcome::Refused(reason) = compare(&entry(), &other) else { panic!("accepted") };
        assert!(reason.contains("registered for another patient"), "{reason}");
    }
}
