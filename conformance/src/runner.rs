//! Runs cases against a registry and a repository, one after the other, each with patients of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::Answer;
use crate::case::{Case, Content, Endpoint, SharedSteps, Step};
use crate::clauses::Clauses;
use crate::compose::{self, Outgoing, Place, Shared};
use crate::edit;
use crate::error::Error;
use crate::exchange::{Credentials, Line};
use crate::facts::Facts;
use crate::judge;
use crate::library::Library;
use crate::report::{CaseResult, Finding, Outcome, Report};
use crate::schema;
use crate::variables::{self, Contents, Patients, Scope};

/// Who is judged, and what must be known of them.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where ITI-42 and ITI-18 go.
    pub registry: String,
    /// Where ITI-41 and ITI-43 go.
    pub repository: String,
    /// Who we are to them.
    pub credentials: Credentials,
    /// What they accept.
    pub facts: Facts,
}

/// Runs all cases whose name contains `filter`; `seen` gets each result as it comes.
pub async fn run(
    library: &Library,
    target: &Target,
    filter: Option<&str>,
    mut seen: impl FnMut(&CaseResult),
) -> Result<Report, Error> {
    let line = Line::new(&target.credentials)?;
    let court = Court::of(library)?;
    let mut patients = Patients::default();
    let mut results = Vec::new();
    for trial in court.trials.iter().filter(|trial| filter.is_none_or(|part| trial.id.contains(part))) {
        let wire = Wire::Live { line: &line, target };
        let result = court.result(trial, wire, &target.facts, &mut patients).await;
        seen(&result);
        results.push(result);
    }
    if results.is_empty() {
        return Err(Error::NothingSelected(filter.unwrap_or_default().to_owned()));
    }
    Ok(court.report(target, results))
}

/// The names and titles of all cases.
pub fn list(library: &Library) -> Result<Vec<(String, String)>, Error> {
    Ok(Court::of(library)?.trials.into_iter().map(|trial| (trial.id, trial.case.title)).collect())
}

/// Composes every message of every case and reads every expectation, without sending anything; what is
/// wrong comes back.
pub async fn check(library: &Library) -> Result<Vec<CaseResult>, Error> {
    let court = Court::of(library)?;
    let facts = Facts::defaults(library)?;
    let facts =
        Facts { offers: court.trials.iter().flat_map(|trial| trial.case.needs.clone()).collect(), ..facts };
    let mut wrong = Vec::new();
    for trial in &court.trials {
        let result = court.result(trial, Wire::Dry, &facts, &mut Patients::default()).await;
        if result.outcome != Outcome::Passed {
            wrong.push(result);
        }
    }
    Ok(wrong)
}

/// The cases, made ready.
struct Court<'a> {
    library: &'a Library,
    shared: Shared,
    clauses: Clauses,
    contents: Contents,
    trials: Vec<Trial>,
}

/// One case, or one variant of it.
struct Trial {
    id: String,
    directory: String,
    case: Case,
    variables: BTreeMap<String, String>,
}

/// Where messages go.
#[derive(Clone, Copy)]
enum Wire<'a> {
    Live { line: &'a Line, target: &'a Target },
    Dry,
}

/// Why a case does not go on.
enum Stop {
    /// The server is wrong.
    Found(Vec<Finding>),
    /// The case is wrong.
    Broken(String),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Broken(reason)
    }
}

impl<'a> Court<'a> {
    fn of(library: &'a Library) -> Result<Self, Error> {
        let mut court = Self {
            library,
            shared: Shared::of(library)?,
            clauses: Clauses::of(library)?,
            contents: bytes(&library.toml("shared/contents.toml")?, library, "shared")?,
            trials: Vec::new(),
        };
        for directory in library.cases() {
            let place = format!("{directory}/case.toml");
            let case: Case = library.toml(&place)?;
            let mut unknown = case.clauses.iter().filter(|id| court.clauses.find(id).is_none());
            if let Some(unknown) = unknown.next() {
                return Err(Error::case(place, format!("clauses.toml has no clause {unknown:?}")));
            }
            court.trials.extend(trials(directory, &case)?);
        }
        Ok(court)
    }

    async fn result(
        &self,
        trial: &Trial,
        wire: Wire<'_>,
        facts: &Facts,
        patients: &mut Patients,
    ) -> CaseResult {
        let missing = trial.case.needs.iter().find(|need| !facts.offers.contains(need));
        let outcome = match missing {
            Some(need) => Outcome::Skipped(format!("needs {need:?}, which the facts do not offer")),
            None => match self.walk(trial, wire, facts, patients).await {
                Ok(()) => Outcome::Passed,
                Err(Stop::Found(findings)) => Outcome::Failed(findings),
                Err(Stop::Broken(reason)) => Outcome::Broken(reason),
            },
        };
        let title = variables::expand(&trial.case.title, &mut |name| {
            trial.variables.get(name).cloned().ok_or_else(|| format!("no {name} in `each`"))
        });
        let title = title.unwrap_or_else(|_| trial.case.title.clone());
        CaseResult { id: trial.id.clone(), title, clauses: trial.case.clauses.clone(), outcome }
    }

    async fn walk(
        &self,
        trial: &Trial,
        wire: Wire<'_>,
        facts: &Facts,
        patients: &mut Patients,
    ) -> Result<(), Stop> {
        let contents = bytes(&trial.case.contents, self.library, &trial.directory);
        let contents = contents.map_err(|error| error.to_string())?;
        let mut scope = Scope::new(facts, patients, &self.shared.constants, [&contents, &self.contents]);
        for (name, value) in &trial.variables {
            scope.set(name.clone(), value.clone());
        }
        self.steps(&trial.case.steps, &trial.directory, wire, &mut scope).await
    }

    async fn steps(
        &self,
        steps: &[Step],
        directory: &str,
        wire: Wire<'_>,
        scope: &mut Scope<'_>,
    ) -> Result<(), Stop> {
        for (index, step) in steps.iter().enumerate() {
            if let Some(shared) = &step.shared {
                Box::pin(self.shared_steps(shared, step, wire, scope)).await?;
                continue;
            }
            let name = format!("step {} ({})", index + 1, named(step));
            let done = self.step(step, directory, wire, scope).await;
            done.map_err(|stop| match stop {
                Stop::Found(findings) => Stop::Found(
                    findings.into_iter().map(|one| Finding { step: name.clone(), ..one }).collect(),
                ),
                Stop::Broken(reason) => Stop::Broken(format!("{name}: {reason}")),
            })?;
        }
        Ok(())
    }

    async fn shared_steps(
        &self,
        name: &str,
        step: &Step,
        wire: Wire<'_>,
        scope: &mut Scope<'_>,
    ) -> Result<(), Stop> {
        let file = format!("shared/steps/{name}.toml");
        let shared: SharedSteps = self.library.toml(&file).map_err(|error| error.to_string())?;
        if let Some(unknown) = step.with.keys().find(|name| !shared.defaults.contains_key(*name)) {
            return Err(Stop::Broken(format!("{file} has no parameter {unknown:?}")));
        }
        // All are read outside, before any is set: a parameter may have the name of what it defaults to.
        let mut inside = Vec::new();
        for (name, default) in &shared.defaults {
            inside.push((name.clone(), scope.expand(step.with.get(name).unwrap_or(default))?));
        }
        let mut outside = Vec::new();
        for (name, value) in inside {
            outside.push((name.clone(), scope.set(name, value)));
        }
        let done = self.steps(&shared.steps, "shared/steps", wire, scope).await;
        for (name, value) in outside {
            match value {
                Some(value) => drop(scope.set(name, value)),
                None => scope.unset(&name),
            }
        }
        done
    }

    async fn step(
        &self,
        step: &Step,
        directory: &str,
        wire: Wire<'_>,
        scope: &mut Scope<'_>,
    ) -> Result<(), Stop> {
        let (registry, repository) = match wire {
            Wire::Live { target, .. } => (target.registry.as_str(), target.repository.as_str()),
            Wire::Dry => ("https://registry.example/", "https://repository.example/"),
        };
        let place = Place { library: self.library, shared: &self.shared, directory, registry, repository };
        let mut sent = compose::compose(step, place, scope)?;
        if step.expect.is_empty() {
            return Err(Stop::Broken("a step without `expect` can never fail".to_owned()));
        }
        let Wire::Live { line, .. } = wire else { return self.rehearse(step, &sent, scope) };
        let url = if sent.endpoint == Endpoint::Registry { registry } else { repository };
        let body = std::mem::take(&mut sent.body);
        let raw = line.post(url, &sent.headers, body).await;
        let answer = raw.map_err(|reason| Stop::Found(vec![Finding::of_case(reason)]))?;
        let answer = Answer::read(answer);
        let findings = judge::judge(&answer, &step.expect, &sent, &self.shared.aliases, scope)?;
        if !findings.is_empty() {
            return Err(Stop::Found(findings));
        }
        self.capture(step, &answer, scope)
    }

    fn capture(&self, step: &Step, answer: &Answer, scope: &mut Scope<'_>) -> Result<(), Stop> {
        for (name, path) in &step.capture {
            let (name, path) = (scope.expand(name)?, scope.expand(path)?);
            let read = edit::resolve(&path, &self.shared.aliases)?;
            let found = answer.envelope.as_ref().map(|envelope| read.values(envelope)).unwrap_or_default();
            let [value] = found.as_slice() else {
                let text = format!("{path}: {found:?}, expected one value to go on with");
                return Err(Stop::Found(vec![Finding::of_case(text)]));
            };
            scope.set(name, value.clone());
        }
        Ok(())
    }

    /// A step without a server: what nobody spoiled must be as the schemas have it, every expectation is
    /// read, and what would be captured is made up.
    fn rehearse(&self, step: &Step, sent: &Outgoing, scope: &mut Scope<'_>) -> Result<(), Stop> {
        let mistakes = sent.envelope.as_ref().map(schema::mistakes).unwrap_or_default();
        if let Some(mistake) = mistakes.first().filter(|_| step.edit.is_empty()) {
            return Err(Stop::Broken(format!("the message breaks the schema: {mistake}")));
        }
        let nothing = Answer::silent();
        judge::judge(&nothing, &step.expect, sent, &self.shared.aliases, scope)?;
        for (name, path) in &step.capture {
            edit::resolve(&scope.expand(path)?, &self.shared.aliases)?;
            let name = scope.expand(name)?;
            scope.set(name, variables::fresh_uuid());
        }
        Ok(())
    }

    fn report(self, target: &Target, cases: Vec<CaseResult>) -> Report {
        let rested: BTreeSet<&String> = self.trials.iter().flat_map(|trial| &trial.case.clauses).collect();
        let open = |(id, clause): &(&String, &crate::Clause)| !clause.always && !rested.contains(id);
        let without_case = self.clauses.0.iter().filter(open).map(|(id, _)| id.clone()).collect();
        let (registry, repository) = (target.registry.clone(), target.repository.clone());
        Report { registry, repository, cases, without_case, clauses: self.clauses }
    }
}

/// The contents that a file names, as bytes.
fn bytes(named: &BTreeMap<String, Content>, library: &Library, directory: &str) -> Result<Contents, Error> {
    named.iter().map(|(name, content)| Ok((name.clone(), content.bytes(library, directory)?))).collect()
}

/// The case as often as `each` says.
fn trials(directory: &str, case: &Case) -> Result<Vec<Trial>, Error> {
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
fn named(step: &Step) -> String {
    if let Some(title) = &step.title {
        return title.clone();
    }
    match (&step.query, &step.post) {
        (Some(query), _) => query.clone(),
        (_, Some(file)) => format!("post {file}"),
        _ if step.register.is_some() => "register".to_owned(),
        _ if step.provide.is_some() => "provide".to_owned(),
        _ => "retrieve".to_owned(),
    }
}

#[cfg(test)]
mod tests;
