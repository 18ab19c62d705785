//! The geometry of a chart of doses over time; the template draws it as SVG.
//!
//! The scale begins at zero and is linear, so that heights compare as doses do; small doses keep a mark of their
//! own. What a chart shows is also in a table: it adds nothing for those who cannot see it.

mod ticks;

use jiff::civil::DateTime;

use super::format;
use super::language::Language;

/// Size of the drawing, and of the plot within it.
pub(crate) const WIDTH: f64 = 560.0;
pub(crate) const HEIGHT: f64 = 230.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 524.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 196.0;

/// About how large a character of a label is.
const CHARACTER: (f64, f64) = (6.8, 13.0);

/// The marks of the series, so that they differ in more than colour.
pub(crate) const MARKS: [&str; 6] = [
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z",
    "M-4.6-4.6h9.2v9.2h-9.2Z",
    "M0-6 5.8 4.4h-11.6Z",
    "M0-6.4 6.4 0 0 6.4-6.4 0Z",
    "M0 6 5.8-4.4h-11.6Z",
    "M-1.8-6h3.6v4.2h4.2v3.6h-4.2v4.2h-3.6v-4.2h-4.2v-3.6h4.2Z",
];

/// A dose to draw.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) clock: DateTime,
    pub(crate) value: f64,
    /// Which community it is from.
    pub(crate) series: usize,
    /// What it says when it is pointed at.
    pub(crate) title: String,
}

/// A drawing.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) dots: Vec<Dot>,
    pub(crate) values: Vec<Tick>,
    pub(crate) times: Vec<Tick>,
}

/// A dose in the drawing.
#[derive(Debug)]
pub(crate) struct Dot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) mark: &'static str,
    pub(crate) series: usize,
    pub(crate) title: String,
    /// Its value, where there is room for it.
    pub(crate) label: Option<String>,
}

/// A mark on an axis.
#[derive(Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

impl Drawing {
    pub(crate) const LEFT: f64 = LEFT;
    pub(crate) const RIGHT: f64 = RIGHT;
    pub(crate) const BOTTOM: f64 = BOTTOM;

    /// Draws points on an axis from the first to the last time of `period`, which holds them all; none if there
    /// is none to draw.
    pub(crate) fn of(points: &[Point], period: (DateTime, DateTime), language: Language) -> Option<Self> {
        let points: Vec<&Point> = points.iter().filter(|point| point.value.is_finite()).collect();
        if points.is_empty() {
            return None;
        }
        let highest = points.iter().map(|point| point.value).fold(0.0, f64::max);
        let values = ticks::values(highest);
        let top = values.last().copied().unwrap_or(1.0);
        let y = |value: f64| round(BOTTOM - (BOTTOM - TOP) * (value.max(0.0) / top));
        let domain = ticks::Domain::around(period);
        let x = |clock: DateTime| round(LEFT + (RIGHT - LEFT) * domain.share(clock));
        let dots = points.iter().map(|point| Dot {
            x: x(point.clock),
            y: y(point.value),
            mark: MARKS.get(point.series % MARKS.len()).copied().unwrap_or_default(),
            series: point.series % MARKS.len(),
            title: point.title.clone(),
            label: Some(format::number(language, point.value)),
        });
        let mut dots: Vec<Dot> = dots.collect();
        keep_labels_that_fit(&mut dots);
        let value = |value: f64| Tick { at: y(value), label: format::number(language, value) };
        let time = |(clock, label)| Tick { at: x(clock), label };
        Some(Self {
            dots,
            values: values.into_iter().map(value).collect(),
            times: domain.ticks(language).into_iter().map(time).collect(),
        })
    }
}

/// Labels stand above their marks; the highest doses keep theirs first.
fn keep_labels_that_fit(dots: &mut [Dot]) {
    let boxes: Vec<(f64, f64, f64)> = dots
        .iter()
        .map(|dot| {
            (dot.x, dot.y - 16.0, characters(dot.label.as_deref().unwrap_or_default()) * CHARACTER.0 / 2.0)
        })
        .collect();
    let marks: Vec<(f64, f64)> = dots.iter().map(|dot| (dot.x, dot.y)).collect();
    let mut order: Vec<(usize, f64)> = dots.iter().map(|dot| dot.y).enumerate().collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut kept: Vec<(f64, f64, f64)> = Vec::new();
    for (at, _) in order {
        let (Some(&(x, y, half)), Some(dot)) = (boxes.get(at), dots.get_mut(at)) else { continue };
        let on_label = kept
            .iter()
            .any(|other| (x - other.0).abs() < half + other.2 && (y - other.1).abs() < CHARACTER.1);
        let on_mark = marks.iter().enumerate().any(|(other, mark)| {
            other != at && (x - mark.0).abs() < half + 4.0 && (y - 4.0 - mark.1).abs() < CHARACTER.1 - 2.0
        });
        if on_label || on_mark {
            dot.label = None;
        } else {
            kept.push((x, y, half));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a label has few characters")]
fn characters(text: &str) -> f64 {
    text.chars().count() as f64
}

/// A tenth of a unit is finer than any screen.
fn round(coordinate: f64) -> f64 {
    (coordinate * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn point(days: i64, value: f64) -> Point {
        let day = jiff::Span::new().days(days);
        let clock = date(2024, 3, 5).at(10, 0, 0, 0).checked_add(day).unwrap();
        Point { clock, value, series: 0, title: String::new() }
    }

    fn draw(points: &[Point]) -> Option<Drawing> {
        let clocks = points.iter().map(|point| point.clock);
        let period = clocks.clone().min().zip(clocks.max()).unwrap_or_default();
        Drawing::of(points, period, Language::English)
    }

    fn drawn(points: &[Point]) -> Drawing {
        let drawing = draw(points).unwrap();
        for dot in &drawing.dots {
            assert!((LEFT..=RIGHT).contains(&dot.x) && (TOP..=BOTTOM).contains(&dot.y), "{dot:?}");
        }
        for tick in &drawing.times {
            assert!((LEFT..=RIGHT).contains(&tick.at), "{tick:?}");
        }
        assert!((1..=7).contains(&drawing.times.len()), "{:?}", drawing.times);
        assert!((2..=6).contains(&drawing.values.len()), "{:?}", drawing.values);
        drawing
    }

    #[test]
    fn draws_one_point_in_the_middle() {
        let drawing = drawn(&[point(0, 415.82)]);
        assert_eq!(drawing.dots[0].x, (LEFT + RIGHT) / 2.0);
        assert_eq!(drawing.dots[0].label.as_deref(), Some("415.8"));
    }

    #[test]
    fn draws_equal_values_at_one_height() {
        let drawing = drawn(&[point(0, 3.0), point(200, 3.0), point(900, 3.0)]);
        assert!(drawing.dots.iter().all(|dot| dot.y == drawing.dots[0].y));
        assert!(drawing.dots.is_sorted_by(|a, b| a.x < b.x));
        assert!(drawing.dots.iter().all(|dot| dot.label.is_some()));
    }

    #[test]
    fn keeps_a_mark_for_a_very_small_dose_beside_a_large_one() {
        let drawing = drawn(&[point(0, 0.002), point(400, 25_000.0)]);
        assert_eq!(drawing.dots[0].y, BOTTOM);
        assert_eq!(drawing.dots[0].label.as_deref(), Some("0.002"));
        assert_eq!(drawing.values.first().unwrap().label, "0");
    }

    #[test]
    fn draws_doses_of_nothing_and_leaves_out_what_is_no_number() {
        let drawing = drawn(&[point(0, 0.0), point(1, f64::NAN)]);
        assert_eq!(drawing.dots.len(), 1);
        assert_eq!(drawing.dots[0].y, BOTTOM);
        assert!(draw(&[point(0, f64::INFINITY)]).is_none());
        assert!(draw(&[]).is_none());
    }

    #[test]
    fn drops_labels_that_would_lie_on_each_other() {
        let drawing = drawn(&[point(0, 100.0), point(1, 100.5), point(2000, 50.0)]);
        let labels: Vec<_> = drawing.dots.iter().map(|dot| dot.label.is_some()).collect();
        assert_eq!(labels.iter().filter(|shown| **shown).count(), 2, "{labels:?}");
        assert!(labels[2]);
    }

    #[test]
    fn draws_a_lifetime() {
        drawn(&[point(0, 1.0), point(365 * 90, 2.0)]);
        drawn(&[point(0, 1.0), point(0, 2.0)]);
    }
}
