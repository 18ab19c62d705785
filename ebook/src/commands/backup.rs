//! `dosebook backup`: all that a node keeps, as of one moment, in a folder; the node may be running.

mod documents;
mod folder;
mod manifest;
mod snapshot;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::session::NodeArguments;
use crate::exit::{Failure, file};
use crate::keeping::{Keepers, write_json, write_whole};
use crate::node::{Identifiers, make_private, now};
use crate::output::{Output, complain};

use folder::remove_unfinished;
pub(super) use folder::share;
pub(super) use manifest::{IDENTITY, Manifest, Tables};

/// Saves all that a node keeps in a folder, while it runs
///
/// The metadata is saved as of one moment, then every document that it names, compared with its SHA-256 on the way.
/// Documents that are in the folder already are not copied again, so the same folder is brought up to date, and an
/// interrupted backup goes on. Until it is finished the former backup in the folder stays as it was. The folder is
/// closed to everybody else; one with anything but a backup is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook backup /mnt/backup/dosebook
  dosebook backup /mnt/backup/dosebook --config node.toml --with-identity

Give it back with `dosebook restore`. Not in it: the configuration file, audit records, and, without
--with-identity, certificates and private keys.")]
pub(crate) struct Arguments {
    /// The folder to save in; made if needed
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Also save the node's certificate, its private key and the CAs that it trusts
    #[arg(long)]
    with_identity: bool,
    /// Read the documents that are in the folder already again, and copy those that are damaged there
    #[arg(long)]
    recheck: bool,
    #[command(flatten)]
    node: NodeArguments,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let Arguments { folder, with_identity, recheck, node } = arguments;
    let keepers = Keepers::look(node.load()?).await?;
    let _lock = folder::take(&folder, &keepers.config)?;
    let former = Manifest::read(&folder)?;
    refuse_another_node(&folder, former.as_ref(), &keepers)?;
    remove_unfinished(&folder, former.as_ref())?;

    // The registry first: whatever its snapshot names was filed before, so it is in that of the repository.
    let mut manifest = Manifest::begin(keepers.identifiers.clone(), now());
    if let Some(registry) = &keepers.registry {
        let tables =
            snapshot::take(registry.database(), &registry::SCHEMA, registry::TABLES, &folder, output).await?;
        manifest.registry = Some(tables);
    }
    if let Some(store) = &keepers.store {
        let tables =
            snapshot::take(store.database(), &repository::SCHEMA, repository::TABLES, &folder, output)
                .await?;
        let index = folder.join(&tables.file);
        let copied = documents::copy(store, &index, &folder, recheck, output).await?;
        manifest.repository = Some(tables);
        manifest.documents = copied;
    }
    if with_identity {
        manifest.identity = save_identity(&keepers, &folder)?;
    }
    manifest.finished = now();
    write_json(&folder.join(manifest::FILE), &manifest)?;
    remove_unfinished(&folder, Some(&manifest))?;
    say(&manifest, output)
}

fn say(manifest: &Manifest, output: Output) -> Result<(), Failure> {
    let documents = &manifest.documents;
    output.line(manifest);
    output.value(&json!({
        "backup": manifest.id, "documents": documents.count, "bytes": documents.bytes, "copied": documents.copied,
        "damaged": documents.damaged,
    }));
    if documents.damaged.is_empty() {
        return Ok(());
    }
    for damage in &documents.damaged {
        complain(format_args!("damaged, and so not in the backup: {damage}"));
    }
    Err(Failure::Said)
}

/// Documents of another node would be mixed with these.
fn refuse_another_node(folder: &Path, former: Option<&Manifest>, keepers: &Keepers) -> Result<(), Failure> {
    // Several nodes of one repository differ in what they submit as.
    let repository = |identifiers: &Identifiers| identifiers.repository_unique_id.to_string();
    match former {
        Some(former) if repository(&former.identifiers) != repository(&keepers.identifiers) => {
            Err(Failure::Usage(format!(
                "{}: holds a backup of another node, whose repository is {}; name another folder",
                folder.display(),
                former.identifiers.repository_unique_id.0
            )))
        }
        _ => Ok(()),
    }
}

/// Saves the files of the node's identity; whether there are any.
fn save_identity(keepers: &Keepers, folder: &Path) -> Result<bool, Failure> {
    let identity = folder.join(IDENTITY);
    make_private(&identity).map_err(|error| file(&identity, "make the folder", &error))?;
    let config = &keepers.config;
    let given = [("node.pem", config.certificate()), ("node.key", config.key()), ("ca.pem", config.trust())];
    let made = [("ca.key", config.certificates().join("ca.key"))];
    for (name, path) in given.into_iter().chain(made.into_iter().filter(|(_, path)| path.exists())) {
        let bytes = fs::read(&path).map_err(|error| file(&path, "read it", &error))?;
        write_whole(&identity.join(name), &bytes)?;
    }
    Ok(true)
}
