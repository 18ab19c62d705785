//! What the stories ask a registry.

use actors::consumer::Consumer;
use actors::transactions::stored_query::{FindDocuments, Query};
use metadata::{AvailabilityStatus, DocumentEntry, PatientId};

/// The entries of a patient that have a status.
pub(crate) async fn find(
    consumer: &Consumer,
    patient: &PatientId,
    status: AvailabilityStatus,
) -> Vec<DocumentEntry> {
    let query = Query::FindDocuments(FindDocuments {
        patient_id: patient.clone(),
        status: vec![status],
        filter: Default::default(),
    });
    consumer.entries(query).await.unwrap()
}

/// The bytes of an entry's document.
pub(crate) async fn fetch(consumer: &Consumer, entry: &DocumentEntry) -> Vec<u8> {
    consumer.fetch(entry).await.unwrap().collect(usize::MAX).await.unwrap().to_vec()
}
