//! What the schemas ask of our own messages: a case that is sloppy by accident would blame the server.
//!
//! ebRIM 3.0 `rim.xsd` and `IHEXDSB.xsd`: order of children, required attributes, lengths.

use std::collections::BTreeSet;

use soap::xml::Element;

use crate::path::namespace;

/// What is not as the schemas have it in a message of ours.
pub(crate) fn mistakes(envelope: &Element) -> Vec<String> {
    let mut found = Vec::new();
    walk(envelope, &mut BTreeSet::new(), &mut found);
    found
}

/// What is not as the schemas have it in an answer: only order and required attributes, for an object may come
/// beside a reference to it, and what is long was submitted so.
pub(crate) fn mistakes_of_answer(envelope: &Element) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![envelope];
    while let Some(element) = open.pop() {
        shape(element, &mut found);
        open.extend(element.elements());
    }
    found
}

fn walk(element: &Element, ids: &mut BTreeSet<String>, found: &mut Vec<String>) {
    let local = element.name.local.as_ref();
    shape(element, found);
    if Some(element.name.namespace.as_ref()) == namespace("rim") {
        if let Some(id) = element.attribute("id").filter(|id| !ids.insert((*id).to_owned())) {
            found.push(format!("the id {id:?} stands twice"));
        }
        if local == "Value" && element.text().chars().count() > LONG_NAME {
            found.push(format!("a Value is longer than {LONG_NAME} characters"));
        }
    }
    for child in element.elements() {
        walk(child, ids, found);
    }
}

fn shape(element: &Element, found: &mut Vec<String>) {
    if Some(element.name.namespace.as_ref()) == namespace("rim") {
        required(element, found);
        order(element, &RIM_ORDER, found);
    }
    let right: &[&str] = match element.name.local.as_ref() {
        "ProvideAndRegisterDocumentSetRequest" => &["SubmitObjectsRequest", "Document"],
        "AdhocQueryResponse" => &["ResponseSlotList", "RegistryErrorList", "RegistryObjectList"],
        "RegistryResponse" => &["ResponseSlotList", "RegistryErrorList"],
        "RetrieveDocumentSetResponse" => &["RegistryResponse", "DocumentResponse"],
        "DocumentResponse" => &DOCUMENT_ORDER,
        _ => return,
    };
    order(element, right, found);
}

fn required(element: &Element, found: &mut Vec<String>) {
    let local = element.name.local.as_ref();
    let attributes: &[&str] = match local {
        "ExtrinsicObject" | "RegistryPackage" | "AdhocQuery" | "ObjectRef" => &["id"],
        "Association" => &["id", "associationType", "sourceObject", "targetObject"],
        "Classification" => &["id", "classifiedObject"],
        "ExternalIdentifier" => &["id", "registryObject", "identificationScheme", "value"],
        "Slot" => &["name"],
        "LocalizedString" => &["value"],
        _ => &[],
    };
    for attribute in attributes.iter().filter(|attribute| element.attribute(attribute).is_none()) {
        found.push(format!("{local} without {attribute}"));
    }
}

fn order(element: &Element, right: &[&str], found: &mut Vec<String>) {
    let place = |child: &Element| right.iter().position(|name| *name == child.name.local);
    let places: Vec<_> = element.elements().filter_map(place).collect();
    if !places.is_sorted() {
        found.push(format!("the children of {} are not in the order of the schema", element.name.local));
    }
}

const RIM_ORDER: [&str; 6] =
    ["Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier"];
const DOCUMENT_ORDER: [&str; 7] = [
    "HomeCommunityId",
    "RepositoryUniqueId",
    "DocumentUniqueId",
    "NewRepositoryUniqueId",
    "NewDocumentUniqueId",
    "mimeType",
    "Document",
];
/// `rim:LongName` and the values of slots.
const LONG_NAME: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use soap::xml::Limits;

    fn of(inner: &str) -> Vec<String> {
        let text = format!("<x xmlns:rim='{}'>{inner}</x>", namespace("rim").unwrap());
        mistakes(&Element::parse(text.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn notices_what_the_schema_forbids() {
        assert!(
            of("<rim:ExtrinsicObject id='a'><rim:Slot name='s'/><rim:Name/></rim:ExtrinsicObject>")
                .is_empty()
        );
        assert_eq!(
            of("<rim:ExtrinsicObject id='a'><rim:Name/><rim:Slot name='s'/></rim:ExtrinsicObject>").len(),
            1
        );
        assert_eq!(of("<rim:Association id='a' sourceObject='b'/>").len(), 2);
        assert_eq!(of("<rim:AdhocQuery id='a'/><rim:ObjectRef id='a'/>").len(), 1);
        assert_eq!(of(&format!("<rim:Value>{}</rim:Value>", "x".repeat(257))).len(), 1);
    }
}
