//! Who did what to whose data, with what outcome: a record of every transaction on both of its sides (ITI-20).
//!
//! [`crate::Endpoint`] and [`crate::Partner`] write the records; no handler can forget to. They lie in a local
//! file, a JSON object a line, with the codes of DICOM PS3.15 A.5, from which the audit message is made.

mod record;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use metadata::PatientId;

use crate::transactions::{Response, Transaction};

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
}

/// Whose data a transaction is about.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The patients, each once.
    pub patients: Vec<PatientId>,
    /// What else took part.
    pub objects: Vec<Object>,
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

/// Where audit records go. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    file: Option<Arc<Mutex<File>>>,
}

impl Audit {
    /// Appends to a file, which is made when it is not there.
    pub fn to_file(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: Some(Arc::new(Mutex::new(options.open(path)?))) })
    }

    /// Keeps no records: for tools that ask nobody and for tests of something else.
    pub fn none() -> Self {
        Self::default()
    }

    /// Records what came of a transaction: its answer, or why there was none.
    pub(crate) fn record<T: Transaction>(
        &self,
        subject: Subject,
        whom: &Circumstances,
        answer: Result<&T::Response, &'static str>,
    ) {
        match answer {
            Ok(response) => {
                // The texts of errors may name patients; their codes do not.
                let errors = response.errors().0.iter();
                let codes: Vec<&str> = errors.map(|error| error.code.name(T::ANSWERED_BY)).collect();
                for (subject, outcome) in response.audited(subject) {
                    let codes = if outcome == Outcome::Success { String::new() } else { codes.join(" ") };
                    self.write(&Record::new(&T::AUDIT, &subject, whom, (outcome, codes)));
                }
            }
            Err(why) => {
                let outcome = (Outcome::MajorFailure, why.to_owned());
                self.write(&Record::new(&T::AUDIT, &subject, whom, outcome));
            }
        }
    }

    /// Writes one record. A record that cannot be written is an error of the node, said in its log; the
    /// transaction has happened.
    fn write(&self, record: &Record) {
        let Some(file) = &self.file else { return };
        let written = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
        });
        if let Err(error) = written {
            tracing::error!(%error, transaction = record.transaction, "audit record not written");
        }
    }
}
