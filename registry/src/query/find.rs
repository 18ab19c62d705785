//! The queries that find the objects of one patient (ITI TF-2 3.18.4.1.2.3.7.1 to 7.4 and 7.14).

use actors::transactions::stored_query::{
    FindDocuments, FindDocumentsByReferenceId, FindFolders, FindSubmissionSets, GetAll,
};
use database::{DatabaseError, Reader};
use metadata::{AvailabilityStatus, PatientId};

use super::filter;
use super::get::associations_of;
use crate::store::{Facet, Kind, Object, of_patient, patient};

pub(super) async fn documents(
    reader: &mut Reader,
    query: &FindDocuments,
) -> Result<Vec<Object>, DatabaseError> {
    let kinds = filter::kinds(&query.filter.content.object_type);
    let mut found = objects(reader, &query.patient_id, &kinds, &query.status).await?;
    found.retain(|object| filter::document(object, &query.filter));
    Ok(found)
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
    let mut found = objects(reader, &query.patient_id, &[Kind::SubmissionSet], &query.status).await?;
    found.retain(|object| {
        let is_source = |id: &str| query.source_id.iter().any(|source| source.as_str() == id);
        let author = query.author_person.as_ref();
        filter::has_time(query.submission_time, object.time)
            && (query.source_id.is_empty() || object.facets.values(Facet::SourceId).any(is_source))
            && author.is_none_or(|pattern| filter::author(&object.facets, pattern))
            && object.facets.has_any(Facet::ContentTypeCode, &query.content_type_code)
    });
    Ok(found)
}

pub(super) async fn folders(reader: &mut Reader, query: &FindFolders) -> Result<Vec<Object>, DatabaseError> {
    let mut found = objects(reader, &query.patient_id, &[Kind::Folder], &query.status).await?;
    found.retain(|object| {
        filter::has_time(query.last_update_time, object.time)
            && object.facets.has_one_of_each(Facet::CodeList, &query.code_list)
    });
    Ok(found)
}

pub(super) async fn all(reader: &mut Reader, query: &GetAll) -> Result<Vec<Object>, DatabaseError> {
    let patient = &query.patient_id;
    let kinds = filter::kinds(&query.content.object_type);
    let mut found = objects(reader, patient, &kinds, &query.document_status).await?;
    found.retain(|object| filter::content(object, &query.content));
    found.extend(objects(reader, patient, &[Kind::SubmissionSet], &query.submission_set_status).await?);
    found.extend(objects(reader, patient, &[Kind::Folder], &query.folder_status).await?);
    let associations = associations_of(reader, &found).await?;
    found.extend(associations);
    Ok(found)
}

/// The objects of some kinds and statuses of a patient, those included that were registered for patients
/// merged into this one. An unknown or merged patient has none.
async fn objects(
    reader: &mut Reader,
    id: &PatientId,
    kinds: &[Kind],
    statuses: &[AvailabilityStatus],
) -> Result<Vec<Object>, DatabaseError> {
    let known = patient::find(reader, id).await?.filter(|patient| patient.merged_into.is_none());
    let Some(patient) = known else { return Ok(Vec::new()) };
    let mut found = of_patient(reader, patient.number, kinds, statuses).await?;
    for merged in patient::merged_into(reader, patient.number).await? {
        found.extend(of_patient(reader, merged, kinds, statuses).await?);
    }
    Ok(found)
}
