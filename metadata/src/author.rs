//! Who made something, and who it is meant for: persons, organisations, authors, recipients.
//!
//! ITI TF-3 4.2.3.1.4 (author), 4.2.3.1.7 (XCN, XON, XTN), 4.2.3.3.7 (intendedRecipient).
//! The HL7 texts are kept as they were said; what the standard demands of them is checked once.

use std::fmt;
use std::str::FromStr;

use crate::registry_object::Slot;
use crate::{Invalid, Oid, hl7};

/// Who made a document or a submission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Author {
    /// `nodeRepresentation`, which is empty by the standard and says nothing.
    pub representation: Option<String>,
    /// The person or machine (`authorPerson`).
    pub author_person: Option<Person>,
    /// Where they work (`authorInstitution`).
    pub author_institution: Vec<Organization>,
    /// Their part in it (`authorRole`): text or a coded string `code^^^&scheme&ISO`.
    pub author_role: Vec<String>,
    /// What they are specialised in (`authorSpecialty`): text or a coded string.
    pub author_specialty: Vec<String>,
    /// How to reach them (`authorTelecommunication`), XTN.
    pub author_telecommunication: Vec<String>,
    /// Slots of other names.
    pub extra: Vec<Slot>,
}

/// A person or machine, XCN: `id^family^given^second^suffix^prefix^^^&OID&ISO`; it has an id or a family name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person(String);

impl Person {
    /// A person known by name.
    pub fn named(family: &str, given: &str) -> Result<Self, Invalid> {
        format!("^{}^{}", hl7::escape(family), hl7::escape(given)).parse()
    }

    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id (XCN.1).
    pub fn id(&self) -> Option<String> {
        hl7::component(&self.0, 1)
    }

    /// The family name (XCN.2.1).
    pub fn family(&self) -> Option<String> {
        hl7::part(hl7::part(&self.0, '^', 2)?, '&', 1).map(hl7::unescape)
    }

    /// The given name (XCN.3).
    pub fn given(&self) -> Option<String> {
        hl7::component(&self.0, 3)
    }
}

impl FromStr for Person {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        if hl7::part(trimmed, '^', 1).is_some() || hl7::part(trimmed, '^', 2).is_some() {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "a person with an id or a family name, id^family^given^^^^^^&OID&ISO"))
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An organisation, XON: `name^^^^^&OID&ISO^^^^id`; it has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Organization(String);

impl Organization {
    /// An organisation by name, with its OID if it has one.
    pub fn named(name: &str, oid: Option<&Oid>) -> Result<Self, Invalid> {
        match oid {
            Some(oid) => format!("{}^^^^^^^^^{oid}", hl7::escape(name)).parse(),
            None => hl7::escape(name).parse(),
        }
    }

    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name (XON.1).
    pub fn name(&self) -> String {
        hl7::component(&self.0, 1).unwrap_or_default()
    }

    /// The id (XON.10).
    pub fn id(&self) -> Option<String> {
        hl7::component(&self.0, 10)
    }
}

impl FromStr for Organization {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let authority = hl7::part(trimmed, '^', 6).map(|authority| {
            hl7::part(authority, '&', 2).is_some_and(|oid| oid.parse::<Oid>().is_ok())
                && hl7::part(authority, '&', 3) == Some("ISO")
        });
        let identified = match hl7::part(trimmed, '^', 10) {
            None => true,
            Some(id) => authority.unwrap_or_else(|| id.parse::<Oid>().is_ok()),
        };
        if hl7::part(trimmed, '^', 1).is_some() && identified {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "an organisation, name^^^^^^^^^OID or name^^^^^&OID&ISO^^^^id"))
    }
}

impl fmt::Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a submission is meant for, `organisation|person|telecommunication`, not all of them empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient(String);

impl Recipient {
    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The organisation, if it names one.
    pub fn organization(&self) -> Option<Organization> {
        hl7::part(&self.0, '|', 1)?.parse().ok()
    }

    /// The person, if it names one.
    pub fn person(&self) -> Option<Person> {
        hl7::part(&self.0, '|', 2)?.parse().ok()
    }

    /// How to reach them, XTN.
    pub fn telecommunication(&self) -> Option<&str> {
        hl7::part(&self.0, '|', 3)
    }
}

impl FromStr for Recipient {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let parts = trimmed.split('|').count();
        let well_formed = |part, check: fn(&str) -> bool| hl7::part(trimmed, '|', part).is_none_or(check);
        if parts <= 3
            && trimmed.bytes().any(|byte| byte != b'|')
            && well_formed(1, |organization| organization.parse::<Organization>().is_ok())
            && well_formed(2, |person| person.parse::<Person>().is_ok())
        {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "a recipient, organisation|person|telecommunication"))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_person_apart() {
        let person: Person = r"11375^Welby&von^Marcus\T\Co^J^MD^Dr^^^&1.2.3&ISO".parse().unwrap();
        assert_eq!(person.id().as_deref(), Some("11375"));
        assert_eq!(person.family().as_deref(), Some("Welby"));
        assert_eq!(person.given().as_deref(), Some("Marcus&Co"));
        assert_eq!(Person::named("Welby", "Marcus").unwrap().as_str(), "^Welby^Marcus");
    }

    #[test]
    fn refuses_a_person_without_id_and_family_name() {
        for wrong in ["", "^^Marcus", "^^^^^^^^&1.2.3&ISO"] {
            assert!(wrong.parse::<Person>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_organisations() {
        for right in ["Clinic", "Clinic^^^^^^^^^1.2.3", "Clinic^^^^^&1.2.3&ISO^^^^45", "Clinic^L"] {
            assert_eq!(right.parse::<Organization>().unwrap().name(), right.split('^').next().unwrap());
        }
        for wrong in ["", "^^^^^^^^^1.2.3", "Clinic^^^^^^^^^45", "Clinic^^^^^&1.2.3&DNS^^^^45"] {
            assert!(wrong.parse::<Organization>().is_err(), "{wrong}");
        }
        let oid = "1.2.3".parse().unwrap();
        assert_eq!(Organization::named("A^B", Some(&oid)).unwrap().as_str(), r"A\S\B^^^^^^^^^1.2.3");
    }

    #[test]
    fn reads_recipients() {
        let recipient: Recipient = "Clinic|^Welby^Marcus|^^Internet^w@example.org".parse().unwrap();
        assert_eq!(recipient.organization().unwrap().name(), "Clinic");
        assert_eq!(recipient.person().unwrap().family().as_deref(), Some("Welby"));
        assert_eq!(recipient.telecommunication(), Some("^^Internet^w@example.org"));
        for right in ["|^Welby", "Clinic", "||^^Internet^w@example.org", "Clinic||"] {
            assert_eq!(right.parse::<Recipient>().unwrap().as_str(), right);
        }
        for wrong in ["", "||", "|||x", "^x|", "|^^Marcus"] {
            assert!(wrong.parse::<Recipient>().is_err(), "{wrong}");
        }
    }
}
