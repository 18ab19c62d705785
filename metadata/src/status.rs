//! Statuses that know their URN: of objects, of documents, of responses.
//!
//! ITI TF-3 4.2.3.2.2 (availabilityStatus) and 4.2.4.1 (response status).

use std::str::FromStr;

use crate::{Invalid, vocabulary};

/// Whether an object is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AvailabilityStatus {
    /// Current, fit for use.
    Approved,
    /// Replaced or withdrawn.
    Deprecated,
}

impl AvailabilityStatus {
    const URNS: [(Self, &'static str); 2] =
        [(Self::Approved, vocabulary::status::APPROVED), (Self::Deprecated, vocabulary::status::DEPRECATED)];

    /// Its URN.
    pub fn urn(self) -> &'static str {
        urn(&Self::URNS, self)
    }

    /// The status with that URN.
    pub fn from_urn(text: &str) -> Option<Self> {
        from_urn(&Self::URNS, text)
    }
}

/// Whether the document of an entry can be retrieved now; absent means online.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentAvailability {
    /// It can be retrieved.
    Online,
    /// It needs somebody to bring it back first.
    Offline,
}

impl DocumentAvailability {
    const URNS: [(Self, &'static str); 2] =
        [(Self::Online, vocabulary::status::ONLINE), (Self::Offline, vocabulary::status::OFFLINE)];

    /// Its URN.
    pub fn urn(self) -> &'static str {
        urn(&Self::URNS, self)
    }

    /// The availability with that URN.
    pub fn from_urn(text: &str) -> Option<Self> {
        from_urn(&Self::URNS, text)
    }
}

impl FromStr for DocumentAvailability {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::from_urn(text).ok_or_else(|| Invalid::new(text, "the URN of Online or Offline"))
    }
}

/// How a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResponseStatus {
    /// All of it, perhaps with warnings.
    Success,
    /// Some of it: retrieval and cross-community queries only.
    PartialSuccess,
    /// Nothing of it.
    Failure,
}

impl ResponseStatus {
    const URNS: [(Self, &'static str); 3] = [
        (Self::Success, vocabulary::status::SUCCESS),
        (Self::PartialSuccess, vocabulary::status::PARTIAL_SUCCESS),
        (Self::Failure, vocabulary::status::FAILURE),
    ];

    /// Its URN.
    pub fn urn(self) -> &'static str {
        urn(&Self::URNS, self)
    }

    /// The status with that URN.
    pub fn from_urn(text: &str) -> Option<Self> {
        from_urn(&Self::URNS, text)
    }
}

/// The URN of a value in a table that has them all.
pub(crate) fn urn<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    table.iter().find(|(known, _)| *known == value).map_or("", |(_, urn)| urn)
}

/// The value of a URN in a table.
pub(crate) fn from_urn<T: Copy>(table: &[(T, &'static str)], text: &str) -> Option<T> {
    table.iter().find(|(_, urn)| *urn == text.trim_ascii()).map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_knows_its_urn_both_ways() {
        for status in [AvailabilityStatus::Approved, AvailabilityStatus::Deprecated] {
            assert_eq!(AvailabilityStatus::from_urn(status.urn()), Some(status));
        }
        for status in [DocumentAvailability::Online, DocumentAvailability::Offline] {
            assert_eq!(DocumentAvailability::from_urn(status.urn()), Some(status));
        }
        for status in [ResponseStatus::Success, ResponseStatus::PartialSuccess, ResponseStatus::Failure] {
            assert_eq!(ResponseStatus::from_urn(status.urn()), Some(status));
        }
        assert_eq!(
            ResponseStatus::from_urn("urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Warning"),
            None
        );
    }
}
