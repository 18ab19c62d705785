//! Where a node keeps what it keeps: the databases of its keepers and the place of its documents.

use std::fs;
use std::path::{Path, PathBuf};

use database::{Location, Schema};
use metadata::CurrentDomain;
use registry::{PatientPolicy, Policy, Registry};
use repository::{Bucket, Documents, Store};

use super::make_private;
use crate::config::{Config, Database, DocumentsAt, Patients};
use crate::exit::{Failure, file};

/// The region of a service that has none of its own.
const REGION: &str = "us-east-1";
/// The folder of the repository's index, and of its documents unless they are elsewhere.
const REPOSITORY: &str = "repository";

/// The file in the data folder that says that a restore is under way.
pub(crate) const RESTORING: &str = "restoring.json";

/// Who opens a keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// People and other nodes wait for it.
    Serving,
    /// A command that goes through all that there is.
    Keeping,
}

/// Refuses a data folder into which a backup has been restored half-way.
pub(crate) fn restoring(config: &Config) -> Result<(), Failure> {
    if !config.data(RESTORING).exists() {
        return Ok(());
    }
    let data = config.node.data.display();
    Err(Failure::Refused(format!(
        "{data}: a restore was interrupted here; finish it with `dosebook restore`, or empty the folder"
    )))
}

/// Opens the registry of a node.
pub(crate) async fn registry(
    config: &Config,
    domain: &CurrentDomain,
    purpose: For,
) -> Result<Registry, Failure> {
    let location = registry_location(config, purpose)?;
    let registry = Registry::open(&location, policy(config, domain)).await;
    let registry = registry.map_err(|error| Failure::Refused(format!("{location}: {error}")))?;
    Ok(registry.returning_at_most(config.registry.max_results))
}

/// Opens the registry of a node to look at it; none if it has none.
pub(crate) async fn look_at_registry(config: &Config) -> Result<Option<Registry>, Failure> {
    if !config.registry.enabled {
        return Ok(None);
    }
    let location = registry_location(config, For::Keeping)?;
    let registry = Registry::look(&location, policy(config, &CurrentDomain::default())).await;
    registry.map(Some).map_err(|error| Failure::Refused(format!("{location}: {error}")))
}

/// Opens the store of a node's repository.
pub(crate) async fn store(config: &Config, purpose: For) -> Result<Store, Failure> {
    let folder = config.data(REPOSITORY);
    make_private(&folder).map_err(|error| file(&folder, "make the folder", &error))?;
    let location = index_location(config, purpose)?;
    let store = Store::open(&documents(config)?, &location).await;
    store.map_err(|error| Failure::Refused(format!("{}, {location}: {error}", config.documents())))
}

/// Opens the store of a node's repository to look at it; none if it has none.
pub(crate) async fn look_at_store(config: &Config) -> Result<Option<Store>, Failure> {
    if !config.repository.enabled {
        return Ok(None);
    }
    let location = index_location(config, For::Keeping)?;
    let store = Store::look(&documents(config)?, &location).await;
    let store =
        store.map_err(|error| Failure::Refused(format!("{}, {location}: {error}", config.documents())));
    store.map(Some)
}

/// The tables of a node: where they are, and what they must be.
pub(crate) fn tables(config: &Config) -> Result<Vec<(Location, &'static Schema)>, Failure> {
    let mut tables = Vec::new();
    if config.registry.enabled {
        tables.push((registry_location(config, For::Keeping)?, &registry::SCHEMA));
    }
    if config.repository.enabled {
        tables.push((index_location(config, For::Keeping)?, &repository::SCHEMA));
    }
    Ok(tables)
}

fn registry_location(config: &Config, purpose: For) -> Result<Location, Failure> {
    location(config, purpose, "registry.sqlite")
}

fn index_location(config: &Config, purpose: For) -> Result<Location, Failure> {
    location(config, purpose, Path::new(REPOSITORY).join("repository.sqlite"))
}

fn policy(config: &Config, domain: &CurrentDomain) -> Policy {
    let patients = match config.registry.patients {
        Patients::Accept => PatientPolicy::Accept,
        Patients::Feed => PatientPolicy::Feed,
    };
    Policy { patients, domain: domain.clone() }
}

/// Removes what a process before us has left of documents on their way to a bucket. The data folder must be ours.
pub(super) fn clear_spool(config: &Config) -> Result<(), Failure> {
    let spool = bucket_spool(config);
    match fs::remove_dir_all(&spool) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(&spool, "empty it", &error)),
        _ => Ok(()),
    }
}

fn bucket_spool(config: &Config) -> PathBuf {
    config.data("spool").join("bucket")
}

/// The database of the configuration, or a file of ours.
fn location(config: &Config, purpose: For, name: impl AsRef<Path>) -> Result<Location, Failure> {
    let Database { url, pooler, connections } = &config.database;
    let Some(url) = url else { return Ok(Location::file(config.data(name))) };
    let location: Result<Location, _> = url.reveal().parse();
    let location = location.map_err(|error| Failure::Usage(format!("database.url: {error}")))?;
    let location = location.through_pooler(*pooler).with_connections(*connections);
    Ok(if purpose == For::Keeping { location.unhurried() } else { location })
}

fn documents(config: &Config) -> Result<Documents, Failure> {
    let (name, prefix) = match config.documents() {
        DocumentsAt::Folder(folder) => return Ok(Documents::Folder(folder)),
        DocumentsAt::Bucket { name, prefix } => (name, prefix),
    };
    let s3 = config.s3.clone();
    let trust = match &s3.trust {
        Some(path) => Some(fs::read(path).map_err(|error| file(path, "read it", &error))?),
        None => None,
    };
    Ok(Documents::Bucket(Box::new(Bucket {
        name,
        prefix,
        endpoint: s3.endpoint.map(|endpoint| endpoint.to_string()),
        region: s3.region.unwrap_or_else(|| REGION.to_owned()),
        access_key_id: s3.access_key_id.unwrap_or_default(),
        secret_access_key: s3.secret_access_key.map(|secret| secret.reveal().to_owned()).unwrap_or_default(),
        trust,
        spool: bucket_spool(config),
    })))
}
