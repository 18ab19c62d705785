//! Gives documents back (ITI TF-2 3.43.4.1.3): those that are here, and an error for each that is not.

use actors::endpoint::internal;
use actors::transactions::documents::Outgoing;
use actors::transactions::{DocumentRequest, Retrieve, RetrieveResponse, Retrieved};
use metadata::{ErrorCode, RegistryError, RegistryErrors};

use crate::Repository;

impl Repository {
    /// Answers ITI-43. The documents are opened when their turn comes on the wire.
    pub(crate) async fn retrieve(&self, request: Retrieve) -> Result<RetrieveResponse, RegistryErrors> {
        if request.documents.len() > self.limits.documents {
            let (asked, limit) = (request.documents.len(), self.limits.documents);
            let context =
                format!("{asked} documents in one request, this repository gives {limit} at a time");
            return Err(RegistryError::new(ErrorCode::OutOfResources, context).into());
        }
        let mut errors = RegistryErrors::default();
        let mut documents = Vec::new();
        for wanted in request.documents {
            match self.open(wanted).await {
                Ok(document) => documents.push(document),
                Err(refused) => errors.extend(refused),
            }
        }
        Ok(RetrieveResponse::new(errors, documents))
    }

    async fn open(&self, wanted: DocumentRequest) -> Result<(Retrieved, Outgoing), RegistryErrors> {
        if wanted.repository_unique_id != self.unique_id().as_str() {
            let context = format!(
                "RepositoryUniqueId {} is not this repository, which is {}; document {} (ITI TF-2 3.43.4.1.3)",
                wanted.repository_unique_id,
                self.unique_id().as_str(),
                wanted.document_unique_id
            );
            return Err(RegistryError::new(ErrorCode::UnknownRepositoryId, context).into());
        }
        let Some(found) = self.store.find(&wanted.document_unique_id).await? else {
            let context = format!(
                "DocumentUniqueId {} is not in this repository (ITI TF-2 3.43.4.1.3)",
                wanted.document_unique_id
            );
            return Err(RegistryError::new(ErrorCode::DocumentUniqueIdError, context).into());
        };
        let size = self.store.size(&found).await?;
        if size != found.size {
            let problem = format!("object {} has {size} bytes, {} were kept", found.key, found.size);
            return Err(internal("giving a document", &problem));
        }
        let outgoing = Outgoing { media_type: found.mime_type.clone(), content: self.store.content(&found) };
        let retrieved = Retrieved {
            request: wanted,
            new_repository_unique_id: None,
            new_document_unique_id: None,
            mime_type: found.mime_type,
        };
        Ok((retrieved, outgoing))
    }
}
