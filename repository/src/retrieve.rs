//! Gives documents back (ITI TF-2 3.43.4.1.3): those that are here, and an error for each that is not.

use actors::transactions::documents::Outgoing;
use actors::transactions::{DocumentRequest, Retrieve, RetrieveResponse, Retrieved};
use metadata::{ErrorCode, RegistryError, RegistryErrors};

use crate::Repository;

impl Repository {
    /// Answers ITI-43. The documents are opened when their turn comes on the wire.
    pub(crate) async fn retrieve(&self, request: Retrieve) -> Result<RetrieveResponse, RegistryErrors> {
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
