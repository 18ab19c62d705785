//! What is missing from a history, and why: shown like everything else, never passed over (design D12).

use metadata::{DocumentEntry, Timestamp};

/// One thing that is missing.
#[derive(Debug, Clone)]
pub struct Gap {
    /// The community it is missing from.
    pub community: String,
    /// What kind of gap it is.
    pub kind: GapKind,
    /// What happened, as the other side or the reader said it.
    pub reason: String,
    /// The document that is missing; none when the community as a whole is.
    pub document: Option<DocumentEntry>,
}

/// Why something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GapKind {
    /// The community was asked and did not answer, refused, or answered nonsense.
    DidNotAnswer,
    /// The community answered, and something of its answer could not be used.
    Incomplete,
    /// No identifier of the patient is known in that community, so it was not asked.
    NoIdentifier,
    /// The document is registered, but did not come.
    NotFetched,
    /// The document came and is not what its hash or size says.
    Altered,
    /// The document came, but is not a file that can be read.
    Unreadable,
    /// The document came, but is not a dose report.
    NotADoseReport,
}

impl GapKind {
    /// Its name for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DidNotAnswer => "did-not-answer",
            Self::Incomplete => "incomplete",
            Self::NoIdentifier => "no-identifier",
            Self::NotFetched => "not-fetched",
            Self::Altered => "altered",
            Self::Unreadable => "unreadable",
            Self::NotADoseReport => "not-a-dose-report",
        }
    }
}

impl Gap {
    pub(super) fn whole(community: &str, kind: GapKind, reason: impl Into<String>) -> Self {
        Self { community: community.to_owned(), kind, reason: reason.into(), document: None }
    }

    pub(super) fn document(
        community: &str,
        kind: GapKind,
        reason: impl Into<String>,
        document: DocumentEntry,
    ) -> Self {
        Self { document: Some(document), ..Self::whole(community, kind, reason) }
    }

    /// When the patient was examined, by the entry of the document: in UTC.
    pub fn time(&self) -> Option<Timestamp> {
        let entry = self.document.as_ref()?;
        entry.service_start_time.or(entry.creation_time)
    }
}
