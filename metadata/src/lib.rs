//! What a document is described by: the nouns of XDS metadata as pure values, read from ebRIM and written back.
//!
//! ITI TF-3 4.2. Nothing here is async, opens a file or reads a clock.

pub mod domain;
pub mod hl7;
pub mod requirements;
pub mod vocabulary;

#[cfg(any(test, feature = "testing"))]
pub mod arbitrary;
mod association;
mod author;
mod code;
mod content;
mod document_entry;
mod errors;
mod folder;
mod fragment;
#[cfg(test)]
mod golden;
mod identifiers;
mod object;
mod patient;
mod reference_id;
mod registry_object;
#[cfg(any(test, feature = "testing"))]
mod sample;
mod status;
mod submission;
mod submission_set;
mod timestamp;

pub use association::{Association, AssociationType, SubmissionSetStatus};
pub use author::{Author, Organization, Person, Recipient};
pub use code::{Code, LocalizedString, LocalizedStrings};
pub use content::{Hash, LanguageCode, MimeType};
pub use document_entry::{DocumentEntry, ObjectType};
pub use domain::{CurrentDomain, Domain};
pub use errors::{ErrorCode, Finding, Flavour, RegistryError, RegistryErrors, Severity, quoted};
pub use folder::Folder;
pub use fragment::Fragment;
pub use identifiers::{EntryUuid, HomeCommunityId, Invalid, ObjectId, Oid, UniqueId};
pub use object::{Identity, Mutable, Object};
pub use patient::{PatientId, PidField, SourcePatientId, SourcePatientInfo};
pub use reference_id::ReferenceId;
pub use registry_object::{Classification, ExternalIdentifier, Extra, Slot};
#[cfg(any(test, feature = "testing"))]
pub use sample::{sample, sample_with_folder};
pub use status::{AvailabilityStatus, DocumentAvailability, ResponseStatus};
pub use submission::{Findings, Submission};
pub use submission_set::SubmissionSet;
pub use timestamp::Timestamp;
