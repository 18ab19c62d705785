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
    slots: Vec<Slot>,
    texts: Vec<Element>,
    parts: Extra,
}

impl<'a> Writer<'a> {
    /// Starts to write an object of a kind such as `DocumentEntry` as an element such as `ExtrinsicObject`.
    pub(crate) fn new(kind: &'static str, local: &'static str, id: &'a ObjectId) -> Self {
        let element = Element::new(RIM, local).with("id", id.to_string());
        Self { element, kind, id, slots: Vec::new(), texts: Vec::new(), parts: Extra::default() }
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
        add_slot(&mut self.slots, attribute.key, values);
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
        self.parts.classifications.extend(codes.into_iter().map(|code| Classification {
            scheme: Some(attribute.key.to_owned()),
            representation: Some(code.code.clone()),
            slots: vec![Slot::new("codingScheme", &code.scheme)],
            name: code.display.clone(),
            ..Classification::default()
        }));
        self
    }

    /// Authors under a scheme.
    pub(crate) fn authors(mut self, attribute: Attribute, authors: &[Author]) -> Self {
        self.parts.classifications.extend(authors.iter().map(|author| {
            let mut slots = Vec::new();
            add_slot(&mut slots, "authorPerson", &author.author_person);
            add_slot(&mut slots, "authorInstitution", &author.author_institution);
            add_slot(&mut slots, "authorRole", &author.author_role);
            add_slot(&mut slots, "authorSpecialty", &author.author_specialty);
            add_slot(&mut slots, "authorTelecommunication", &author.author_telecommunication);
            slots.extend_from_slice(&author.extra);
            Classification {
                scheme: Some(attribute.key.to_owned()),
                representation: Some(String::new()),
                slots,
                ..Classification::default()
            }
        }));
        self
    }

    /// A marker, if it is set: a bare classification node.
    pub(crate) fn mark(mut self, node: &str, set: bool) -> Self {
        if set {
            let node = Some(node.to_owned());
            self.parts.classifications.push(Classification { node, ..Classification::default() });
        }
        self
    }

    /// An external identifier with its fixed name, such as `XDSDocumentEntry.uniqueId`.
    pub(crate) fn identifier(mut self, attribute: Attribute, value: Option<impl Display>) -> Self {
        self.parts.external_identifiers.extend(value.map(|value| ExternalIdentifier {
            scheme: attribute.key.to_owned(),
            value: value.to_string(),
            name: format!("XDS{}.{}", self.kind, attribute.name).as_str().into(),
        }));
        self
    }

    /// What was kept of what we do not know, after the rest of its kind.
    pub(crate) fn finish(mut self, extra: &Extra) -> Element {
        self.slots.extend_from_slice(&extra.slots);
        self.parts.classifications.extend_from_slice(&extra.classifications);
        self.parts.external_identifiers.extend_from_slice(&extra.external_identifiers);
        let count = self.parts.classifications.len();
        let classifications = self.parts.classifications.iter().enumerate();
        let identifiers = self.parts.external_identifiers.iter().enumerate();
        self.element
            .with_children(self.slots.iter().map(Slot::write))
            .with_children(self.texts)
            .with_children(classifications.map(|(at, part)| write_classification(part, self.id, at)))
            .with_children(identifiers.map(|(at, part)| write_identifier(part, self.id, count + at)))
    }
}

fn add_slot(slots: &mut Vec<Slot>, name: &str, values: impl IntoIterator<Item = impl Display>) {
    let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    if !values.is_empty() {
        slots.push(Slot { name: name.to_owned(), values });
    }
}

fn write_classification(part: &Classification, parent: &ObjectId, position: usize) -> Element {
    let mut element = Element::new(RIM, "Classification").with("id", part_id(parent, position));
    let attributes = [
        ("classificationScheme", &part.scheme),
        ("classificationNode", &part.node),
        ("nodeRepresentation", &part.representation),
    ];
    for (local, value) in attributes {
        if let Some(value) = value {
            element = element.with(local, value);
        }
    }
    element
        .with("classifiedObject", parent.to_string())
        .with("objectType", part::CLASSIFICATION)
        .with_children(part.slots.iter().map(Slot::write))
        .with_children(write_strings("Name", &part.name))
        .with_children(write_strings("Description", &part.description))
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
