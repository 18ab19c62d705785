//! The identifiers that a node needs and that the configuration may leave open: made once, kept, never changed.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use metadata::{Invalid, Oid};
use serde::{Deserialize, Serialize};

use super::make_private;
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
/// The file that has the `sourceId` of a Document Source where there is no node.
const SOURCE: &str = "source-id";

impl Identifiers {
    /// What has been submitted from here before there was a node stays of one source.
    fn made(config: &Config) -> Result<Self, String> {
        let source_id = Text(read_source(&config.data(SOURCE))?.unwrap_or_else(oid));
        Ok(Self { patient_authority: Text(oid()), repository_unique_id: Text(oid()), source_id })
    }

    /// Those of a node, which are made when there are none yet.
    pub(crate) fn of(config: &Config) -> Result<Self, String> {
        let path = config.data(FILE);
        if !path.exists() {
            Self::made(config)?.keep(&path)?;
        }
        Self::read(&path).map(|kept| kept.with(config))
    }

    /// Those of a node that has been started before; none if it has not.
    pub(crate) fn existing(config: &Config) -> Result<Option<Self>, String> {
        let path = config.data(FILE);
        if path.exists() { Self::read(&path).map(|kept| Some(kept.with(config))) } else { Ok(None) }
    }

    /// The `sourceId` of what is submitted from here, with a node in the data folder or without: whoever has it once
    /// keeps it (ITI TF-3 4.2.3.3.9).
    pub(crate) fn source(config: &Config) -> Result<Oid, String> {
        if let Some(given) = &config.domain.source_id {
            return Ok(Oid::clone(given));
        }
        if let Some(own) = Self::existing(config)? {
            return Ok(own.source_id.0);
        }
        Self::source_alone(config).map_err(|error| {
            format!("{error}; or give the sourceId as domain.source_id in the configuration")
        })
    }

    /// The `sourceId` where there is no node, made when there is none yet.
    fn source_alone(config: &Config) -> Result<Oid, String> {
        let path = config.data(SOURCE);
        if let Some(kept) = read_source(&path)? {
            return Ok(kept);
        }
        let data = &config.node.data;
        make_private(data).map_err(|error| format!("{}: cannot make the folder: {error}", data.display()))?;
        keep(&path, &format!("{}\n", oid()))?;
        // Another process may have been first.
        read_source(&path)?.ok_or_else(|| format!("{}: is not there any more", path.display()))
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
        config.domain.source_id = Some(kept.source_id);
        Ok(config)
    }

    /// What the configuration says goes over what was made.
    fn with(self, config: &Config) -> Self {
        Self {
            patient_authority: config.domain.patient_authority.clone().unwrap_or(self.patient_authority),
            repository_unique_id: config.repository.unique_id.clone().unwrap_or(self.repository_unique_id),
            source_id: config.domain.source_id.clone().unwrap_or(self.source_id),
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

    fn keep(&self, path: &Path) -> Result<(), String> {
        let text = toml::to_string(self).map_err(|error| format!("{}: {error}", path.display()))?;
        keep(path, &format!("{HEAD}{text}"))
    }
}

fn oid() -> Oid {
    Oid::from_uuid(uuid::Uuid::new_v4())
}

fn read_source(path: &Path) -> Result<Option<Oid>, String> {
    match fs::read_to_string(path) {
        Ok(text) => text.parse().map(Some).map_err(|error: Invalid| format!("{}: {error}", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: cannot read it: {error}", path.display())),
    }
}

/// Whole or not at all, and never over what another process has just kept.
fn keep(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: cannot write it: {error}", path.display());
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = fs::File::create(&beside).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let placed = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(failed)?;
    match placed {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
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
    fn a_source_without_a_node_keeps_its_id_and_so_does_the_node_that_comes_later() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder.path().join("not/there"));
        let source = Identifiers::source(&config).unwrap();
        assert_eq!(Identifiers::source(&config).unwrap(), source);
        assert_eq!(Identifiers::existing(&config), Ok(None), "a source is no node");
        assert_eq!(*Identifiers::of(&config).unwrap().source_id, source);
        assert_eq!(Identifiers::source(&config).unwrap(), source);
        config.domain.source_id = Some(Text("1.2.3".parse().unwrap()));
        assert_eq!(Identifiers::source(&config).unwrap().to_string(), "1.2.3");
        assert_eq!(Identifiers::of(&config).unwrap().source_id.to_string(), "1.2.3");
    }

    #[test]
    fn a_source_that_cannot_keep_its_id_says_how_to_give_it_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let refused = Identifiers::source(&config(&folder.path().join("file/data"))).unwrap_err();
        assert!(refused.contains("domain.source_id"), "{refused}");
        fs::write(folder.path().join(SOURCE), "mine").unwrap();
        assert!(Identifiers::source(&config(folder.path())).unwrap_err().contains("'mine' is not an OID"));
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
