//! A case ready to run, and where its messages go.

use std::collections::BTreeMap;

use super::Target;
use crate::case::{Case, Step};
use crate::compose::Urls;
use crate::error::Error;
use crate::exchange::Line;
use crate::facts::Facts;
use crate::report::{CaseResult, Outcome};

/// One case, or one variant of it.
pub(super) struct Trial {
    pub(super) id: String,
    pub(super) directory: String,
    pub(super) case: Case,
    pub(super) variables: BTreeMap<String, String>,
}

impl Trial {
    pub(super) fn result(&self, title: String, outcome: Outcome) -> CaseResult {
        let (id, folder) = (self.id.clone(), self.directory.clone());
        CaseResult { id, folder, title, clauses: self.case.clauses.clone(), outcome }
    }

    /// What it needs and the server does not offer.
    pub(super) fn missing(&self, facts: &Facts) -> Option<&String> {
        self.case.needs.iter().find(|need| !facts.offers(need))
    }
}

/// Where messages go.
#[derive(Clone, Copy)]
pub(super) enum Wire<'a> {
    Live { line: &'a Line, target: &'a Target },
    Dry,
}

impl<'a> Wire<'a> {
    pub(super) fn urls(self) -> Urls<'a> {
        match self {
            Wire::Live { target, .. } => Urls {
                registry: &target.registry,
                repository: &target.repository,
                dead_repository: target.facts.dead_repository.as_deref().unwrap_or_default(),
            },
            Wire::Dry => Urls {
                registry: "https://registry.example/",
                repository: "https://repository.example/",
                dead_repository: "https://dead.example/",
            },
        }
    }
}

/// The case as often as `each` says.
pub(super) fn trials(directory: &str, case: &Case) -> Result<Vec<Trial>, Error> {
    let trial =
        |id: String, variables| Trial { id, directory: directory.to_owned(), case: case.clone(), variables };
    if case.each.is_empty() {
        return Ok(vec![trial(directory.to_owned(), BTreeMap::new())]);
    }
    let mut all: Vec<Trial> = Vec::new();
    for variables in &case.each {
        let place = || format!("{directory}/case.toml");
        let name = variables.get("name").ok_or_else(|| Error::case(place(), "`each` needs a `name`"))?;
        let id = format!("{directory}/{name}");
        if all.iter().any(|trial| trial.id == id) {
            return Err(Error::case(place(), format!("two of `each` are named {name:?}")));
        }
        all.push(trial(id, variables.clone()));
    }
    Ok(all)
}

/// What a step is called in reports.
pub(super) fn named(step: &Step) -> String {
    if let Some(title) = &step.title {
        return title.clone();
    }
    match (&step.query, &step.post) {
        (Some(query), _) => query.clone(),
        (_, Some(file)) => format!("post {file}"),
        _ if step.register.is_some() => "register".to_owned(),
        _ if step.provide.is_some() => "provide".to_owned(),
        _ if step.feed.is_some() => "feed".to_owned(),
        _ => "retrieve".to_owned(),
    }
}
