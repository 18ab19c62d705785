//! Numbers, units, dates and names as people of a language read them.

use dose::{Moment, Precision};
use jiff::civil::DateTime;

use super::language::{Language, Words};

/// Four significant digits: `415.8`, `12,340`, `0.0123`.
pub(crate) fn number(language: Language, value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    let plain = rounded.to_string();
    let words = language.words();
    let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(w, f)| (w, Some(f)));
    let mut text = grouped(whole, words.group_mark);
    if let Some(fraction) = fraction {
        text.push(words.decimal_mark);
        text.push_str(fraction);
    }
    text
}

fn grouped(digits: &str, mark: char) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left.is_multiple_of(3) && digits.len() > 4 {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// A UCUM unit as it is printed: `mGy·cm`, `Gy·cm²`.
pub(crate) fn unit(ucum: &str) -> String {
    ucum.replace('.', "·").replace('2', "²")
}

/// A moment, as precisely as it was stated.
pub(crate) fn moment(language: Language, moment: &Moment) -> String {
    let clock = moment.clock;
    match moment.precision {
        Precision::Year => clock.year().to_string(),
        Precision::Month => month(language, clock),
        Precision::Day => date(language, clock),
        Precision::Hour | Precision::Minute | Precision::Second => {
            format!("{}, {}", date(language, clock), clock.strftime("%H:%M"))
        }
    }
}

/// A date: `5 Mar 2024`.
pub(crate) fn date(language: Language, clock: DateTime) -> String {
    format!("{} {}", clock.day(), month(language, clock))
}

/// A month: `Mar 2024`.
pub(crate) fn month(language: Language, clock: DateTime) -> String {
    let at = usize::try_from(clock.month() - 1).unwrap_or_default();
    let name = language.words().months.get(at).copied().unwrap_or_default();
    format!("{name} {}", clock.year())
}

/// A moment for machines (`datetime` of an HTML `time`): only what was stated.
pub(crate) fn machine(moment: &Moment) -> String {
    let pattern = match moment.precision {
        Precision::Year => "%Y",
        Precision::Month => "%Y-%m",
        Precision::Day => "%Y-%m-%d",
        Precision::Hour | Precision::Minute | Precision::Second => "%Y-%m-%dT%H:%M",
    };
    moment.clock.strftime(pattern).to_string()
}

/// A time of metadata, in UTC: its date, or less if less was said.
pub(crate) fn timestamp(language: Language, time: metadata::Timestamp) -> String {
    let digits: String = time.to_string().chars().take(8).collect();
    Moment::parse(&digits).map_or(digits, |read| moment(language, &read))
}

/// A name as DICOM writes it, `Family^Given^Middle`, for people: `Family, Given Middle`.
pub(crate) fn person(name: &str) -> String {
    let mut parts = name.split('^').map(str::trim);
    let family = parts.next().unwrap_or_default();
    let given: Vec<&str> = parts.take(2).filter(|part| !part.is_empty()).collect();
    if given.is_empty() { family.to_owned() } else { format!("{family}, {}", given.join(" ")) }
}

/// How long something took: `0.3 s`.
pub(crate) fn seconds(language: Language, took: std::time::Duration) -> String {
    let tenths = took.as_secs_f64();
    let digits = if tenths < 1.0 { format!("{tenths:.2}") } else { format!("{tenths:.1}") };
    format!("{} s", digits.replace('.', &language.words().decimal_mark.to_string()))
}

/// A text in a segment of a URL: all but unreserved characters percent-encoded (RFC 3986 2.3).
pub(crate) fn url_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A sentence with its blanks filled in.
pub(crate) fn fill(sentence: &str, values: &[&str]) -> String {
    Words::fill(sentence, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_of_any_magnitude() {
        let cases = [
            (415.82, "415.8", "415,8"),
            (0.012_345, "0.01235", "0,01235"),
            (12_344.0, "12,340", "12\u{202f}340"),
            (1234.0, "1234", "1234"),
            (0.0, "0", "0"),
            (0.000_001_6, "0.0000016", "0,0000016"),
            (0.159_999_999_999, "0.16", "0,16"),
        ];
        for (value, english, french) in cases {
            assert_eq!(number(Language::English, value), english);
            assert_eq!(number(Language::French, value), french);
        }
    }

    #[test]
    fn writes_moments_as_precisely_as_they_were_stated() {
        let cases = [
            ("2024", "2024", "2024"),
            ("202403", "Mar 2024", "2024-03"),
            ("20240305", "5 Mar 2024", "2024-03-05"),
            ("20240305101559", "5 Mar 2024, 10:15", "2024-03-05T10:15"),
        ];
        for (text, english, iso) in cases {
            let stated = Moment::parse(text).unwrap();
            assert_eq!(moment(Language::English, &stated), english);
            assert_eq!(machine(&stated), iso);
        }
        assert_eq!(timestamp(Language::Dutch, "20240305235959".parse().unwrap()), "5 mrt. 2024");
        assert_eq!(timestamp(Language::French, "2024".parse().unwrap()), "2024");
    }

    #[test]
    fn writes_names_for_people() {
        for (dicom, read) in
            [("Specimen^Charlotte", "Specimen, Charlotte"), ("A^B^C^Dr.", "A, B C"), ("X", "X")]
        {
            assert_eq!(person(dicom), read);
        }
    }

    #[test]
    fn encodes_a_patient_id_for_a_url() {
        assert_eq!(url_segment("a/b^^^&1.2&ISO"), "a%2Fb%5E%5E%5E%261.2%26ISO");
    }
}
