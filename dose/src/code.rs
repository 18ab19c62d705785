//! Codes, and when two of them mean the same (PS3.16, section 8).

use std::fmt;

/// A coded value as a report states it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    /// Code Value (0008,0100), or its long or URN form.
    pub value: String,
    /// Coding Scheme Designator (0008,0102).
    pub scheme: String,
    /// Code Meaning (0008,0104): for people, never compared (R1).
    pub meaning: String,
}

impl Code {
    /// Whether this code means `concept`.
    #[must_use]
    pub fn is(&self, concept: &Concept) -> bool {
        let scheme = self.scheme.as_str();
        if concept.is_private() || scheme.starts_with("99") && scheme != "99SDM" {
            return self.value == concept.value && scheme == concept.scheme;
        }
        concept.values().any(|value| mislabelled_scheme_quirk(&self.value, value))
    }

    /// The first entry of a table whose concept this code means.
    #[must_use]
    pub fn among<T: Copy>(&self, table: &[(Concept, T)]) -> Option<T> {
        table.iter().find(|(concept, _)| self.is(concept)).map(|(_, found)| *found)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} \"{}\"", self.value, self.scheme, self.meaning)
    }
}

/// Codes under a wrong public scheme (D13: DCM codes sent as SRT, SRT codes as SNM3 or 99SDM, sex codes as DCM).
///
/// The values of DCM, SNOMED and UMLS never collide, so among public schemes the value decides.
fn mislabelled_scheme_quirk(stated: &str, known: &str) -> bool {
    stated == known
}

/// A concept that the reader knows: its present code, and the codes that older or other editions use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concept {
    /// The present code value.
    pub value: &'static str,
    /// Its coding scheme designator.
    pub scheme: &'static str,
    /// Its meaning, as the standard spells it.
    pub meaning: &'static str,
    older: &'static [&'static str],
}

impl Concept {
    /// A concept of DICOM's own code system.
    #[must_use]
    pub const fn dcm(value: &'static str, meaning: &'static str) -> Self {
        Self { value, scheme: "DCM", meaning, older: &[] }
    }

    /// A concept of SNOMED CT, with its SNOMED RT and UMLS twins.
    #[must_use]
    pub const fn snomed(value: &'static str, meaning: &'static str, older: &'static [&'static str]) -> Self {
        Self { value, scheme: "SCT", meaning, older }
    }

    /// A concept of a vendor's own code system.
    #[must_use]
    pub const fn private(value: &'static str, scheme: &'static str, meaning: &'static str) -> Self {
        Self { value, scheme, meaning, older: &[] }
    }

    /// The concept as a code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code {
            value: self.value.to_owned(),
            scheme: self.scheme.to_owned(),
            meaning: self.meaning.to_owned(),
        }
    }

    fn is_private(&self) -> bool {
        self.scheme.starts_with("99")
    }

    fn values(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.value).chain(self.older.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concepts;

    fn code(value: &str, scheme: &str) -> Code {
        Code { value: value.to_owned(), scheme: scheme.to_owned(), meaning: String::new() }
    }

    #[test]
    fn takes_the_twins_of_a_concept_as_one() {
        for (value, scheme) in
            [("116152004", "SCT"), ("P5-08001", "SRT"), ("P5-08001", "SNM3"), ("C0860888", "UMLS")]
        {
            assert!(code(value, scheme).is(&concepts::SPIRAL), "{value} {scheme}");
        }
        assert!(!code("113805", "DCM").is(&concepts::SPIRAL));
    }

    #[test]
    fn takes_a_dcm_code_that_is_labelled_srt() {
        assert!(code("113838", "SRT").is(&concepts::DLP));
    }

    #[test]
    fn never_takes_a_private_code_for_a_public_one() {
        assert!(!code("113838", "99ACME").is(&concepts::DLP));
        assert!(!code("C-204", "DCM").is(&concepts::SUMMARY_DAP));
        assert!(code("C-204", "99SMS_RADSUM").is(&concepts::SUMMARY_DAP));
    }
}
