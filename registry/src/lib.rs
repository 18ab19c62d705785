//! The Document Registry: keeps metadata, and says what it knows (ITI TF-1 10.1.1.3).

mod export;
mod patients;
mod query;
mod register;
mod rules;
mod store;
mod verify;

use std::sync::Arc;

use actors::Endpoint;
use actors::audit::Audit;
use actors::description;
use actors::endpoint::internal;
use actors::identity_feed::IdentityFeed;
use actors::transactions::{QueryResponse, Register, RegistryResponse, StoredQuery};
use database::{Database, DatabaseError, Location, Remedy};
use metadata::{CurrentDomain, Domain, ErrorCode, RegistryErrors};
use soap::peer::Peer;

use crate::rules::LeftOut;
pub use export::{Person, Registered, State, Submissions};
pub use query::MAX_RESULTS;
pub use store::{SCHEMA, StoreError, TABLES};
pub use verify::{Described, Examined};

/// A registry with its database.
#[derive(Debug)]
pub struct Registry {
    database: Database,
    policy: Policy,
    limits: query::Limits,
    left_out: LeftOut,
}

/// What a registry takes in.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Whose objects are taken in.
    pub patients: PatientPolicy,
    /// The affinity domain: whose ids of patients, which codes.
    pub domain: CurrentDomain,
}

/// A policy as it is while one submission is judged.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) patients: PatientPolicy,
    pub(crate) domain: Arc<Domain>,
}

impl Policy {
    fn terms(&self) -> Terms {
        Terms { patients: self.patients, domain: self.domain.get() }
    }
}

/// Which patients a registry knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatientPolicy {
    /// Those that the identity feed has told of; others are refused (ITI TF-2 3.42.4.1.3.3.1).
    Feed,
    /// Any: a patient is known from the first submission on.
    Accept,
}

impl Registry {
    /// Opens the registry whose data lie at `location`, and makes its tables if there are none.
    pub async fn open(location: &Location, policy: Policy) -> Result<Self, DatabaseError> {
        Ok(Self::of(Database::open(location, &SCHEMA).await?, policy))
    }

    /// Opens the registry to look at it: nothing is made or changed, and another program may have it open.
    pub async fn look(location: &Location, policy: Policy) -> Result<Self, DatabaseError> {
        Ok(Self::of(Database::look(location, &SCHEMA).await?, policy))
    }

    fn of(database: Database, policy: Policy) -> Self {
        let (limits, left_out) = (query::Limits::default(), LeftOut::default());
        Self { database, policy, limits, left_out }
    }

    /// Gives so many whole objects in one answer at most, and five times as many references.
    #[must_use]
    pub fn returning_at_most(mut self, results: usize) -> Self {
        self.limits = query::Limits::of(results);
        self
    }

    /// The registry without one of its rules or effects, by its name: for tests that must notice. None has another name.
    #[cfg(any(test, feature = "mutations"))]
    pub fn without_rule(mut self, name: &str) -> Option<Self> {
        let rules = rules::RULES.iter().map(|rule| rule.name);
        let name = rules.chain([rules::DEPENDENTS, rules::PLACES]).find(|known| *known == name)?;
        self.left_out.name = Some(name);
        Some(self)
    }

    /// Its database, to be copied or filled.
    pub const fn database(&self) -> &Database {
        &self.database
    }
}

/// Why a request was not carried out.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Something is wrong with it.
    Errors(RegistryErrors),
    /// Something is wrong with us.
    Store(StoreError),
}

impl Refusal {
    /// As the peer learns it; what is wrong with us is for the operator's log.
    fn into_errors(self, doing: &str) -> RegistryErrors {
        match self {
            Self::Errors(errors) => errors,
            Self::Store(error) => {
                let mut errors = internal(doing, &error);
                if let Some(code) = remedy(&error) {
                    errors.0.iter_mut().for_each(|error| error.code = code.clone());
                }
                errors
            }
        }
    }
}

/// What the peer can do about a failure of ours, if anything.
fn remedy(error: &StoreError) -> Option<ErrorCode> {
    let StoreError::Database(error) = error else { return None };
    error.remedy().map(|remedy| match remedy {
        Remedy::Later => ErrorCode::Busy,
        Remedy::Room => ErrorCode::OutOfResources,
    })
}

impl From<RegistryErrors> for Refusal {
    fn from(errors: RegistryErrors) -> Self {
        Self::Errors(errors)
    }
}

impl<E: Into<StoreError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

/// What the registry does of what it is fed over MLLP.
pub fn identity_feed(registry: &Arc<Registry>, audit: Audit) -> IdentityFeed {
    IdentityFeed::new(registry, |registry, feed| async move { registry.feed(feed).await }, audit)
}

/// The transactions that the registry answers.
pub fn endpoint(registry: &Arc<Registry>, audit: Audit) -> Endpoint {
    Endpoint::new(audit)
        .described_by(description::DOCUMENT_REGISTRY)
        .answers(registry, register)
        .answers(registry, query)
}

async fn register(
    registry: Arc<Registry>,
    request: Register,
    _: Peer,
) -> Result<RegistryResponse, RegistryErrors> {
    registry.take_in(request).await
}

async fn query(
    registry: Arc<Registry>,
    request: StoredQuery,
    _: Peer,
) -> Result<QueryResponse, RegistryErrors> {
    registry.query(&request).await
}

#[cfg(test)]
mod tests;
