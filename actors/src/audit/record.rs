//! One audit record, with the fields and codes of DICOM PS3.15 A.5.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use metadata::RegistryErrors;
use serde::{Serialize, Serializer};

use super::{Kind, Object, Subject};

/// A record as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// `EventDateTime`, UTC.
    pub time: String,
    /// The number of the transaction.
    pub transaction: &'static str,
    /// Its name.
    pub name: &'static str,
    /// `EventID`, a DCM code.
    pub event_id: &'static str,
    /// `EventActionCode`.
    pub action: char,
    /// `EventOutcomeIndicator`.
    pub outcome: Outcome,
    /// `EventOutcomeDescription`: error codes only, no patient data.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Which side we were.
    pub side: Side,
    /// The other side: its certificate's subject, or the address we asked.
    pub peer: String,
    /// `NetworkAccessPointID` of the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Patients, as CX.
    pub patients: Vec<String>,
    /// What else took part.
    pub objects: Vec<Participant>,
    /// `ParticipantObjectDetail` of the patients, by type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<&'static str, String>,
}

/// `ParticipantObjectIdentification` of something that is not a patient.
#[derive(Debug, Clone, Serialize)]
pub struct Participant {
    /// `ParticipantObjectTypeCodeRole`: 20 job, 3 report, 24 query.
    pub role: u8,
    /// `ParticipantObjectID`.
    pub id: String,
    /// Repository of a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Base64 of a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// `EventOutcomeIndicator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 0: done.
    Success = 0,
    /// 4: done, with warnings.
    MinorFailure = 4,
    /// 8: refused.
    SeriousFailure = 8,
    /// 12: the other side could not be reached, or answered nonsense.
    MajorFailure = 12,
}

impl Outcome {
    /// What a list of findings amounts to (ITI TF-2 3.20).
    pub fn of(errors: &RegistryErrors) -> Self {
        match (errors.is_failure(), errors.is_empty()) {
            (true, _) => Self::SeriousFailure,
            (false, false) => Self::MinorFailure,
            (false, true) => Self::Success,
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// Which side of a transaction we were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// We asked.
    Asking,
    /// We answered.
    Answering,
}

impl Side {
    /// Its name in logs and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Answering => "answering",
        }
    }
}

/// What a record says of the other side.
#[derive(Debug)]
pub(crate) struct Circumstances {
    pub(crate) side: Side,
    pub(crate) peer: String,
    pub(crate) address: Option<String>,
}

impl Record {
    /// The records of one transaction: one, and another of patients who are no more.
    pub(crate) fn of(
        kind: &Kind,
        subject: &Subject,
        whom: &Circumstances,
        (outcome, description): (Outcome, &str),
    ) -> Vec<Self> {
        let event = match whom.side {
            Side::Asking => kind.asking,
            Side::Answering => kind.answering,
        };
        let record = Self {
            time: format!("{:.3}", jiff::Timestamp::now()),
            transaction: kind.transaction,
            name: kind.name,
            event_id: event.id,
            action: event.action,
            outcome,
            description: description.to_owned(),
            side: whom.side,
            peer: whom.peer.clone(),
            address: whom.address.clone(),
            patients: subject.patients.iter().map(ToString::to_string).collect(),
            objects: subject.objects.iter().map(Participant::from).collect(),
            details: subject.details.iter().cloned().collect(),
        };
        if subject.subsumed.is_empty() {
            return vec![record];
        }
        let patients = subject.subsumed.iter().map(ToString::to_string).collect();
        vec![Self { action: DELETED, patients, ..record.clone() }, record]
    }
}

/// `EventActionCode` of what is done to patients who are merged into others.
const DELETED: char = 'D';

impl From<&Object> for Participant {
    fn from(object: &Object) -> Self {
        match object {
            Object::SubmissionSet(id) => Self { role: 20, id: id.clone(), repository: None, query: None },
            Object::Document { unique_id, repository } => {
                Self { role: 3, id: unique_id.clone(), repository: Some(repository.clone()), query: None }
            }
            Object::Query { id, request } => {
                Self { role: 24, id: id.clone(), repository: None, query: Some(STANDARD.encode(request)) }
            }
        }
    }
}
