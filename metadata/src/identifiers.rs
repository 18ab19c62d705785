//! Identifiers: OIDs, entry UUIDs, symbolic ids, unique ids and home community ids.
//!
//! ITI TF-3 4.2.3.1.7 (data types) and 4.2.3.2 (ids of registry objects).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// Why a text is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{received}' is not {expected}")]
pub struct Invalid {
    /// What came, shortened if it is long.
    pub received: String,
    /// What was expected, to be read after "is not".
    pub expected: &'static str,
}

impl Invalid {
    /// `received` is not what was expected.
    pub fn new(received: &str, expected: &'static str) -> Self {
        Self { received: shorten(received), expected }
    }
}

/// At most 100 characters of a value, so that an error list stays readable.
pub(crate) fn shorten(text: &str) -> String {
    match text.chars().nth(100) {
        Some(_) => text.chars().take(99).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// An ISO object identifier in dotted form, without prefix, of at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(String);

impl Oid {
    /// The dotted form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The OID `2.25.n` of a UUID (ITU-T X.667), which needs no registration.
    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(format!("2.25.{}", uuid.as_u128()))
    }
}

impl FromStr for Oid {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let arc = |arc: &str| {
            !arc.is_empty()
                && arc.bytes().all(|digit| digit.is_ascii_digit())
                && (arc.len() == 1 || !arc.starts_with('0'))
        };
        let mut arcs = trimmed.split('.');
        let first = arcs.next().is_some_and(|first| matches!(first, "0" | "1" | "2"));
        let more = arcs.clone().next().is_some();
        if trimmed.len() <= 64 && first && more && arcs.all(arc) {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "an OID of at most 64 characters without prefix, such as 1.2.840.10008"))
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id that a registry knows an object by; on the wire `urn:uuid:` and lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryUuid(Uuid);

impl EntryUuid {
    /// From its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The UUID itself.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for EntryUuid {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

/// Upper-case hex is read and becomes lower-case (ITI TF-3 4.2.3.1.7).
impl FromStr for EntryUuid {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.trim_ascii()
            .strip_prefix("urn:uuid:")
            .filter(|hex| hex.len() == 36)
            .and_then(|hex| Uuid::try_parse(hex).ok())
            .map(Self)
            .ok_or_else(|| Invalid::new(text, "a UUID, urn:uuid: and 8-4-4-4-12 hexadecimal digits"))
    }
}

impl fmt::Display for EntryUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:uuid:{}", self.0.hyphenated())
    }
}

/// The id of an object inside a message: a UUID if it starts with `urn:uuid:`, else a symbol (ITI TF-3 4.2.3.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// A name that means something in this message only; a registry replaces it.
    Symbolic(String),
    /// The id that the registry knows or will know the object by.
    Uuid(EntryUuid),
}

impl ObjectId {
    /// The UUID, unless it is symbolic.
    pub const fn uuid(&self) -> Option<EntryUuid> {
        match self {
            Self::Uuid(uuid) => Some(*uuid),
            Self::Symbolic(_) => None,
        }
    }
}

impl From<EntryUuid> for ObjectId {
    fn from(uuid: EntryUuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl FromStr for ObjectId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim_ascii() {
            "" => Err(Invalid::new(text, "an id, urn:uuid:... or a symbolic name")),
            trimmed if trimmed.starts_with("urn:uuid:") => trimmed.parse().map(Self::Uuid),
            trimmed => Ok(Self::Symbolic(trimmed.to_owned())),
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbolic(symbol) => f.write_str(symbol),
            Self::Uuid(uuid) => uuid.fmt(f),
        }
    }
}

/// The unique id of a document: an OID, `root^extension`, a UUID or another URI; opaque (ITI TF-3 4.2.3.2.26).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId(String);

impl UniqueId {
    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Oid> for UniqueId {
    fn from(oid: Oid) -> Self {
        Self(oid.0)
    }
}

impl FromStr for UniqueId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let spoiled = trimmed.chars().any(|c| c.is_whitespace() || c.is_control());
        if trimmed.is_empty() || spoiled || trimmed.chars().count() > 256 {
            return Err(Invalid::new(text, "a unique id of 1 to 256 characters without spaces"));
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a community, `urn:oid:` and an OID (ITI TF-3 4.2.3.2.12).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HomeCommunityId(Oid);

impl HomeCommunityId {
    /// The OID without `urn:oid:`.
    pub const fn oid(&self) -> &Oid {
        &self.0
    }
}

impl From<Oid> for HomeCommunityId {
    fn from(oid: Oid) -> Self {
        Self(oid)
    }
}

impl FromStr for HomeCommunityId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.trim_ascii()
            .strip_prefix("urn:oid:")
            .and_then(|oid| oid.parse().ok())
            .map(Self)
            .ok_or_else(|| Invalid::new(text, "a home community id, urn:oid: and an OID"))
    }
}

impl fmt::Display for HomeCommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:oid:{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_each_kind_of_identifier() {
        assert_eq!("1.2.840.0.1".parse::<Oid>().unwrap().to_string(), "1.2.840.0.1");
        let uuid: EntryUuid = "urn:uuid:7EDCA82F-054D-47F2-A032-9B2A5B5186C1".parse().unwrap();
        assert_eq!(uuid.to_string(), "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1");
        assert_eq!("urn:oid:1.2.3".parse::<HomeCommunityId>().unwrap().to_string(), "urn:oid:1.2.3");
        for unique_id in ["1.2.3", "1.2.3^ext", "urn:uuid:x", "https://example.org/a"] {
            assert_eq!(unique_id.parse::<UniqueId>().unwrap().as_str(), unique_id);
        }
    }

    #[test]
    fn refuses_what_is_not_an_oid() {
        let long = format!("1.{}", "2".repeat(63));
        for text in ["", "1", "1.", "3.1", "1.02", "1..2", "urn:oid:1.2", "1.2.x", "01.2", long.as_str()] {
            assert!(text.parse::<Oid>().is_err(), "{text}");
        }
        assert!(format!("1.{}", "2".repeat(62)).parse::<Oid>().is_ok());
    }

    #[test]
    fn tells_symbolic_ids_from_uuids() {
        assert_eq!("Document01".parse(), Ok(ObjectId::Symbolic("Document01".to_owned())));
        assert_eq!("urn:oid:1.2".parse(), Ok(ObjectId::Symbolic("urn:oid:1.2".to_owned())));
        assert!("urn:uuid:Document01".parse::<ObjectId>().is_err());
        assert!("urn:uuid:7edca82f054d47f2a0329b2a5b5186c1".parse::<ObjectId>().is_err());
        assert!(" ".parse::<ObjectId>().is_err());
    }

    #[test]
    fn refuses_a_home_community_id_without_its_prefix() {
        assert!("1.2.3".parse::<HomeCommunityId>().is_err());
    }

    #[test]
    fn makes_an_oid_of_a_uuid() {
        let uuid = Uuid::parse_str("f81d4fae-7dec-11d0-a765-00a0c91e6bf6").unwrap();
        let oid = Oid::from_uuid(uuid);
        assert_eq!(oid.as_str(), "2.25.329800735698586629295641978511506172918");
        assert!(oid.as_str().parse::<Oid>().is_ok());
    }

    #[test]
    fn shortens_a_long_value_in_an_error() {
        let error = "é ".repeat(500).parse::<UniqueId>().unwrap_err();
        assert_eq!(error.received.chars().count(), 100);
    }
}
