//! `dosebook migrate`: brings the tables of a node to what this release needs, or tells what is to be done.

use database::{Database, Pending};
use serde_json::json;

use super::session::NodeArguments;
use crate::exit::Failure;
use crate::keeping::Keepers;
use crate::node;
use crate::output::Output;

/// Brings the tables to what this release needs
///
/// `dosebook serve` does so by itself when it starts. Tables that a newer release has written are refused and left
/// alone. Migrations only go forward: make a backup first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook migrate --dry-run
  dosebook migrate --config node.toml")]
pub(crate) struct Arguments {
    /// Only tell which version the tables have and which this release needs
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    node: NodeArguments,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let config = arguments.node.load()?;
    let _lock = if arguments.dry_run { None } else { Some(node::lock(&config)?) };
    let mut tables = Vec::new();
    // All are looked at before one is changed.
    for (location, schema) in node::stores::tables(&config)? {
        let pending = Database::pending(&location, schema).await.map_err(Keepers::failed)?;
        tables.push((location, schema, pending));
    }
    for (location, schema, Pending { found, known, .. }) in tables {
        let keeper = schema.keeper;
        if !arguments.dry_run && found < known {
            Database::open(&location, schema).await.map_err(Keepers::failed)?;
        }
        output.line(match (found == known, arguments.dry_run) {
            (true, _) => format!("{keeper}: version {found}, nothing to migrate"),
            (false, true) => format!("{keeper}: version {found}, this release needs {known}"),
            (false, false) => format!("{keeper}: migrated from version {found} to {known}"),
        });
        output.value(
            &json!({ "keeper": keeper, "found": found, "needed": known, "dry_run": arguments.dry_run }),
        );
    }
    Ok(())
}
