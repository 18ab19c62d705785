//! A reference id: another identifier that a document can be found by.
//!
//! ITI TF-3 4.2.3.2.28; its type is CXi (4.2.3.1.7): `id^^^authority^typeCode[^homeCommunityId]`.

use std::fmt;
use std::str::FromStr;

use crate::{Invalid, Oid, hl7, vocabulary};

/// An identifier with the authority that assigned it and the kind of thing it identifies, kept as it was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferenceId(String);

impl ReferenceId {
    /// The id of something; `kind` is one of `vocabulary::reference` or another URN.
    pub fn new(id: &str, authority: Option<&Oid>, kind: &str) -> Result<Self, Invalid> {
        let authority = authority.map(|oid| format!("&{oid}&ISO")).unwrap_or_default();
        format!("{}^^^{authority}^{}", hl7::escape(id), hl7::escape(kind)).parse()
    }

    /// A DICOM study, by its Study Instance UID.
    pub fn study(uid: &Oid) -> Self {
        Self(format!("{uid}^^^^{}", vocabulary::reference::STUDY_INSTANCE_UID))
    }

    /// The text as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id, escapes resolved (CXi.1).
    pub fn id(&self) -> String {
        hl7::component(&self.0, 1).unwrap_or_default()
    }

    /// The OID of the assigning authority, if it has one (CXi.4.2).
    pub fn authority(&self) -> Option<Oid> {
        hl7::part(hl7::part(&self.0, '^', 4)?, '&', 2)?.parse().ok()
    }

    /// The kind of thing that it identifies (CXi.5).
    pub fn kind(&self) -> String {
        hl7::component(&self.0, 5).unwrap_or_default()
    }
}

impl FromStr for ReferenceId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let has = |number| hl7::part(trimmed, '^', number).is_some();
        if has(1) && !has(2) && !has(3) && has(5) {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "a reference id, id^^^&OID&ISO^typeCode"))
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_reference_id_apart() {
        let accession: ReferenceId = "A1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession".parse().unwrap();
        assert_eq!(accession.id(), "A1");
        assert_eq!(accession.authority(), Some("1.2.3".parse().unwrap()));
        assert_eq!(accession.kind(), vocabulary::reference::ACCESSION);
    }

    #[test]
    fn builds_what_it_reads() {
        let authority = "1.2.3".parse().unwrap();
        let accession = ReferenceId::new("A^1", Some(&authority), vocabulary::reference::ACCESSION).unwrap();
        assert_eq!(accession.as_str(), r"A\S\1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession");
        assert_eq!(accession.id(), "A^1");
        let study = ReferenceId::study(&authority);
        assert_eq!(study.as_str().parse(), Ok(study.clone()));
        assert_eq!((study.id().as_str(), study.authority()), ("1.2.3", None));
    }

    #[test]
    fn refuses_a_reference_id_without_kind() {
        for wrong in ["", "A1", "A1^^^&1.2.3&ISO", "^^^&1.2.3&ISO^urn:x", "A1^2^^&1.2.3&ISO^urn:x"] {
            assert!(wrong.parse::<ReferenceId>().is_err(), "{wrong}");
        }
    }
}
