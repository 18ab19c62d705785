//! Document Source: submits documents with what is said of them, or in the place of others (ITI-41).

use metadata::{Association, AssociationType, EntryUuid, ObjectId, Submission};

use crate::transactions::documents::Outgoing;
use crate::transactions::{ProvideAndRegister, RegistryResponse};
use crate::{CallError, Partner};

/// Submits documents, each with the id of its entry in the submission.
pub async fn provide(
    repository: &Partner,
    submission: Submission,
    documents: impl IntoIterator<Item = (ObjectId, Outgoing)>,
) -> Result<RegistryResponse, CallError> {
    repository.ask(ProvideAndRegister::new(submission, documents)).await
}

/// Lets an entry of the submission take the place of one that is registered (ITI TF-3 4.2.2.2.3): the
/// registry deprecates that one.
pub fn replace(submission: &mut Submission, entry: &ObjectId, replaced: EntryUuid) {
    let id = ObjectId::Symbolic(format!("replace-{}", submission.associations.len() + 1));
    let association = Association::new(AssociationType::Replace, id, entry.clone(), replaced.into());
    submission.associations.push(association);
}
