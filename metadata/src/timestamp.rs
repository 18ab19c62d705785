//! A point in time as metadata has it: UTC, with the precision it was sent in.
//!
//! ITI TF-3 4.2.3.1.7, DTM: `YYYY[MM[DD[hh[mm[ss]]]]]`, digits only, no fraction, no offset.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::Invalid;

/// A UTC time that stands for the interval its precision leaves open; ordered by where that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    moment: DateTime,
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
        let since = SignedDuration::from_secs(seconds.clamp(FIRST, LAST));
        Self { moment: EPOCH.checked_add(since).unwrap_or(EPOCH), precision: Precision::Second }
    }

    /// The first second that it may mean, in Unix time.
    pub fn start(self) -> i64 {
        EPOCH.duration_until(self.moment).as_secs()
    }

    /// The first second after all that it may mean, in Unix time.
    pub fn end(self) -> i64 {
        let seconds = match self.precision {
            Precision::Year => i64::from(self.moment.days_in_year()) * DAY,
            Precision::Month => i64::from(self.moment.days_in_month()) * DAY,
            Precision::Day => DAY,
            Precision::Hour => 3600,
            Precision::Minute => 60,
            Precision::Second => 1,
        };
        self.start() + seconds
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
        write!(f, "{:04}", self.moment.year())?;
        let parts = [
            (Precision::Month, self.moment.month()),
            (Precision::Day, self.moment.day()),
            (Precision::Hour, self.moment.hour()),
            (Precision::Minute, self.moment.minute()),
            (Precision::Second, self.moment.second()),
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
    let part = |at: usize, absent: i8| digits.get(at..at + 2).map_or(Some(absent), |part| part.parse().ok());
    let year = digits.get(..4)?.parse().ok()?;
    let moment = DateTime::new(year, part(4, 1)?, part(6, 1)?, part(8, 0)?, part(10, 0)?, part(12, 0)?, 0);
    Some(Timestamp { moment: moment.ok()?, precision })
}

/// Seconds of a day.
const DAY: i64 = 86_400;
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// The first second of the year 0, and the last of the year 9999.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

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
