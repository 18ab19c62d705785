//! Puts an ebRIM object together in the order of the schema.
//!
//! ebRIM 3.0 `IdentifiableType`, `RegistryObjectType`: slots, name, description, version, classifications,
//! external identifiers.

use std::fmt::Display;

use soap::xml::{Element, Name, XML};
use uuid::Uuid;

use super::{Attribute, Classification, ExternalIdentifier, Extra, Slot};
use crate::author::Author;
use crate::code::{Code, LocalizedStrings};
use crate::vocabulary::{RIM, part};
use crate::{EntryUuid, ObjectId};

/// An object that is being written.
pub(crate) struct Writer<'a> {
    element: Element,
    kind: &'static str,
    id: &'a ObjectId,
    slots: Vec<Element>,
    texts: Vec<Element>,
    classifications: Vec<Element>,
    identifiers: Vec<ExternalIdentifier>,
}

impl<'a> Writer<'a> {
    /// Starts to write an object of a kind such as `DocumentEntry` as an element such as `ExtrinsicObject`.
    pub(crate) fn new(kind: &'static str, local: &'static str, id: &'a ObjectId) -> Self {
        let element = Element::new(RIM, local).with("id", id.to_string());
        let (slots, texts) = (Vec::new(), Vec::new());
        Self { element, kind, id, slots, texts, classifications: Vec::new(), identifiers: Vec::new() }
    }

    /// An XML attribute.
    pub(crate) fn attribute(mut self, local: &'static str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.element = self.element.with(local, value.to_string());
        }
        self
    }

    /// A slot; none if there are no values.
    pub(crate) fn slot(
        mut self,
        attribute: Attribute,
        values: impl IntoIterator<Item = impl Display>,
    ) -> Self {
        self.slots.extend(write_slot(attribute.key, values));
        self
    }

    /// `Name`.
    pub(crate) fn name(mut self, strings: &LocalizedStrings) -> Self {
        self.texts.extend(write_strings("Name", strings));
        self
    }

    /// `Description`, after the name.
    pub(crate) fn description(mut self, strings: &LocalizedStrings) -> Self {
        self.texts.extend(write_strings("Description", strings));
        self
    }

    /// `VersionInfo`, after the description.
    pub(crate) fn version(mut self, version: Option<u32>) -> Self {
        let info = |version: u32| Element::new(RIM, "VersionInfo").with("versionName", version.to_string());
        self.texts.extend(version.map(info));
        self
    }

    /// Codes under a scheme.
    pub(crate) fn codes<'b>(
        mut self,
        attribute: Attribute,
        codes: impl IntoIterator<Item = &'b Code>,
    ) -> Self {
        for code in codes {
            let part = Part { scheme: Some(attribute.key), representation: Some(&code.code), node: None };
            let slot = write_slot("codingScheme", [&code.scheme]);
            self.classify(part, slot, write_strings("Name", &code.display));
        }
        self
    }

    /// Authors under a scheme.
    pub(crate) fn authors(mut self, attribute: Attribute, authors: &[Author]) -> Self {
        for author in authors {
            let part = Part { scheme: Some(attribute.key), representation: Some(""), node: None };
            let slots = [
                write_slot("authorPerson", &author.author_person),
                write_slot("authorInstitution", &author.author_institution),
                write_slot("authorRole", &author.author_role),
                write_slot("authorSpecialty", &author.author_specialty),
                write_slot("authorTelecommunication", &author.author_telecommunication),
            ];
            let slots = slots.into_iter().flatten().chain(author.extra.iter().map(Slot::write));
            self.classify(part, slots, None);
        }
        self
    }

    /// A marker, if it is set: a bare classification node.
    pub(crate) fn mark(mut self, node: &str, set: bool) -> Self {
        if set {
            self.classify(Part { scheme: None, node: Some(node), representation: None }, None, None);
        }
        self
    }

    /// An external identifier with its fixed name, such as `XDSDocumentEntry.uniqueId`.
    pub(crate) fn identifier(mut self, attribute: Attribute, value: Option<impl Display>) -> Self {
        self.identifiers.extend(value.map(|value| ExternalIdentifier {
            scheme: attribute.key.to_owned(),
            value: value.to_string(),
            name: format!("XDS{}.{}", self.kind, attribute.name).as_str().into(),
        }));
        self
    }

    /// What was kept of what we do not know, after the rest of its kind.
    pub(crate) fn finish(mut self, extra: &Extra) -> Element {
        for Classification { scheme, node, representation, slots, name, description } in
            &extra.classifications
        {
            let (scheme, node) = (scheme.as_deref(), node.as_deref());
            let part = Part { scheme, node, representation: representation.as_deref() };
            let texts = [write_strings("Name", name), write_strings("Description", description)];
            self.classify(part, slots.iter().map(Slot::write), texts.into_iter().flatten());
        }
        let count = self.classifications.len();
        let identifiers = self.identifiers.iter().chain(&extra.external_identifiers).enumerate();
        self.element
            .with_children(self.slots)
            .with_children(extra.slots.iter().map(Slot::write))
            .with_children(self.texts)
            .with_children(self.classifications)
            .with_children(identifiers.map(|(at, part)| write_identifier(part, self.id, count + at)))
    }

    /// A classification, in the next position.
    fn classify(
        &mut self,
        part: Part<'_>,
        slots: impl IntoIterator<Item = Element>,
        texts: impl IntoIterator<Item = Element>,
    ) {
        let mut element =
            Element::new(RIM, "Classification").with("id", part_id(self.id, self.classifications.len()));
        let attributes = [
            ("classificationScheme", part.scheme),
            ("classificationNode", part.node),
            ("nodeRepresentation", part.representation),
        ];
        for (local, value) in attributes {
            if let Some(value) = value {
                element = element.with(local, value);
            }
        }
        let element = element
            .with("classifiedObject", self.id.to_string())
            .with("objectType", part::CLASSIFICATION)
            .with_children(slots)
            .with_children(texts);
        self.classifications.push(element);
    }
}

/// What a classification says by its attributes.
#[derive(Clone, Copy)]
struct Part<'a> {
    scheme: Option<&'a str>,
    node: Option<&'a str>,
    representation: Option<&'a str>,
}

/// A slot; none if there are no values.
fn write_slot(name: &str, values: impl IntoIterator<Item = impl Display>) -> Option<Element> {
    let values = values.into_iter().map(|text| Element::new(RIM, "Value").with_text(text.to_string()));
    let list = Element::new(RIM, "ValueList").with_children(values);
    let slot = || Element::new(RIM, "Slot").with("name", name);
    (!list.children.is_empty()).then(|| slot().with_child(list))
}

fn write_identifier(part: &ExternalIdentifier, parent: &ObjectId, position: usize) -> Element {
    Element::new(RIM, "ExternalIdentifier")
        .with("id", part_id(parent, position))
        .with("registryObject", parent.to_string())
        .with("identificationScheme", &part.scheme)
        .with("objectType", part::EXTERNAL_IDENTIFIER)
        .with("value", &part.value)
        .with_children(write_strings("Name", &part.name))
}

fn write_strings(local: &'static str, strings: &LocalizedStrings) -> Option<Element> {
    let write = |string: &crate::code::LocalizedString| {
        let element = Element::new(RIM, "LocalizedString");
        let element = match &string.language {
            Some(language) => element.with_attribute(Name::new(XML, "lang"), language),
            None => element,
        };
        element.with("value", &string.value)
    };
    (!strings.0.is_empty()).then(|| Element::new(RIM, local).with_children(strings.0.iter().map(write)))
}

/// The schema wants an id on every part, and nobody refers to it: it follows from the parent and the position.
///
/// Symbolic like the parent's, or else two messages with the same symbols would bring the same UUIDs. A UUID says
/// by its version 8 (RFC 9562 section 5.8) that it was made here: the parent's, with the position in the place of
/// twelve of its bits. So it compresses well beside the parent's.
fn part_id(parent: &ObjectId, position: usize) -> String {
    let uuid = match parent {
        ObjectId::Symbolic(symbol) => return format!("{symbol}#{position}"),
        ObjectId::Uuid(uuid) => uuid.uuid(),
    };
    let part = match u16::try_from(position) {
        Ok(position) if position < 1 << 12 => {
            let (time, middle, _, rest) = uuid.as_fields();
            Uuid::from_fields(time, middle, 8 << 12 | position, rest)
        }
        _ => Uuid::new_v5(&uuid, position.to_string().as_bytes()),
    };
    EntryUuid::from(part).to_string()
}
