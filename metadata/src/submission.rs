//! A submission: the objects that travel together.
//!
//! ITI TF-3 4.2.1.4.

use crate::{Association, DocumentEntry, Folder, SubmissionSet};

/// One submission set and all that it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// What was submitted, by whom.
    pub submission_set: SubmissionSet,
    /// The documents.
    pub entries: Vec<DocumentEntry>,
    /// The folders.
    pub folders: Vec<Folder>,
    /// How they stand to each other and to what is registered already.
    pub associations: Vec<Association>,
}
