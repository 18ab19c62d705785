//! Requests that are prepared once, by the project's own writer, and sent often with other ids.

use bytes::Bytes;
use memchr::memmem;

use crate::random::Random;

/// Stands for the patient in a request that is prepared; digits take its place.
pub(crate) const PATIENT: &str = "P0000000";
/// Stands for the unique id of the document entry.
pub(crate) const ENTRY: &str = "2.25.11111111111111111111111111111111111111";
/// Stands for the unique id of the submission set.
pub(crate) const SET: &str = "2.25.12222222222222222222222222222222222222";
/// How a document begins, so that every document is another.
pub(crate) const DOCUMENT: &[u8] = b"0123456789abcdef";
/// Behind it stands the id of the message.
const MESSAGE: &[u8] = b"MessageID>urn:uuid:";

/// What differs between two requests from the same template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids {
    pub(crate) patient: usize,
    pub(crate) entry: String,
}

/// A request without its ids.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) path: String,
    pub(crate) media_type: String,
    bytes: Vec<u8>,
    patients: Vec<usize>,
    entries: Vec<usize>,
    sets: Vec<usize>,
    messages: Vec<usize>,
    documents: Vec<usize>,
}

impl Template {
    /// Finds the places of the ids in a request.
    pub(crate) fn of(path: impl Into<String>, media_type: impl Into<String>, bytes: Vec<u8>) -> Self {
        let places = |what: &[u8]| memmem::find_iter(&bytes, what).collect::<Vec<_>>();
        let messages = places(MESSAGE).iter().map(|place| place + MESSAGE.len()).collect();
        Self {
            path: path.into(),
            media_type: media_type.into(),
            patients: places(PATIENT.as_bytes()),
            entries: places(ENTRY.as_bytes()),
            sets: places(SET.as_bytes()),
            documents: places(DOCUMENT),
            messages,
            bytes,
        }
    }

    /// The same request to another path.
    #[must_use]
    pub(crate) fn to(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// Where its document begins.
    pub(crate) fn document(&self) -> Option<usize> {
        self.documents.first().copied()
    }

    /// How many bytes it has.
    pub(crate) const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// A request for a patient and an entry, everything else in it fresh.
    pub(crate) fn fill(&self, ids: &Ids, random: &mut Random) -> Bytes {
        let mut bytes = self.bytes.clone();
        let patient = patient(ids.patient);
        let set = if self.sets.is_empty() { String::new() } else { unique_id(random) };
        let message = hexadecimal(random);
        let unlike = [random.next().to_le_bytes(), random.next().to_le_bytes()].concat();
        for (places, text) in [
            (&self.patients, patient.as_bytes()),
            (&self.entries, ids.entry.as_bytes()),
            (&self.sets, set.as_bytes()),
            (&self.messages, message.as_bytes()),
            (&self.documents, &unlike),
        ] {
            for place in places {
                bytes.get_mut(*place..place + text.len()).unwrap().copy_from_slice(text);
            }
        }
        bytes.into()
    }
}

/// The id of a patient, as long as that in a template.
pub(crate) fn patient(number: usize) -> String {
    format!("P{number:07}")
}

/// A unique id of 128 bits, as long as those in a template: spread as the ids of real sources are.
pub(crate) fn unique_id(random: &mut Random) -> String {
    const DIGITS: u128 = 10_u128.pow(37);
    let number = u128::from(random.next()) << 64 | u128::from(random.next());
    format!("2.25.{}", DIGITS + number % DIGITS)
}

/// A UUID, version 4.
fn hexadecimal(random: &mut Random) -> String {
    uuid::Builder::from_random_bytes(
        (u128::from(random.next()) << 64 | u128::from(random.next())).to_le_bytes(),
    )
    .into_uuid()
    .hyphenated()
    .to_string()
}
