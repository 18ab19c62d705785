//! Puts an ebRIM object together in the order of the schema.
//!
//! ebRIM 3.0 `IdentifiableType`, `RegistryObjectType`: slots, name, description, version, classifications,
//! external identifiers. Whoever writes an object names its attributes in that order.

use std::fmt::Display;

use uuid::Uuid;

use super::{Attribute, Classification, ExternalIdentifier, Extra, Rim, Slot};
use crate::author::Author;
use crate::code::{Code, LocalizedStrings};
use crate::object::Identity;
use crate::vocabulary::part;
use crate::{EntryUuid, ObjectId};

/// An object that is being written.
pub(crate) struct Writer<'a> {
    rim: &'a mut Rim,
    local: &'static str,
    kind: &'static str,
    id: &'a ObjectId,
    /// Classifications and external identifiers so far.
    parts: usize,
    /// What we do not know of each kind, to be written after the rest of its kind.
    slots: &'a [Slot],
    classifications: &'a [Classification],
    identifiers: &'a [ExternalIdentifier],
}

impl<'a> Writer<'a> {
    /// Starts to write an object as an element such as `ExtrinsicObject`.
    pub(crate) fn new(rim: &'a mut Rim, local: &'static str, object: Identity<'a>, extra: &'a Extra) -> Self {
        let Identity { kind, id, .. } = object;
        rim.begin(local);
        rim.attribute("id", id);
        let Extra { slots, classifications, external_identifiers: identifiers } = extra;
        Self { rim, local, kind, id, parts: 0, slots, classifications, identifiers }
    }

    /// An XML attribute.
    pub(crate) fn attribute(self, local: &str, value: Option<impl Display>) -> Self {
        write_attribute(self.rim, local, value);
        self
    }

    /// A slot; none if there are no values.
    pub(crate) fn slot(self, attribute: Attribute, values: impl IntoIterator<Item = impl Display>) -> Self {
        write_slot(self.rim, attribute.key, values);
        self
    }

    /// `Name`.
    pub(crate) fn name(mut self, strings: &LocalizedStrings) -> Self {
        self.end_slots();
        write_strings(self.rim, "Name", strings);
        self
    }

    /// `Description`.
    pub(crate) fn description(mut self, strings: &LocalizedStrings) -> Self {
        self.end_slots();
        write_strings(self.rim, "Description", strings);
        self
    }

    /// `VersionInfo`.
    pub(crate) fn version(mut self, version: Option<u32>) -> Self {
        self.end_slots();
        if let Some(version) = version {
            self.rim.begin("VersionInfo");
            self.rim.attribute("versionName", version);
            self.rim.end("VersionInfo");
        }
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
            self.classify(part, |rim| {
                write_slot(rim, "codingScheme", [&code.scheme]);
                write_slots(rim, &code.extra);
                write_strings(rim, "Name", &code.display);
                write_strings(rim, "Description", &code.description);
            });
        }
        self
    }

    /// Authors under a scheme.
    pub(crate) fn authors(mut self, attribute: Attribute, authors: &[Author]) -> Self {
        for author in authors {
            let representation = Some(author.representation.as_deref().unwrap_or_default());
            let part = Part { scheme: Some(attribute.key), representation, node: None };
            self.classify(part, |rim| {
                write_slot(rim, "authorPerson", &author.author_person);
                write_slot(rim, "authorInstitution", &author.author_institution);
                write_slot(rim, "authorRole", &author.author_role);
                write_slot(rim, "authorSpecialty", &author.author_specialty);
                write_slot(rim, "authorTelecommunication", &author.author_telecommunication);
                write_slots(rim, &author.extra);
            });
        }
        self
    }

    /// A marker, if it is set: a bare classification node.
    pub(crate) fn mark(mut self, node: &str, set: bool) -> Self {
        if set {
            self.classify(Part { scheme: None, node: Some(node), representation: None }, |_| {});
        }
        self
    }

    /// An external identifier with its fixed name, such as `XDSDocumentEntry.uniqueId`.
    pub(crate) fn identifier(mut self, attribute: Attribute, value: Option<impl Display>) -> Self {
        self.end_classifications();
        if let Some(value) = value {
            let name = format!("XDS{}.{}", self.kind, attribute.name);
            self.identify(attribute.key, value, |rim| write_strings(rim, "Name", &name.as_str().into()));
        }
        self
    }

    /// Ends the object.
    pub(crate) fn finish(mut self) {
        self.end_classifications();
        for other in std::mem::take(&mut self.identifiers) {
            self.identify(&other.scheme, &other.value, |rim| {
                write_slots(rim, &other.slots);
                write_strings(rim, "Name", &other.name);
                write_strings(rim, "Description", &other.description);
            });
        }
        self.rim.end(self.local);
    }

    fn end_slots(&mut self) {
        write_slots(self.rim, std::mem::take(&mut self.slots));
    }

    fn end_classifications(&mut self) {
        self.end_slots();
        for other in std::mem::take(&mut self.classifications) {
            let (scheme, node) = (other.scheme.as_deref(), other.node.as_deref());
            self.classify(Part { scheme, node, representation: other.representation.as_deref() }, |rim| {
                write_slots(rim, &other.slots);
                write_strings(rim, "Name", &other.name);
                write_strings(rim, "Description", &other.description);
            });
        }
    }

    /// A classification, in the next position.
    fn classify(&mut self, part: Part<'_>, write: impl FnOnce(&mut Rim)) {
        self.end_slots();
        self.begin_part("Classification");
        write_attribute(self.rim, "classificationScheme", part.scheme);
        write_attribute(self.rim, "classificationNode", part.node);
        write_attribute(self.rim, "nodeRepresentation", part.representation);
        self.rim.attribute("classifiedObject", self.id);
        self.rim.attribute("objectType", part::CLASSIFICATION);
        write(self.rim);
        self.rim.end("Classification");
    }

    /// An external identifier, in the next position.
    fn identify(&mut self, scheme: &str, value: impl Display, write: impl FnOnce(&mut Rim)) {
        self.begin_part("ExternalIdentifier");
        self.rim.attribute("registryObject", self.id);
        self.rim.attribute("identificationScheme", scheme);
        self.rim.attribute("objectType", part::EXTERNAL_IDENTIFIER);
        self.rim.attribute("value", value);
        write(self.rim);
        self.rim.end("ExternalIdentifier");
    }

    /// The schema wants an id on every part, and nobody refers to it: it follows from the parent and the position.
    ///
    /// Symbolic like the parent's, or else two messages with the same symbols would bring the same UUIDs.
    fn begin_part(&mut self, local: &str) {
        self.rim.begin(local);
        match self.id {
            ObjectId::Symbolic(symbol) => self.rim.attribute("id", format_args!("{symbol}#{}", self.parts)),
            ObjectId::Uuid(uuid) => self.rim.attribute("id", part_uuid(*uuid, self.parts)),
        }
        self.parts += 1;
    }
}

/// What a classification says by its attributes.
#[derive(Clone, Copy)]
struct Part<'a> {
    scheme: Option<&'a str>,
    node: Option<&'a str>,
    representation: Option<&'a str>,
}

fn write_attribute(rim: &mut Rim, name: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        rim.attribute(name, value);
    }
}

/// A slot; none if there are no values.
fn write_slot(rim: &mut Rim, name: &str, values: impl IntoIterator<Item = impl Display>) {
    let mut values = values.into_iter().peekable();
    if values.peek().is_some() {
        write_values(rim, name, None, values);
    }
}

/// Slots as they came, with values or without.
fn write_slots(rim: &mut Rim, slots: &[Slot]) {
    slots.iter().for_each(|slot| write_values(rim, &slot.name, slot.slot_type.as_deref(), &slot.values));
}

fn write_values(
    rim: &mut Rim,
    name: &str,
    slot_type: Option<&str>,
    values: impl IntoIterator<Item = impl Display>,
) {
    rim.begin("Slot");
    rim.attribute("name", name);
    write_attribute(rim, "slotType", slot_type);
    rim.begin("ValueList");
    for value in values {
        rim.begin("Value");
        rim.text(value);
        rim.end("Value");
    }
    rim.end("ValueList");
    rim.end("Slot");
}

fn write_strings(rim: &mut Rim, local: &str, strings: &LocalizedStrings) {
    if strings.0.is_empty() {
        return;
    }
    rim.begin(local);
    for string in &strings.0 {
        rim.begin("LocalizedString");
        write_attribute(rim, "xml:lang", string.language.as_deref());
        write_attribute(rim, "charset", string.charset.as_deref());
        rim.attribute("value", &string.value);
        rim.end("LocalizedString");
    }
    rim.end(local);
}

/// A UUID says by its version 8 (RFC 9562 section 5.8) that it was made here: the parent's, with the position in the
/// place of twelve of its bits. So it compresses well beside the parent's. Beside a parent of that version it could be
/// the parent's own.
fn part_uuid(parent: EntryUuid, position: usize) -> EntryUuid {
    let uuid = parent.uuid();
    let part = match u16::try_from(position) {
        Ok(position) if position < 1 << 12 && uuid.get_version_num() != 8 => {
            let (time, middle, _, rest) = uuid.as_fields();
            Uuid::from_fields(time, middle, 8 << 12 | position, rest)
        }
        _ => Uuid::new_v5(&uuid, position.to_string().as_bytes()),
    };
    EntryUuid::from(part)
}
