//! Who did what to whose data, with what outcome: a record of every transaction on both of its sides (ITI-20).
//!
//! [`crate::Endpoint`] and [`crate::Partner`] write the records; no handler can forget to. They lie in a local
//! file, a JSON object a line, with the codes of DICOM PS3.15 A.5, from which the audit message is made.

mod record;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;

use metadata::PatientId;

pub(crate) use record::Circumstances;
pub use record::{Outcome, Participant, Record, Side};

/// What is always true of a transaction's audit record (ITI TF-2, "Security Audit Considerations").
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The number of the transaction: `ITI-41`.
    pub transaction: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What the asking side records.
    pub asking: Event,
    /// What the answering side records.
    pub answering: Event,
}

/// The kind of event that a side records: `EventID` (DICOM CID 400) and `EventActionCode`.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// The DCM code of `EventID`.
    pub id: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
    /// Create, read, update, delete or execute, by its letter.
    pub action: char,
}

impl Event {
    /// Data leaves us.
    pub const EXPORT: Self = Self { id: "110106", meaning: "Export", action: 'R' };
    /// Data comes to us.
    pub const IMPORT: Self = Self { id: "110107", meaning: "Import", action: 'C' };
    /// A question is asked.
    pub const QUERY: Self = Self { id: "110112", meaning: "Query", action: 'E' };
    /// A patient comes to be known.
    pub const PATIENT_ADDED: Self = Self { id: "110110", meaning: "Patient Record", action: 'C' };
    /// What is known of a patient changes.
    pub const PATIENT_CHANGED: Self = Self { id: "110110", meaning: "Patient Record", action: 'U' };
}

/// Whose data a transaction is about.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The patients, each once.
    pub patients: Vec<PatientId>,
    /// Patients who are no more, as they were merged into others: a record of their own tells of them
    /// (ITI TF-2 3.8.5.1, 3.44.5.1).
    pub subsumed: Vec<PatientId>,
    /// What else took part.
    pub objects: Vec<Object>,
    /// What else is to be told of the patients, by its name: `MSH-10`, `II`.
    pub details: Vec<(&'static str, String)>,
}

/// A participant object of an audit record that is not a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A submission set, by its `uniqueId`.
    SubmissionSet(String),
    /// A document, by its `uniqueId`, and the repository that holds it.
    Document {
        /// `DocumentUniqueId`.
        unique_id: String,
        /// `RepositoryUniqueId`.
        repository: String,
    },
    /// A stored query, by its UUID, with the request as it was sent.
    Query {
        /// `AdhocQuery/@id`.
        id: String,
        /// The request element.
        request: String,
    },
}

/// Where audit records go. Cheap to clone; when the last clone is dropped, all records are written.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    writer: Option<Arc<writer::Writer>>,
}

impl Audit {
    /// Appends to a file, which is made when it is not there. It is written by a thread of its own: a process
    /// that is killed loses the records of its last moments.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        Ok(Self { writer: Some(Arc::new(writer::Writer::open(path, None)?)) })
    }

    /// Appends to a file, and begins the next when it is large; the large one is kept under the time at which
    /// that happened. For the one process that a folder belongs to.
    pub fn to_files(path: &Path) -> io::Result<Self> {
        Ok(Self { writer: Some(Arc::new(writer::Writer::open(path, Some(writer::FILE))?)) })
    }

    /// Keeps no records: for tools that ask nobody, for a node that looks at itself, and for tests.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether no records are kept.
    pub(crate) const fn is_none(&self) -> bool {
        self.writer.is_none()
    }

    /// Waits until every record so far is written.
    pub async fn flush(&self) {
        if let Some(writer) = &self.writer {
            writer.flush().await;
        }
    }

    /// Hands over one record; waits while too many are still to be written.
    pub(crate) async fn write(&self, record: Record) {
        if let Some(writer) = &self.writer {
            writer.write(record).await;
        }
    }
}
