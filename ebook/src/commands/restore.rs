//! `dosebook restore`: gives a node back from a backup, into an empty place.

mod documents;
mod place;

use std::fs;
use std::path::{Path, PathBuf};

use database::{Database, Location, Schema, Table};
use serde::{Deserialize, Serialize};

use super::backup::{IDENTITY, Manifest, Tables, share};
use super::session::NodeArguments;
use crate::config::Config;
use crate::exit::{Failure, file};
use crate::keeping::{Bookmark, Keepers, Progress, copy_file, write_whole};
use crate::node::stores::RESTORING;
use crate::node::{Identifiers, make_private};
use crate::output::{Output, complain};

/// Gives a node back from a backup
///
/// The place that the configuration names must be empty: data folder, database and document store. It may be another
/// engine or another store than that of the backup. Every document is compared with its SHA-256. An interrupted
/// restore goes on when it is run again; until it is finished no node starts there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook restore /mnt/backup/dosebook --data ./dosebook-data
  dosebook restore /mnt/backup/dosebook --config node.toml

Then `dosebook verify` reads all of it again, and `dosebook serve` starts the node.")]
pub(crate) struct Arguments {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    node: NodeArguments,
}

/// Where a restore is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct At {
    /// Which backup is restored.
    backup: String,
    /// How many tables are whole.
    tables: usize,
    /// How many rows of the next one are there.
    rows: u64,
    /// The number of the last document that is there.
    document: i64,
    documents: u64,
    bytes: u64,
    withdrawn: u64,
    lost: u64,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments { folder, node } = arguments;
    let _lock = share(&folder)?;
    let manifest = Manifest::read(&folder)?.ok_or_else(|| {
        Failure::Usage(format!("{}: there is no finished backup: it has no manifest.json", folder.display()))
    })?;
    let config = node.load()?;
    place::fits(&config, &manifest)?;
    let mut bookmark = Bookmark::at(config.data(RESTORING));
    let interrupted: Option<At> = bookmark.read()?;
    let keepers = Keepers::take(config, manifest.identifiers.clone()).await?;
    let mut at = match interrupted {
        Some(at) if at.backup == manifest.id => {
            output.line("going on where the last run was interrupted");
            at
        }
        Some(at) => return Err(place::another_restore(&keepers.config, &at.backup)),
        None => {
            place::is_empty(&keepers).await?;
            At { backup: manifest.id.clone(), ..At::default() }
        }
    };
    bookmark.keep_now(&at)?;
    tables(&keepers, &manifest, &folder, &mut at, &mut bookmark, output).await?;
    documents::restore(&keepers, &folder, &mut at, &mut bookmark, output).await?;
    documents::settle(&keepers, manifest.taken).await?;
    documents::spare(&keepers).await?;
    place::has_all(&manifest, &at)?;
    identity(&keepers.config, &manifest, &folder)?;
    Identifiers::restore(&keepers.config, &manifest.identifiers).map_err(Failure::Refused)?;
    bookmark.remove()?;
    say(&at, &manifest, output)
}

fn say(at: &At, manifest: &Manifest, output: Output) -> Result<(), Failure> {
    let At { documents, bytes, lost, .. } = at;
    output.line(format_args!(
        "restored: {} rows of metadata, {documents} documents ({bytes} bytes), each with its SHA-256",
        manifest.rows()
    ));
    output.value(&at);
    if *lost == 0 {
        return Ok(());
    }
    complain(format_args!(
        "{lost} documents are lost: their entries are there, and `dosebook verify` names them"
    ));
    Err(Failure::Said)
}

/// Fills the tables of both keepers.
async fn tables(
    keepers: &Keepers,
    manifest: &Manifest,
    folder: &Path,
    at: &mut At,
    bookmark: &mut Bookmark,
    output: Output,
) -> Result<(), Failure> {
    let mut before = 0;
    if let (Some(registry), Some(saved)) = (&keepers.registry, &manifest.registry) {
        let target =
            Target { database: registry.database(), schema: &registry::SCHEMA, tables: registry::TABLES };
        fill(&target, saved, folder, &keepers.config, before, (at, bookmark), output).await?;
        before += registry::TABLES.len();
    }
    if let (Some(store), Some(saved)) = (&keepers.store, &manifest.repository) {
        let target =
            Target { database: store.database(), schema: &repository::SCHEMA, tables: repository::TABLES };
        fill(&target, saved, folder, &keepers.config, before, (at, bookmark), output).await?;
    }
    Ok(())
}

struct Target<'a> {
    database: &'a Database,
    schema: &'static Schema,
    tables: &'static [Table],
}

/// Fills the tables of one keeper, of which those of another come `before`.
async fn fill(
    target: &Target<'_>,
    saved: &Tables,
    folder: &Path,
    config: &Config,
    before: usize,
    (at, bookmark): (&mut At, &mut Bookmark),
    output: Output,
) -> Result<(), Failure> {
    if at.tables >= before + target.tables.len() {
        return Ok(());
    }
    // A copy, for it is migrated when it is of an older release, and the backup stays as it is.
    let copy = config.data(format!("restoring-{}.sqlite", target.schema.keeper));
    let from = folder.join(&saved.file);
    copy_file(&from, &copy)?;
    let source = Database::open(&Location::file(&copy), target.schema).await.map_err(Keepers::failed)?;
    let progress = Progress::new(target.schema.keeper, at.rows, saved.rows.values().sum(), output);
    for (number, table) in target.tables.iter().enumerate().skip(at.tables.saturating_sub(before)) {
        let filled = target.database.fill(table, at.rows, &source, |rows| {
            progress.add(rows - at.rows);
            at.rows = rows;
            bookmark.keep(at)
        });
        filled.await?;
        (at.tables, at.rows) = (before + number + 1, 0);
        bookmark.keep_now(at)?;
    }
    counted(target, &source, saved).await?;
    drop(source);
    fs::remove_file(&copy).map_err(|error| file(&copy, "remove it", &error))
}

/// Counts what was filled against what was saved; a migration may have added rows to what an older release saved.
async fn counted(target: &Target<'_>, source: &Database, saved: &Tables) -> Result<(), Failure> {
    for table in target.tables {
        let (found, expected) = (target.database.count(table).await?, source.count(table).await?);
        let manifest = saved.rows.get(table.name).copied().filter(|_| saved.version == target.schema.known());
        if found != expected || manifest.is_some_and(|manifest| manifest != expected) {
            return Err(Failure::Refused(format!(
                "table {}: {found} rows are there, {expected} in the backup, {} in its manifest",
                table.name,
                manifest.unwrap_or(expected)
            )));
        }
    }
    Ok(())
}

/// Gives the node its certificate and key back, if they are in the backup and the node makes its own.
fn identity(config: &Config, manifest: &Manifest, folder: &Path) -> Result<(), Failure> {
    let certificates = config.certificates();
    if !manifest.identity || !config.makes_identity() || config.certificate().exists() {
        return Ok(());
    }
    make_private(&certificates).map_err(|error| file(&certificates, "make the folder", &error))?;
    let saved = folder.join(IDENTITY);
    for entry in fs::read_dir(&saved).map_err(|error| file(&saved, "look through it", &error))? {
        let entry = entry.map_err(|error| file(&saved, "look through it", &error))?;
        let bytes = fs::read(entry.path()).map_err(|error| file(&entry.path(), "read it", &error))?;
        write_whole(&certificates.join(entry.file_name()), &bytes)?;
    }
    Ok(())
}
