//! Error codes: one variant for each, and for those that a registry and a repository spell differently.
//!
//! ITI TF-3 Table 4.2.4.1-2, with the codes of metadata update and removal.

/// Which actor answers, for codes that carry its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// A Document Registry, or who answers like one.
    Registry,
    /// A Document Repository.
    Repository,
}

/// What kind of finding an error is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// `DocumentQueued`: the recipient will process the document later (warning).
    DocumentQueued,
    /// `InvalidDocumentContent`: the content does not match the declared format.
    InvalidDocumentContent,
    /// `PartialAppendContentNotProcessed`: appending is not supported (warning).
    PartialAppendContentNotProcessed,
    /// `PartialFolderContentNotProcessed`: folders are not supported (warning).
    PartialFolderContentNotProcessed,
    /// `PartialRelationshipContentNotProcessed`: the relationship is not supported (warning).
    PartialRelationshipContentNotProcessed,
    /// `PartialReplaceContentNotProcessed`: replacing is not supported (warning).
    PartialReplaceContentNotProcessed,
    /// `PartialTransformNotProcessed`: transforming is not supported (warning).
    PartialTransformNotProcessed,
    /// `PartialTransformReplaceNotProcessed`: transforming and replacing is not supported (warning).
    PartialTransformReplaceNotProcessed,
    /// `UnresolvedReferenceException`: an object that is referred to was not found.
    UnresolvedReference,
    /// `XDSDocumentUniqueIdError`: no document has that unique id.
    DocumentUniqueIdError,
    /// `XDSDuplicateUniqueIdInRegistry`: a submission set or folder has that unique id already.
    DuplicateUniqueIdInRegistry,
    /// `XDSExtraMetadataNotSaved`: extra metadata was not kept (warning).
    ExtraMetadataNotSaved,
    /// `XDSMissingDocument`: an entry came without its document.
    MissingDocument,
    /// `XDSMissingDocumentMetadata`: a document came without its entry.
    MissingDocumentMetadata,
    /// `XDSMissingHomeCommunityId`: a home community id is required here.
    MissingHomeCommunityId,
    /// `XDSNonIdenticalHash`: the document with that unique id has another hash.
    NonIdenticalHash,
    /// `XDSNonIdenticalSize`: the document with that unique id has another size.
    NonIdenticalSize,
    /// `XDSPatientIdDoesNotMatch`: objects that belong together are about different patients.
    PatientIdDoesNotMatch,
    /// `XDSRegistryBusy`, `XDSRepositoryBusy`: too much to do now.
    Busy,
    /// `XDSRegistryDeprecatedDocumentError`: the target of an association is deprecated.
    DeprecatedDocument,
    /// `XDSRegistryDuplicateUniqueIdInMessage`, `XDSRepositoryDuplicateUniqueIdInMessage`.
    DuplicateUniqueIdInMessage,
    /// `XDSRegistryError`, `XDSRepositoryError`: something failed inside, or nothing more specific applies.
    Internal,
    /// `XDSRegistryMetadataError`, `XDSRepositoryMetadataError`: the metadata is not valid.
    Metadata,
    /// `XDSRegistryNotAvailable`: the repository cannot reach its registry.
    RegistryNotAvailable,
    /// `XDSRegistryOutOfResources`, `XDSRepositoryOutOfResources`.
    OutOfResources,
    /// `XDSReplaceFailed`: no longer used, still received.
    ReplaceFailed,
    /// `XDSResultNotSinglePatient`: the answer would mix patients.
    ResultNotSinglePatient,
    /// `XDSStoredQueryMissingParam`: a required parameter of the query is missing.
    StoredQueryMissingParam,
    /// `XDSStoredQueryParamNumber`: a parameter has the wrong number or form of values.
    StoredQueryParamNumber,
    /// `XDSTooManyResults`: more results than the responder is willing to return.
    TooManyResults,
    /// `XDSUnavailableCommunity`: the other community cannot be reached.
    UnavailableCommunity,
    /// `XDSUnknownCommunity`: no such community.
    UnknownCommunity,
    /// `XDSUnknownPatientId`: the patient is not known.
    UnknownPatientId,
    /// `XDSUnknownRepositoryId`: no such repository.
    UnknownRepositoryId,
    /// `XDSUnknownStoredQuery`: no such stored query.
    UnknownStoredQuery,
    /// `TranscodingError`: the document could not be converted.
    Transcoding,
    /// `UnknownRecipient`: the intended recipient is not known (warning).
    UnknownRecipient,
    /// `UnavailableRecipient`: the intended recipient cannot be reached (warning).
    UnavailableRecipient,
    /// `FHIRDocumentNotSupported`: a FHIR document where none is taken (MHD).
    FhirDocumentNotSupported,
    /// `XDSMetadataUpdateError`: an update failed for no more specific reason.
    MetadataUpdate,
    /// `XDSMetadataUpdateOperationError`: the update operation could not be made out.
    MetadataUpdateOperation,
    /// `XDSMetadataVersionError`: the previous version is not the current one.
    MetadataVersion,
    /// `XDSMetadataIdentifierError`: logical id, unique id or object type differ.
    MetadataIdentifier,
    /// `XDSPatientIDReconciliationError`: the update leaves patients inconsistent.
    PatientIdReconciliation,
    /// `XDSInvalidRequestException`: a first version in an update.
    InvalidRequest,
    /// `XDSMetadataAnnotationError`: an annotation is missing or illegal.
    MetadataAnnotation,
    /// `XDSObjectTypeError`: this type of object is not allowed here.
    ObjectType,
    /// `UnmodifiableMetadataError`: an attribute that never changes would change.
    UnmodifiableMetadata,
    /// `LocalPolicyRestrictionError`: local policy says no.
    LocalPolicyRestriction,
    /// `ReferencesExistException`: something still refers to what is to be removed.
    ReferencesExist,
    /// `XDSUnreferencedObjectException`: something would be left without anything referring to it.
    UnreferencedObject,
    /// `XDSRemoveDocumentsError`: the document could not be removed.
    RemoveDocuments,
    /// Any other code that a peer sends; never one of ours.
    Other(String),
}

impl ErrorCode {
    /// The name on the wire, as the actor that answers spells it.
    pub fn name(&self, actor: Flavour) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        let found = NAMES.iter().find(|(code, ..)| code == self);
        found.map_or("", |(_, registry, repository)| match actor {
            Flavour::Registry => registry,
            Flavour::Repository => repository,
        })
    }
}

impl From<&str> for ErrorCode {
    fn from(name: &str) -> Self {
        let name = name.trim_ascii();
        let found = NAMES.iter().find(|(_, registry, repository)| *registry == name || *repository == name);
        found.map_or_else(|| Self::Other(name.to_owned()), |(code, ..)| code.clone())
    }
}

/// Each code as a registry and as a repository spell it.
static NAMES: [(ErrorCode, &str, &str); 52] = [
    same(ErrorCode::DocumentQueued, "DocumentQueued"),
    same(ErrorCode::InvalidDocumentContent, "InvalidDocumentContent"),
    same(ErrorCode::PartialAppendContentNotProcessed, "PartialAppendContentNotProcessed"),
    same(ErrorCode::PartialFolderContentNotProcessed, "PartialFolderContentNotProcessed"),
    same(ErrorCode::PartialRelationshipContentNotProcessed, "PartialRelationshipContentNotProcessed"),
    same(ErrorCode::PartialReplaceContentNotProcessed, "PartialReplaceContentNotProcessed"),
    same(ErrorCode::PartialTransformNotProcessed, "PartialTransformNotProcessed"),
    same(ErrorCode::PartialTransformReplaceNotProcessed, "PartialTransformReplaceNotProcessed"),
    same(ErrorCode::UnresolvedReference, "UnresolvedReferenceException"),
    same(ErrorCode::DocumentUniqueIdError, "XDSDocumentUniqueIdError"),
    same(ErrorCode::DuplicateUniqueIdInRegistry, "XDSDuplicateUniqueIdInRegistry"),
    same(ErrorCode::ExtraMetadataNotSaved, "XDSExtraMetadataNotSaved"),
    same(ErrorCode::MissingDocument, "XDSMissingDocument"),
    same(ErrorCode::MissingDocumentMetadata, "XDSMissingDocumentMetadata"),
    same(ErrorCode::MissingHomeCommunityId, "XDSMissingHomeCommunityId"),
    same(ErrorCode::NonIdenticalHash, "XDSNonIdenticalHash"),
    same(ErrorCode::NonIdenticalSize, "XDSNonIdenticalSize"),
    same(ErrorCode::PatientIdDoesNotMatch, "XDSPatientIdDoesNotMatch"),
    (ErrorCode::Busy, "XDSRegistryBusy", "XDSRepositoryBusy"),
    same(ErrorCode::DeprecatedDocument, "XDSRegistryDeprecatedDocumentError"),
    (
        ErrorCode::DuplicateUniqueIdInMessage,
        "XDSRegistryDuplicateUniqueIdInMessage",
        "XDSRepositoryDuplicateUniqueIdInMessage",
    ),
    (ErrorCode::Internal, "XDSRegistryError", "XDSRepositoryError"),
    (ErrorCode::Metadata, "XDSRegistryMetadataError", "XDSRepositoryMetadataError"),
    same(ErrorCode::RegistryNotAvailable, "XDSRegistryNotAvailable"),
    (ErrorCode::OutOfResources, "XDSRegistryOutOfResources", "XDSRepositoryOutOfResources"),
    same(ErrorCode::ReplaceFailed, "XDSReplaceFailed"),
    same(ErrorCode::ResultNotSinglePatient, "XDSResultNotSinglePatient"),
    same(ErrorCode::StoredQueryMissingParam, "XDSStoredQueryMissingParam"),
    same(ErrorCode::StoredQueryParamNumber, "XDSStoredQueryParamNumber"),
    same(ErrorCode::TooManyResults, "XDSTooManyResults"),
    same(ErrorCode::UnavailableCommunity, "XDSUnavailableCommunity"),
    same(ErrorCode::UnknownCommunity, "XDSUnknownCommunity"),
    same(ErrorCode::UnknownPatientId, "XDSUnknownPatientId"),
    same(ErrorCode::UnknownRepositoryId, "XDSUnknownRepositoryId"),
    same(ErrorCode::UnknownStoredQuery, "XDSUnknownStoredQuery"),
    same(ErrorCode::Transcoding, "TranscodingError"),
    same(ErrorCode::UnknownRecipient, "UnknownRecipient"),
    same(ErrorCode::UnavailableRecipient, "UnavailableRecipient"),
    same(ErrorCode::FhirDocumentNotSupported, "FHIRDocumentNotSupported"),
    same(ErrorCode::MetadataUpdate, "XDSMetadataUpdateError"),
    same(ErrorCode::MetadataUpdateOperation, "XDSMetadataUpdateOperationError"),
    same(ErrorCode::MetadataVersion, "XDSMetadataVersionError"),
    same(ErrorCode::MetadataIdentifier, "XDSMetadataIdentifierError"),
    same(ErrorCode::PatientIdReconciliation, "XDSPatientIDReconciliationError"),
    same(ErrorCode::InvalidRequest, "XDSInvalidRequestException"),
    same(ErrorCode::MetadataAnnotation, "XDSMetadataAnnotationError"),
    same(ErrorCode::ObjectType, "XDSObjectTypeError"),
    same(ErrorCode::UnmodifiableMetadata, "UnmodifiableMetadataError"),
    same(ErrorCode::LocalPolicyRestriction, "LocalPolicyRestrictionError"),
    same(ErrorCode::ReferencesExist, "ReferencesExistException"),
    same(ErrorCode::UnreferencedObject, "XDSUnreferencedObjectException"),
    same(ErrorCode::RemoveDocuments, "XDSRemoveDocumentsError"),
];

/// A code that both actors spell alike.
const fn same(code: ErrorCode, name: &'static str) -> (ErrorCode, &'static str, &'static str) {
    (code, name, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_under_each_of_its_names() {
        for (code, registry, repository) in &NAMES {
            assert_eq!(
                (code.name(Flavour::Registry), code.name(Flavour::Repository)),
                (*registry, *repository)
            );
            assert_eq!((&ErrorCode::from(*registry), &ErrorCode::from(*repository)), (code, code));
        }
    }

    #[test]
    fn keeps_codes_of_peers_that_it_does_not_know() {
        let code = ErrorCode::from("XDSIRequestError");
        assert_eq!(code, ErrorCode::Other("XDSIRequestError".to_owned()));
        assert_eq!(code.name(Flavour::Repository), "XDSIRequestError");
    }
}
