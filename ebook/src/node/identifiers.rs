//! The identifiers that a node needs and that the configuration may leave open: made once, kept, never changed.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use metadata::Oid;
use serde::{Deserialize, Serialize};

use crate::config::{Config, Text};

/// What identifies a node in every message and entry that it has a part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifiers {
    /// The authority that assigns the domain's patient ids.
    pub patient_authority: Text<Oid>,
    /// The `repositoryUniqueId`.
    pub repository_unique_id: Text<Oid>,
    /// The `sourceId` of what is submitted from here.
    pub source_id: Text<Oid>,
}

/// The file in the data folder.
const FILE: &str = "identifiers.toml";

impl Identifiers {
    fn made() -> Self {
        let oid = || Text(Oid::from_uuid(uuid::Uuid::new_v4()));
        Self { patient_authority: oid(), repository_unique_id: oid(), source_id: oid() }
    }

    /// Those of a node, which are made when there are none yet.
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        let path = config.data(FILE);
        if !path.exists() {
            Self::made().keep(&path)?;
        }
        Self::read(&path).map(|kept| kept.with(config))
    }

    /// Those of a node that has been started before; none if it has not.
    pub(crate) fn existing(config: &Config) -> Result<Option<Self>, String> {
        let path = config.data(FILE);
        if path.exists() { Self::read(&path).map(|kept| Some(kept.with(config))) } else { Ok(None) }
    }

    /// Gives a node those that it had.
    pub(crate) fn restore(config: &Config, had: &Self) -> Result<(), String> {
        had.keep(&config.data(FILE))?;
        let kept = Self::existing(config)?;
        if kept.as_ref() == Some(had) { Ok(()) } else { Err(format!("{FILE}: is of another node")) }
    }

    /// A configuration with what the node has made written out.
    pub(crate) fn written_out(config: Config) -> Result<Config, String> {
        let Some(kept) = Self::existing(&config)? else { return Ok(config) };
        let mut config = config;
        config.domain.patient_authority = Some(kept.patient_authority);
        config.repository.unique_id = Some(kept.repository_unique_id);
        Ok(config)
    }

    /// What the configuration says goes over what was made.
    fn with(self, config: &Config) -> Self {
        Self {
            patient_authority: config.domain.patient_authority.clone().unwrap_or(self.patient_authority),
            repository_unique_id: config.repository.unique_id.clone().unwrap_or(self.repository_unique_id),
            source_id: self.source_id,
        }
    }

    fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("{}: cannot read it: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| {
            format!(
                "{}: not what a node wrote; restore it from a backup: {}",
                path.display(),
                error.message()
            )
        })
    }

    /// Whole or not at all, and never over what another process has just kept.
    fn keep(&self, path: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: cannot write it: {error}", path.display());
        let text = toml::to_string(self).map_err(|error| failed(std::io::Error::other(error)))?;
        let beside = path.with_extension(format!("new-{}", std::process::id()));
        let mut file = fs::File::create(&beside).map_err(failed)?;
        file.write_all(format!("{HEAD}{text}").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        let placed = fs::hard_link(&beside, path);
        fs::remove_file(&beside).map_err(failed)?;
        match placed {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
            _ => Ok(()),
        }
    }
}

const HEAD: &str = "\
# Made when this node first started. These identifiers are in everything that it registered:
# they must stay as they are.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn config(data: &Path) -> Config {
        let mut config = Config::default();
        data.clone_into(&mut config.node.data);
        config
    }

    #[test]
    fn are_made_once() {
        let data = tempfile::tempdir().unwrap();
        let config = config(data.path());
        assert_eq!(Identifiers::existing(&config), Ok(None));
        let made = Identifiers::of(&config).unwrap();
        assert_eq!(Identifiers::of(&config).unwrap(), made);
        assert_eq!(Identifiers::existing(&config), Ok(Some(made)));
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
    }

    #[test]
    fn those_of_the_configuration_hold() {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(data.path());
        config.domain.patient_authority = Some(Text("1.2.3".parse().unwrap()));
        let identifiers = Identifiers::of(&config).unwrap();
        assert_eq!(identifiers.patient_authority.to_string(), "1.2.3");
        assert!(identifiers.repository_unique_id.to_string().starts_with("2.25."));
    }

    #[test]
    fn what_is_shown_has_those_that_were_made() {
        let data = tempfile::tempdir().unwrap();
        let config = config(data.path());
        assert_eq!(Identifiers::written_out(config.clone()).unwrap(), config);
        let made = Identifiers::of(&config).unwrap();
        let shown = Identifiers::written_out(config).unwrap();
        assert_eq!(shown.domain.patient_authority, Some(made.patient_authority));
        assert_eq!(shown.repository.unique_id, Some(made.repository_unique_id));
    }

    #[test]
    fn a_damaged_file_is_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(FILE), "patient_authority = ").unwrap();
        assert!(Identifiers::of(&config(data.path())).unwrap_err().contains("restore it from a backup"));
    }
}
