//! Document Consumer: finds what a community knows of a patient, and fetches documents (ITI-18, ITI-43).

mod blocks;

use std::collections::BTreeMap;

use metadata::{DocumentEntry, ErrorCode, Flavour, RegistryErrors};
use sha1::Sha1;
use soap::parts::Content;

use crate::integrity::expecting;
use crate::transactions::stored_query::Query;
use crate::transactions::{DocumentRequest, QueryResponse, Retrieve, StoredQuery};
use crate::{CallError, Partner};

/// What a consumer knows of one community: its registry, and its repositories by their unique ids.
#[derive(Debug, Clone)]
pub struct Consumer {
    registry: Partner,
    repositories: BTreeMap<String, Partner>,
}

/// Why a consumer did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ConsumerError {
    /// The other side was not reached, faulted or made no sense.
    #[error("{partner}: {error}")]
    Call {
        /// Who was asked.
        partner: String,
        /// What happened.
        #[source]
        error: CallError,
    },
    /// The other side said no.
    #[error("{partner}: {}", .errors.said_by(*.actor))]
    Refused {
        /// Who was asked.
        partner: String,
        /// Which of the two actors that is.
        actor: Flavour,
        /// Why.
        #[source]
        errors: RegistryErrors,
    },
    /// Nobody told us where that repository is.
    #[error("the address of repository {0:?} is not configured, so its documents cannot be fetched")]
    UnknownRepository(String),
    /// The repository answered without the document and without an error.
    #[error("{partner}: answered without document {unique_id}")]
    NotGiven {
        /// Who was asked.
        partner: String,
        /// The document.
        unique_id: String,
    },
    /// The document ended on its way.
    #[error("{partner}: {error}")]
    Broken {
        /// Who was asked.
        partner: String,
        /// What happened.
        #[source]
        error: std::io::Error,
    },
}

impl ConsumerError {
    /// Whether less might have been answered: the registry said so, or what it said could not be read, perhaps
    /// because it was longer than any message that we take.
    fn is_of_too_much(&self) -> bool {
        match self {
            Self::Call { error, .. } => matches!(error, CallError::Nonsense(_)),
            Self::Refused { errors, .. } => {
                errors.0.iter().any(|error| error.code == ErrorCode::TooManyResults)
            }
            Self::UnknownRepository(_) | Self::NotGiven { .. } | Self::Broken { .. } => false,
        }
    }
}

impl Consumer {
    /// A consumer of a community that knows no repository yet.
    pub fn new(registry: Partner) -> Self {
        Self { registry, repositories: BTreeMap::new() }
    }

    /// With a repository of that `repositoryUniqueId`.
    #[must_use]
    pub fn with_repository(mut self, unique_id: impl Into<String>, repository: Partner) -> Self {
        self.repositories.insert(unique_id.into(), repository);
        self
    }

    /// Asks the registry; an answer with errors is a refusal. Documents that are too many for one answer are asked
    /// for in blocks.
    pub async fn query(&self, query: StoredQuery) -> Result<QueryResponse, ConsumerError> {
        let whole = self.ask(query.clone()).await;
        match whole {
            Err(error) if error.is_of_too_much() => self.in_blocks(query, error).await,
            other => other,
        }
    }

    async fn ask(&self, query: StoredQuery) -> Result<QueryResponse, ConsumerError> {
        let partner = || self.registry.address().to_owned();
        let answer = self.registry.ask(query).await;
        let answer = answer.map_err(|error| ConsumerError::Call { partner: partner(), error })?;
        if answer.errors.is_failure() {
            return Err(ConsumerError::Refused {
                partner: partner(),
                actor: Flavour::Registry,
                errors: answer.errors,
            });
        }
        Ok(answer)
    }

    /// The document entries that a query finds.
    pub async fn entries(&self, query: Query) -> Result<Vec<DocumentEntry>, ConsumerError> {
        Ok(self.query(StoredQuery::leaf_class(query)).await?.into_documents())
    }

    /// Fetches the document of an entry. What comes is compared with the entry's hash while it is read.
    pub async fn fetch(&self, entry: &DocumentEntry) -> Result<Content, ConsumerError> {
        let repository = entry.repository_unique_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let content = self.retrieve(&repository, entry.unique_id.as_str()).await?;
        Ok(match entry.hash.filter(|_| entry.size != Some(0)) {
            Some(hash) => expecting::<Sha1>(content, hash.as_bytes().to_vec()),
            // On demand or assembled later: no hash is known yet (ITI TF-3 4.2.3.2.10).
            None => content,
        })
    }

    /// Retrieves one document, unchecked.
    async fn retrieve(&self, repository: &str, unique_id: &str) -> Result<Content, ConsumerError> {
        let Some(partner) = self.repositories.get(repository) else {
            return Err(ConsumerError::UnknownRepository(repository.to_owned()));
        };
        let name = || partner.address().to_owned();
        let request = DocumentRequest {
            home_community_id: None,
            repository_unique_id: repository.to_owned(),
            document_unique_id: unique_id.to_owned(),
        };
        let answer = partner.ask(Retrieve { documents: vec![request] }).await;
        let mut answer = answer.map_err(|error| ConsumerError::Call { partner: name(), error })?;
        if answer.errors.is_failure() {
            return Err(ConsumerError::Refused {
                partner: name(),
                actor: Flavour::Repository,
                errors: answer.errors,
            });
        }
        let arrived = answer.documents.next().await;
        match arrived.map_err(|error| ConsumerError::Broken { partner: name(), error })? {
            Some(arrived) => Ok(arrived.content),
            None => Err(ConsumerError::NotGiven { partner: name(), unique_id: unique_id.to_owned() }),
        }
    }
}
