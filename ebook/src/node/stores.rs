//! Where a node keeps what it keeps: the databases of its keepers and the place of its documents.

use std::fs;
use std::path::{Path, PathBuf};

use database::Location;
use registry::{PatientPolicy, Policy, Registry};
use repository::{Bucket, Documents, Store};

use super::make_private;
use crate::config::{Config, DocumentsAt, Patients};
use crate::exit::{Failure, file};

/// The region of a service that has none of its own.
const REGION: &str = "us-east-1";
/// The folder of the repository's index, and of its documents unless they are elsewhere.
const REPOSITORY: &str = "repository";

/// Opens the registry of a node.
pub(crate) async fn registry(config: &Config) -> Result<Registry, Failure> {
    let patients = match config.registry.patients {
        Patients::Accept => PatientPolicy::Accept,
        Patients::Feed => PatientPolicy::Feed,
    };
    let location = location(config, "registry.sqlite")?;
    let registry = Registry::open(&location, Policy { patients }).await;
    registry.map_err(|error| Failure::Refused(format!("{location}: {error}")))
}

/// Opens the store of a node's repository.
pub(crate) async fn store(config: &Config) -> Result<Store, Failure> {
    let folder = config.data(REPOSITORY);
    make_private(&folder).map_err(|error| file(&folder, "make the folder", &error))?;
    let location = location(config, Path::new(REPOSITORY).join("repository.sqlite"))?;
    let store = Store::open(&documents(config)?, &location).await;
    store.map_err(|error| Failure::Refused(format!("{}, {location}: {error}", config.documents())))
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
fn location(config: &Config, name: impl AsRef<Path>) -> Result<Location, Failure> {
    let Some(url) = &config.database.url else { return Ok(Location::file(config.data(name))) };
    url.reveal().parse().map_err(|error| Failure::Usage(format!("database.url: {error}")))
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
