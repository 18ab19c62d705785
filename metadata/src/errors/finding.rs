//! What an error says of an attribute, in one form for all: which object, which attribute, what came, what was
//! expected, by which clause.

use std::fmt::Display;

use super::{ErrorCode, RegistryError};
use crate::identifiers::shorten;

/// What is wrong with an attribute of an object.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    /// Its name as ITI TF-3 spells it; of an association also `sourceObject` and `targetObject`.
    pub attribute: &'a str,
    /// What came, to be read after "is": `missing`, or a value as [`quoted`] gives it, and why it is wrong.
    pub received: &'a dyn Display,
    /// What would have been right, to be read after "expected".
    pub expected: &'a dyn Display,
    /// What demands it, such as `TF-3 4.2.3.2.6`.
    pub clause: &'a str,
}

impl<'a> Finding<'a> {
    /// With its four parts in the order in which they are said.
    pub const fn new(
        attribute: &'a str,
        received: &'a dyn Display,
        expected: &'a dyn Display,
        clause: &'a str,
    ) -> Self {
        Self { attribute, received, expected, clause }
    }

    /// The error that says so of an object such as `DocumentEntry Document01`.
    pub fn about(self, code: ErrorCode, object: impl Display) -> RegistryError {
        let Self { attribute, received, expected, clause } = self;
        let context = format!("{object}: {attribute} is {received}, expected {expected} (ITI {clause})");
        RegistryError {
            attribute: Some(attribute.to_owned()),
            ..RegistryError::new(code, context).at(object)
        }
    }
}

/// A value as errors show it: in quotes, and not all of it if it is long.
pub fn quoted(value: impl Display) -> String {
    format!("'{}'", shorten(&value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_object_attribute_value_expectation_and_clause() {
        let (received, expected) = (quoted("now"), "a DTM");
        let finding = Finding::new("creationTime", &received, &expected, "TF-3 4.2");
        let error = finding.about(ErrorCode::Metadata, "DocumentEntry Document01");
        assert_eq!(
            error.context,
            "DocumentEntry Document01: creationTime is 'now', expected a DTM (ITI TF-3 4.2)"
        );
        assert_eq!(error.location.as_deref(), Some("DocumentEntry Document01"));
        assert_eq!(error.attribute.as_deref(), Some("creationTime"));
        assert_eq!(quoted("x".repeat(1_000)).chars().count(), 102);
    }
}
