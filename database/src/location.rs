//! Where a database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::DatabaseError;

/// Where a database is: the path of a file, with or without `sqlite:` before it.
///
/// What it displays has no secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    path: PathBuf,
}

impl Location {
    /// A SQLite database in a file, which is made when it is not there.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl FromStr for Location {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        match text.split_once(':') {
            Some(("sqlite", path)) => Ok(Self::file(path.strip_prefix("//").unwrap_or(path))),
            Some((scheme, rest)) if rest.starts_with("//") => {
                Err(DatabaseError::Location(format!("{scheme}:")))
            }
            _ => Ok(Self::file(text)),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
