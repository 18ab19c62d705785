//! What a backup folder holds: written last, so that a backup with a manifest is finished.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::keeping::read_json;
use crate::node::Identifiers;

/// The manifest in a backup folder.
pub(super) const FILE: &str = "manifest.json";

/// The folder with certificates and keys.
pub(in crate::commands) const IDENTITY: &str = "identity";

/// The form of a backup that this program writes and reads.
const FORMAT: u32 = 1;

/// A finished backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Manifest {
    pub(in crate::commands) format: u32,
    /// Which backup this is.
    pub(in crate::commands) id: String,
    /// The release that made it.
    pub(in crate::commands) dosebook: String,
    /// When its snapshots were begun, in Unix seconds.
    pub(in crate::commands) taken: i64,
    /// When it was finished.
    pub(in crate::commands) finished: i64,
    /// What is in everything that the node has registered.
    pub(in crate::commands) identifiers: Identifiers,
    pub(in crate::commands) registry: Option<Tables>,
    pub(in crate::commands) repository: Option<Tables>,
    pub(in crate::commands) documents: Documents,
    /// Whether certificates and keys are in it.
    pub(in crate::commands) identity: bool,
}

/// The tables of a keeper in a SQLite file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Tables {
    pub(in crate::commands) file: String,
    /// The version of the tables.
    pub(in crate::commands) version: i64,
    /// How many rows each has.
    pub(in crate::commands) rows: BTreeMap<String, u64>,
}

/// The documents beside their index.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::commands) struct Documents {
    pub(in crate::commands) count: u64,
    pub(in crate::commands) bytes: u64,
    /// How many this run had to copy.
    #[serde(skip)]
    pub(in crate::commands) copied: u64,
    /// Those that were removed while the backup was taken: submissions that were refused.
    pub(in crate::commands) withdrawn: u64,
    /// Those that are not in the backup because the node itself has lost them.
    pub(in crate::commands) damaged: Vec<String>,
}

impl Manifest {
    pub(super) fn begin(identifiers: Identifiers, taken: i64) -> Self {
        Self {
            format: FORMAT,
            id: uuid::Uuid::new_v4().to_string(),
            dosebook: env!("CARGO_PKG_VERSION").to_owned(),
            taken,
            finished: 0,
            identifiers,
            registry: None,
            repository: None,
            documents: Documents::default(),
            identity: false,
        }
    }

    /// The finished backup in a folder, if there is one that this program can read.
    pub(in crate::commands) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let form: Form = read_json(&path)?;
        if form.format > FORMAT {
            return Err(Failure::Refused(format!(
                "{}: has format {}, this program knows {FORMAT}: use the newer release",
                path.display(),
                form.format
            )));
        }
        read_json(&path).map(Some)
    }

    /// How many rows of metadata it has.
    pub(in crate::commands) fn rows(&self) -> u64 {
        let tables = [&self.registry, &self.repository].into_iter().flatten();
        tables.flat_map(|tables| tables.rows.values()).sum()
    }

    /// Whether a file belongs to this backup.
    pub(super) fn names(&self, file: &str) -> bool {
        [&self.registry, &self.repository].into_iter().flatten().any(|tables| tables.file == file)
    }
}

#[derive(Deserialize)]
struct Form {
    format: u32,
}

impl std::fmt::Display for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = |tables: &Option<Tables>, table: &str| {
            tables.as_ref().and_then(|tables| tables.rows.get(table)).copied().unwrap_or_default()
        };
        let Documents { count, bytes, copied, damaged, .. } = &self.documents;
        write!(
            f,
            "{} patients, {} registry objects, {count} documents ({bytes} bytes) are saved, {copied} of them now",
            rows(&self.registry, "patient"),
            rows(&self.registry, "object"),
        )?;
        match damaged.len() {
            0 => Ok(()),
            lost => write!(f, "; {lost} documents are damaged in the node and could not be saved"),
        }
    }
}
