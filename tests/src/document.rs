//! Documents to submit: the canonical sample with fresh ids, and any bytes.

use actors::source::provide;
use actors::transactions::RegistryResponse;
use actors::transactions::documents::Outgoing;
use actors::{CallError, Partner};
use bytes::Bytes;
use metadata::{DocumentEntry, Oid, PatientId, Submission, UniqueId, sample};
use soap::parts::Content;

use crate::node::AUTHORITY;

/// A document and what is said of it.
#[derive(Debug, Clone)]
pub struct Document {
    /// What is said of it.
    pub submission: Submission,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Document {
    /// A fresh document of a patient.
    pub fn of(patient: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let patient: PatientId = format!("{patient}^^^&{AUTHORITY}&ISO").parse().unwrap();
        let mut submission = sample();
        submission.submission_set.unique_id = fresh();
        submission.submission_set.patient_id = Some(patient.clone());
        for entry in &mut submission.entries {
            entry.unique_id = UniqueId::from(fresh());
            entry.patient_id = Some(patient.clone());
            (entry.hash, entry.size, entry.repository_unique_id) = (None, None, None);
        }
        Self { submission, bytes: bytes.into() }
    }

    /// Its entry.
    pub fn entry(&self) -> &DocumentEntry {
        self.submission.entries.first().unwrap()
    }

    /// Its patient.
    pub fn patient(&self) -> PatientId {
        self.entry().patient_id.clone().unwrap()
    }

    /// Provides it to a repository.
    pub async fn provide(&self, repository: &Partner) -> Result<RegistryResponse, CallError> {
        self.provide_stream(repository, Content::from(self.bytes.clone())).await
    }

    /// Provides it with other content.
    pub async fn provide_stream(
        &self,
        repository: &Partner,
        content: Content,
    ) -> Result<RegistryResponse, CallError> {
        let outgoing = Outgoing { media_type: "application/dicom".to_owned(), content };
        provide(repository, self.submission.clone(), [(self.entry().entry_uuid.clone(), outgoing)]).await
    }
}

fn fresh() -> Oid {
    Oid::from_uuid(uuid::Uuid::new_v4())
}

/// So many bytes that do not compress, as a stream in chunks.
pub fn noise(length: u64) -> Content {
    const CHUNK: usize = 256 << 10;
    let chunk: Vec<u8> = {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        (0..CHUNK / 8).flat_map(|_| next()).collect()
    };
    let chunk = Bytes::from(chunk);
    let whole = length / CHUNK as u64;
    let rest = usize::try_from(length % CHUNK as u64).unwrap_or_default();
    let last = chunk.slice(..rest);
    let chunks = (0..whole).map(move |_| Ok(chunk.clone())).chain([Ok(last)]);
    Content::from_stream(futures_util::stream::iter(chunks))
}
