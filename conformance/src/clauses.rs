//! The clauses of the standard that cases can rest on (`cases/clauses.toml`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::Error;
use crate::library::Library;

/// One demand of the standard.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Where it stands: document and section.
    pub source: String,
    /// What it demands.
    pub demands: String,
    /// Whether every answer of every case is held against it.
    #[serde(default)]
    pub always: bool,
    /// Why no case judges it, if none does.
    pub without: Option<String>,
}

/// All clauses, by the name under which cases cite them.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Clauses(pub BTreeMap<String, Clause>);

impl Clauses {
    /// The list of a library.
    pub fn of(library: &Library) -> Result<Self, Error> {
        library.toml("clauses.toml")
    }

    /// Looks one up.
    pub fn find(&self, id: &str) -> Option<&Clause> {
        self.0.get(id)
    }
}
