//! `dosebook demo`: two hospitals share dose reports, and a person reads one patient's doses in both.
//!
//! Each hospital is a node in a process of its own, as `dosebook serve` runs it. What is printed of their
//! exchanges is what the nodes themselves wrote into their audit records.

mod hospital;
mod story;
mod trail;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::serve::signalled;
use crate::exit::Failure;
use crate::output::Output;
use hospital::Hospital;
use story::Story;
use trail::Trail;

/// Runs two hospitals that share dose reports, and shows one patient's history
///
/// A Belgian and a French hospital, each a node with registry, repository and book, speak over mutual TLS with
/// certificates of a development CA. Reports of our own are submitted in each, found and fetched across them, and
/// compared with what was submitted. Then the nodes and their books stay up until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  dosebook demo\n  dosebook demo --once")]
pub(crate) struct Arguments {
    /// Stop when all has happened; exits with 0 only if all of it did
    #[arg(long)]
    once: bool,
    /// Where the hospitals keep their data [default: ./dosebook-data/demo, with --once a temporary folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// How often the records of the nodes are looked at while they stay up.
const LOOK_EVERY: Duration = Duration::from_millis(300);

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let mut stop = Box::pin(signalled()?);
    let (folder, _temporary) = folder(&arguments)?;
    let configured = hospital::configure(&folder, arguments.once)?;
    let mut hospitals = Vec::new();
    for (sample, config) in configured {
        hospitals.push(Hospital::start(sample, config).await?);
    }
    let mut trail = Trail::follow(&hospitals, output);
    let told = tokio::select! {
        told = Story::new(&hospitals, &mut trail, output).tell() => told,
        () = &mut stop => Err(Failure::Refused("stopped before all had happened".to_owned())),
    };
    if told.is_ok() && !arguments.once {
        invite(&hospitals, output)?;
        tokio::select! {
            () = watch(&mut hospitals, &mut trail, output) => output.line("both hospitals have stopped"),
            () = stop => {}
        }
    }
    for hospital in hospitals {
        hospital.stop().await;
    }
    told
}

/// The folder of the demonstration, and what removes it at the end.
fn folder(arguments: &Arguments) -> Result<(PathBuf, Option<TempDir>), Failure> {
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    match &arguments.data {
        Some(data) => Ok((absolute(data.clone()), None)),
        None if arguments.once => {
            let made = tempfile::Builder::new().prefix("dosebook-demo").tempdir();
            let made =
                made.map_err(|error| Failure::Refused(format!("cannot make a temporary folder: {error}")))?;
            Ok((made.path().to_owned(), Some(made)))
        }
        None => Ok((absolute(PathBuf::from("dosebook-data/demo")), None)),
    }
}

/// Says where to look, and how to see a gap.
fn invite(hospitals: &[Hospital], output: Output) -> Result<(), Failure> {
    output.line("\nBoth hospitals stay up. The patient's page in the book of each:");
    let mut pages = Vec::new();
    for hospital in hospitals {
        let page = hospital.page()?;
        output.line(format_args!("  {}\n    {page}", hospital.name()));
        pages.push(page);
    }
    if let Some(last) = hospitals.last() {
        output.line(format_args!(
            "To see what the book says when a hospital does not answer, stop {} with\n    kill {}\n  and load the \
             page of the other one again. To start it again:\n    {}",
            last.name(),
            last.pid(),
            last.command()
        ));
    }
    output.line("Ctrl-C stops both. What they exchange from now on:");
    output.value(&json!({ "step": "up", "pages": pages }));
    Ok(())
}

/// Prints what the nodes exchange, until both have stopped.
async fn watch(hospitals: &mut [Hospital], trail: &mut Trail, output: Output) {
    let mut running = hospitals.len();
    while running > 0 {
        tokio::time::sleep(LOOK_EVERY).await;
        trail.show().await;
        for hospital in hospitals.iter_mut() {
            if hospital.has_just_stopped() {
                running -= 1;
                output.line(format_args!("{} has stopped", hospital.name()));
                output.value(&json!({ "step": "stopped", "hospital": hospital.name() }));
            }
        }
    }
}
