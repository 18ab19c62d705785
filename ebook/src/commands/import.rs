//! `dosebook import`: submits an export again, to any repository and registry (ITI-41, ITI-42).

mod submission;

use std::path::PathBuf;

use indicatif::HumanCount;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::export::{FORMAT, SUMMARY, folder_of};
use super::session::{Session, SessionArguments};
use crate::exit::Failure;
use crate::keeping::{Bookmark, Progress, read_json};
use crate::output::{Output, complain};
use submission::Outcome;

/// Submits what `dosebook export` has written
///
/// Each submission goes to the repository with its documents (ITI-41), or, when another repository holds these, to the
/// registry (ITI-42), in the order of the export, so that what refers to another comes after it. A submission that is
/// there already with the same documents is left alone. An interrupted import goes on when it is run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook import /mnt/export --config node.toml
  dosebook import /mnt/export --registry https://xds.example/registry --repository https://xds.example/repository \\
    --certificate me.pem --key me.key --trust ca.pem

Not submitted, because no transaction here can: merges of patients (tell the registry's identity feed; the documents
are submitted for the patient who survived), and the times at which folders were last changed.")]
pub(crate) struct Arguments {
    /// The folder of the export
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Begin again, and not where the last run was interrupted
    #[arg(long)]
    from_start: bool,
    #[command(flatten)]
    session: SessionArguments,
}

/// What an import reads of the summary of an export.
#[derive(Debug, Deserialize)]
struct Summary {
    format: u32,
    submissions: u64,
    repository_unique_id: String,
}

/// Where an import is, and what it has done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct At {
    /// Where it is imported to.
    registry: String,
    number: u64,
    submitted: u64,
    already_there: u64,
    refused: u64,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments { folder, from_start, session } = arguments;
    let session = Session::open(&session)?;
    let summary = folder.join(SUMMARY);
    if !summary.exists() {
        return Err(Failure::Usage(format!(
            "{}: there is no finished export: it has no {SUMMARY}",
            folder.display()
        )));
    }
    let summary: Summary = read_json(&summary)?;
    if summary.format > FORMAT {
        let (found, path) = (summary.format, folder.display());
        return Err(Failure::Refused(format!(
            "{path}: the export has format {found}, this program knows {FORMAT}: use the newer release"
        )));
    }
    let mut bookmark = Bookmark::at(folder.join("importing.json"));
    let fresh = At { registry: session.registry.address().to_owned(), ..At::default() };
    let interrupted: Option<At> = if from_start { None } else { bookmark.read()? };
    let interrupted = interrupted.filter(|at| at.registry == fresh.registry);
    if interrupted.is_some() {
        output.line("going on where the last run was interrupted");
    }
    let mut at = interrupted.unwrap_or(fresh);
    bookmark.keep_now(&at)?;
    let progress = Progress::new("submissions", at.number, summary.submissions, output);
    while at.number < summary.submissions {
        let path = folder_of(&folder, at.number);
        let outcome = submission::import(&session, &path, &summary.repository_unique_id).await;
        // What was done before nobody was there any more need not be asked about again.
        let outcome = outcome.inspect_err(|_| drop(bookmark.keep_now(&at)))?;
        at.count(&outcome);
        if let Outcome::Refused(reason) = &outcome {
            if !output.json {
                progress.aside(|| complain(format_args!("{}: refused: {reason}", path.display())));
            }
            progress.value(&json!({ "submission": path, "outcome": "refused", "reason": reason }));
        }
        at.number += 1;
        bookmark.keep(&at)?;
        progress.add(1);
    }
    drop(progress);
    bookmark.remove()?;
    let At { submitted, already_there, refused, .. } = at;
    output.line(format_args!(
        "{} submitted, {} already there, {} refused",
        HumanCount(submitted),
        HumanCount(already_there),
        HumanCount(refused)
    ));
    output.value(&json!({ "submitted": submitted, "already_there": already_there, "refused": refused }));
    if refused == 0 { Ok(()) } else { Err(Failure::Said) }
}

impl At {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Submitted => self.submitted += 1,
            Outcome::AlreadyThere => self.already_there += 1,
            Outcome::Refused(_) => self.refused += 1,
        }
    }
}
