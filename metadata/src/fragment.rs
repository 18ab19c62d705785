//! An object at rest: its ebRIM as text, with places left open for what a registry changes later.
//!
//! Design D3: an entry at rest is what was said; status, version, patient and the like are spliced in when it is
//! read. The text is self-contained: it declares every prefix that it uses.

use std::fmt::{Display, Write as _};
use std::ops::Range;
use std::sync::LazyLock;

use soap::xml::escape_attribute;

use crate::object::{Mutable, Object};
use crate::{AvailabilityStatus, EntryUuid, Invalid, PatientId, Timestamp};

/// The written form of an object, with open places.
///
/// A place is `OPEN`, a letter, what comes before the value, `HOLE`, what comes after it, `CLOSE`: characters that
/// no XML can contain. Without a value the whole place is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// As it is stored: [`FORMAT`], then the text.
    stored: String,
}

const OPEN: char = '\u{1}';
const HOLE: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// What a fragment in storage begins with.
const FORMAT: char = '\u{1}';

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
    pub fn of(mut object: Object) -> Self {
        object.set(&EVERYTHING);
        // What is written holds none of the characters that mark a place.
        let text = object.write();
        let mut found: Vec<Found> = places(&object).iter().filter_map(|place| find(&text, place)).collect();
        found.sort_by_key(|found| found.whole.start);
        let mut marked = String::with_capacity(1 + text.len() + 4 * found.len());
        marked.push(FORMAT);
        let (mut done, part) = (0, |range: Range<usize>| text.get(range).unwrap_or_default());
        for Found { letter, whole, value } in found {
            marked.push_str(part(done..whole.start));
            marked.extend([OPEN, letter]);
            marked.push_str(part(whole.start..value.start));
            marked.push(HOLE);
            marked.push_str(part(value.end..whole.end));
            marked.push(CLOSE);
            done = whole.end;
        }
        marked.push_str(part(done..text.len()));
        Self { stored: marked }
    }

    /// Writes the object as it is now.
    pub fn splice(&self, current: &Mutable, out: &mut String) {
        let mut rest = self.stored.strip_prefix(FORMAT).unwrap_or_default();
        while let Some((before, place)) = split(rest, OPEN) {
            out.push_str(before);
            let (place, after) = split(place, CLOSE).unwrap_or((place, ""));
            splice_place(place, current, out);
            rest = after;
        }
        out.push_str(rest);
    }

    /// The fragment as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        self.stored.as_bytes()
    }

    /// The fragment that was stored.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Invalid> {
        let stored = String::from_utf8(bytes).unwrap_or_default();
        match stored.chars().next() {
            Some(FORMAT) => Ok(Self { stored }),
            Some(version) => {
                let version = u32::from(version).to_string();
                Err(Invalid::new(&version, "a version of fragments that is known"))
            }
            None => Err(Invalid::new("", "a fragment, a version and UTF-8")),
        }
    }
}

/// A value in every place, so that the place is written.
static EVERYTHING: LazyLock<Mutable> = LazyLock::new(|| Mutable {
    status: AvailabilityStatus::Approved,
    logical_id: Some(EntryUuid::from_bytes([0; 16])),
    version: Some(1),
    patient_id: "0^^^&0.0&ISO".parse().ok(),
    last_update_time: Some(Timestamp::from_unix(0)),
});

/// A place as it stands in a text: all of it, and the value in it.
struct Found {
    letter: char,
    whole: Range<usize>,
    value: Range<usize>,
}

/// Where a place is; an object may have no such place.
fn find(text: &str, place: &Place) -> Option<Found> {
    let start = text.find(place.start)?;
    let after = |from: usize, what: &str| Some(from + text.get(from..)?.find(what)? + what.len());
    let value = after(start + place.start.len(), place.before)?;
    let value = value..value + text.get(value..)?.find(['"', '<'])?;
    Some(Found { letter: place.letter, whole: start..after(value.end, place.end)?, value })
}

/// What comes before and after the first of a mark, faster than by its character.
fn split(text: &str, mark: char) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark as u8, text.as_bytes())?;
    text.get(..at).zip(text.get(at + 1..))
}

fn splice_place(place: &str, current: &Mutable, out: &mut String) {
    let mut place = place.chars();
    let letter = place.next();
    let Some((before, after)) = split(place.as_str(), HOLE) else { return };
    let start = out.len();
    out.push_str(before);
    let is_there = match letter {
        Some('S') => write(Some(current.status.urn()), out),
        Some('L') => write(current.logical_id, out),
        Some('V') => write(current.version, out),
        Some('T') => write(current.last_update_time, out),
        Some('P') => current.patient_id.as_ref().is_some_and(|patient| write_patient(patient, out)),
        _ => false,
    };
    if is_there { out.push_str(after) } else { out.truncate(start) }
}

/// Writes a value that has nothing to escape; whether there is one.
fn write(value: Option<impl Display>, out: &mut String) -> bool {
    value.is_some_and(|value| write!(out, "{value}").is_ok())
}

fn write_patient(patient: &PatientId, out: &mut String) -> bool {
    escape_attribute(&patient.to_string(), out);
    true
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
            let stored = Fragment::of(object.clone()).as_bytes().to_vec();
            let fragment = Fragment::from_bytes(stored).unwrap();
            let mut expected = object;
            expected.set(&current);
            prop_assert_eq!(read_spliced(&fragment, &current), expected);
        }
    }

    #[test]
    fn holds_nothing_of_what_changes() {
        for mut object in sample_with_folder().into_objects() {
            object.set(&Mutable { version: Some(77), ..EVERYTHING.clone() });
            let mut other = object.clone();
            other.set(&Mutable { logical_id: None, patient_id: None, ..EVERYTHING.clone() });
            assert_eq!(Fragment::of(object), Fragment::of(other));
        }
    }

    #[test]
    fn characters_that_no_xml_carries_open_no_place() {
        let mut entry = sample_with_folder().entries.remove(0);
        entry.title = "\u{1}S\u{2}\u{3}".into();
        let object = read_spliced(&Fragment::of(entry.into()), &EVERYTHING);
        let Object::Entry(entry) = object else { panic!("an entry") };
        assert_eq!(entry.title.text(), Some("\u{FFFD}S\u{FFFD}\u{FFFD}"));
    }

    #[test]
    fn refuses_bytes_of_another_format() {
        for wrong in [b"".as_slice(), b"\x02<rim:Association/>", b"\x01\xFF"] {
            assert!(Fragment::from_bytes(wrong.to_vec()).is_err());
        }
    }
}
