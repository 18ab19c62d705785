//! `dosebook verify`: holds what a node keeps against itself, from end to end.

mod documents;
mod metadata;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::session::NodeArguments;
use crate::exit::Failure;
use crate::keeping::{Bookmark, Keepers, Progress};
use crate::output::Output;

/// Re-reads all that a node keeps and says what is damaged
///
/// Every document is read again and compared with its size and SHA-256; every registry object is read again and
/// compared with the columns that it is found by; what names each other must be there. The node may be running.
/// An interrupted run goes on where it was. Nothing is changed or repaired.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook verify
  dosebook verify --config node.toml --json

Ends with 1 when anything is damaged, and prints a line for each damage, without patient data.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    node: NodeArguments,
    /// Begin again, and not where the last run was interrupted
    #[arg(long)]
    from_start: bool,
}

/// What is looked at, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    #[default]
    Databases,
    Patients,
    Objects,
    Ids,
    Documents,
    Store,
    Done,
}

/// Where a run is, and what it has found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    step: Step,
    after: i64,
    tally: Tally,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tally {
    patients: u64,
    objects: u64,
    documents: u64,
    bytes: u64,
    /// Documents of which it is not known whether they are registered.
    in_doubt: u64,
    /// Objects of the store that no document names.
    unnamed: u64,
    damages: u64,
}

/// A run under way.
struct Run {
    keepers: Keepers,
    place: Place,
    bookmark: Bookmark,
    output: Output,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let keepers = Keepers::look(arguments.node.load()?).await?;
    let bookmark = Bookmark::at(keepers.config.data("verify.json"));
    let place: Option<Place> = if arguments.from_start { None } else { bookmark.read()? };
    if let Some(place) = &place {
        let before = place.tally.damages;
        output.line(format_args!(
            "going on where the last run was interrupted; it had found {before} damages (--from-start begins again)"
        ));
    }
    let mut run = Run { keepers, place: place.unwrap_or_default(), bookmark, output };
    while run.place.step != Step::Done {
        let next = run.step().await?;
        run.place = Place { step: next, after: 0, ..run.place };
    }
    let Run { place: Place { tally, .. }, bookmark, .. } = run;
    bookmark.remove()?;
    output.line(&tally);
    output.value(&tally);
    if tally.damages == 0 { Ok(()) } else { Err(Failure::Said) }
}

impl Run {
    /// Takes one step to its end; which is the next.
    async fn step(&mut self) -> Result<Step, Failure> {
        Ok(match self.place.step {
            Step::Databases => {
                self.databases().await?;
                Step::Patients
            }
            Step::Patients => {
                self.patients().await?;
                Step::Objects
            }
            Step::Objects => {
                self.objects().await?;
                Step::Ids
            }
            Step::Ids => {
                self.ids().await?;
                Step::Documents
            }
            Step::Documents => {
                self.documents().await?;
                Step::Store
            }
            Step::Store | Step::Done => {
                self.store().await?;
                Step::Done
            }
        })
    }

    /// A line for each damage.
    fn damaged(&mut self, damages: impl IntoIterator<Item = String>, progress: &Progress) {
        for damage in damages {
            self.place.tally.damages += 1;
            progress.line(format_args!("damaged: {damage}"));
            progress.value(&json!({ "damaged": damage }));
        }
    }

    /// Everything up to there has been looked at.
    fn done_up_to(&mut self, after: i64) -> Result<(), Failure> {
        self.place.after = after;
        self.bookmark.keep(&self.place)
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { patients, objects, documents, bytes, in_doubt, unnamed, damages } = self;
        if *in_doubt > 0 {
            writeln!(
                f,
                "{in_doubt} documents are not known to be registered yet: the node asks the registry"
            )?;
        }
        if *unnamed > 0 {
            writeln!(
                f,
                "{unnamed} objects are named by no document: the node removes them when they are old"
            )?;
        }
        write!(
            f,
            "{patients} patients, {objects} registry objects, {documents} documents ({bytes} bytes) looked at: "
        )?;
        match damages {
            0 => f.write_str("nothing is damaged"),
            1 => f.write_str("1 damage"),
            many => write!(f, "{many} damages"),
        }
    }
}
