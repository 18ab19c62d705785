//! A dose report of a history: what it says, where it comes from, and what of it counts.

use std::sync::Arc;

use dose::{DoseReport, Moment};
use jiff::civil::DateTime;
use metadata::DocumentEntry;

use super::Figure;

/// One dose report that was read.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The community that shared it.
    pub community: String,
    /// Its metadata there.
    pub entry: DocumentEntry,
    /// What it says.
    pub report: Arc<DoseReport>,
    /// Whether its bytes are those that were registered.
    pub integrity: Integrity,
    /// What of it counts.
    pub counted: Counted,
    /// Its doses: of the whole report, or of the events that count here.
    pub figures: Vec<Figure>,
}

/// Whether a document is the one that was registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// Its SHA-1 and its size are those of its entry.
    Verified,
    /// Its entry has no hash to compare with.
    NoHash,
}

/// What of a report counts, so that no event counts twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// All of it.
    Whole,
    /// The events that no other report accounts for.
    Part {
        /// How many of its events count here.
        events: usize,
        /// Where the others count.
        elsewhere: Vec<Other>,
    },
    /// Nothing: it counts in another report.
    Elsewhere(Other),
}

/// Another report that accounts for events, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Which report.
    pub source: Source,
    /// Why.
    pub reason: Reason,
}

/// Names a document of a history.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The community.
    pub community: String,
    /// The unique id of the document.
    pub document: String,
}

/// Why events count in another report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is the same object, registered twice (rule E1).
    SameObject,
    /// It states the same irradiation events, and perhaps more (rules E2, E5).
    SameEvents,
    /// It lists no events, and neither does this one, with the same totals of the same study (rule E9).
    SameTotals,
    /// It is later and states these events again (rule E3).
    LaterReport,
}

impl Counted {
    /// Whether anything of the report counts.
    pub const fn is_counted(&self) -> bool {
        !matches!(self, Self::Elsewhere(_))
    }
}

impl Examination {
    /// Names it.
    pub fn source(&self) -> Source {
        Source { community: self.community.clone(), document: self.entry.unique_id.to_string() }
    }

    /// When the patient was irradiated, as precisely as the report says.
    pub fn time(&self) -> Option<Moment> {
        let report = &self.report;
        let first = || report.events.iter().filter_map(|event| event.start).min_by_key(|start| start.clock);
        report.irradiation_start.or_else(first).or(report.study.time).or(report.content_time)
    }

    /// What the clock at the device showed: examinations are ordered by it.
    pub fn clock(&self) -> Option<DateTime> {
        self.time().map(|time| time.clock)
    }

    /// Where the patient was irradiated: as the report says, else as the entry or the community is called.
    pub fn institution(&self) -> String {
        let author = self.entry.author.iter().flat_map(|author| &author.author_institution).next();
        let stated = self.report.institution.name.clone().or_else(|| author.map(|author| author.name()));
        stated.unwrap_or_else(|| self.community.clone())
    }

    /// Manufacturer and model of the device.
    pub fn device(&self) -> Option<String> {
        let device = &self.report.device;
        let words: Vec<&str> =
            [&device.manufacturer, &device.model].into_iter().filter_map(|word| word.as_deref()).collect();
        if words.is_empty() { device.station.clone() } else { Some(words.join(" ")) }
    }

    /// What was done: study description, else the procedure that is reported.
    pub fn procedure(&self) -> Option<String> {
        let study = &self.report.study;
        let coded = study.procedures.iter().chain(&self.report.procedure_reported).map(|code| &code.meaning);
        study
            .description
            .iter()
            .chain(coded)
            .map(|text| text.trim())
            .find(|text| !text.is_empty())
            .map(str::to_owned)
    }
}
