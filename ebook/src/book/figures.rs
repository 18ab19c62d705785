//! Doses as lines of a page, and as charts.

use jiff::civil::DateTime;

use super::chart::{Drawing, Point};
use super::format;
use super::language::Language;
use crate::history::{Examination, Figure, History, Part, Quantity, Sum};

/// The kinds that have a chart of their own.
const CHARTS: [Quantity; 6] = [
    Quantity::DoseLengthProduct,
    Quantity::CtdiVol,
    Quantity::DoseAreaProduct,
    Quantity::AirKerma,
    Quantity::GlandularDose,
    Quantity::AdministeredActivity,
];

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
        let origin = (words.origins)(figure.origin);
        Self {
            short: (words.quantities_short)(figure.quantity),
            full: (words.quantities)(figure.quantity),
            part: figure.part.as_ref().map(|part| words.part(part)),
            value: format::number(language, figure.value),
            unit: format::unit(figure.quantity.unit()),
            origin: if figure.unit_assumed {
                format!("{origin}; {}", words.unit_assumed)
            } else {
                origin.to_owned()
            },
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
        Self {
            name: (words.quantities)(sum.quantity),
            part: sum.part.as_ref().map(|part| words.part(part)),
            value: format::number(language, sum.value),
            unit: format::unit(sum.quantity.unit()),
            reports: format::fill(words.reports_counted, &[&sum.examinations.to_string()]),
        }
    }
}

/// A chart of one kind of dose.
pub(super) struct Chart {
    /// Names it within the page.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) unit: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) drawing: Drawing,
}

/// A chart for each kind of dose that was given; `series` says which community is which.
pub(super) fn charts(history: &History, series: &[String], language: Language) -> Vec<Chart> {
    CHARTS.iter().filter_map(|quantity| chart(history, *quantity, series, language)).collect()
}

fn chart(history: &History, quantity: Quantity, series: &[String], language: Language) -> Option<Chart> {
    let words = language.words();
    let counted = history.examinations.iter().filter(|examination| examination.counted.is_counted());
    let points: Vec<Point> = counted
        .filter_map(|examination| Some((examination, examination.clock()?)))
        .flat_map(|(examination, clock)| {
            let figures = examination.figures.iter().filter(|figure| figure.quantity == quantity);
            figures.map(move |figure| point(examination, clock, figure, series, language))
        })
        .collect();
    let drawing = Drawing::of(&points, language)?;
    let (first, last) = (points.iter().map(|p| p.clock).min()?, points.iter().map(|p| p.clock).max()?);
    let (name, unit) = ((words.quantities)(quantity), format::unit(quantity.unit()));
    let period = [format::date(language, first), format::date(language, last)];
    let mut text = format::fill(words.chart_text, &[&period[0], &period[1]]);
    if !history.is_complete() {
        text = format!("{text} {}", words.chart_incomplete);
    }
    Some(Chart {
        id: quantity.name(),
        name,
        title: format::fill(words.chart_of, &[name, &unit]),
        unit,
        text,
        drawing,
    })
}

fn point(
    examination: &Examination,
    clock: DateTime,
    figure: &Figure,
    series: &[String],
    language: Language,
) -> Point {
    let part = figure.part.as_ref().map(|part: &Part| format!(", {}", language.words().part(part)));
    let (value, unit) = (format::number(language, figure.value), format::unit(figure.quantity.unit()));
    let title = format!(
        "{}, {}: {value} {unit}{}",
        format::date(language, clock),
        examination.institution(),
        part.unwrap_or_default()
    );
    let place = series.iter().position(|name| *name == examination.community).unwrap_or_default();
    Point { clock, value: figure.value, series: place, title }
}
