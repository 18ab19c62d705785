//! `dosebook show`: the dose in a report, for a person.

use std::path::PathBuf;

use serde_json::json;

use crate::exit::Failure;
use crate::output::{Output, complain};

/// Shows the dose in reports
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  dosebook show report.dcm")]
pub(crate) struct Arguments {
    /// Dose reports (DICOM)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let mut failed = false;
    for path in &arguments.files {
        match dose::read_file(path) {
            Ok(report) => {
                if arguments.files.len() > 1 {
                    output.line(format_args!("{}", path.display()));
                }
                output.line(dose::show(&report));
                output.value(&json!({ "file": path, "report": dose::json(&report) }));
            }
            Err(error) => {
                failed = true;
                if !output.json {
                    complain(format_args!("{}: no dose report: {error}", path.display()));
                }
                output.value(&json!({ "file": path, "outcome": "refused", "reason": error.to_string() }));
            }
        }
    }
    if failed { Err(Failure::Said) } else { Ok(()) }
}
