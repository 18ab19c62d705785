//! What a repository counts.

use metrics::{counter, gauge};

use crate::Swept;
use crate::store::StoreError;

/// A document was kept.
pub(crate) fn kept(bytes: u64) {
    counter!("dosebook_documents_kept_total").increment(1);
    counter!("dosebook_documents_kept_bytes_total").increment(bytes);
}

/// A document is given.
pub(crate) fn given(bytes: u64) {
    counter!("dosebook_documents_given_total").increment(1);
    counter!("dosebook_documents_given_bytes_total").increment(bytes);
}

/// A store failed; what arrived broken or was refused is no failure of ours, and the database counts its own.
pub(crate) fn failed(error: &StoreError) {
    if matches!(error, StoreError::Objects(_) | StoreError::Folder { .. }) {
        counter!("dosebook_storage_errors_total", "kind" => "objects").increment(1);
    }
}

/// A document could not be read, or is not what was kept.
pub(crate) fn unreadable(error: &std::io::Error) {
    let altered = error.get_ref().is_some_and(|cause| cause.is::<actors::integrity::Altered>());
    let kind = if altered { "integrity" } else { "objects" };
    counter!("dosebook_storage_errors_total", "kind" => kind).increment(1);
}

/// What a sweep found.
pub(crate) fn swept(swept: &Swept) {
    let count = |result: &'static str, number: usize| {
        counter!("dosebook_swept_total", "result" => result).increment(number as u64);
    };
    count("confirmed", swept.confirmed);
    count("removed", swept.removed);
    count("condemned", swept.condemned);
    count("objects", swept.objects);
    gauge!("dosebook_last_sweep_timestamp_seconds").set(jiff::Timestamp::now().as_second() as f64);
}

/// So many objects are condemned and not yet removed.
pub(crate) fn condemned(objects: u64) {
    gauge!("dosebook_objects_condemned").set(objects as f64);
}

/// What could not be settled.
pub(crate) fn in_doubt(documents: usize) {
    gauge!("dosebook_documents_in_doubt").set(documents as f64);
}

/// A document was read again in the background.
pub(crate) fn scrubbed() {
    counter!("dosebook_documents_scrubbed_total").increment(1);
}

/// So many documents are known to be damaged.
pub(crate) fn damaged(documents: u64) {
    gauge!("dosebook_documents_damaged").set(documents as f64);
}
