//! Where the axes of a chart have their marks: round values, and days, months or years.

use jiff::civil::DateTime;
use jiff::{Span, ToSpan};

use super::super::format;
use super::super::language::Language;

/// At most so many marks on the axis of time.
const MAX_TIMES: usize = 6;

/// Round values from zero to the first that is not below `highest`.
pub(super) fn values(highest: f64) -> Vec<f64> {
    if highest <= 0.0 {
        return vec![0.0, 1.0];
    }
    let magnitude = 10_f64.powf((highest / 4.0).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * magnitude);
    let step = steps.into_iter().find(|step| highest <= step * 4.0).unwrap_or(highest / 4.0);
    let mut values = vec![0.0];
    for times in 1..=4_u8 {
        let value = step * f64::from(times);
        values.push(value);
        if value >= highest {
            break;
        }
    }
    values
}

/// The stretch of time that a chart shows.
pub(super) struct Domain {
    from: DateTime,
    to: DateTime,
}

impl Domain {
    /// From a little before the first dose to a little after the last.
    pub(super) fn around((first, last): (DateTime, DateTime)) -> Self {
        let hours = (seconds(first, last) / 3600.0 * 0.05).max(24.0 * 7.0);
        #[expect(clippy::cast_possible_truncation, reason = "a twentieth of recorded time fits in an i64")]
        let margin = (hours as i64).hours();
        Self { from: first.saturating_sub(margin), to: last.saturating_add(margin) }
    }

    /// How far into it a time is, from 0 to 1.
    pub(super) fn share(&self, clock: DateTime) -> f64 {
        (seconds(self.from, clock) / seconds(self.from, self.to)).clamp(0.0, 1.0)
    }

    /// Its days, months or years, at most [`MAX_TIMES`] of them.
    pub(super) fn ticks(&self, language: Language) -> Vec<(DateTime, String)> {
        let steps = [
            Step::Days(1),
            Step::Days(2),
            Step::Days(7),
            Step::Days(14),
            Step::Months(1),
            Step::Months(2),
            Step::Months(3),
            Step::Months(6),
            Step::Years(1),
            Step::Years(2),
            Step::Years(5),
            Step::Years(10),
            Step::Years(20),
            Step::Years(50),
        ];
        let fitting = steps.into_iter().find_map(|step| {
            let times = self.times(&step);
            (1..=MAX_TIMES).contains(&times.len()).then_some((step, times))
        });
        let Some((step, times)) = fitting else { return Vec::new() };
        times.into_iter().map(|time| (time, step.label(language, time))).collect()
    }

    /// The marks of a step within it; stops counting when they are too many.
    fn times(&self, step: &Step) -> Vec<DateTime> {
        let mut times = Vec::new();
        let Some(start) = step.before(self.from) else { return times };
        for count in 0.. {
            let Ok(time) = start.checked_add(step.times(count)) else { break };
            if time > self.to || times.len() > MAX_TIMES {
                break;
            }
            if time >= self.from {
                times.push(time);
            }
        }
        times
    }
}

enum Step {
    Days(i32),
    Months(i32),
    Years(i16),
}

impl Step {
    fn times(&self, count: i32) -> Span {
        match *self {
            Self::Days(days) => Span::new().days(days * count),
            Self::Months(months) => Span::new().months(months * count),
            Self::Years(years) => Span::new().years(i32::from(years) * count),
        }
    }

    /// A round time not after `clock`.
    fn before(&self, clock: DateTime) -> Option<DateTime> {
        let date = clock.date();
        let round = match *self {
            Self::Days(_) => date,
            Self::Months(_) => date.first_of_year(),
            Self::Years(years) => {
                date.first_of_year().with().year(date.year() - date.year().rem_euclid(years)).build().ok()?
            }
        };
        Some(round.to_datetime(jiff::civil::Time::midnight()))
    }

    fn label(&self, language: Language, time: DateTime) -> String {
        match self {
            Self::Days(_) => format::date(language, time),
            Self::Months(_) => format::month(language, time),
            Self::Years(_) => time.year().to_string(),
        }
    }
}

fn seconds(from: DateTime, to: DateTime) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn rounds_values_up() {
        for (highest, expected) in [
            (415.82, vec![0.0, 200.0, 400.0, 600.0]),
            (0.16, vec![0.0, 0.05, 0.1, 0.15, 0.2]),
            (1.0, vec![0.0, 0.25, 0.5, 0.75, 1.0]),
            (0.0, vec![0.0, 1.0]),
        ] {
            let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
            let ticks = values(highest);
            assert!(ticks.len() == expected.len() && ticks.iter().zip(&expected).all(close), "{ticks:?}");
        }
    }

    #[test]
    fn marks_days_months_and_years() {
        let labels = |first, last| {
            let domain = Domain::around((first, last));
            domain.ticks(Language::English).into_iter().map(|(_, label)| label).collect::<Vec<_>>()
        };
        let clock = |year, month, day| date(year, month, day).at(10, 0, 0, 0);
        assert_eq!(labels(clock(2024, 3, 5), clock(2024, 3, 5)), ["5 Mar 2024", "12 Mar 2024"]);
        assert_eq!(labels(clock(2022, 2, 1), clock(2024, 9, 1))[..2], ["Jan 2022", "Jul 2022"]);
        assert_eq!(labels(clock(1990, 2, 1), clock(2024, 9, 1)), ["1990", "2000", "2010", "2020"]);
    }
}
