//! The page of one patient: the history from all communities, with what is missing.

use askama::Template;
use metadata::PatientId;

use super::chart::{Drawing, HEIGHT, MARKS, WIDTH};
use super::details::Details;
use super::figures::{self, Chart, SumCard};
use super::language::Language;
use super::rows::{self, Missing, Row};
use super::{Community, Frame, authority_name, format};
use crate::history::{Asked, Doubt, Examination, History, Outcome};

/// The history of one patient.
#[derive(Template)]
#[template(path = "patient.html")]
pub(crate) struct PatientPage {
    frame: Frame,
    /// The name in the latest report that states one.
    name: Option<String>,
    other_names: Vec<String>,
    /// Birth date and sex in the latest report that states them.
    about: Vec<String>,
    doubts: Vec<String>,
    identifiers: Vec<Identifier>,
    asked_on: String,
    is_complete: bool,
    missing: Vec<Missing>,
    sums: Vec<SumCard>,
    charts: Vec<Chart>,
    series: Vec<Series>,
    rows: Vec<Row>,
    asked: Vec<AskedLine>,
    reports: Vec<Details>,
}

struct Identifier {
    id: String,
    authority: String,
}

/// A community in the charts.
struct Series {
    name: String,
    number: usize,
    mark: &'static str,
}

/// A community that was asked.
struct AskedLine {
    community: String,
    outcome: String,
    is_whole: bool,
    reports: String,
    took: String,
}

impl PatientPage {
    pub(super) fn new(frame: Frame, history: &History, communities: &[Community]) -> Self {
        let language = frame.language;
        let names: Vec<String> = history.asked.iter().map(|asked| asked.community.clone()).collect();
        let mut people = people(&history.examinations);
        let name = if people.is_empty() { None } else { Some(people.remove(0)) };
        let numbered = history.examinations.iter().enumerate();
        let now = jiff::Zoned::now();
        let asked_on = format!("{}, {}", format::date(language, now.datetime()), now.strftime("%H:%M %Z"));
        Self {
            name,
            other_names: people,
            about: about(&history.examinations, language),
            doubts: history.doubts().iter().map(|doubt| doubt_text(doubt, language)).collect(),
            identifiers: history.patients.iter().map(|id| identifier(id, communities)).collect(),
            asked_on: format::fill(frame.words().asked_on, &[&asked_on]),
            is_complete: history.is_complete(),
            missing: history.gaps.iter().map(|gap| Missing::of(gap, language)).collect(),
            sums: history.sums().iter().map(|sum| SumCard::of(sum, language)).collect(),
            charts: figures::charts(history, &names, language),
            series: series(&names, history),
            rows: rows::rows(history, language),
            asked: history.asked.iter().map(|asked| asked_line(asked, history, language)).collect(),
            reports: numbered.map(|(at, examination)| Details::of(at + 1, examination, language)).collect(),
            frame,
        }
    }

    /// The title of the page: a history of someone.
    fn title(&self) -> String {
        let whom = self.name.as_ref().or_else(|| self.identifiers.first().map(|identifier| &identifier.id));
        format!("{} · {}", whom.map_or("", String::as_str), self.frame.words().dose_history)
    }
}

/// The names in the reports, those of the latest first. They are the sources' data and may differ.
fn people(examinations: &[Examination]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in examinations.iter().filter_map(|examination| examination.report.patient.name.as_deref()) {
        let name = format::person(name);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn about(examinations: &[Examination], language: Language) -> Vec<String> {
    let words = language.words();
    let mut patients = examinations.iter().map(|examination| &examination.report.patient);
    let born = patients.clone().find_map(|patient| patient.birth_date);
    let born = born.map(|born| format::date(language, born.to_datetime(jiff::civil::Time::midnight())));
    let sex = patients.find_map(|patient| patient.sex).map(|sex| (words.sexes)(sex).to_owned());
    born.map(|born| format::fill(words.born, &[&born])).into_iter().chain(sex).collect()
}

fn doubt_text(doubt: &Doubt, language: Language) -> String {
    let words = language.words();
    format::fill(words.doubt, &[(words.about)(doubt.about), &doubt.said()])
}

fn identifier(id: &PatientId, communities: &[Community]) -> Identifier {
    Identifier { id: id.id().to_owned(), authority: authority_name(communities, id) }
}

/// Only the communities that have a dose in a chart.
fn series(names: &[String], history: &History) -> Vec<Series> {
    let has_doses = |name: &str| history.examinations.iter().any(|examination| examination.community == name);
    let numbered = names.iter().enumerate().filter(|(_, name)| has_doses(name));
    numbered
        .map(|(at, name)| Series {
            name: name.clone(),
            number: at % MARKS.len(),
            mark: MARKS.get(at % MARKS.len()).copied().unwrap_or_default(),
        })
        .collect()
}

/// What came of asking a community: that it answered, or what kept it from that.
fn asked_line(asked: &Asked, history: &History, language: Language) -> AskedLine {
    let words = language.words();
    let whole = history.gaps.iter().filter(|gap| gap.document.is_none() && gap.community == asked.community);
    let mut failures: Vec<&str> = whole.map(|gap| (words.gaps)(gap.kind)).collect();
    failures.dedup();
    let (reports, took) = match asked.outcome {
        Outcome::Answered { documents } | Outcome::Failed { documents } => {
            (documents.to_string(), format::seconds(language, asked.took))
        }
        Outcome::NotAsked => ("–".to_owned(), "–".to_owned()),
    };
    AskedLine {
        community: asked.community.clone(),
        is_whole: failures.is_empty(),
        outcome: if failures.is_empty() { words.answered.to_owned() } else { failures.join("; ") },
        reports,
        took,
    }
}
