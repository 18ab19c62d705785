//! ITI-18: says what the registry knows (ITI TF-2 3.18.4.1.3).

mod answer;
mod filter;
mod find;
mod get;

use std::sync::Arc;

use actors::transactions::stored_query::Query;
use actors::transactions::{QueryResponse, StoredQuery};
use database::{DatabaseError, Reader};
use metadata::RegistryErrors;

pub(crate) use answer::Limits;
pub use answer::MAX_RESULTS;
#[cfg(test)]
pub(crate) use answer::OBJECT_REF_LIMIT;

use crate::store::Object;
use crate::{Refusal, Registry};

impl Registry {
    /// Answers a question from what is registered at one moment.
    pub async fn query(&self, request: &StoredQuery) -> Result<QueryResponse, RegistryErrors> {
        let (request, limits) = (Arc::new(request.clone()), self.limits);
        let found = self.database.read(move |reader| {
            let request = Arc::clone(&request);
            Box::pin(async move {
                let objects = evaluate(reader, &request.query).await?;
                answer::answer(reader, objects, &request, limits).await
            })
        });
        found.await.map_err(|refusal: Refusal| refusal.into_errors("answering a query"))
    }
}

/// The objects that a query is about.
async fn evaluate(reader: &mut Reader, query: &Query) -> Result<Vec<Object>, DatabaseError> {
    match query {
        Query::FindDocuments(query) => find::documents(reader, query).await,
        Query::FindDocumentsByReferenceId(query) => find::documents_by_reference_id(reader, query).await,
        Query::FindSubmissionSets(query) => find::submission_sets(reader, query).await,
        Query::FindFolders(query) => find::folders(reader, query).await,
        Query::GetAll(query) => find::all(reader, query).await,
        Query::GetDocuments(query) => get::documents(reader, &query.ids).await,
        Query::GetFolders(query) => get::folders(reader, &query.ids).await,
        Query::GetAssociations(query) => get::associations(reader, &query.uuids).await,
        Query::GetDocumentsAndAssociations(query) => {
            get::documents_and_associations(reader, &query.ids).await
        }
        Query::GetSubmissionSets(query) => get::submission_sets(reader, &query.uuids).await,
        Query::GetSubmissionSetAndContents(query) => get::submission_set_and_contents(reader, query).await,
        Query::GetFolderAndContents(query) => get::folder_and_contents(reader, query).await,
        Query::GetFoldersForDocument(query) => get::folders_for_document(reader, &query.id).await,
        Query::GetRelatedDocuments(query) => get::related_documents(reader, query).await,
    }
}
