//! ITI-18: a question to a registry, and what it found (ITI TF-2 3.18).

mod filter;
mod find;
mod get;
mod literals;
mod parameters;
mod response;

use metadata::vocabulary::{QUERY, RIM};
use metadata::{ErrorCode, Flavour, HomeCommunityId, PatientId, RegistryError, RegistryErrors};
use soap::message::{Encoding, Message};
use soap::parts::Parts;
use soap::xml::{Element, Name};

pub use filter::{ContentFilter, Id, Ids, Pattern, Period};
pub use find::{
    DocumentFilter, FindDocuments, FindDocumentsByReferenceId, FindFolders, FindSubmissionSets, GetAll,
};
pub use get::{
    GetAssociations, GetDocuments, GetDocumentsAndAssociations, GetFolderAndContents, GetFolders,
    GetFoldersForDocument, GetRelatedDocuments, GetSubmissionSetAndContents, GetSubmissionSets,
};
pub use response::{Found, QueryResponse};

use super::Transaction;
use crate::audit;
use parameters::{Parameters, Slots};

/// A question, and in what form the answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredQuery {
    /// The question.
    pub query: Query,
    /// Whole objects or references to them.
    pub return_type: ReturnType,
    /// The community that is asked, where a gateway must know (`AdhocQuery/@home`).
    pub home: Option<HomeCommunityId>,
}

/// What comes back for each object (`returnType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnType {
    /// The whole object.
    LeafClass,
    /// Its id.
    ObjectRef,
}

/// The queries of ITI TF-2 3.18.4.1.2.3.7, each with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the struct of its name")]
pub enum Query {
    FindDocuments(FindDocuments),
    FindSubmissionSets(FindSubmissionSets),
    FindFolders(FindFolders),
    GetAll(GetAll),
    GetDocuments(GetDocuments),
    GetFolders(GetFolders),
    GetAssociations(GetAssociations),
    GetDocumentsAndAssociations(GetDocumentsAndAssociations),
    GetSubmissionSets(GetSubmissionSets),
    GetSubmissionSetAndContents(GetSubmissionSetAndContents),
    GetFolderAndContents(GetFolderAndContents),
    GetFoldersForDocument(GetFoldersForDocument),
    GetRelatedDocuments(GetRelatedDocuments),
    FindDocumentsByReferenceId(FindDocumentsByReferenceId),
}

/// One kind of query: its id, and its parameters in and out.
trait Question: Sized {
    /// `AdhocQuery/@id` (ITI TF-2 3.18.4.1.2.4).
    const ID: &'static str;
    /// Reads the parameters; complains to them, and is none if it cannot be asked.
    fn read(parameters: &mut Parameters) -> Option<Self>;
    /// Writes the parameters.
    fn write(&self, slots: &mut Slots);
}

fn written<Q: Question>(query: &Q) -> (&'static str, Slots) {
    let mut slots = Slots::default();
    query.write(&mut slots);
    (Q::ID, slots)
}

impl Query {
    /// Reads the parameters of the query with that id; what is wrong with them stays in `p`.
    fn read(id: &str, p: &mut Parameters) -> Result<Option<Self>, RegistryError> {
        Ok(match id {
            FindDocuments::ID => FindDocuments::read(p).map(Self::FindDocuments),
            FindSubmissionSets::ID => FindSubmissionSets::read(p).map(Self::FindSubmissionSets),
            FindFolders::ID => FindFolders::read(p).map(Self::FindFolders),
            GetAll::ID => GetAll::read(p).map(Self::GetAll),
            GetDocuments::ID => GetDocuments::read(p).map(Self::GetDocuments),
            GetFolders::ID => GetFolders::read(p).map(Self::GetFolders),
            GetAssociations::ID => GetAssociations::read(p).map(Self::GetAssociations),
            GetDocumentsAndAssociations::ID => {
                GetDocumentsAndAssociations::read(p).map(Self::GetDocumentsAndAssociations)
            }
            GetSubmissionSets::ID => GetSubmissionSets::read(p).map(Self::GetSubmissionSets),
            GetSubmissionSetAndContents::ID => {
                GetSubmissionSetAndContents::read(p).map(Self::GetSubmissionSetAndContents)
            }
            GetFolderAndContents::ID => GetFolderAndContents::read(p).map(Self::GetFolderAndContents),
            GetFoldersForDocument::ID => GetFoldersForDocument::read(p).map(Self::GetFoldersForDocument),
            GetRelatedDocuments::ID => GetRelatedDocuments::read(p).map(Self::GetRelatedDocuments),
            FindDocumentsByReferenceId::ID => {
                FindDocumentsByReferenceId::read(p).map(Self::FindDocumentsByReferenceId)
            }
            unknown => {
                let context = format!("{unknown:?} is no query of ITI TF-2 3.18.4.1.2.4");
                return Err(RegistryError::new(ErrorCode::UnknownStoredQuery, context).at("AdhocQuery"));
            }
        })
    }

    /// The id and the parameters.
    fn write(&self) -> (&'static str, Slots) {
        match self {
            Self::FindDocuments(query) => written(query),
            Self::FindSubmissionSets(query) => written(query),
            Self::FindFolders(query) => written(query),
            Self::GetAll(query) => written(query),
            Self::GetDocuments(query) => written(query),
            Self::GetFolders(query) => written(query),
            Self::GetAssociations(query) => written(query),
            Self::GetDocumentsAndAssociations(query) => written(query),
            Self::GetSubmissionSets(query) => written(query),
            Self::GetSubmissionSetAndContents(query) => written(query),
            Self::GetFolderAndContents(query) => written(query),
            Self::GetFoldersForDocument(query) => written(query),
            Self::GetRelatedDocuments(query) => written(query),
            Self::FindDocumentsByReferenceId(query) => written(query),
        }
    }

    /// Whose objects are asked for, where the query says it.
    pub const fn patient_id(&self) -> Option<&PatientId> {
        match self {
            Self::FindDocuments(query) => Some(&query.patient_id),
            Self::FindDocumentsByReferenceId(query) => Some(&query.documents.patient_id),
            Self::FindSubmissionSets(query) => Some(&query.patient_id),
            Self::FindFolders(query) => Some(&query.patient_id),
            Self::GetAll(query) => Some(&query.patient_id),
            _ => None,
        }
    }
}

impl ReturnType {
    const NAMES: [(&'static str, Self); 2] = [("LeafClass", Self::LeafClass), ("ObjectRef", Self::ObjectRef)];

    fn name(self) -> &'static str {
        if self == Self::LeafClass { "LeafClass" } else { "ObjectRef" }
    }

    fn read(request: &Element) -> Result<Self, RegistryError> {
        let option = request.child(QUERY, "ResponseOption").and_then(|option| option.attribute("returnType"));
        let known = Self::NAMES.into_iter().find(|(name, _)| Some(*name) == option);
        known.map(|(_, kind)| kind).ok_or_else(|| {
            let context = format!(
                "returnType is {}, expected LeafClass or ObjectRef (ITI TF-2 3.18.4.1.2.3.2)",
                option.map_or_else(|| "absent".to_owned(), |value| format!("{value:?}"))
            );
            RegistryError::new(ErrorCode::Internal, context).at("ResponseOption")
        })
    }
}

impl StoredQuery {
    /// A question to a registry, to be answered with whole objects.
    pub const fn leaf_class(query: Query) -> Self {
        Self { query, return_type: ReturnType::LeafClass, home: None }
    }

    /// A question to a registry, to be answered with references.
    pub const fn object_ref(query: Query) -> Self {
        Self { query, return_type: ReturnType::ObjectRef, home: None }
    }

    fn read_request(request: &Element) -> Result<Self, RegistryErrors> {
        let mut errors = RegistryErrors::default();
        let return_type = ReturnType::read(request).map_err(|error| errors.push(error)).ok();
        let Some(adhoc_query) = request.child(RIM, "AdhocQuery") else {
            let context = "query:AdhocQueryRequest without a rim:AdhocQuery (ebRS 3.0, query.xsd)";
            errors.push(RegistryError::new(ErrorCode::Internal, context));
            return Err(errors);
        };
        let home = adhoc_query.attribute("home").filter(|home| !home.trim().is_empty()).map(str::parse);
        let home = home.transpose().map_err(|error| {
            errors.push(RegistryError::new(ErrorCode::Internal, format!("home: {error}")).at("AdhocQuery"));
        });
        let mut parameters = Parameters::of(adhoc_query);
        let id = adhoc_query.attribute("id").unwrap_or_default().trim().to_ascii_lowercase();
        let query = Query::read(&id, &mut parameters).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        errors.extend(parameters.into_errors());
        match (query, return_type, home) {
            (Some(query), Some(return_type), Ok(home)) if errors.is_empty() => {
                Ok(Self { query, return_type, home })
            }
            _ => Err(errors),
        }
    }

    fn request(&self) -> Element {
        let (id, slots) = self.query.write();
        let adhoc_query = Element::new(RIM, "AdhocQuery").with("id", id);
        let adhoc_query = match &self.home {
            Some(home) => adhoc_query.with("home", home.to_string()),
            None => adhoc_query,
        };
        let option = Element::new(QUERY, "ResponseOption")
            .with("returnType", self.return_type.name())
            .with("returnComposedObjects", "true");
        Element::new(QUERY, "AdhocQueryRequest")
            .with_child(option)
            .with_child(adhoc_query.with_children(slots.elements()))
    }
}

impl Transaction for StoredQuery {
    const ACTION: &'static str = "urn:ihe:iti:2007:RegistryStoredQuery";
    const RESPONSE_ACTION: &'static str = "urn:ihe:iti:2007:RegistryStoredQueryResponse";
    const BODY: Name = Name::new(QUERY, "AdhocQueryRequest");
    const ENCODING: Encoding = Encoding::Simple;
    const ANSWERED_BY: Flavour = Flavour::Registry;
    const IS_SAFE: bool = true;
    const IS_LARGE: bool = true;
    const AUDIT: audit::Kind = audit::Kind {
        transaction: "ITI-18",
        name: "Registry Stored Query",
        asking: audit::Event::QUERY,
        answering: audit::Event::QUERY,
    };
    type Response = QueryResponse;

    fn read(message: Message) -> Result<Self, RegistryErrors> {
        Self::read_request(&message.body)
    }

    fn write(self) -> (Element, Parts) {
        (self.request(), Parts::none())
    }

    fn subject(&self) -> audit::Subject {
        let (id, _) = self.query.write();
        audit::Subject {
            patients: self.query.patient_id().into_iter().cloned().collect(),
            objects: vec![audit::Object::Query { id: id.to_owned(), request: self.request().write() }],
            ..audit::Subject::default()
        }
    }
}

#[cfg(test)]
mod tests;
