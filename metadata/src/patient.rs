//! Who a document is about: a patient id, and what the source knows of the patient.
//!
//! ITI TF-3 4.2.3.1.7 (CX, Field), 4.2.3.2.16 (patientId), 4.2.3.2.23 (sourcePatientInfo).

use std::fmt;
use std::str::FromStr;

use crate::hl7;
use crate::{Invalid, Oid};

/// A patient id with the authority that assigned it, CX: `id^^^&OID&ISO`.
///
/// A namespace id (CX.4.1) is read and forgotten, so that ids compare by what identifies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatientId {
    id: String,
    authority: Oid,
}

impl PatientId {
    /// The id (without HL7 escapes) and the assigning authority.
    pub fn new(id: &str, authority: Oid) -> Result<Self, Invalid> {
        match id.trim() {
            "" => Err(Invalid::new(id, "the id of a patient, which cannot be empty")),
            id => Ok(Self { id: id.to_owned(), authority }),
        }
    }

    /// The id, HL7 escapes resolved.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The assigning authority.
    pub const fn authority(&self) -> &Oid {
        &self.authority
    }
}

impl FromStr for PatientId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(text, "a patient id, id^^^&OID&ISO");
        let trimmed = text.trim_ascii();
        let others_are_empty =
            trimmed.split('^').enumerate().all(|(at, part)| at == 0 || at == 3 || part.is_empty());
        let id = hl7::part(trimmed, '^', 1).ok_or_else(invalid)?;
        let mut authority = hl7::part(trimmed, '^', 4).ok_or_else(invalid)?.split('&');
        let (_namespace, oid, kind) = (authority.next(), authority.next(), authority.next());
        if !others_are_empty || kind != Some("ISO") || authority.any(|more| !more.is_empty()) {
            return Err(invalid());
        }
        let authority = oid.unwrap_or_default().parse().map_err(|_| invalid())?;
        Self::new(&hl7::unescape(id), authority).map_err(|_| invalid())
    }
}

impl fmt::Display for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}^^^&{}&ISO", hl7::escape(&self.id), self.authority)
    }
}

/// The patient's id in the domain of the source, kept as it was said: nobody compares it (ITI TF-3 4.2.3.2.22).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourcePatientId(String);

impl SourcePatientId {
    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PatientId> for SourcePatientId {
    fn from(id: PatientId) -> Self {
        Self(id.to_string())
    }
}

impl FromStr for SourcePatientId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.parse::<PatientId>().map(|_| Self(text.trim_ascii().to_owned()))
    }
}

impl fmt::Display for SourcePatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the source knows of the patient, as fields of an HL7 PID segment in the order they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourcePatientInfo(pub Vec<PidField>);

impl SourcePatientInfo {
    /// With one more field, if its value (HL7 encoded) is not empty.
    #[must_use]
    pub fn with(mut self, number: u8, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push(PidField { number, value });
        }
        self
    }

    /// The values of one PID field, HL7 encoded.
    pub fn values(&self, number: u8) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |field| field.number == number).map(|field| field.value.as_str())
    }
}

/// A field of a PID segment, `PID-n|value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PidField {
    /// Its number in the segment: 3 ids, 5 name, 7 birth date, 8 sex, 11 address.
    pub number: u8,
    /// Its value, HL7 encoded.
    pub value: String,
}

impl FromStr for PidField {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (number, value) = text
            .trim_ascii_start()
            .strip_prefix("PID-")
            .and_then(|rest| rest.split_once('|'))
            .ok_or_else(|| Invalid::new(text, "a field of a PID segment, PID-n|value"))?;
        let digits = !number.starts_with('0') && number.bytes().all(|digit| digit.is_ascii_digit());
        match number.parse() {
            Ok(number) if digits => Ok(Self { number, value: value.to_owned() }),
            _ => Err(Invalid::new(text, "a field of a PID segment, PID-n|value")),
        }
    }
}

impl fmt::Display for PidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PID-{}|{}", self.number, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_patient_ids_by_what_identifies() {
        let canonical: PatientId = "P1^^^&1.2.3&ISO".parse().unwrap();
        for same in ["P1^^^Hospital&1.2.3&ISO", " P1^^^&1.2.3&ISO^ ", "P1^^^&1.2.3&ISO^^", "P1^^^&1.2.3&ISO&"]
        {
            assert_eq!(same.parse::<PatientId>().unwrap(), canonical, "{same}");
        }
        assert_ne!("P1^^^&1.2.4&ISO".parse::<PatientId>().unwrap(), canonical);
        assert_eq!(canonical.to_string(), "P1^^^&1.2.3&ISO");
    }

    #[test]
    fn resolves_and_renders_escapes() {
        let patient: PatientId = r"a\T\b\S\c^^^&1.2.3&ISO".parse().unwrap();
        assert_eq!(patient.id(), "a&b^c");
        assert_eq!(patient.to_string(), r"a\T\b\S\c^^^&1.2.3&ISO");
    }

    #[test]
    fn refuses_what_is_not_a_patient_id() {
        let wrong = [
            "",
            "P1",
            "P1^^^",
            "^^^&1.2.3&ISO",
            "P1^^^&1.2.3",
            "P1^^^&1.2.3&DNS",
            "P1^^^&&ISO",
            "P1^^^1.2.3",
            "P1^2^^&1.2.3&ISO",
            "P1^^^&1.2.3&ISO^PI",
            "P1^^^&urn:oid:1.2.3&ISO",
            "P1^^^&1.2.3&ISO&x",
        ];
        for text in wrong {
            assert!(text.parse::<PatientId>().is_err(), "{text}");
        }
    }

    #[test]
    fn keeps_fields_of_the_source_patient() {
        let field: PidField = "PID-3|A^^^&1.2&ISO~B^^^&1.3&ISO".parse().unwrap();
        assert_eq!((field.number, field.value.as_str()), (3, "A^^^&1.2&ISO~B^^^&1.3&ISO"));
        assert_eq!("PID-8|".parse::<PidField>().unwrap().to_string(), "PID-8|");
        for wrong in ["PID-3", "3|x", "PID-|x", "PID-03|x", "PID-x|y", "PID-+3|y", ""] {
            assert!(wrong.parse::<PidField>().is_err(), "{wrong}");
        }
    }
}
