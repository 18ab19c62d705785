//! The languages of the book, and its words in each.

mod dutch;
mod english;
mod french;

use dose::{EventKind, Modality, Origin, Sex};

use crate::history::{About, GapKind, Part, Quantity, Reason};

/// A language that the book speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    French,
    Dutch,
}

impl Language {
    pub(crate) const ALL: [Self; 3] = [Self::English, Self::French, Self::Dutch];

    /// Its tag (RFC 5646).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::Dutch => "nl",
        }
    }

    /// What it calls itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
            Self::Dutch => "Nederlands",
        }
    }

    pub(crate) const fn words(self) -> &'static Words {
        match self {
            Self::English => &english::WORDS,
            Self::French => &french::WORDS,
            Self::Dutch => &dutch::WORDS,
        }
    }

    /// The language with a tag, whatever the region: `nl-BE` is Dutch.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary.trim()))
    }

    /// The language of ours that `Accept-Language` likes best (RFC 9110 12.5.4); English if none.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (Self::English, 0.0);
        for range in header.split(',') {
            let mut parts = range.split(';');
            let language = parts.next().and_then(Self::of_tag);
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            if let Some(language) = language.filter(|_| quality > best.1) {
                best = (language, quality);
            }
        }
        best.0
    }
}

/// Every word of the book. Where a sentence holds a number or a name, `{}` stands for it.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) decimal_mark: char,
    pub(crate) group_mark: char,
    pub(crate) months: [&'static str; 12],

    pub(crate) skip: &'static str,
    pub(crate) language: &'static str,
    pub(crate) book: &'static str,
    pub(crate) this_machine_only: &'static str,
    pub(crate) open_to_the_network: &'static str,
    pub(crate) no_judgement: &'static str,

    pub(crate) patients: &'static str,
    pub(crate) search_label: &'static str,
    pub(crate) search: &'static str,
    pub(crate) show_all: &'static str,
    pub(crate) patients_caption: &'static str,
    pub(crate) identifier: &'static str,
    pub(crate) assigned_by: &'static str,
    pub(crate) no_patients: &'static str,
    pub(crate) no_match: &'static str,
    pub(crate) only_first: &'static str,
    pub(crate) no_registry: &'static str,

    pub(crate) dose_history: &'static str,
    pub(crate) born: &'static str,
    pub(crate) sexes: fn(Sex) -> &'static str,
    pub(crate) other_names: &'static str,
    pub(crate) doubt: &'static str,
    pub(crate) about: fn(About) -> &'static str,
    pub(crate) complete: &'static str,
    pub(crate) nobody_asked: &'static str,
    pub(crate) incomplete: &'static str,
    pub(crate) incomplete_hint: &'static str,

    pub(crate) added_up: &'static str,
    pub(crate) added_up_note: &'static str,
    pub(crate) reports_counted: &'static str,
    pub(crate) over_time: &'static str,
    pub(crate) chart_of: &'static str,
    pub(crate) chart_text: &'static str,
    pub(crate) chart_incomplete: &'static str,

    pub(crate) examinations: &'static str,
    pub(crate) examinations_caption: &'static str,
    pub(crate) no_examinations: &'static str,
    pub(crate) date: &'static str,
    pub(crate) institution: &'static str,
    pub(crate) examination: &'static str,
    pub(crate) doses: &'static str,
    pub(crate) report: &'static str,
    pub(crate) identifiers_of_report: &'static str,
    pub(crate) unknown_date: &'static str,
    pub(crate) no_dose: &'static str,
    pub(crate) shared_by: &'static str,
    pub(crate) missing: &'static str,
    pub(crate) origins: fn(Origin) -> &'static str,
    pub(crate) unit_assumed: &'static str,
    pub(crate) mixes_phantoms: &'static str,
    pub(crate) counted_in_part: &'static str,
    pub(crate) not_counted: &'static str,
    pub(crate) reasons: fn(Reason) -> &'static str,

    pub(crate) institutions_asked: &'static str,
    pub(crate) answer: &'static str,
    pub(crate) time_taken: &'static str,
    pub(crate) reports: &'static str,
    pub(crate) answered: &'static str,
    pub(crate) gaps: fn(GapKind) -> &'static str,

    pub(crate) reports_and_identifiers: &'static str,
    pub(crate) document_id: &'static str,
    pub(crate) entry_id: &'static str,
    pub(crate) repository: &'static str,
    pub(crate) study: &'static str,
    pub(crate) accession: &'static str,
    pub(crate) device: &'static str,
    pub(crate) serial_number: &'static str,
    pub(crate) patient_in_report: &'static str,
    pub(crate) integrity: &'static str,
    pub(crate) verified: &'static str,
    pub(crate) not_verified: &'static str,
    pub(crate) events: &'static str,
    pub(crate) event: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) protocol: &'static str,
    pub(crate) remarks: &'static str,
    pub(crate) asked_on: &'static str,

    pub(crate) modalities: fn(Modality) -> &'static str,
    pub(crate) quantities: fn(Quantity) -> &'static str,
    pub(crate) quantities_short: fn(Quantity) -> &'static str,
    /// None for what has a name of its own.
    pub(crate) parts: fn(&Part) -> Option<&'static str>,
    pub(crate) event_kinds: fn(EventKind) -> &'static str,

    pub(crate) not_found: &'static str,
    pub(crate) not_found_text: &'static str,
    pub(crate) unknown_patient: &'static str,
    pub(crate) unknown_patient_text: &'static str,
    pub(crate) not_an_identifier: &'static str,
    pub(crate) not_an_identifier_text: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) failed_text: &'static str,
    pub(crate) to_patients: &'static str,
}

impl Words {
    /// A sentence with its `{}` filled in, in order.
    pub(crate) fn fill(sentence: &str, values: &[&str]) -> String {
        let mut filled = String::with_capacity(sentence.len() + 16);
        let mut values = values.iter();
        for (at, piece) in sentence.split("{}").enumerate() {
            if at > 0 {
                filled.push_str(values.next().unwrap_or(&""));
            }
            filled.push_str(piece);
        }
        filled
    }

    pub(crate) fn part(&self, part: &Part) -> String {
        (self.parts)(part).map_or_else(|| part.name().to_owned(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_language_that_is_liked_best() {
        let cases = [
            ("", Language::English),
            ("de", Language::English),
            ("fr", Language::French),
            ("nl-BE,nl;q=0.9,fr;q=0.8", Language::Dutch),
            ("de, fr;q=0.7, en;q=0.8", Language::English),
            ("en;q=0.2, FR-fr;q=0.3", Language::French),
            ("fr;q=0", Language::English),
            ("fr;q=x", Language::French),
        ];
        for (header, language) in cases {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn fills_sentences() {
        assert_eq!(Words::fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(Words::fill("{} of {}", &["1"]), "1 of ");
        assert_eq!(Words::fill("plain", &["1"]), "plain");
    }

    #[test]
    fn leaves_the_same_blanks_in_every_language() {
        let sentences = |words: &'static Words| {
            [
                words.only_first,
                words.born,
                words.doubt,
                words.incomplete,
                words.chart_of,
                words.chart_text,
                words.chart_incomplete,
                words.reports_counted,
                words.identifiers_of_report,
                words.shared_by,
                words.counted_in_part,
                words.asked_on,
                words.unknown_patient_text,
                words.not_an_identifier_text,
                words.event,
            ]
        };
        let blanks = |words| sentences(words).map(|sentence| sentence.matches("{}").count());
        for language in Language::ALL {
            assert_eq!(blanks(language.words()), blanks(Language::English.words()), "{}", language.name());
        }
    }
}
