//! Document Source: submits documents with what is said of them, or in the place of others (ITI-41).

use metadata::vocabulary::RS;
use metadata::{Association, AssociationType, EntryUuid, ErrorCode, ObjectId, RegistryErrors, Submission};
use soap::xml::Element;

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

/// Whether an answer says no more than that the other side has too much to do now (`XDSRegistryBusy`,
/// `XDSRepositoryBusy`, ITI TF-3 4.2.4.1): it has done nothing, and may do it later.
pub fn is_busy(answer: &Element) -> bool {
    let list = answer.child(RS, "RegistryErrorList").map(RegistryErrors::read).unwrap_or_default();
    list.is_failure() && list.0.iter().all(|error| error.code == ErrorCode::Busy)
}

#[cfg(test)]
mod tests {
    use metadata::{Flavour, RegistryError};

    use super::*;
    use crate::transactions::Response;

    fn says(errors: impl IntoIterator<Item = RegistryError>) -> Element {
        let errors = RegistryErrors(errors.into_iter().collect());
        RegistryResponse::refusal(errors).write(Flavour::Repository).0
    }

    #[test]
    fn only_who_has_done_nothing_because_of_too_much_to_do_is_busy() {
        let error = |code| RegistryError::new(code, "now");
        let busy = || error(ErrorCode::Busy);
        assert!(is_busy(&says([busy()])));
        assert!(is_busy(&says([busy(), busy()])));
        assert!(!is_busy(&says([])));
        assert!(!is_busy(&says([busy(), error(ErrorCode::Metadata)])));
        assert!(!is_busy(&says([RegistryError::warning(ErrorCode::Busy, "it was done")])));
    }
}
