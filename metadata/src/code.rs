//! A coded value, and texts in several languages.
//!
//! ITI TF-3 4.2.3.1.2 (Code as a Classification), ebRIM 2.5 (InternationalString).

use std::fmt;
use std::str::FromStr;

use crate::Invalid;
use crate::registry_object::Slot;

/// A code of a coding scheme, with the name to show for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code {
    /// The code (`nodeRepresentation`).
    pub code: String,
    /// The coding scheme it is from (slot `codingScheme`), usually an OID; compared verbatim.
    pub scheme: String,
    /// The display name (`Name`), never compared.
    pub display: LocalizedStrings,
    /// `Description`, of which the standard says nothing.
    pub description: LocalizedStrings,
    /// Slots of other names.
    pub extra: Vec<Slot>,
}

impl Code {
    /// A code with its display name.
    pub fn new(code: impl Into<String>, scheme: impl Into<String>, display: &str) -> Self {
        Self {
            code: code.into(),
            scheme: scheme.into(),
            display: display.into(),
            description: LocalizedStrings::default(),
            extra: Vec::new(),
        }
    }

    /// Whether both mean the same: code and scheme, never the display name (ITI TF-3 4.2.3.1.2).
    pub fn means(&self, other: &Self) -> bool {
        self.code == other.code && self.scheme == other.scheme
    }
}

/// `code^^scheme`, as queries say it (ITI TF-2 3.18.4.1.2.3.4).
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}^^{}", self.code, self.scheme)
    }
}

impl FromStr for Code {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once("^^") {
            Some((code, scheme)) if !code.is_empty() && !scheme.is_empty() => Ok(Self::new(code, scheme, "")),
            _ => Err(Invalid::new(text, "a code and its scheme, code^^scheme")),
        }
    }
}

/// A text in one language or several (`Name`, `Description`); empty when absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LocalizedStrings(pub Vec<LocalizedString>);

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalizedString {
    /// `xml:lang`; absent means en-US.
    pub language: Option<String>,
    /// `charset`; it means nothing, as the whole message has one.
    pub charset: Option<String>,
    /// The text.
    pub value: String,
}

impl LocalizedStrings {
    /// The first of the texts that is not empty.
    pub fn text(&self) -> Option<&str> {
        self.0.iter().map(|string| string.value.as_str()).find(|text| !text.is_empty())
    }

    /// Whether nothing is said in any language.
    pub fn is_empty(&self) -> bool {
        self.text().is_none()
    }
}

/// A text without language; the empty text is none.
impl From<&str> for LocalizedStrings {
    fn from(text: &str) -> Self {
        match text {
            "" => Self::default(),
            text => Self(vec![LocalizedString { language: None, charset: None, value: text.to_owned() }]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_a_code_as_queries_say_it() {
        let code: Code = "113014^^1.2.840.10008.2.16.4".parse().unwrap();
        assert_eq!(code.to_string(), "113014^^1.2.840.10008.2.16.4");
        assert!(code.means(&Code::new("113014", "1.2.840.10008.2.16.4", "Study")));
        assert!(!code.means(&Code::new("113014", "1.2", "")));
        for wrong in ["X", "X^^", "^^1.2", "X^1.2", ""] {
            assert!(wrong.parse::<Code>().is_err(), "{wrong}");
        }
    }
}
