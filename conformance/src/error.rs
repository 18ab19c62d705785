//! What keeps the judge from judging: never a verdict about the server.

use std::path::PathBuf;

/// Why nothing could be judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A case or a shared file is written wrongly.
    #[error("{place}: {reason}")]
    Case {
        /// The file, and where in it.
        place: String,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// A file could not be read.
    #[error("{}: cannot read it: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Certificates, key or trust are of no use.
    #[error("{0}")]
    Credentials(String),
    /// No case has that in its name.
    #[error("no case has {0:?} in its name; `--list` shows all")]
    NothingSelected(String),
}

impl Error {
    pub(crate) fn case(place: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Case { place: place.into(), reason: reason.to_string() }
    }
}
