//! Dates and times as reports state them: DA, TM and DT (PS3.5 6.2), with their precision and perhaps an offset.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// A point in time, as precise as it was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the clock at the device showed; what was not stated is the start of its interval.
    pub clock: DateTime,
    /// How precise the statement is.
    pub precision: Precision,
    /// Offset from UTC, if the value or the report's header states one.
    pub offset: Option<Offset>,
}

/// How precise a [`Moment`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Only the year.
    Year,
    /// Year and month.
    Month,
    /// The day.
    Day,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second, or a fraction of it.
    Second,
}

impl Moment {
    /// A DT value: `YYYY[MM[DD[HH[MM[SS[.FFFFFF]]]]]][&ZZXX]`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\0']);
        let (clock, offset) = match text.rfind(['+', '-']).filter(|at| *at >= 4) {
            Some(at) => (text.get(..at)?, Some(parse_offset(text.get(at..)?)?)),
            None => (text, None),
        };
        let (digits, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let precision = match digits.len() {
            4 => Precision::Year,
            6 => Precision::Month,
            8 => Precision::Day,
            10 => Precision::Hour,
            12 => Precision::Minute,
            14 => Precision::Second,
            _ => return None,
        };
        if precision < Precision::Second && !fraction.is_empty() {
            return None;
        }
        let part = |from: usize, to: usize, default: i8| match digits.get(from..to) {
            Some(text) => number::<i8>(text),
            None => Some(default),
        };
        let date = Date::new(number::<i16>(digits.get(..4)?)?, part(4, 6, 1)?, part(6, 8, 1)?).ok()?;
        // A leap second is written as 60, which no civil clock of ours knows.
        let second = part(12, 14, 0)?.min(59);
        let time = Time::new(part(8, 10, 0)?, part(10, 12, 0)?, second, nanoseconds(fraction)?).ok()?;
        Some(Self { clock: date.to_datetime(time), precision, offset })
    }

    /// A DA value with the TM value that belongs to it, if there is one that can be read.
    #[must_use]
    pub fn parse_date_and_time(date: &str, time: Option<&str>) -> Option<Self> {
        let date = separated_date_quirk(date);
        let time = time.map(|time| time.trim_matches([' ', '\0']).replace(':', ""));
        let whole = time.and_then(|time| Self::parse(&format!("{date}{time}")));
        whole.or_else(|| Self::parse(&date)).filter(|moment| moment.precision >= Precision::Day)
    }

    /// When it was, in UTC; `zone` holds where neither the value nor the header states an offset.
    #[must_use]
    pub fn in_utc(&self, zone: &TimeZone) -> Option<DateTime> {
        let zone = self.offset.map_or_else(|| zone.clone(), TimeZone::fixed);
        Some(zone.to_timestamp(self.clock).ok()?.to_zoned(TimeZone::UTC).datetime())
    }

    /// The same moment, at this offset unless it states its own.
    #[must_use]
    pub fn at_offset(mut self, offset: Option<Offset>) -> Self {
        self.offset = self.offset.or(offset);
        self
    }
}

/// `2018-01-05 17:21:03`, as far as it was stated, with the offset if there is one.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = match self.precision {
            Precision::Year => "%Y",
            Precision::Month => "%Y-%m",
            Precision::Day => "%Y-%m-%d",
            Precision::Hour => "%Y-%m-%d %Hh",
            Precision::Minute => "%Y-%m-%d %H:%M",
            Precision::Second => "%Y-%m-%d %H:%M:%S",
        };
        let offset = self.offset.map(|offset| format!(" {offset}")).unwrap_or_default();
        f.pad(&format!("{}{offset}", self.clock.strftime(pattern)))
    }
}

/// Timezone Offset From UTC (0008,0201), or the tail of a DT value: `&ZZXX`.
pub(crate) fn parse_offset(text: &str) -> Option<Offset> {
    let text = text.trim_matches([' ', '\0']);
    let sign = match text.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let digits = text.get(1..).filter(|digits| digits.len() == 4)?;
    let (hours, minutes) = (number::<i32>(digits.get(..2)?)?, number::<i32>(digits.get(2..)?)?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A date as `YYYY.MM.DD` or `YYYY-MM-DD` (ACR-NEMA, and some converters) instead of `YYYYMMDD`.
fn separated_date_quirk(date: &str) -> String {
    date.trim_matches([' ', '\0']).replace(['.', '-'], "")
}

fn nanoseconds(fraction: &str) -> Option<i32> {
    if fraction.is_empty() {
        return Some(0);
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    number::<i32>(&digits)
}

/// Digits only: `str::parse` would take a sign.
fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_datetime_with_fraction_and_offset() {
        let moment = Moment::parse("20180105172103.083003+0100").unwrap();
        assert_eq!(moment.to_string(), "2018-01-05 17:21:03 +01");
        let utc = moment.in_utc(&TimeZone::UTC).unwrap();
        assert_eq!(utc.strftime("%Y%m%d%H%M%S").to_string(), "20180105162103");
    }

    #[test]
    fn keeps_the_precision_that_was_stated() {
        for (text, precision) in [
            ("2018", Precision::Year),
            ("201801", Precision::Month),
            ("20180105", Precision::Day),
            ("2018010517", Precision::Hour),
            ("201801051721", Precision::Minute),
        ] {
            assert_eq!(Moment::parse(text).map(|moment| moment.precision), Some(precision), "{text}");
        }
    }

    #[test]
    fn joins_date_and_time() {
        let moment = Moment::parse_date_and_time("2018.01.05", Some("17:21:03.5")).unwrap();
        assert_eq!(moment.to_string(), "2018-01-05 17:21:03");
        let day = Moment::parse_date_and_time("20180105", Some("nonsense")).unwrap();
        assert_eq!(day.precision, Precision::Day);
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in
            ["", "0", "20181305", "2018010525", "+018", "2018-1", "20180105172103+9999", "201801051721.5"]
        {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
