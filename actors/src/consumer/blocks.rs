//! What is too much for one answer: references first, then the objects in blocks (ITI TF-2 3.18.4.1.3.3).

use metadata::{EntryUuid, ErrorCode, Flavour, HomeCommunityId, RegistryError, RegistryErrors};

use super::{Consumer, ConsumerError};
use crate::transactions::stored_query::{Found, GetDocuments, Ids, Query, ReturnType};
use crate::transactions::{QueryResponse, StoredQuery};

/// Documents that are asked for at once: some 4 MB of XML, a fourth of what we read.
const BLOCK: usize = 500;

/// Documents that are put together to one answer: some 100 MB in memory, and more than anyone looks at.
const DOCUMENTS: usize = 20_000;

/// Documents of one community that are still to be asked for.
type Block = (Option<HomeCommunityId>, Vec<EntryUuid>);

impl Consumer {
    /// Asks again for less at a time, if that can be done; `error` is why.
    pub(super) async fn in_blocks(
        &self,
        query: StoredQuery,
        error: ConsumerError,
    ) -> Result<QueryResponse, ConsumerError> {
        let finds_documents =
            matches!(query.query, Query::FindDocuments(_) | Query::FindDocumentsByReferenceId(_));
        if !finds_documents || query.return_type != ReturnType::LeafClass {
            return Err(error);
        }
        let references = self.ask(StoredQuery { return_type: ReturnType::ObjectRef, ..query }).await?;
        if references.found.len() > DOCUMENTS {
            return Err(self.too_many(references.found.len()));
        }
        let mut all = QueryResponse { errors: references.errors, found: Vec::new() };
        let mut blocks = blocks(&references.found);
        while let Some((home, mut uuids)) = blocks.pop() {
            let ids = Ids::EntryUuids(uuids.clone());
            let query = StoredQuery::leaf_class(Query::GetDocuments(GetDocuments { ids }));
            match self.ask(StoredQuery { home: home.clone(), ..query }).await {
                Ok(block) => {
                    all.errors.extend(block.errors);
                    all.found.extend(block.found);
                }
                Err(error) if error.is_of_too_much() && uuids.len() > 1 => {
                    let rest = uuids.split_off(uuids.len() / 2);
                    blocks.extend([(home.clone(), rest), (home, uuids)]);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    fn too_many(&self, found: usize) -> ConsumerError {
        let context =
            format!("{found} documents were found, {DOCUMENTS} are fetched at most: narrow the query");
        let errors = RegistryErrors::from(RegistryError::new(ErrorCode::TooManyResults, context));
        ConsumerError::Refused {
            partner: self.registry.address().to_owned(),
            actor: Flavour::Registry,
            errors,
        }
    }
}

/// The documents in blocks of one community each, the first to be asked for last.
fn blocks(found: &[Found]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for reference in found {
        let Found::Reference { id, home } = reference else { continue };
        let Some(uuid) = id.uuid() else { continue };
        match blocks.last_mut() {
            Some((last, uuids)) if last == home && uuids.len() < BLOCK => uuids.push(uuid),
            _ => blocks.push((home.clone(), vec![uuid])),
        }
    }
    blocks.reverse();
    blocks
}

#[cfg(test)]
mod tests;
