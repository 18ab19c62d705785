//! `dosebook export`: all that a node knows and keeps, in a form that other products can read.

mod submissions;

use std::io::Write;
use std::path::{Path, PathBuf};

use registry::{Person, Registry};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::session::{NodeArguments, patient};
use crate::exit::{Failure, file};
use crate::keeping::{Bookmark, Keepers, Progress, hex, private, refuse_others, write_json};
use crate::node::{make_closed, now};
use crate::output::{Output, complain};

pub(super) use submissions::{Document, Index, folder_of};

/// The form of an export that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What the whole is, written last.
pub(super) const SUMMARY: &str = "export.json";

/// Where an export stands that is not finished.
const BOOKMARK: &str = "exporting.json";

/// The patients, a JSON object a line.
const PATIENTS: &str = "patients.jsonl";

/// Patients that are asked for together.
const PAGE: u32 = 100;

/// Writes all submissions and documents in an open form
///
/// Each submission becomes a folder: submission.xml, an lcm:SubmitObjectsRequest with all its UUIDs, its documents as
/// files named by their SHA-256, and submission.json, which says which file is which document and what has become of
/// each object since. patients.jsonl has the patients and their merges, export.json the whole. The node may be running.
/// An interrupted export goes on when it is run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook export /mnt/export --config node.toml
  dosebook export /mnt/export --patient '4711^^^&1.2.3&ISO'

`dosebook import` submits an export to any registry and repository.")]
pub(crate) struct Arguments {
    /// The folder to write to; made if needed
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only this patient, as id^^^&OID&ISO or a bare id of the domain
    #[arg(long, value_name = "CX")]
    patient: Option<String>,
    #[command(flatten)]
    node: NodeArguments,
}

/// Where an export is, and what it has written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct At {
    /// The only patient, if one was named.
    only: Option<String>,
    /// The number of the last patient that is whole.
    after: i64,
    /// How long the list of patients was then.
    listed: u64,
    patients: u64,
    submissions: u64,
    documents: u64,
    bytes: u64,
    missing: u64,
}

/// An export under way.
struct Export<'a> {
    keepers: &'a Keepers,
    registry: &'a Registry,
    folder: &'a Path,
    at: At,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments { folder, patient: only, node } = arguments;
    let keepers = Keepers::look(node.load()?).await?;
    let Some(registry) = &keepers.registry else {
        return Err(Failure::Usage(
            "this node has no registry: run export where the registry is; it knows what belongs together"
                .to_owned(),
        ));
    };
    let only = only.as_deref().map(|text| patient(text, Some(&keepers.identifiers.patient_authority)));
    let only = only.transpose()?;
    refuse_others(&folder, &[BOOKMARK, SUMMARY], "export")?;
    make_closed(&folder)?;
    let mut bookmark = Bookmark::at(folder.join(BOOKMARK));
    let fresh = At { only: only.as_ref().map(ToString::to_string), ..At::default() };
    let at = match bookmark.read::<At>()? {
        Some(at) if at.only == fresh.only => {
            output.line("going on where the last run was interrupted");
            at
        }
        Some(_) => {
            return Err(Failure::Usage(format!(
                "{}: the export of other patients was interrupted here; finish that one, or name another folder",
                folder.display()
            )));
        }
        None if folder.join(SUMMARY).exists() => {
            return Err(Failure::Usage(format!(
                "{}: a finished export is here already; name another folder",
                folder.display()
            )));
        }
        None => fresh,
    };
    bookmark.keep_now(&at)?;
    let mut export = Export { keepers: &keepers, registry, folder: &folder, at };
    export.patients(only.as_ref(), &mut bookmark, output).await?;
    let at = export.at;
    write_json(&folder.join(SUMMARY), &summary(&keepers, &at))?;
    bookmark.remove()?;
    let At { patients, submissions, documents, bytes, missing, .. } = at;
    output.line(format_args!(
        "exported {submissions} submissions of {patients} patients with {documents} documents ({bytes} bytes)"
    ));
    output.value(&json!({
        "patients": patients, "submissions": submissions, "documents": documents, "bytes": bytes, "missing": missing,
    }));
    if missing == 0 { Ok(()) } else { Err(Failure::Said) }
}

fn summary(keepers: &Keepers, at: &At) -> serde_json::Value {
    json!({
        "format": FORMAT,
        "dosebook": env!("CARGO_PKG_VERSION"),
        "exported": now(),
        "patient_authority": keepers.identifiers.patient_authority,
        "repository_unique_id": keepers.identifiers.repository_unique_id,
        "only_patient": at.only,
        "patients": at.patients,
        "submissions": at.submissions,
        "documents": at.documents,
        "bytes": at.bytes,
        "missing": at.missing,
    })
}

impl Export<'_> {
    async fn patients(
        &mut self,
        only: Option<&metadata::PatientId>,
        bookmark: &mut Bookmark,
        output: Output,
    ) -> Result<(), Failure> {
        if let Some(only) = only {
            let found = self.registry.person(only).await.map_err(Keepers::failed)?;
            let person = found.filter(|_| self.at.patients == 0);
            if let Some(person) = person {
                self.person(&person, bookmark).await?;
            } else if self.at.patients == 0 {
                return Err(Failure::Refused(format!("--patient {only}: the registry does not know them")));
            }
            return Ok(());
        }
        let total = self.registry.count_patients().await.map_err(Keepers::failed)?;
        let progress = Progress::new("patients", self.at.patients, total, output);
        loop {
            let page = self.registry.persons(self.at.after, PAGE).await.map_err(Keepers::failed)?;
            if page.is_empty() {
                return Ok(());
            }
            for person in page {
                self.person(&person, bookmark).await?;
                progress.add(1);
            }
        }
    }

    /// Everything of one patient; a run that is interrupted begins again with it.
    async fn person(&mut self, person: &Person, bookmark: &mut Bookmark) -> Result<(), Failure> {
        for number in &person.numbers {
            let mut after = Some(0);
            while let Some(key) = after {
                let found = self.registry.submissions(*number, key).await.map_err(Keepers::failed)?;
                for submission in found.submissions {
                    match submission {
                        Ok(submission) => self.submission(submission).await?,
                        Err(problem) => self.missing(&problem),
                    }
                }
                after = found.next;
            }
        }
        self.list(person)?;
        self.at.patients += 1;
        self.at.after = person.number;
        bookmark.keep_now(&self.at)
    }

    /// Adds a patient to the list, after what was listed when the last patient was whole.
    fn list(&mut self, person: &Person) -> Result<(), Failure> {
        let path = self.folder.join(PATIENTS);
        let merged: Vec<String> = person.merged.iter().map(ToString::to_string).collect();
        let line = format!("{}\n", json!({ "id": person.id.to_string(), "merged": merged }));
        let written = private().truncate(false).append(true).open(&path).and_then(|mut list| {
            list.set_len(self.at.listed)?;
            list.write_all(line.as_bytes())?;
            list.sync_data()
        });
        written.map_err(|error| file(&path, "write to it", &error))?;
        self.at.listed += line.len() as u64;
        Ok(())
    }

    /// Something that is damaged in the node and so is not in the export.
    fn missing(&mut self, problem: &str) {
        self.at.missing += 1;
        complain(format_args!("damaged, and so not exported: {problem}"));
    }
}

/// The name of a document's file.
fn file_name(sha256: &[u8]) -> String {
    hex(sha256)
}
