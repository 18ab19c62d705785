//! An ebRIM object: slots, classifications, external identifiers.
//!
//! ebRIM 3.0 section 2 as ITI TF-3 4.2.3.1 uses it.

mod reader;
mod rim;
mod writer;

pub(crate) use reader::{Reader, number, subject};
pub(crate) use rim::Rim;
pub(crate) use writer::Writer;

use std::borrow::Cow;

use soap::xml::{Element, XML};
use uuid::Uuid;

use crate::code::{LocalizedString, LocalizedStrings};
use crate::vocabulary::RIM;
use crate::{ObjectId, Oid};

/// An attribute of an XDS object: its name in TF-3, where ebRIM keeps it, and the section that defines it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    /// The name, such as `creationTime`.
    pub(crate) name: &'static str,
    /// The XML attribute, slot name, classification scheme or identification scheme.
    pub(crate) key: &'static str,
    /// The section of ITI TF-3.
    pub(crate) clause: &'static str,
}

impl Attribute {
    pub(crate) const fn new(name: &'static str, key: &'static str, clause: &'static str) -> Self {
        Self { name, key, clause }
    }
}

/// An object as far as it could be read, so that all that is wrong with it can be told.
#[derive(Debug)]
pub(crate) struct Sketch<T> {
    /// The object; what it cannot lack and lacked is made up, and an error has said so.
    pub(crate) object: T,
    /// Whether nothing is made up.
    pub(crate) is_whole: bool,
}

impl<T> Sketch<T> {
    /// The object, if nothing of it is made up.
    pub(crate) fn whole(self) -> Option<T> {
        self.is_whole.then_some(self.object)
    }

    /// With another type of object.
    pub(crate) fn map<O>(self, object: impl FnOnce(T) -> O) -> Sketch<O> {
        Sketch { object: object(self.object), is_whole: self.is_whole }
    }
}

/// An id in the place of one that is missing: it follows from the object's own and is nobody else's.
pub(crate) fn made_up(id: Option<&ObjectId>, attribute: Attribute) -> Oid {
    let name = format!("{} {}", attribute.key, id.map(ToString::to_string).unwrap_or_default());
    Oid::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()))
}

/// A named list of values; their order means something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The name, a URN if it is not one of the standard's.
    pub name: String,
    /// `slotType`, which the standard does not use.
    pub slot_type: Option<String>,
    /// The values in order.
    pub values: Vec<String>,
}

/// A classification that XDS does not define, kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Classification {
    /// `classificationScheme`.
    pub scheme: Option<String>,
    /// `classificationNode`.
    pub node: Option<String>,
    /// `nodeRepresentation`.
    pub representation: Option<String>,
    /// Its slots.
    pub slots: Vec<Slot>,
    /// `Name`.
    pub name: LocalizedStrings,
    /// `Description`.
    pub description: LocalizedStrings,
}

/// An external identifier that XDS does not define, kept as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExternalIdentifier {
    /// `identificationScheme`.
    pub scheme: String,
    /// `value`.
    pub value: String,
    /// Its slots.
    pub slots: Vec<Slot>,
    /// `Name`.
    pub name: LocalizedStrings,
    /// `Description`.
    pub description: LocalizedStrings,
}

/// What an object carries beyond the attributes of the standard, kept and written back (ITI TF-3 4.2.3.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra {
    /// Slots of other names.
    pub slots: Vec<Slot>,
    /// Classifications of other schemes.
    pub classifications: Vec<Classification>,
    /// External identifiers of other schemes.
    pub external_identifiers: Vec<ExternalIdentifier>,
}

impl Slot {
    /// A slot of one value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), slot_type: None, values: vec![value.into()] }
    }

    /// Reads a `rim:Slot`.
    pub fn read(element: &Element) -> Self {
        Self {
            name: element.attribute("name").unwrap_or_default().to_owned(),
            slot_type: element.attribute("slotType").map(str::to_owned),
            values: slot_values(element).map(Cow::into_owned).collect(),
        }
    }

    /// Writes a `rim:Slot`.
    pub fn write(&self) -> Element {
        let values = self.values.iter().map(|value| Element::new(RIM, "Value").with_text(value));
        let slot = Element::new(RIM, "Slot").with("name", &self.name);
        let slot = match &self.slot_type {
            Some(slot_type) => slot.with("slotType", slot_type),
            None => slot,
        };
        slot.with_child(Element::new(RIM, "ValueList").with_children(values))
    }

    /// The slots of an element, in order.
    pub(crate) fn read_all(element: &Element) -> Vec<Self> {
        element.children_named(RIM, "Slot").map(Self::read).collect()
    }
}

impl Classification {
    fn read(element: &Element) -> Self {
        let attribute = |local| element.attribute(local).map(str::to_owned);
        Self {
            scheme: attribute("classificationScheme"),
            node: attribute("classificationNode"),
            representation: attribute("nodeRepresentation"),
            slots: Slot::read_all(element),
            name: read_strings(element, "Name"),
            description: read_strings(element, "Description"),
        }
    }
}

impl ExternalIdentifier {
    fn read(element: &Element) -> Self {
        let attribute = |local| element.attribute(local).unwrap_or_default().to_owned();
        Self {
            scheme: attribute("identificationScheme"),
            value: attribute("value"),
            slots: Slot::read_all(element),
            name: read_strings(element, "Name"),
            description: read_strings(element, "Description"),
        }
    }
}

/// The values of a `rim:Slot`.
fn slot_values(slot: &Element) -> impl Iterator<Item = Cow<'_, str>> {
    let lists = slot.children_named(RIM, "ValueList");
    lists.flat_map(|list| list.children_named(RIM, "Value")).map(Element::text)
}

/// `Name` or `Description`, in all its languages.
fn read_strings(element: &Element, local: &str) -> LocalizedStrings {
    let strings = element.child(RIM, local).into_iter().flat_map(Element::elements);
    let read = |string: &Element| LocalizedString {
        language: string.attribute_in(XML, "lang").map(str::to_owned),
        charset: string.attribute("charset").map(str::to_owned),
        value: string.attribute("value").unwrap_or_default().to_owned(),
    };
    LocalizedStrings(strings.filter(|string| string.is(RIM, "LocalizedString")).map(read).collect())
}
