//! A point in time as metadata has it: UTC, with the precision it was sent in.
//!
//! ITI TF-3 4.2.3.1.7, DTM: `YYYY[MM[DD[hh[mm[ss]]]]]`, digits only, no fraction, no offset.

use std::fmt;
use std::str::FromStr;

use crate::Invalid;

/// A UTC time that stands for the interval its precision leaves open; ordered by where that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    precision: Precision,
}

/// The last part that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

impl Timestamp {
    /// The second that many seconds after 1970-01-01T00:00:00Z; beyond the years 0 to 9999 their first or last second.
    pub fn from_unix(seconds: i64) -> Self {
        let seconds = seconds.clamp(days(0, 1, 1) * DAY, days(10_000, 1, 1) * DAY - 1);
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let part = |value: i64| u8::try_from(value).unwrap_or_default();
        Self {
            year: u16::try_from(year).unwrap_or_default(),
            month: part(month),
            day: part(day),
            hour: part(second / 3600),
            minute: part(second / 60 % 60),
            second: part(second % 60),
            precision: Precision::Second,
        }
    }

    /// The first second that it may mean, in Unix time.
    pub fn start(self) -> i64 {
        let time = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days(i64::from(self.year), i64::from(self.month), i64::from(self.day)) * DAY + time
    }

    /// The first second after all that it may mean, in Unix time.
    pub fn end(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        match self.precision {
            Precision::Year => days(year + 1, 1, 1) * DAY,
            Precision::Month => days(year + month / 12, month % 12 + 1, 1) * DAY,
            Precision::Day => self.start() + DAY,
            Precision::Hour => self.start() + 3600,
            Precision::Minute => self.start() + 60,
            Precision::Second => self.start() + 1,
        }
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text.trim_ascii();
        read(digits).ok_or_else(|| Invalid::new(text, "a DTM, YYYY[MM[DD[hh[mm[ss]]]]] in UTC, digits only"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        let parts = [
            (Precision::Month, self.month),
            (Precision::Day, self.day),
            (Precision::Hour, self.hour),
            (Precision::Minute, self.minute),
            (Precision::Second, self.second),
        ];
        parts
            .iter()
            .filter(|(from, _)| self.precision >= *from)
            .try_for_each(|(_, part)| write!(f, "{part:02}"))
    }
}

fn read(digits: &str) -> Option<Timestamp> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let precision = match digits.len() {
        4 => Precision::Year,
        6 => Precision::Month,
        8 => Precision::Day,
        10 => Precision::Hour,
        12 => Precision::Minute,
        14 => Precision::Second,
        _ => return None,
    };
    let part = |at: usize, absent: u8| digits.get(at..at + 2).map_or(Some(absent), |part| part.parse().ok());
    let time = Timestamp {
        year: digits.get(..4)?.parse().ok()?,
        month: part(4, 1)?,
        day: part(6, 1)?,
        hour: part(8, 0)?,
        minute: part(10, 0)?,
        second: part(12, 0)?,
        precision,
    };
    let date = (i64::from(time.year), i64::from(time.month), i64::from(time.day));
    let exists = (1..=12).contains(&date.1) && civil(days(date.0, date.1, date.2)) == date;
    (exists && time.hour < 24 && time.minute < 60 && time.second < 60).then_some(time)
}

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days from 1970-01-01 to a date of the Gregorian calendar; years start in March so that leap days come last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// The inverse of `days`.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn stands_for_the_interval_that_its_precision_leaves_open() {
        let cases = [
            ("2024", 1_704_067_200, 1_735_689_600),
            ("202402", 1_706_745_600, 1_709_251_200),
            ("202412", 1_733_011_200, 1_735_689_600),
            ("20240229", 1_709_164_800, 1_709_251_200),
            ("2024022923", 1_709_247_600, 1_709_251_200),
            ("202402292359", 1_709_251_140, 1_709_251_200),
            ("20240229235959", 1_709_251_199, 1_709_251_200),
            ("1970", 0, 31_536_000),
            ("9999", 253_370_764_800, 253_402_300_800),
        ];
        for (text, start, end) in cases {
            assert_eq!((time(text).start(), time(text).end()), (start, end), "{text}");
            assert_eq!(time(text).to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_time_in_utc() {
        let wrong = [
            "",
            "202",
            "20241",
            "20241301",
            "20240001",
            "20230229",
            "19000229",
            "20240431",
            "20240100",
            "2024010124",
            "202401010060",
            "20240101000060",
            "20240101120000.5",
            "20240101120000+0100",
            "2024-01-01",
            "٢٠٢٤",
            "+2024101",
        ];
        for text in wrong {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn is_ordered_by_its_start() {
        let mut times = [time("20240201"), time("2025"), time("20240101000001"), time("2024")];
        times.sort();
        assert_eq!(times.map(|time| time.to_string()), ["2024", "20240101000001", "20240201", "2025"]);
    }

    #[test]
    fn saturates_outside_of_four_digit_years() {
        assert_eq!(Timestamp::from_unix(i64::MAX).to_string(), "99991231235959");
        assert_eq!(Timestamp::from_unix(i64::MIN).to_string(), "00000101000000");
    }

    proptest! {
        #[test]
        fn goes_to_unix_time_and_back(seconds in -62_167_219_200_i64..253_402_300_800) {
            let time = Timestamp::from_unix(seconds);
            prop_assert_eq!(time.start(), seconds);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
