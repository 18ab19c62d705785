//! Takes an ebRIM object apart, attribute by attribute, and collects what is wrong with it.
//!
//! The order of the parts means nothing; what nobody asked for is left over as `Extra`.

use std::borrow::Cow;
use std::fmt::Display;

use soap::xml::Element;

use super::{Attribute, Classification, ExternalIdentifier, Extra, Slot, read_strings, slot_values};
use crate::author::Author;
use crate::code::{Code, LocalizedStrings};
use crate::errors::{ErrorCode, Finding, RegistryErrors, quoted};
use crate::identifiers::shorten;
use crate::vocabulary::RIM;
use crate::{AvailabilityStatus, EntryUuid, HomeCommunityId, Invalid, ObjectId};

const ENTRY_UUID: Attribute = Attribute::new("entryUUID", "id", "4.2.3.2");
const HOME: Attribute = Attribute::new("homeCommunityId", "home", "4.2.3.2.12");
const VERSION: Attribute = Attribute::new("version", "versionName", "4.2.3.2");

/// An object that is being read.
pub(crate) struct Reader<'a> {
    element: &'a Element,
    subject: String,
    /// The parts that nobody has asked for yet.
    slots: Slots<'a>,
    classifications: Vec<&'a Element>,
    identifiers: Vec<&'a Element>,
    errors: &'a mut RegistryErrors,
}

/// Slots by their names.
type Slots<'a> = Vec<(&'a str, &'a Element)>;

impl<'a> Reader<'a> {
    /// Starts to read an object of a kind such as `DocumentEntry`.
    pub(crate) fn new(kind: &str, element: &'a Element, errors: &'a mut RegistryErrors) -> Self {
        let subject = subject(kind, element);
        let (classifications, identifiers) = (Vec::new(), Vec::new());
        let mut reader =
            Self { element, subject, slots: slots(element), classifications, identifiers, errors };
        for part in element.elements() {
            if part.is(RIM, "Classification") {
                reader.belongs(part, "classifiedObject");
                reader.classifications.push(part);
            } else if part.is(RIM, "ExternalIdentifier") {
                reader.belongs(part, "registryObject");
                reader.identifiers.push(part);
            }
        }
        reader
    }

    /// A part names its object, and names no other; what names none is taken as it lies.
    fn belongs(&mut self, part: &Element, attribute: &'static str) {
        let id = self.element.attribute("id").unwrap_or_default();
        let named = part.attribute(attribute).unwrap_or(id);
        if named.trim_ascii() != id.trim_ascii() {
            let attribute = Attribute::new(attribute, attribute, "4.2.3.1.2");
            self.refuse(attribute, quoted(named), "the id of the object it stands in");
        }
    }

    /// Adds an error about an attribute: what it is, and what was expected.
    pub(crate) fn refuse(&mut self, attribute: Attribute, received: impl Display, expected: impl Display) {
        let Attribute { name, clause, .. } = attribute;
        let clause = format!("TF-3 {clause}");
        let finding = Finding::new(name, &received, &expected, &clause);
        self.errors.push(finding.about(ErrorCode::Metadata, &self.subject));
    }

    /// A text as a value, or an error about it.
    pub(crate) fn value<T>(
        &mut self,
        attribute: Attribute,
        text: &str,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let refuse = |Invalid { received, expected }| self.refuse(attribute, quoted(received), expected);
        read(text).map_err(refuse).ok()
    }

    /// What must be there: reading it found it or has said what is wrong with it, or it is missing.
    pub(crate) fn required<T>(
        &mut self,
        attribute: Attribute,
        read: impl FnOnce(&mut Self, Attribute) -> Option<T>,
    ) -> Option<T> {
        let errors = self.errors.0.len();
        let value = read(self, attribute);
        if value.is_none() && self.errors.0.len() == errors {
            self.refuse(attribute, "missing", "one value");
        }
        value
    }

    /// The id of the object.
    pub(crate) fn id(&mut self) -> Option<ObjectId> {
        self.required(ENTRY_UUID, |reader, attribute| reader.attribute(attribute, str::parse))
    }

    /// An XML attribute; empty is absent.
    pub(crate) fn attribute<T>(
        &mut self,
        attribute: Attribute,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let text = self.element.attribute(attribute.key).filter(|text| !text.trim_ascii().is_empty())?;
        self.value(attribute, text, read)
    }

    /// `@home`.
    pub(crate) fn home(&mut self) -> Option<HomeCommunityId> {
        self.attribute(HOME, str::parse)
    }

    /// `@status`; in a submission it may hold anything and means nothing (CP-743).
    pub(crate) fn status(&self) -> Option<AvailabilityStatus> {
        AvailabilityStatus::from_urn(self.element.attribute("status")?)
    }

    /// `@lid`; sources that copy a symbolic id into it are forgiven, as it means nothing in a submission (CP-743).
    pub(crate) fn logical_id(&self) -> Option<EntryUuid> {
        self.element.attribute("lid")?.parse().ok()
    }

    /// `VersionInfo/@versionName`.
    pub(crate) fn version(&mut self) -> Option<u32> {
        let text = self.element.child(RIM, "VersionInfo")?.attribute("versionName")?;
        self.value(VERSION, text, |text| match number(quirk_version_of_the_schema(text)) {
            Some(version) if version > 0 => Ok(version),
            _ => Err(Invalid::new(text, "a version, a positive integer")),
        })
    }

    /// `Name`.
    pub(crate) fn name(&self) -> LocalizedStrings {
        read_strings(self.element, "Name")
    }

    /// `Description`.
    pub(crate) fn description(&self) -> LocalizedStrings {
        read_strings(self.element, "Description")
    }

    /// The values of a slot that are not empty; a slot stands once in an object.
    pub(crate) fn texts(&mut self, attribute: Attribute) -> Vec<Cow<'a, str>> {
        take_texts(&mut self.slots, attribute.key)
    }

    /// The values of a slot of any number of values.
    pub(crate) fn slots<T>(
        &mut self,
        attribute: Attribute,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Vec<T> {
        let texts = self.texts(attribute);
        texts.iter().filter_map(|text| self.value(attribute, text, &read)).collect()
    }

    /// The value of a slot of one value.
    pub(crate) fn slot<T>(
        &mut self,
        attribute: Attribute,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let texts = self.texts(attribute);
        self.single(attribute, texts).and_then(|text| self.value(attribute, &text, read))
    }

    /// At most one of what was found.
    pub(crate) fn single<T>(&mut self, attribute: Attribute, found: Vec<T>) -> Option<T> {
        if found.len() > 1 {
            self.refuse(attribute, format_args!("given with {} values", found.len()), "at most one");
        }
        found.into_iter().next()
    }

    /// The code under a scheme that allows one.
    pub(crate) fn code(&mut self, attribute: Attribute) -> Option<Code> {
        let codes = self.codes(attribute);
        self.single(attribute, codes)
    }

    /// The codes under a scheme.
    pub(crate) fn codes(&mut self, attribute: Attribute) -> Vec<Code> {
        let found = self.classified(attribute.key);
        found.into_iter().filter_map(|part| self.read_code(attribute, part)).collect()
    }

    fn read_code(&mut self, attribute: Attribute, part: &Element) -> Option<Code> {
        let code = part.attribute("nodeRepresentation").filter(|code| !code.trim_ascii().is_empty());
        let mut slots = slots(part);
        let schemes = take_texts(&mut slots, "codingScheme");
        match (code, <[Cow<'_, str>; 1]>::try_from(schemes)) {
            (Some(code), Ok([scheme])) => {
                let (display, description) = (read_strings(part, "Name"), read_strings(part, "Description"));
                let (code, scheme) = (code.to_owned(), scheme.into_owned());
                Some(Code { code, scheme, display, description, extra: read_all(slots) })
            }
            (None, _) => {
                self.refuse(attribute, "a Classification without code", "one in nodeRepresentation");
                None
            }
            (Some(code), Err(schemes)) => {
                let received = format!("{} with {} values of codingScheme", quoted(code), schemes.len());
                self.refuse(attribute, received, "exactly one value in slot codingScheme");
                None
            }
        }
    }

    /// The authors, in order.
    pub(crate) fn authors(&mut self, attribute: Attribute) -> Vec<Author> {
        let found = self.classified(attribute.key);
        found.into_iter().map(|part| self.read_author(attribute, part)).collect()
    }

    fn read_author(&mut self, attribute: Attribute, part: &Element) -> Author {
        let mut slots = slots(part);
        let persons = take_texts(&mut slots, "authorPerson");
        let institutions = take_texts(&mut slots, "authorInstitution");
        let author_telecommunication = take_texts(&mut slots, "authorTelecommunication");
        if persons.is_empty() && institutions.is_empty() && author_telecommunication.is_empty() {
            let expected = "authorPerson, authorInstitution or authorTelecommunication";
            self.refuse(attribute, "given without a name", expected);
        }
        let person = Attribute { name: "authorPerson", ..attribute };
        let institution = Attribute { name: "authorInstitution", ..attribute };
        let representation = part.attribute("nodeRepresentation").filter(|text| !text.is_empty());
        Author {
            representation: representation.map(str::to_owned),
            author_person: self
                .single(person, persons)
                .and_then(|text| self.value(person, &text, str::parse)),
            author_institution: institutions
                .iter()
                .filter_map(|text| self.value(institution, text, str::parse))
                .collect(),
            author_role: owned(take_texts(&mut slots, "authorRole")),
            author_specialty: owned(take_texts(&mut slots, "authorSpecialty")),
            author_telecommunication: owned(author_telecommunication),
            extra: read_all(slots),
        }
    }

    fn classified(&mut self, scheme: &str) -> Vec<&'a Element> {
        let is_under = |part: &mut &Element| part.attribute("classificationScheme") == Some(scheme);
        self.classifications.extract_if(.., is_under).collect()
    }

    /// Whether the object carries a marker: a classification node of that name.
    pub(crate) fn marked(&mut self, node: &str) -> bool {
        let marks = |part: &mut &Element| {
            part.attribute("classificationNode") == Some(node) || quirk_marker_as_scheme(part, node)
        };
        self.classifications.extract_if(.., marks).count() > 0
    }

    /// The external identifier under a scheme.
    pub(crate) fn identifier<T>(
        &mut self,
        attribute: Attribute,
        read: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        let is_under = |part: &mut &Element| part.attribute("identificationScheme") == Some(attribute.key);
        let found = self.identifiers.extract_if(.., is_under).collect();
        let value = self.single(attribute, found)?.attribute("value").unwrap_or_default();
        self.value(attribute, value, read)
    }

    /// What nobody asked for.
    pub(crate) fn finish(self) -> Extra {
        Extra {
            slots: read_all(self.slots),
            classifications: self.classifications.into_iter().map(Classification::read).collect(),
            external_identifiers: self.identifiers.into_iter().map(ExternalIdentifier::read).collect(),
        }
    }
}

/// An object as errors name it, which is how [`crate::Identity`] does.
pub(crate) fn subject(kind: &str, element: &Element) -> String {
    let id = element.attribute("id").unwrap_or("without id");
    let id = id.parse().map_or_else(|_| id.to_owned(), |id: ObjectId| id.to_string());
    format!("{kind} {}", shorten(&id))
}

/// Some peers send the marker of limited metadata as a scheme (IPF issue 268).
fn quirk_marker_as_scheme(part: &Element, node: &str) -> bool {
    part.attribute("classificationScheme") == Some(node)
}

/// Some peers write 1.1, the default of the schema, where they mean the first version.
fn quirk_version_of_the_schema(text: &str) -> &str {
    if text.trim_ascii() == "1.1" { "1" } else { text }
}

fn slots(element: &Element) -> Slots<'_> {
    let slots = element.children_named(RIM, "Slot");
    slots.map(|slot| (slot.attribute("name").unwrap_or_default(), slot)).collect()
}

fn read_all(slots: Slots<'_>) -> Vec<Slot> {
    slots.into_iter().map(|(_, slot)| Slot::read(slot)).collect()
}

/// Takes the values of a slot that are not empty; a slot without values is as good as none.
fn take_texts<'a>(slots: &mut Slots<'a>, name: &str) -> Vec<Cow<'a, str>> {
    let found = slots.extract_if(.., |(found, _)| *found == name);
    found.flat_map(|(_, slot)| slot_values(slot)).filter(|value| !value.trim_ascii().is_empty()).collect()
}

fn owned(texts: Vec<Cow<'_, str>>) -> Vec<String> {
    texts.into_iter().map(Cow::into_owned).collect()
}

/// A number of digits only, without sign.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.trim_ascii();
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}
