//! Content items, to be written (PS3.3 C.17.3).

use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::code::Concept;

/// A content item with what hangs below it.
pub(super) type Item = InMemDicomObject;

/// How an item is to the one above it (PS3.3 C.17.3.2.4).
#[derive(Debug, Clone, Copy)]
pub(super) enum Is {
    /// The container contains it.
    Contained,
    /// It says more on the concept.
    Modifier,
    /// It says who observed what.
    Context,
    /// It is a property.
    Property,
}

pub(super) fn container(concept: Concept, children: Vec<Item>) -> Item {
    let mut item = item(Is::Contained, "CONTAINER", concept);
    put(&mut item, tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
    below(item, children)
}

pub(super) fn code(is: Is, concept: Concept, value: Concept) -> Item {
    let mut item = item(is, "CODE", concept);
    sequence(&mut item, tags::CONCEPT_CODE_SEQUENCE, vec![code_item(value)]);
    item
}

pub(super) fn number(is: Is, concept: Concept, value: f64, unit: &str) -> Item {
    let mut measured = Item::new_empty();
    put(&mut measured, tags::NUMERIC_VALUE, VR::DS, &value.to_string());
    let unit = ucum(unit);
    sequence(&mut measured, tags::MEASUREMENT_UNITS_CODE_SEQUENCE, vec![unit]);
    let mut item = item(is, "NUM", concept);
    sequence(&mut item, tags::MEASURED_VALUE_SEQUENCE, vec![measured]);
    item
}

pub(super) fn text(is: Is, concept: Concept, value: &str) -> Item {
    with(item(is, "TEXT", concept), tags::TEXT_VALUE, VR::UT, value)
}

pub(super) fn uid(is: Is, concept: Concept, value: &str) -> Item {
    with(item(is, "UIDREF", concept), tags::UID, VR::UI, value)
}

pub(super) fn time(is: Is, concept: Concept, value: &str) -> Item {
    with(item(is, "DATETIME", concept), tags::DATE_TIME, VR::DT, value)
}

pub(super) fn name(is: Is, concept: Concept, value: &str) -> Item {
    with(item(is, "PNAME", concept), tags::PERSON_NAME, VR::PN, value)
}

/// The item, with these below it.
pub(super) fn below(mut item: Item, children: Vec<Item>) -> Item {
    if !children.is_empty() {
        sequence(&mut item, tags::CONTENT_SEQUENCE, children);
    }
    item
}

/// An item of a code sequence.
pub(super) fn code_item(concept: Concept) -> Item {
    coded(concept.value, concept.scheme, concept.meaning)
}

pub(super) fn put(item: &mut Item, tag: Tag, vr: VR, value: &str) {
    item.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
}

pub(super) fn sequence(item: &mut Item, tag: Tag, items: Vec<Item>) {
    item.put(DataElement::new(tag, VR::SQ, Value::from(DataSetSequence::from(items))));
}

fn item(is: Is, value_type: &str, concept: Concept) -> Item {
    let mut item = Item::new_empty();
    let relationship = match is {
        Is::Contained => "CONTAINS",
        Is::Modifier => "HAS CONCEPT MOD",
        Is::Context => "HAS OBS CONTEXT",
        Is::Property => "HAS PROPERTIES",
    };
    put(&mut item, tags::RELATIONSHIP_TYPE, VR::CS, relationship);
    put(&mut item, tags::VALUE_TYPE, VR::CS, value_type);
    sequence(&mut item, tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code_item(concept)]);
    item
}

fn with(mut item: Item, tag: Tag, vr: VR, value: &str) -> Item {
    put(&mut item, tag, vr, value);
    item
}

fn ucum(unit: &str) -> Item {
    coded(unit, "UCUM", if unit == "1" { "no units" } else { unit.trim_matches(['{', '}']) })
}

fn coded(value: &str, scheme: &str, meaning: &str) -> Item {
    let mut item = Item::new_empty();
    put(&mut item, tags::CODE_VALUE, VR::SH, value);
    put(&mut item, tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
    put(&mut item, tags::CODE_MEANING, VR::LO, meaning);
    item
}
