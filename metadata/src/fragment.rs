//! An object at rest: its ebRIM as text, with places left open for what a registry changes later.
//!
//! Design D3: an entry at rest is what was said; status, version, patient and the like are spliced in when it is
//! read. The text is self-contained: it declares every prefix that it uses.

use soap::xml::escape_attribute;

use crate::object::{Mutable, Object};
use crate::{AvailabilityStatus, EntryUuid, Invalid, Timestamp};

/// The written form of an object, with open places.
///
/// A place is `OPEN`, a letter, what comes before the value, `HOLE`, what comes after it, `CLOSE`: characters that
/// no XML can contain. Without a value the whole place is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment(String);

const OPEN: char = '\u{1}';
const HOLE: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// The first byte of a fragment in storage.
const FORMAT: u8 = 1;

/// A place: its letter, the markup that it begins with, the markup right before the value, and what it ends with.
struct Place {
    letter: char,
    start: &'static str,
    before: &'static str,
    end: &'static str,
}

const STATUS: Place = Place { letter: 'S', start: " status=\"", before: "", end: "\"" };
const LOGICAL_ID: Place = Place { letter: 'L', start: " lid=\"", before: "", end: "\"" };
const VERSION: Place =
    Place { letter: 'V', start: "<rim:VersionInfo versionName=\"", before: "", end: "\"/>" };
const LAST_UPDATE_TIME: Place = Place {
    letter: 'T',
    start: "<rim:Slot name=\"lastUpdateTime\"><rim:ValueList><rim:Value>",
    before: "",
    end: "</rim:Value></rim:ValueList></rim:Slot>",
};
const PATIENT_ID: Place = Place {
    letter: 'P',
    start: "<rim:ExternalIdentifier ",
    before: " value=\"",
    end: "</rim:ExternalIdentifier>",
};

/// The places of an object, as `write` spells them: each stands in its text, and first where it means the place.
/// What people wrote comes later, or has its quotes and angle brackets escaped.
const fn places(object: &Object) -> &'static [Place] {
    match object {
        Object::Entry(_) => &[STATUS, LOGICAL_ID, VERSION, PATIENT_ID],
        Object::SubmissionSet(_) => &[STATUS, PATIENT_ID],
        Object::Folder(_) => &[STATUS, LOGICAL_ID, VERSION, LAST_UPDATE_TIME, PATIENT_ID],
        Object::Association(_) => &[STATUS, LOGICAL_ID, VERSION],
    }
}

impl Fragment {
    /// The fragment of an object: all that it says but what a registry changes.
    pub fn of(object: &Object) -> Self {
        let mut object = object.clone();
        object.set(&everything());
        // No reader could have let such characters in; a program might.
        let mut text = object.write().write().replace([OPEN, HOLE, CLOSE], "\u{FFFD}");
        for place in places(&object) {
            open(&mut text, place);
        }
        Self(text)
    }

    /// Writes the object as it is now.
    pub fn splice(&self, current: &Mutable, out: &mut String) {
        let mut rest = self.0.as_str();
        while let Some((before, place)) = rest.split_once(OPEN) {
            out.push_str(before);
            let (place, after) = place.split_once(CLOSE).unwrap_or((place, ""));
            splice_place(place, current, out);
            rest = after;
        }
        out.push_str(rest);
    }

    /// The fragment as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() + 1);
        bytes.push(FORMAT);
        bytes.extend_from_slice(self.0.as_bytes());
        bytes
    }

    /// The fragment that was stored.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        match bytes.split_first() {
            Some((&FORMAT, text)) => match std::str::from_utf8(text) {
                Ok(text) => Ok(Self(text.to_owned())),
                Err(_) => Err(Invalid::new("bytes", "a fragment, a version and UTF-8")),
            },
            Some((version, _)) => {
                Err(Invalid::new(&version.to_string(), "a version of fragments that is known"))
            }
            None => Err(Invalid::new("", "a fragment, a version and UTF-8")),
        }
    }
}

/// A value in every place, so that the place is written.
fn everything() -> Mutable {
    Mutable {
        status: AvailabilityStatus::Approved,
        logical_id: Some(EntryUuid::from_bytes([0; 16])),
        version: Some(1),
        patient_id: "0^^^&0.0&ISO".parse().ok(),
        last_update_time: Some(Timestamp::from_unix(0)),
    }
}

/// Marks a place in the text and takes its value out; an object that has no such place stays as it is.
fn open(text: &mut String, place: &Place) {
    let Some((head, rest)) = text.split_once(place.start) else { return };
    let Some((before, rest)) = rest.split_once(place.before) else { return };
    let Some(value) = rest.find(['"', '<']) else { return };
    let Some((after, tail)) = rest.get(value..).and_then(|rest| rest.split_once(place.end)) else { return };
    let Place { letter, start, before: last, end } = place;
    *text = format!("{head}{OPEN}{letter}{start}{before}{last}{HOLE}{after}{end}{CLOSE}{tail}");
}

fn splice_place(place: &str, current: &Mutable, out: &mut String) {
    let mut place = place.chars();
    let letter = place.next();
    let Some((before, after)) = place.as_str().split_once(HOLE) else { return };
    let value = match letter {
        Some('S') => Some(current.status.urn().to_owned()),
        Some('L') => current.logical_id.map(|id| id.to_string()),
        Some('V') => current.version.map(|version| version.to_string()),
        Some('T') => current.last_update_time.map(|time| time.to_string()),
        Some('P') => current.patient_id.as_ref().map(|patient| patient.to_string()),
        _ => None,
    };
    if let Some(value) = value {
        out.push_str(before);
        escape_attribute(&value, out);
        out.push_str(after);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use soap::xml::{Element, Limits, Namespace, Node};

    use super::*;
    use crate::{RegistryErrors, arbitrary, sample_with_folder};

    const HOUSE: Namespace = Namespace { uri: "urn:example:house", prefix: "house" };

    /// The object that a peer finds inside of an answer.
    fn read_spliced(fragment: &Fragment, current: &Mutable) -> Object {
        let mut text = String::new();
        fragment.splice(current, &mut text);
        let mut answer = Element::new(HOUSE, "answer");
        answer.children.push(Node::Written(text.into()));
        let answer = Element::parse(answer.write().as_bytes(), &Limits::default()).unwrap();
        let mut errors = RegistryErrors::default();
        let object = Object::read(answer.elements().next().unwrap(), &mut errors);
        assert_eq!(errors, RegistryErrors::default());
        object.unwrap()
    }

    proptest! {
        #[test]
        fn is_read_as_the_object_with_what_changed(object in arbitrary::object(), current in arbitrary::mutable()) {
            let stored = Fragment::of(&object).to_bytes();
            let fragment = Fragment::from_bytes(&stored).unwrap();
            let mut expected = object;
            expected.set(&current);
            prop_assert_eq!(read_spliced(&fragment, &current), expected);
        }
    }

    #[test]
    fn holds_nothing_of_what_changes() {
        for mut object in sample_with_folder().into_objects() {
            object.set(&Mutable { version: Some(77), ..everything() });
            let mut other = object.clone();
            other.set(&Mutable { logical_id: None, patient_id: None, ..everything() });
            assert_eq!(Fragment::of(&object), Fragment::of(&other));
        }
    }

    #[test]
    fn characters_that_no_xml_carries_open_no_place() {
        let mut entry = sample_with_folder().entries.remove(0);
        entry.title = "\u{1}S\u{2}\u{3}".into();
        let object = read_spliced(&Fragment::of(&entry.into()), &everything());
        let Object::Entry(entry) = object else { panic!("an entry") };
        assert_eq!(entry.title.text(), Some("\u{FFFD}S\u{FFFD}\u{FFFD}"));
    }

    #[test]
    fn refuses_bytes_of_another_format() {
        for wrong in [b"".as_slice(), b"\x02<rim:Association/>", b"\x01\xFF"] {
            assert!(Fragment::from_bytes(wrong).is_err());
        }
    }
}
