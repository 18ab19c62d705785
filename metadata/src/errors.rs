//! The one error list that goes on the wire: codes, severities, errors.
//!
//! ITI TF-3 4.2.4 (Table 4.2.4.1-2 for the codes).

mod code;
mod finding;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;

use soap::xml::Element;

pub use code::{ErrorCode, Flavour};
pub use finding::{Finding, quoted};

use crate::status::{from_urn, urn};
use crate::vocabulary::{RS, status};

/// Whether a finding makes the request fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The request was carried out all the same.
    Warning,
    /// It was not.
    Error,
}

impl Severity {
    const URNS: [(Self, &'static str); 2] = [(Self::Warning, status::WARNING), (Self::Error, status::ERROR)];

    /// Its URN.
    pub fn urn(self) -> &'static str {
        urn(&Self::URNS, self)
    }

    /// The severity with that URN.
    pub fn from_urn(text: &str) -> Option<Self> {
        from_urn(&Self::URNS, text)
    }
}

/// One finding (`rs:RegistryError`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryError {
    /// What kind of finding.
    pub code: ErrorCode,
    /// Which object, which attribute, what came, what was expected, by which clause. May hold patient data:
    /// for the peer and the person, not for logs.
    pub context: String,
    /// Whether it makes the request fail.
    pub severity: Severity,
    /// Where: an object such as `DocumentEntry Document01`; across communities the home community id.
    pub location: Option<String>,
    /// Which attribute of it, where that is known here; not on the wire.
    pub attribute: Option<String>,
}

impl RegistryError {
    /// An error.
    pub fn new(code: ErrorCode, context: impl Into<String>) -> Self {
        Self { code, context: context.into(), severity: Severity::Error, location: None, attribute: None }
    }

    /// A warning.
    pub fn warning(code: ErrorCode, context: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, context) }
    }

    /// With the place that it is about.
    #[must_use]
    pub fn at(self, location: impl fmt::Display) -> Self {
        Self { location: Some(location.to_string()), ..self }
    }

    /// Reads an `rs:RegistryError` as any peer may write it; what stands inside is ignored.
    pub fn read(element: &Element) -> Self {
        Self {
            code: element.attribute("errorCode").unwrap_or_default().into(),
            context: element.attribute("codeContext").unwrap_or_default().to_owned(),
            severity: element.attribute("severity").and_then(Severity::from_urn).unwrap_or(Severity::Error),
            location: element
                .attribute("location")
                .filter(|location| !location.is_empty())
                .map(str::to_owned),
            attribute: None,
        }
    }

    /// For people, with the code as that actor spells it.
    fn said_by(&self, actor: Flavour) -> String {
        let place = self.location.as_ref().map(|location| format!(" ({location})")).unwrap_or_default();
        format!("{}: {}{place}", self.code.name(actor), self.context)
    }

    /// Writes it as the actor that answers.
    pub fn write(&self, actor: Flavour) -> Element {
        let element = Element::new(RS, "RegistryError")
            .with("errorCode", self.code.name(actor))
            .with("codeContext", &self.context)
            .with("severity", self.severity.urn());
        match &self.location {
            Some(location) => element.with("location", location),
            None => element,
        }
    }
}

/// The code under its registry name, the context, and the place.
impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said_by(Flavour::Registry))
    }
}

/// Findings that one answer names. A message of ten thousand objects could have a million, and nobody reads those.
const MOST: usize = 1_000;

/// All that is wrong with a message (`rs:RegistryErrorList`), as far as one answer has room for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryErrors(pub Vec<RegistryError>);

impl RegistryErrors {
    /// Adds a finding; the last one that an answer has room for stands for all that follow.
    pub fn push(&mut self, error: RegistryError) {
        match (self.0.len().cmp(&MOST), self.0.last_mut()) {
            (Ordering::Greater, Some(last)) => last.severity = last.severity.max(error.severity),
            (Ordering::Equal, _) => {
                let context =
                    format!("there is more, and this answer names {MOST} findings (ITI TF-3 4.2.4.1)");
                self.0.push(RegistryError { context, location: None, attribute: None, ..error });
            }
            _ => self.0.push(error),
        }
    }

    /// Adds what was found after these, but nothing more about an attribute that has been refused: what cannot be read
    /// is not missing besides.
    pub fn extend_with(&mut self, later: Self) {
        let of = |error: &RegistryError| error.location.clone().zip(error.attribute.clone());
        let refused: HashSet<_> = self.0.iter().filter_map(of).collect();
        self.extend(
            later.into_iter().filter(|error| of(error).is_none_or(|place| !refused.contains(&place))),
        );
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something was found that makes the request fail.
    pub fn is_failure(&self) -> bool {
        self.highest_severity() == Some(Severity::Error)
    }

    /// The highest severity of the findings.
    pub fn highest_severity(&self) -> Option<Severity> {
        self.0.iter().map(|error| error.severity).max()
    }

    /// Itself as an error, unless there are warnings at most.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_failure() { Err(self) } else { Ok(()) }
    }

    /// For people, with the codes as the actor that has said it spells them.
    pub fn said_by(&self, actor: Flavour) -> String {
        let said: Vec<String> = self.0.iter().map(|error| error.said_by(actor)).collect();
        said.join("; ")
    }

    /// Reads an `rs:RegistryErrorList`.
    pub fn read(list: &Element) -> Self {
        Self(list.children_named(RS, "RegistryError").map(RegistryError::read).collect())
    }

    /// Writes the list as the actor that answers; an empty list has no place in a message.
    pub fn write(&self, actor: Flavour) -> Element {
        let list = Element::new(RS, "RegistryErrorList");
        let list = match self.highest_severity() {
            Some(severity) => list.with("highestSeverity", severity.urn()),
            None => list,
        };
        list.with_children(self.0.iter().map(|error| error.write(actor)))
    }
}

impl From<RegistryError> for RegistryErrors {
    fn from(error: RegistryError) -> Self {
        Self(vec![error])
    }
}

impl Extend<RegistryError> for RegistryErrors {
    fn extend<T: IntoIterator<Item = RegistryError>>(&mut self, errors: T) {
        errors.into_iter().for_each(|error| self.push(error));
    }
}

impl IntoIterator for RegistryErrors {
    type Item = RegistryError;
    type IntoIter = std::vec::IntoIter<RegistryError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// With the codes under their registry names.
impl fmt::Display for RegistryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said_by(Flavour::Registry))
    }
}

impl std::error::Error for RegistryErrors {}

#[cfg(test)]
mod tests {
    use soap::xml::Limits;

    use super::*;

    #[test]
    fn reads_and_writes_a_list() {
        let mut errors = RegistryErrors::from(
            RegistryError::new(ErrorCode::UnknownPatientId, "P1 is not known").at("DocumentEntry Document01"),
        );
        errors.push(RegistryError::warning(ErrorCode::Internal, "odd"));
        let written = errors.write(Flavour::Repository);
        assert_eq!(written.attribute("highestSeverity"), Some(status::ERROR));
        assert!(written.write().contains("errorCode=\"XDSRepositoryError\""));
        assert_eq!(RegistryErrors::read(&written), errors);
        assert!(errors.is_failure());
    }

    #[test]
    fn warnings_are_no_failure() {
        let errors = RegistryErrors::from(RegistryError::warning(ErrorCode::ExtraMetadataNotSaved, "x"));
        assert!(!errors.is_failure());
        assert_eq!(errors.clone().into_result(), Ok(()));
        assert_eq!(errors.write(Flavour::Registry).attribute("highestSeverity"), Some(status::WARNING));
    }

    #[test]
    fn an_answer_names_so_many_findings_and_says_that_there_are_more() {
        let mut errors = RegistryErrors::default();
        errors.extend((0..MOST + 10).map(|_| RegistryError::warning(ErrorCode::Internal, "odd")));
        assert_eq!(errors.0.len(), MOST + 1);
        assert!(errors.0[MOST].context.contains("there is more"));
        assert!(!errors.is_failure());
        errors.push(RegistryError::new(ErrorCode::Metadata, "wrong"));
        assert_eq!(errors.0.len(), MOST + 1);
        assert!(errors.is_failure(), "what is not named counts all the same");
    }

    #[test]
    fn what_cannot_be_read_is_not_missing_besides() {
        let finding = |attribute, object: &str| {
            Finding::new(attribute, &"x", &"y", "TF-3 4.2").about(ErrorCode::Metadata, object)
        };
        let mut read = RegistryErrors::from(finding("classCode", "DocumentEntry a"));
        let later = [finding("classCode", "DocumentEntry a"), finding("classCode", "DocumentEntry b")];
        let later = [later, [finding("hash", "DocumentEntry a"), finding("hash", "DocumentEntry a")]];
        read.extend_with(RegistryErrors(later.concat()));
        let named: Vec<_> = read.0.iter().map(|error| &error.context[..26]).collect();
        assert_eq!(named.len(), 4, "{named:?}");
    }

    #[test]
    fn reads_what_peers_write() {
        let text = r#"<RegistryErrorList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0">
            <RegistryError errorCode="XDSStrange" location="">at Foo.java:12</RegistryError></RegistryErrorList>"#;
        let list = RegistryErrors::read(&Element::parse(text.as_bytes(), &Limits::default()).unwrap());
        let expected = RegistryError::new(ErrorCode::Other("XDSStrange".to_owned()), "");
        assert_eq!(list, RegistryErrors::from(expected));
    }
}
