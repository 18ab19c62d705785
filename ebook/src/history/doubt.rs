//! Whether all reports of a history are of one person: what they say of the patient, held against each other.

use super::Examination;

/// Reports that disagree on something that no person has two of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// On what.
    pub about: About,
    /// What is said, the latest first, and in which documents.
    pub said: Vec<(String, Vec<String>)>,
}

/// What reports can disagree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The birth date.
    BirthDate,
    /// The sex.
    Sex,
}

impl About {
    /// Its name, for machines and for people who read English.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BirthDate => "birth date",
            Self::Sex => "sex",
        }
    }
}

impl Doubt {
    /// `1971-04-01 (1.2.3); 1980-01-01 (1.2.4, 1.2.5)`.
    pub fn said(&self) -> String {
        let said = self.said.iter().map(|(value, documents)| format!("{value} ({})", documents.join(", ")));
        said.collect::<Vec<_>>().join("; ")
    }
}

pub(super) fn doubts(examinations: &[Examination]) -> Vec<Doubt> {
    let patient = |examination: &Examination| examination.report.patient.clone();
    let birth = |examination: &Examination| patient(examination).birth_date.map(|date| date.to_string());
    let sex =
        |examination: &Examination| patient(examination).sex.map(|sex| format!("{sex:?}").to_lowercase());
    let said = [(About::BirthDate, said(examinations, birth)), (About::Sex, said(examinations, sex))];
    let several = said.into_iter().filter(|(_, said)| said.len() > 1);
    several.map(|(about, said)| Doubt { about, said }).collect()
}

fn said(
    examinations: &[Examination],
    of: impl Fn(&Examination) -> Option<String>,
) -> Vec<(String, Vec<String>)> {
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for examination in examinations {
        let Some(value) = of(examination) else { continue };
        let document = examination.entry.unique_id.to_string();
        match said.iter_mut().find(|(known, _)| *known == value) {
            Some((_, documents)) => documents.push(document),
            None => said.push((value, vec![document])),
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::history::tests::{examination, report};

    fn born(id: &str, date: Option<jiff::civil::Date>) -> Examination {
        let mut report = report(id, Vec::new());
        report.patient.birth_date = date;
        examination("Hospital A", report)
    }

    #[test]
    fn names_the_reports_that_disagree_on_the_birth_date() {
        let (one, other) = (jiff::civil::date(1971, 4, 1), jiff::civil::date(1980, 1, 1));
        let examinations =
            vec![born("1.1", Some(one)), born("1.2", None), born("1.3", Some(other)), born("1.4", Some(one))];
        assert_eq!(doubts(&examinations[..2]), []);
        let history = History { examinations, ..History::default() };
        let doubts = history.doubts();
        assert_eq!(doubts[0].about, About::BirthDate);
        assert_eq!(doubts[0].said(), "1971-04-01 (1.1, 1.4); 1980-01-01 (1.3)");
        assert_eq!(doubts.len(), 1);
        let text = history.to_string();
        assert!(text.contains("Named Peeters^An"), "{text}");
        assert!(text.contains("one person; birth date: 1971-04-01 (1.1, 1.4); 1980-01-01 (1.3)"), "{text}");
        let json = history.to_json();
        assert_eq!(json["doubts"][0]["about"], "birth date");
        assert_eq!(json["doubts"][0]["said"][1]["documents"][0], "1.3");
    }
}
