//! The place that a backup is restored to: empty before, whole afterwards.

use super::super::backup::Manifest;
use super::At;
use crate::config::Config;
use crate::exit::Failure;
use crate::keeping::Keepers;
use crate::node::Identifiers;
use crate::node::stores::RESTORING;

/// Refuses a configuration under which what the backup holds would be another node's.
pub(super) fn fits(config: &Config, manifest: &Manifest) -> Result<(), Failure> {
    let made = &manifest.identifiers;
    let given = [
        ("repository.unique_id", &config.repository.unique_id, &made.repository_unique_id),
        ("domain.patient_authority", &config.domain.patient_authority, &made.patient_authority),
    ];
    for (key, given, made) in given {
        if let Some(given) = given.as_ref().filter(|given| *given != made) {
            return Err(Failure::Usage(format!(
                "{key} = \"{}\": the backup is of \"{}\", which is in everything that it holds; give this one",
                given.0, made.0
            )));
        }
    }
    let missing = [
        ("registry.enabled", manifest.registry.is_some() && !config.registry.enabled),
        ("repository.enabled", manifest.repository.is_some() && !config.repository.enabled),
    ];
    match missing.iter().find(|(_, missing)| *missing) {
        Some((key, _)) => Err(Failure::Usage(format!("{key} = false: the backup holds one; set it to true"))),
        None => Ok(()),
    }
}

/// Says all that is in the way.
pub(super) async fn is_empty(keepers: &Keepers) -> Result<(), Failure> {
    let mut there = Vec::new();
    if let Some(registry) = &keepers.registry {
        for table in registry::TABLES {
            let rows = registry.database().count(table).await?;
            if rows > 0 {
                there.push(format!("{rows} rows in table {} of the registry", table.name));
            }
        }
    }
    if let Some(store) = &keepers.store {
        for table in repository::TABLES {
            let rows = store.database().count(table).await?;
            if rows > 0 {
                there.push(format!("{rows} rows in table {} of the repository", table.name));
            }
        }
        if !store.has_no_objects().await.map_err(Keepers::failed)? {
            there.push("objects in the document store".to_owned());
        }
    }
    let made = Identifiers::existing(&keepers.config).map_err(Failure::Refused)?;
    if made.is_some_and(|made| made != keepers.identifiers) {
        there.push("identifiers.toml of another node".to_owned());
    }
    if there.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "{}: a backup is restored into an empty place, and here are: {}; name another place, or move these away",
        keepers.config.node.data.display(),
        there.join("; ")
    )))
}

pub(super) fn another_restore(config: &Config, backup: &str) -> Failure {
    Failure::Refused(format!(
        "{}: the restore of another backup, {backup}, was interrupted here; finish that one, or empty the place and \
         remove {RESTORING}",
        config.node.data.display()
    ))
}

/// Compares what is there now with the manifest.
pub(super) fn has_all(manifest: &Manifest, at: &At) -> Result<(), Failure> {
    let (found, expected) = (at.documents, manifest.documents.count);
    if at.lost == 0 && found < expected {
        return Err(Failure::Refused(format!(
            "{found} documents were restored, and the manifest says {expected}: the index in the backup is not the one \
             that was saved"
        )));
    }
    Ok(())
}
