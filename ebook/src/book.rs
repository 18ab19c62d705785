//! The book: pages on which people read patients' doses (design D12, D13).

mod chart;
mod details;
mod figures;
mod format;
mod language;
mod patient;
mod patients;
mod rows;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use metadata::{PatientId, RegistryErrors};
use registry::Registry;

use crate::config::Config;
use crate::history::{self, Community, ReportCache};
use crate::node::Node;

pub(crate) use language::{Language, Words};
pub(crate) use patient::PatientPage;
pub(crate) use patients::PatientsPage;

/// How long a page waits for the slowest community.
const ANSWER_DEADLINE: Duration = Duration::from_secs(8);

/// How many patients a page lists.
const LISTED_PATIENTS: u32 = 200;

/// What the pages are made from.
pub(crate) struct Book {
    pub(crate) config: Config,
    pub(crate) communities: Vec<Community>,
    pub(crate) registry: Option<Arc<Registry>>,
    pub(crate) deadline: Duration,
    pub(crate) cache: ReportCache,
}

impl Book {
    /// The book of a node.
    pub(crate) fn of(node: &Node) -> Self {
        Self {
            config: node.config.clone(),
            communities: node.communities.clone(),
            registry: node.registry.clone(),
            deadline: ANSWER_DEADLINE,
            cache: ReportCache::default(),
        }
    }

    /// The list of patients.
    pub(crate) async fn patients(&self, frame: Frame, search: &str) -> Result<PatientsPage, RegistryErrors> {
        // Whoever pastes a whole identifier searches for its id.
        let id = search.trim().split('^').next().unwrap_or_default();
        let known = match &self.registry {
            Some(registry) => Some(registry.patients(id, LISTED_PATIENTS + 1).await?),
            None => None,
        };
        Ok(PatientsPage::new(frame, search, known, LISTED_PATIENTS, &self.communities))
    }

    /// The history of a patient; none if this node does not know the patient. Then nobody is asked: what this
    /// page learns at other hospitals is about patients of this one.
    pub(crate) async fn patient(
        &self,
        frame: Frame,
        id: &PatientId,
    ) -> Result<Option<PatientPage>, RegistryErrors> {
        let ids = self.config.identifiers_of(id);
        if !self.knows(&ids).await? {
            return Ok(None);
        }
        let kind = (&self.config.codes.kind).into();
        let history = history::ask(&self.communities, &ids, &kind, self.deadline, &self.cache).await;
        Ok(Some(PatientPage::new(frame, &history, &self.communities)))
    }

    /// A patient is known by the registry, or by the configuration; a node without registry takes anyone's word.
    async fn knows(&self, ids: &[PatientId]) -> Result<bool, RegistryErrors> {
        let Some(registry) = &self.registry else { return Ok(true) };
        match ids {
            [id] => registry.knows(id).await,
            _ => Ok(true),
        }
    }
}

/// What every page has around it.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) language: Language,
    /// Whether the language was chosen by hand, so that links carry it on.
    pub(crate) language_is_chosen: bool,
    pub(crate) node: String,
    /// Whether only this machine can open the page.
    pub(crate) is_loopback: bool,
    /// The path of the page, for the links to the other languages.
    pub(crate) path: String,
    /// What else stands in the query of the page.
    pub(crate) search: String,
}

impl Frame {
    fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// What a link to another page of the book ends in.
    fn suffix(&self) -> String {
        if self.language_is_chosen { format!("?lang={}", self.language.tag()) } else { String::new() }
    }

    /// This page in every language.
    fn choices(&self) -> [Choice; 3] {
        Language::ALL.map(|language| Choice {
            tag: language.tag(),
            name: language.name(),
            link: self.in_language(language),
            is_current: language == self.language,
        })
    }

    fn in_language(&self, language: Language) -> String {
        let search = match self.search.as_str() {
            "" => String::new(),
            search => format!("&q={}", format::url_segment(search)),
        };
        format!("{}?lang={}{search}", self.path, language.tag())
    }

    fn patient_link(&self, id: &PatientId) -> String {
        format!("{}{}", patient_path(id), self.suffix())
    }
}

/// Where the page of a patient is.
pub(crate) fn patient_path(id: &PatientId) -> String {
    format!("/book/patients/{}", format::url_segment(&id.to_string()))
}

/// A language that a page can be read in.
struct Choice {
    tag: &'static str,
    name: &'static str,
    link: String,
    is_current: bool,
}

/// A page that says one thing: not found, unknown, failed.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage {
    frame: Frame,
    heading: &'static str,
    text: String,
}

impl MessagePage {
    pub(crate) fn not_found(frame: Frame) -> Self {
        let words = frame.words();
        Self { heading: words.not_found, text: words.not_found_text.to_owned(), frame }
    }

    pub(crate) fn unknown_patient(frame: Frame, id: &str) -> Self {
        let words = frame.words();
        Self { heading: words.unknown_patient, text: format::fill(words.unknown_patient_text, &[id]), frame }
    }

    pub(crate) fn not_an_identifier(frame: Frame, text: &str) -> Self {
        let words = frame.words();
        Self {
            heading: words.not_an_identifier,
            text: format::fill(words.not_an_identifier_text, &[text]),
            frame,
        }
    }

    pub(crate) fn failed(frame: Frame) -> Self {
        let words = frame.words();
        Self { heading: words.failed, text: words.failed_text.to_owned(), frame }
    }
}

/// The names of the communities that know patients by an authority; its OID if none does.
fn authority_name(communities: &[Community], id: &PatientId) -> String {
    let theirs = communities.iter().filter(|community| community.patient_authority == *id.authority());
    let names: Vec<&str> = theirs.map(|community| community.name.as_str()).collect();
    if names.is_empty() { id.authority().to_string() } else { names.join(", ") }
}
