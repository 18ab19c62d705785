//! Gives documents back (ITI TF-2 3.43.4.1.3): those that are here, and an error for each that is not.

use std::collections::HashSet;

use actors::endpoint::internal;
use actors::transactions::documents::Outgoing;
use actors::transactions::stored_query::{GetDocuments, Ids, Query, StoredQuery};
use actors::transactions::{DocumentRequest, Retrieve, RetrieveResponse, Retrieved};
use bytes::Bytes;
use metadata::{ErrorCode, Hash, RegistryError, RegistryErrors, UniqueId};
use soap::parts::Content;

use crate::Repository;
use crate::index;
use crate::meters;
use crate::store::{Found, StoreError};

/// Bytes of documents that one answer holds ready before it begins.
const READY: u64 = 1 << 20;

impl Repository {
    /// Answers ITI-43. Small documents are read before the answer begins, large ones when their turn comes on the
    /// wire.
    pub(crate) async fn retrieve(&self, request: Retrieve) -> Result<RetrieveResponse, RegistryErrors> {
        if request.documents.len() > self.limits.documents {
            let (asked, limit) = (request.documents.len(), self.limits.documents);
            let context =
                format!("{asked} documents in one request, this repository gives {limit} at a time");
            return Err(RegistryError::new(ErrorCode::OutOfResources, context).into());
        }
        let alone = request.documents.len() == 1;
        let mut ready = READY;
        let mut errors = RegistryErrors::default();
        let mut documents = Vec::new();
        for wanted in request.documents {
            match self.open(&wanted, alone, &mut ready).await {
                Ok((found, content)) => documents.push(outgoing(wanted, found, content)),
                Err(refused) => errors.extend(refused),
            }
        }
        Ok(RetrieveResponse::new(errors, documents))
    }

    /// The document of that id, with all of it if it has at most so many bytes.
    async fn find(
        &self,
        wanted: &DocumentRequest,
        most: u64,
    ) -> Result<(Found, Option<Bytes>), RegistryErrors> {
        if wanted.repository_unique_id != self.unique_id().as_str() {
            let context = format!(
                "RepositoryUniqueId {} is not this repository, which is {}; document {} (ITI TF-2 3.43.4.1.3)",
                wanted.repository_unique_id,
                self.unique_id().as_str(),
                wanted.document_unique_id
            );
            return Err(RegistryError::new(ErrorCode::UnknownRepositoryId, context).into());
        }
        let Some(found) = self.store.find_whole(&wanted.document_unique_id, most).await? else {
            let context = format!(
                "DocumentUniqueId {} is not in this repository (ITI TF-2 3.43.4.1.3)",
                wanted.document_unique_id
            );
            return Err(RegistryError::new(ErrorCode::DocumentUniqueIdError, context).into());
        };
        Ok(match self.rival(&found.0).await? {
            Some(rival) => (rival, None),
            None => found,
        })
    }

    /// The document that the registry knows under the id of another, which was found because it is not noted yet which
    /// of them that is. The others were refused a moment ago, or will be.
    async fn rival(&self, found: &Found) -> Result<Option<Found>, RegistryErrors> {
        if found.registered {
            return Ok(None);
        }
        let all = index::of_id(self.store.index(), &found.unique_id).await.map_err(StoreError::from)?;
        let differs = |other: &Found| other.sha256 != found.sha256;
        let Some(id) = all.iter().any(differs).then(|| found.unique_id.parse::<UniqueId>().ok()).flatten()
        else {
            return Ok(None);
        };
        let query = Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(vec![id]) });
        let answer = self.registry.ask(StoredQuery::leaf_class(query)).await;
        let answer = answer.map_err(|error| internal("asking whose document it is", &error))?;
        let hashes: HashSet<Hash> = answer.into_documents().iter().filter_map(|entry| entry.hash).collect();
        let known =
            all.into_iter().find(|one| one.registered || hashes.contains(&Hash::from_bytes(one.sha1)));
        Ok(known.filter(differs))
    }

    /// A document and its content. One that is damaged is an error of its own and no harm to the others: what is
    /// small is read and compared now, what is large is compared now and read again. Only a large one that comes
    /// alone is compared while it passes, and ends the answer if it is damaged.
    async fn open(
        &self,
        wanted: &DocumentRequest,
        alone: bool,
        ready: &mut u64,
    ) -> Result<(Found, Content), RegistryErrors> {
        let (found, whole) = self.find(wanted, *ready).await?;
        if let Some(whole) = whole {
            *ready = ready.saturating_sub(found.size);
            return Ok((found, Content::from(whole)));
        }
        self.store.check_size(&found).await?;
        let mut content = self.store.content(&found);
        if !alone {
            while content.chunk().await.map_err(StoreError::Reading)?.is_some() {}
            content = self.store.content(&found);
        }
        Ok((found, content))
    }
}

fn outgoing(wanted: DocumentRequest, found: Found, content: Content) -> (Retrieved, Outgoing) {
    meters::given(found.size);
    let outgoing = Outgoing { media_type: found.mime_type.clone(), content };
    let retrieved = Retrieved {
        request: wanted,
        new_repository_unique_id: None,
        new_document_unique_id: None,
        mime_type: found.mime_type,
    };
    (retrieved, outgoing)
}
