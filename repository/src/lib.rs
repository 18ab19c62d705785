//! Keeps documents: takes them in with a submission (ITI-41) and gives them back (ITI-43).
//!
//! A document is never whole in memory: it goes from the socket through its hashes into the store, and from
//! the store to the socket (design D1). Nothing is acknowledged before it is durable (design D2).

mod content;
mod index;
mod keeping;
mod meters;
mod provide;
mod retrieve;
mod scrub;
mod store;
mod sweep;
mod tend;
mod upkeep;

use std::sync::{Arc, Mutex};

use actors::audit::Audit;
use actors::description;
use actors::transactions::{ProvideAndRegister, RegistryResponse, Retrieve, RetrieveResponse};
use actors::{Endpoint, Partner};
use metadata::{CurrentDomain, Oid, RegistryErrors};
use soap::peer::Peer;

pub use content::{Bucket, Documents};
pub use keeping::{Index, Indexed, SCHEMA, Shelf, TABLES};
pub use store::{Store, StoreError};
pub use sweep::Swept;
pub use tend::Upkeep;

/// A repository: its store, its name and the registry that it tells.
#[derive(Debug)]
pub struct Repository {
    unique_id: Oid,
    store: Store,
    registry: Partner,
    limits: Limits,
    domain: CurrentDomain,
    unknown: Mutex<sweep::Unknown>,
    marking: provide::Marking,
}

/// What one submission may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one document; less than `soap::limits::MESSAGE`, which bounds the whole message.
    pub document: u64,
    /// Documents of one submission or retrieval.
    pub documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document: 1536 << 20, documents: 1_000 }
    }
}

impl Repository {
    /// A repository of that `repositoryUniqueId`.
    pub fn new(unique_id: Oid, store: Store, registry: Partner, limits: Limits) -> Self {
        let (unknown, marking) = (Mutex::default(), provide::Marking::default());
        let domain = CurrentDomain::default();
        Self { unique_id, store, registry, limits, domain, unknown, marking }
    }

    /// The same, taking documents only from the sources of an affinity domain.
    #[must_use]
    pub fn in_domain(self, domain: CurrentDomain) -> Self {
        Self { domain, ..self }
    }

    /// The `repositoryUniqueId`.
    pub fn unique_id(&self) -> &Oid {
        &self.unique_id
    }

    /// Whether it is known that the documents at its place are its own: a storage service may have to be asked again.
    pub fn owns_its_place(&self) -> bool {
        self.store.is_owned()
    }
}

async fn provide(
    repository: Arc<Repository>,
    request: ProvideAndRegister,
    _: Peer,
) -> Result<RegistryResponse, RegistryErrors> {
    repository.provide(request).await
}

async fn retrieve(
    repository: Arc<Repository>,
    request: Retrieve,
    _: Peer,
) -> Result<RetrieveResponse, RegistryErrors> {
    repository.retrieve(request).await
}

/// What a repository answers.
pub fn endpoint(repository: &Arc<Repository>, audit: Audit) -> Endpoint {
    Endpoint::new(audit)
        .described_by(description::DOCUMENT_REPOSITORY)
        .answers(repository, provide)
        .answers(repository, retrieve)
}

#[cfg(test)]
mod tests;
