//! The rows of the table of examinations: those that were read, and in their places those that are missing.

use dose::Moment;
use jiff::civil::DateTime;

use super::figures::DoseLine;
use super::format;
use super::language::Language;
use crate::history::{Counted, Examination, Gap, History, Other};

/// A row of the table.
pub(super) enum Row {
    /// An examination whose report was read.
    Examined(Box<Examined>),
    /// Something that is missing.
    Missing(Missing),
}

/// An examination whose report was read.
pub(super) struct Examined {
    /// The number of its report on this page.
    pub(super) number: usize,
    pub(super) date: Option<Stated>,
    pub(super) modality: &'static str,
    pub(super) procedure: Option<String>,
    pub(super) institution: String,
    /// The community that shared the report, if it is called otherwise.
    pub(super) community: Option<String>,
    pub(super) device: Option<String>,
    pub(super) doses: Vec<DoseLine>,
    pub(super) is_counted: bool,
    /// Why some or all of it is not counted.
    pub(super) remark: Option<Remark>,
    pub(super) details: String,
}

/// Why something of a report is not counted, and the numbers of the reports in which it is.
pub(super) struct Remark {
    pub(super) text: String,
    pub(super) counted_in: Vec<usize>,
}

/// A date, for machines and for people.
pub(super) struct Stated {
    pub(super) machine: String,
    pub(super) shown: String,
}

/// Something that is missing.
pub(super) struct Missing {
    pub(super) date: Option<String>,
    pub(super) what: &'static str,
    pub(super) community: String,
    pub(super) reason: String,
    pub(super) document: Option<String>,
}

/// The latest first; communities that are missing as a whole before all others.
pub(super) fn rows(history: &History, language: Language) -> Vec<Row> {
    let examined = history.examinations.iter().enumerate().map(|(at, examination)| {
        (examination.clock(), Row::Examined(Box::new(Examined::of(at + 1, examination, history, language))))
    });
    let missing = history.gaps.iter().map(|gap| (clock(gap), Row::Missing(Missing::of(gap, language))));
    let mut rows: Vec<(Option<DateTime>, Row)> = missing.chain(examined).collect();
    rows.sort_by(|(a, _), (b, _)| match (a, b) {
        (None, None) => std::cmp::Ordering::Equal,
        (None, _) => std::cmp::Ordering::Less,
        (_, None) => std::cmp::Ordering::Greater,
        (Some(a), Some(b)) => b.cmp(a),
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

fn clock(gap: &Gap) -> Option<DateTime> {
    Moment::parse(&gap.time()?.to_string()).map(|moment| moment.clock)
}

impl Examined {
    fn of(number: usize, examination: &Examination, history: &History, language: Language) -> Self {
        let words = language.words();
        let institution = examination.institution();
        let shared_by = format::fill(words.shared_by, &[&examination.community]);
        Self {
            number,
            date: examination.time().map(|time| Stated {
                machine: format::machine(&time),
                shown: format::moment(language, &time),
            }),
            modality: (words.modalities)(examination.report.modality),
            procedure: examination.procedure(),
            community: (institution != examination.community).then_some(shared_by),
            institution,
            device: examination.device(),
            doses: examination.figures.iter().map(|figure| DoseLine::of(figure, language)).collect(),
            is_counted: examination.counted.is_counted(),
            remark: remark(&examination.counted, history, language),
            details: format::fill(words.identifiers_of_report, &[&number.to_string()]),
        }
    }
}

fn remark(counted: &Counted, history: &History, language: Language) -> Option<Remark> {
    let words = language.words();
    let number = |other: &Other| {
        let at = history.examinations.iter().position(|examination| examination.source() == other.source)?;
        Some(at + 1)
    };
    Some(match counted {
        Counted::Whole => return None,
        Counted::Part { events, elsewhere } => Remark {
            text: format::fill(words.counted_in_part, &[&events.to_string()]),
            counted_in: elsewhere.iter().filter_map(number).collect(),
        },
        Counted::Elsewhere(elsewhere) => Remark {
            text: format!("{} {}", words.not_counted, (words.reasons)(elsewhere.reason)),
            counted_in: number(elsewhere).into_iter().collect(),
        },
    })
}

impl Missing {
    pub(super) fn of(gap: &Gap, language: Language) -> Self {
        Self {
            date: gap.time().map(|time| format::timestamp(language, time)),
            what: (language.words().gaps)(gap.kind),
            community: gap.community.clone(),
            reason: gap.reason.clone(),
            document: gap.document.as_ref().map(|entry| entry.unique_id.to_string()),
        }
    }
}
