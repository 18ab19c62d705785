//! Doses as lines of a page, and as charts.

use std::collections::BTreeSet;

use jiff::civil::DateTime;

use super::chart::{Drawing, Point};
use super::format;
use super::language::Language;
use crate::history::{Examination, Figure, History, Part, Quantity, Sum};

/// A dose in a table.
pub(super) struct DoseLine {
    pub(super) short: &'static str,
    pub(super) full: &'static str,
    pub(super) part: Option<String>,
    pub(super) value: String,
    pub(super) unit: String,
    pub(super) origin: String,
}

impl DoseLine {
    pub(super) fn of(figure: &Figure, language: Language) -> Self {
        let words = language.words();
        let assumed = figure.unit_assumed.then_some(words.unit_assumed);
        let mixes = figure.mixes_phantoms().then_some(words.mixes_phantoms);
        let origin = std::iter::once((words.origins)(figure.origin)).chain(assumed).chain(mixes);
        Self {
            short: (words.quantities_short)(figure.quantity),
            full: (words.quantities)(figure.quantity),
            part: figure.part.as_ref().map(|part| words.part(part)),
            value: format::number(language, figure.value),
            unit: format::unit(figure.quantity.unit()),
            origin: origin.collect::<Vec<_>>().join("; "),
        }
    }
}

/// What doses of one kind add up to.
pub(super) struct SumCard {
    pub(super) name: &'static str,
    pub(super) part: Option<String>,
    pub(super) value: String,
    pub(super) unit: String,
    pub(super) reports: String,
}

impl SumCard {
    pub(super) fn of(sum: &Sum, language: Language) -> Self {
        let words = language.words();
        let reports = format::fill(words.reports_counted, &[&sum.examinations.to_string()]);
        Self {
            name: (words.quantities)(sum.quantity),
            part: sum.part.as_ref().map(|part| words.part(part)),
            value: format::number(language, sum.value),
            unit: format::unit(sum.quantity.unit()),
            reports: if sum.mixes_phantoms {
                format!("{reports}; {}", words.mixes_phantoms)
            } else {
                reports
            },
        }
    }
}

/// A chart of one kind of dose, of one part or agent.
pub(super) struct Chart {
    /// Names it within the page.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) drawing: Drawing,
}

/// A chart for each kind of dose that was given, all on the same axis of time; `series` says which community is
/// which.
pub(super) fn charts(history: &History, series: &[String], language: Language) -> Vec<Chart> {
    let clocks = history.examinations.iter().filter_map(day);
    let Some(period) = clocks.clone().min().zip(clocks.max()) else { return Vec::new() };
    let figures = counted(history).flat_map(|examination| &examination.figures);
    let kinds: BTreeSet<(Quantity, Option<&Part>)> =
        figures.map(|figure| (figure.quantity, figure.part.as_ref())).collect();
    let charted = kinds.into_iter().filter(|(quantity, _)| *quantity != Quantity::EffectiveDose);
    charted
        .filter_map(|(quantity, part)| {
            let points: Vec<Point> = points(history, quantity, part, series, language);
            let drawing = Drawing::of(&points, period, language)?;
            Some(Chart::new(quantity, part, drawing, text(&points, history, language)?, language))
        })
        .collect()
}

impl Chart {
    fn new(
        quantity: Quantity,
        part: Option<&Part>,
        drawing: Drawing,
        text: String,
        language: Language,
    ) -> Self {
        let words = language.words();
        let (kind, unit) = ((words.quantities)(quantity), format::unit(quantity.unit()));
        let name = part.map_or_else(|| kind.to_owned(), |part| format!("{kind}, {}", words.part(part)));
        let part = part.map(|part| format!("-{}", part.name())).unwrap_or_default();
        Self {
            // An id has no spaces: a list of ids would fall apart.
            id: format!("{}{part}", quantity.name()).replace(char::is_whitespace, "-"),
            title: format::fill(words.chart_of, &[&name, &unit]),
            name,
            unit,
            text,
            drawing,
        }
    }
}

fn text(points: &[Point], history: &History, language: Language) -> Option<String> {
    let words = language.words();
    let clocks = points.iter().map(|point| point.clock);
    let (first, last) = clocks.clone().min().zip(clocks.max())?;
    let period = [format::date(language, first), format::date(language, last)];
    let text = format::fill(words.chart_text, &[&period[0], &period[1]]);
    Some(if history.is_complete() { text } else { format!("{text} {}", words.chart_incomplete) })
}

/// The day of an examination: finer differences are not seen in a chart of years, and days lie on their marks.
fn day(examination: &Examination) -> Option<DateTime> {
    Some(examination.clock()?.start_of_day())
}

fn counted(history: &History) -> impl Iterator<Item = &Examination> {
    history.examinations.iter().filter(|examination| examination.counted.is_counted())
}

fn points(
    history: &History,
    quantity: Quantity,
    part: Option<&Part>,
    series: &[String],
    language: Language,
) -> Vec<Point> {
    let timed = counted(history).filter_map(|examination| Some((examination, day(examination)?)));
    let points = timed.flat_map(|(examination, clock)| {
        let figures = examination.figures.iter();
        let wanted =
            figures.filter(move |figure| figure.quantity == quantity && figure.part.as_ref() == part);
        wanted.map(move |figure| point(examination, clock, figure, series, language))
    });
    points.collect()
}

fn point(
    examination: &Examination,
    clock: DateTime,
    figure: &Figure,
    series: &[String],
    language: Language,
) -> Point {
    let (value, unit) = (format::number(language, figure.value), format::unit(figure.quantity.unit()));
    let title = format!("{}, {}: {value} {unit}", format::date(language, clock), examination.institution());
    let place = series.iter().position(|name| *name == examination.community).unwrap_or_default();
    Point { clock, value: figure.value, series: place, title }
}
