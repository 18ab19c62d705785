//! The queries that find the objects of one patient (ITI TF-2 3.18.4.1.2.3.7.1 to 7.4 and 7.14).

use actors::transactions::stored_query::{
    FindDocuments, FindDocumentsByReferenceId, FindFolders, FindSubmissionSets, GetAll,
};
use database::{DatabaseError, Reader};
use metadata::{AvailabilityStatus, PatientId};

use super::answer::OBJECT_REF_LIMIT;
use super::filter;
use super::get::associations_of;
use crate::store::{Facet, Kind, Object, Page, of_patient, patient};

pub(super) async fn documents(
    reader: &mut Reader,
    query: &FindDocuments,
) -> Result<Vec<Object>, DatabaseError> {
    let kinds = filter::kinds(&query.filter.content.object_type);
    let passes = |object: &Object| filter::document(object, &query.filter);
    objects(reader, &query.patient_id, &kinds, &query.status, passes).await
}

pub(super) async fn documents_by_reference_id(
    reader: &mut Reader,
    query: &FindDocumentsByReferenceId,
) -> Result<Vec<Object>, DatabaseError> {
    let mut found = documents(reader, &query.documents).await?;
    found.retain(|object| filter::references(&object.facets, &query.reference_id));
    Ok(found)
}

pub(super) async fn submission_sets(
    reader: &mut Reader,
    query: &FindSubmissionSets,
) -> Result<Vec<Object>, DatabaseError> {
    let passes = |object: &Object| {
        let is_source = |id: &str| query.source_id.iter().any(|source| source.as_str() == id);
        let author = query.author_person.as_ref();
        filter::has_time(query.submission_time, object.time)
            && (query.source_id.is_empty() || object.facets.values(Facet::SourceId).any(is_source))
            && author.is_none_or(|pattern| filter::author(&object.facets, pattern))
            && object.facets.has_any(Facet::ContentTypeCode, &query.content_type_code)
    };
    objects(reader, &query.patient_id, &[Kind::SubmissionSet], &query.status, passes).await
}

pub(super) async fn folders(reader: &mut Reader, query: &FindFolders) -> Result<Vec<Object>, DatabaseError> {
    let passes = |object: &Object| {
        filter::has_time(query.last_update_time, object.time)
            && object.facets.has_one_of_each(Facet::CodeList, &query.code_list)
    };
    objects(reader, &query.patient_id, &[Kind::Folder], &query.status, passes).await
}

pub(super) async fn all(reader: &mut Reader, query: &GetAll) -> Result<Vec<Object>, DatabaseError> {
    let patient = &query.patient_id;
    let kinds = filter::kinds(&query.content.object_type);
    let passes = |object: &Object| filter::content(object, &query.content);
    let mut found = objects(reader, patient, &kinds, &query.document_status, passes).await?;
    let sets = [Kind::SubmissionSet];
    found.extend(objects(reader, patient, &sets, &query.submission_set_status, |_| true).await?);
    found.extend(objects(reader, patient, &[Kind::Folder], &query.folder_status, |_| true).await?);
    let associations = associations_of(reader, &found).await?;
    found.extend(associations);
    Ok(found)
}

/// The objects of some kinds and statuses of a patient that pass, those included that were registered for patients
/// merged into this one; when there are more than any answer may have, not all. An unknown or merged patient has
/// none.
async fn objects(
    reader: &mut Reader,
    id: &PatientId,
    kinds: &[Kind],
    statuses: &[AvailabilityStatus],
    passes: impl Fn(&Object) -> bool + Send,
) -> Result<Vec<Object>, DatabaseError> {
    let mut found = Vec::new();
    for number in patient::numbers(reader, id).await? {
        let mut last = None;
        loop {
            let Page { objects, is_last } = of_patient(reader, number, kinds, last).await?;
            last = objects.last().map(|object| object.key);
            found.extend(
                objects.into_iter().filter(|object| statuses.contains(&object.status) && passes(object)),
            );
            if is_last || found.len() > OBJECT_REF_LIMIT {
                break;
            }
        }
    }
    Ok(found)
}
