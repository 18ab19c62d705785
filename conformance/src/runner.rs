//! Runs cases against a registry and a repository, one after the other, each with patients of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::answer::Answer;
use crate::case::{Case, Content, SharedSteps, Step};
use crate::clauses::Clauses;
use crate::codes::Codes;
use crate::compose::{self, Outgoing, Place, Shared};
use crate::edit;
use crate::error::Error;
use crate::exchange::{Credentials, Line};
use crate::facts::Facts;
use crate::feed;
use crate::judge;
use crate::library::Library;
use crate::report::{CaseResult, Finding, Outcome, Report};
use crate::schema;
use crate::variables::{self, Contents, Patients, Scope};
use trial::{Trial, Wire, named, trials};

mod trial;

/// A server that is judged, and what must be known of it.
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
///
/// Of several servers that differ in what they offer, a case goes to the first that has what it needs.
pub async fn run(
    library: &Library,
    targets: &[Target],
    filter: Option<&str>,
    mut seen: impl FnMut(&CaseResult),
) -> Result<Report, Error> {
    let court = Court::of(library)?;
    let mut benches = Vec::new();
    for target in targets {
        benches.push((Line::new(&target.credentials)?, target, Patients::default()));
    }
    let mut results = Vec::new();
    for trial in court.trials.iter().filter(|trial| filter.is_none_or(|part| trial.id.contains(part))) {
        let able = benches.iter().position(|(_, target, _)| trial.missing(&target.facts).is_none());
        let Some((line, target, patients)) = benches.get_mut(able.unwrap_or_default()) else { break };
        let wire = Wire::Live { line, target };
        let result = court.result(trial, wire, &target.facts, patients).await;
        seen(&result);
        results.push(result);
    }
    if results.is_empty() {
        return Err(Error::NothingSelected(filter.unwrap_or_default().to_owned()));
    }
    court.report(targets, results)
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
    let facts = facts.with_everything(court.trials.iter().flat_map(|trial| &trial.case.needs));
    let mut wrong = Vec::new();
    for trial in &court.trials {
        let result = court.result(trial, Wire::Dry, &facts, &mut Patients::default()).await;
        if result.outcome != Outcome::Passed {
            wrong.push(result);
        }
    }
    Ok(wrong)
}

/// The report of a run in which every case passes.
#[cfg(test)]
pub(crate) fn all_passed(library: &Library) -> Result<Report, Error> {
    let court = Court::of(library)?;
    let passed = court.trials.iter().map(|trial| trial.result(trial.case.title.clone(), Outcome::Passed));
    let passed = passed.collect();
    court.report(&[], passed)
}

/// The cases, made ready.
struct Court<'a> {
    library: &'a Library,
    shared: Shared,
    clauses: Clauses,
    contents: Contents,
    trials: Vec<Trial>,
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
        let outcome = match trial.missing(facts) {
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
        trial.result(title, outcome)
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
        if step.expect.is_empty() {
            return Err(Stop::Broken("a step without `expect` can never fail".to_owned()));
        }
        if let Some(segments) = &step.feed {
            return feed(segments, step, wire, scope).await;
        }
        let urls = wire.urls();
        let place = Place { library: self.library, shared: &self.shared, directory, urls };
        let mut sent = compose::compose(step, place, scope)?;
        let Wire::Live { line, .. } = wire else { return self.rehearse(step, &sent, scope) };
        tokio::time::sleep(Duration::from_millis(step.wait)).await;
        let body = std::mem::take(&mut sent.body);
        let raw = line.post(urls.of(sent.endpoint), &sent.headers, body).await;
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

    fn report(self, targets: &[Target], cases: Vec<CaseResult>) -> Result<Report, Error> {
        let rested: BTreeSet<&String> = self.trials.iter().flat_map(|trial| &trial.case.clauses).collect();
        let open = |(id, clause): &(&String, &crate::Clause)| !clause.always && !rested.contains(id);
        let without_case = self.clauses.0.iter().filter(open).map(|(id, _)| id.clone()).collect();
        let first = targets.first();
        let registry = first.map(|target| target.registry.clone()).unwrap_or_default();
        let repository = first.map(|target| target.repository.clone()).unwrap_or_default();
        let said = self.trials.iter().map(|trial| (trial.directory.as_str(), &trial.case, &trial.variables));
        let codes = Codes::of(self.library, said)?;
        Ok(Report { registry, repository, cases, without_case, clauses: self.clauses, codes })
    }
}

/// A step of ITI-8.
async fn feed(segments: &[String], step: &Step, wire: Wire<'_>, scope: &mut Scope<'_>) -> Result<(), Stop> {
    let message = feed::compose(segments, &step.mllp, scope)?;
    feed::rehearse(step)?;
    let Wire::Live { line, target } = wire else { return Ok(()) };
    let found = |text: String| Stop::Found(vec![Finding::of_case(text)]);
    let url = target.facts.mllp.as_deref();
    let url =
        url.ok_or_else(|| found("the facts say nothing of where HL7 v2 messages go (`mllp`)".to_owned()))?;
    for answer in line.frames(url, &message.bytes, step.mllp.times).await.map_err(found)? {
        let findings = feed::judge(&answer, &message, &step.expect, scope)?;
        if !findings.is_empty() {
            return Err(Stop::Found(findings));
        }
    }
    Ok(())
}

/// The contents that a file names, as bytes.
fn bytes(named: &BTreeMap<String, Content>, library: &Library, directory: &str) -> Result<Contents, Error> {
    named.iter().map(|(name, content)| Ok((name.clone(), content.bytes(library, directory)?))).collect()
}

#[cfg(test)]
mod tests;
