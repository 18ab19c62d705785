//! A history as plain text for a terminal.

use std::fmt;

use dose::Origin;

use super::{Asked, Counted, Examination, Figure, Gap, History, Outcome, Part, Quantity, Reason, Sum};

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patients: Vec<_> = self.patients.iter().map(ToString::to_string).collect();
        writeln!(f, "Patient {}", patients.join(", "))?;
        let mut names: Vec<_> =
            self.examinations.iter().filter_map(|found| found.report.patient.name.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            // No report steers the terminal.
            writeln!(f, "  Named {}", names.join("; ").replace(char::is_control, " "))?;
        }
        for doubt in self.doubts() {
            let about = doubt.about.name();
            writeln!(f, "  WARNING: these reports may not all be of one person; {about}: {}", doubt.said())?;
        }
        if self.asked.is_empty() {
            writeln!(f, "  nobody was asked: no community is known")?;
        }
        self.asked.iter().try_for_each(|asked| writeln!(f, "  {asked}"))?;
        for examination in &self.examinations {
            writeln!(f, "\n{examination}")?;
        }
        let sums = self.sums();
        if !sums.is_empty() {
            writeln!(f, "\nAdded up (never across kinds)")?;
            sums.iter().try_for_each(|sum| writeln!(f, "  {sum}"))?;
        }
        if !self.gaps.is_empty() {
            writeln!(f, "\nMissing")?;
            self.gaps.iter().try_for_each(|gap| writeln!(f, "  {gap}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.took.as_millis();
        match self.outcome {
            Outcome::Answered { documents } => {
                write!(f, "{}: answered in {took} ms; reports: {documents}", self.community)
            }
            Outcome::Failed { documents } => {
                write!(f, "{}: failed after {took} ms; reports known: {documents}", self.community)
            }
            Outcome::NotAsked => write!(f, "{}: not asked", self.community),
        }
    }
}

impl fmt::Display for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time().map_or_else(|| "time not stated".to_owned(), |time| time.to_string());
        let procedure = self.procedure().map(|procedure| format!(", {procedure}")).unwrap_or_default();
        writeln!(f, "{time}  {}{procedure}", self.report.modality.code())?;
        let device = self.device().map(|device| format!(", {device}")).unwrap_or_default();
        let institution = self.institution();
        let shared = format!(", shared by {}", self.community);
        let shared = if institution == self.community { "" } else { shared.as_str() };
        write!(f, "  {institution}{device}{shared}")?;
        self.figures.iter().try_for_each(|figure| write!(f, "\n  {figure}"))?;
        write!(f, "\n  document {}", self.entry.unique_id)?;
        write!(f, "{}", self.counted)
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Part { events, elsewhere } => {
                write!(f, "\n  {events} of its events count here; the others in")?;
                elsewhere.iter().try_for_each(|other| write!(f, " {}", other.source.document))
            }
            Self::Elsewhere(other) => {
                let why = match other.reason {
                    Reason::SameObject => "the same report is also shared by",
                    Reason::SameTotals => "the same totals are counted in a report of",
                    Reason::SameEvents | Reason::LaterReport => "its events are counted in a report of",
                };
                write!(f, "\n  not counted: {why} {} ({})", other.source.community, other.source.document)
            }
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label(f, self.quantity, self.part.as_ref(), self.value)?;
        f.write_str(match self.origin {
            Origin::Accumulated => "  stated by the report",
            Origin::Event => "  stated for an event",
            Origin::Summed => "  added up from events",
        })?;
        f.write_str(if self.unit_assumed { ", unit assumed" } else { "" })?;
        f.write_str(if self.mixes_phantoms() { ", mixes phantoms" } else { "" })
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        label(f, self.quantity, self.part.as_ref(), self.value)?;
        write!(f, "  reports: {}", self.examinations)?;
        f.write_str(if self.mixes_phantoms { ", mixes phantoms" } else { "" })
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = self.document.as_ref().map(|entry| format!(", document {}", entry.unique_id));
        write!(f, "{}{}: {}", self.community, document.unwrap_or_default(), self.reason)
    }
}

fn label(f: &mut fmt::Formatter<'_>, quantity: Quantity, part: Option<&Part>, value: f64) -> fmt::Result {
    let name = quantity.name().replace('-', " ");
    let part = part.map(|part| format!(", {}", part.name())).unwrap_or_default();
    write!(f, "{:<38}{:>10} {}", format!("{name}{part}"), plain(value), quantity.unit())
}

/// Four significant digits, without trailing zeros.
pub(crate) fn plain(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.to_string()
}
