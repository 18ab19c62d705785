//! The objects of a `rim:RegistryObjectList`, each with what peers may put beside it.
//!
//! ITI TF-3 4.2.1.1: a classification may stand beside its object; 4.2.3.2: ids.

use std::borrow::Cow;
use std::collections::HashSet;

use soap::xml::Element;

use crate::errors::{ErrorCode, Finding, RegistryError, RegistryErrors, quoted};
use crate::vocabulary::RIM;

/// The objects in order. References to objects (`rim:ObjectRef`) say nothing in a submission.
pub(super) fn objects<'a>(list: &'a Element, errors: &mut RegistryErrors) -> Vec<Cow<'a, Element>> {
    let (classifications, others): (Vec<_>, Vec<_>) =
        list.elements().partition(|element| element.is(RIM, "Classification"));
    let mut objects: Vec<_> =
        others.into_iter().filter(|element| !element.is(RIM, "ObjectRef")).map(Cow::Borrowed).collect();
    for classification in classifications {
        let owner = classification.attribute("classifiedObject").unwrap_or_default();
        match objects.iter_mut().find(|object| object.attribute("id") == Some(owner)) {
            Some(object) => object.to_mut().push(classification.clone()),
            None => errors.push(ownerless(owner)),
        }
    }
    quirk_association_without_id(&mut objects);
    objects
}

fn ownerless(owner: &str) -> RegistryError {
    let (owner, expected) = (quoted(owner), "the id of an object in the message");
    Finding::new("classifiedObject", &owner, &expected, "TF-3 4.2.3.1.2")
        .about(ErrorCode::Metadata, "Classification")
}

/// Some peers leave out the id that the schema wants on an association: it gets a symbolic one.
fn quirk_association_without_id(objects: &mut [Cow<'_, Element>]) {
    let nameless = |object: &Element| object.is(RIM, "Association") && object.attribute("id").is_none();
    if !objects.iter().any(|object| nameless(object)) {
        return;
    }
    let taken: HashSet<String> =
        objects.iter().filter_map(|object| object.attribute("id")).map(str::to_owned).collect();
    let mut free = (1..).map(|number| format!("association-{number}")).filter(|id| !taken.contains(id));
    for object in objects.iter_mut().filter(|object| nameless(object)) {
        let id = free.next().unwrap_or_default();
        *object = Cow::Owned(object.clone().into_owned().with("id", id));
    }
}
