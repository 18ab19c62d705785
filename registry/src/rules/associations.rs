//! Rules about what associations start and end at (ITI TF-3 4.2.2).

use metadata::{Association, ErrorCode, Finding, RegistryErrors, quoted};

use super::{Case, End};
use crate::store::Object;

/// A symbolic id means an object of the message.
pub(super) fn symbols_are_in_the_message(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check_symbols(case.unreadable(), errors);
}

/// An association leads from one object to another, and never to the submission set.
pub(super) fn ends_differ(case: &Case<'_>, errors: &mut RegistryErrors) {
    case.submission.check_ends(errors);
}

/// What is deprecated is not replaced, added to, or put into a folder.
pub(super) fn ends_are_approved(case: &Case<'_>, errors: &mut RegistryErrors) {
    for (association, name, object) in registered_ends(case).filter(|(_, _, object)| !object.is_approved()) {
        let received = format!("{}, which is deprecated", quoted(object.uuid));
        let expected = format!("an approved {}", object.kind);
        let finding = Finding::new(name, &received, &expected, "TF-3 4.2.2.2");
        errors.push(finding.about(ErrorCode::DeprecatedDocument, association.identity()));
    }
}

/// Documents of different patients have nothing to do with each other, nor do folders.
pub(super) fn ends_are_of_one_patient(case: &Case<'_>, errors: &mut RegistryErrors) {
    let is_other = |object: &Object| Some(case.known.current_of(object)) != case.patient();
    for (association, name, object) in registered_ends(case).filter(|(_, _, object)| is_other(object)) {
        let received = format!("{}, of another patient", quoted(object.uuid));
        let expected = format!("a {} of the patient of the submission", object.kind);
        let finding = Finding::new(name, &received, &expected, "TF-3 4.2.2.2");
        errors.push(finding.about(ErrorCode::PatientIdDoesNotMatch, association.identity()));
    }
}

/// The registered ends of relationships and of memberships in folders, with the name of the end.
fn registered_ends<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a Association, &'static str, &'a Object)> {
    let contents = case.memberships().filter(|association| case.is_folder_membership(association));
    contents.chain(case.relationships()).flat_map(move |association| {
        let ends =
            [("sourceObject", &association.source_object), ("targetObject", &association.target_object)];
        ends.into_iter().filter_map(move |(name, id)| match case.end(id)? {
            End::Registered(object) => Some((association, name, object)),
            End::Brought(_) => None,
        })
    })
}
