//! What was found, case by case and clause by clause, for people and for machines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::clauses::Clauses;
use crate::codes::Codes;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The clause, if it is not one of the case but one that holds for every answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// The step at which it was found.
    pub step: String,
    /// What came and what was expected.
    pub text: String,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "outcome", content = "detail")]
pub enum Outcome {
    /// As the standard demands.
    Passed,
    /// Not as the standard demands.
    Failed(Vec<Finding>),
    /// Not run, and why.
    Skipped(String),
    /// The case itself is written wrongly.
    Broken(String),
}

/// A case and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// Its directory below `cases`, and its variant.
    pub id: String,
    /// Its directory alone.
    #[serde(skip)]
    pub folder: String,
    /// What holds if it passes.
    pub title: String,
    /// The clauses that it rests on.
    pub clauses: Vec<String>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// All that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The registry that was judged.
    pub registry: String,
    /// The repository that was judged.
    pub repository: String,
    /// Every case that was selected.
    pub cases: Vec<CaseResult>,
    /// The clauses on which no case rests at all, selected or not.
    pub without_case: Vec<String>,
    #[serde(skip)]
    pub(crate) clauses: Clauses,
    #[serde(skip)]
    pub(crate) codes: Codes,
}

/// Numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Cases as the standard demands.
    pub passed: usize,
    /// Cases that are not.
    pub failed: usize,
    /// Cases that were not run.
    pub skipped: usize,
    /// Cases that are written wrongly.
    pub broken: usize,
    /// Clauses with a case.
    pub covered: usize,
    /// Clauses at all.
    pub clauses: usize,
}

impl Finding {
    /// A finding about what the case expects.
    pub(crate) fn of_case(text: String) -> Self {
        Self { clause: None, step: String::new(), text }
    }

    /// A finding about what holds for every answer.
    pub(crate) fn of(clause: &str, text: String) -> Self {
        Self { clause: Some(clause.to_owned()), step: String::new(), text }
    }
}

impl CaseResult {
    /// Whether nothing is wrong with it, or it was not run.
    pub fn is_fine(&self) -> bool {
        matches!(self.outcome, Outcome::Passed | Outcome::Skipped(_))
    }
}

impl Report {
    /// Numbers.
    pub fn summary(&self) -> Summary {
        let count =
            |wanted: fn(&Outcome) -> bool| self.cases.iter().filter(|case| wanted(&case.outcome)).count();
        Summary {
            passed: count(|outcome| matches!(outcome, Outcome::Passed)),
            failed: count(|outcome| matches!(outcome, Outcome::Failed(_))),
            skipped: count(|outcome| matches!(outcome, Outcome::Skipped(_))),
            broken: count(|outcome| matches!(outcome, Outcome::Broken(_))),
            covered: self.clauses.0.len() - self.without_case.len(),
            clauses: self.clauses.0.len(),
        }
    }

    /// Whether nothing is wrong.
    pub fn is_green(&self) -> bool {
        self.cases.iter().all(CaseResult::is_fine)
    }

    /// The numbers in one line.
    pub fn last_line(&self) -> String {
        let Summary { passed, failed, skipped, broken, covered, clauses } = self.summary();
        format!(
            "{} cases: {passed} passed, {failed} failed, {skipped} skipped, {broken} broken; \
             {covered} of {clauses} clauses have a case",
            self.cases.len()
        )
    }

    /// For each clause with a case in this run: those that passed, those that failed.
    pub fn by_clause(&self) -> BTreeMap<&str, (Vec<&str>, Vec<&str>)> {
        let mut found: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
        for case in &self.cases {
            for clause in &case.clauses {
                let (passed, failed) = found.entry(clause).or_default();
                match &case.outcome {
                    Outcome::Passed => passed.insert(case.id.as_str()),
                    Outcome::Failed(_) | Outcome::Broken(_) => failed.insert(case.id.as_str()),
                    Outcome::Skipped(_) => false,
                };
            }
            let Outcome::Failed(findings) = &case.outcome else { continue };
            for clause in findings.iter().filter_map(|finding| finding.clause.as_deref()) {
                found.entry(clause).or_default().1.insert(&case.id);
            }
        }
        let sorted = |set: BTreeSet<_>| set.into_iter().collect();
        found.into_iter().map(|(id, (passed, failed))| (id, (sorted(passed), sorted(failed)))).collect()
    }

    /// The report as JSON, with the summary and the cases of each clause.
    pub fn json(&self) -> serde_json::Value {
        let clause = |(id, (passed, failed))| (id, serde_json::json!({ "passed": passed, "failed": failed }));
        let clauses: BTreeMap<_, _> = self.by_clause().into_iter().map(clause).collect();
        serde_json::json!({ "summary": self.summary(), "clauses": clauses, "report": self })
    }
}

/// One line, and one for each finding.
impl fmt::Display for CaseResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Passed => write!(f, "pass    {}: {}", self.id, self.title),
            Outcome::Skipped(reason) => write!(f, "skip    {}: {reason}", self.id),
            Outcome::Broken(reason) => write!(f, "BROKEN  {}: {reason}", self.id),
            Outcome::Failed(findings) => {
                write!(f, "FAIL    {}: {}", self.id, self.title)?;
                for finding in findings {
                    let clause =
                        finding.clause.as_ref().map(|clause| format!("[{clause}] ")).unwrap_or_default();
                    write!(f, "\n        {}: {clause}{}", finding.step, finding.text)?;
                }
                Ok(())
            }
        }
    }
}

/// Clause by clause, then the clauses without a case, then the summary in one line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, (passed, failed)) in self.by_clause() {
            let (source, demands) =
                self.clauses.find(id).map_or(("", ""), |clause| (&clause.source, &clause.demands));
            let verdict = match (passed.is_empty(), failed.is_empty()) {
                (_, false) => "FAIL",
                (true, true) => "skip",
                (false, true) => "pass",
            };
            writeln!(f, "{verdict}  {id:<16} {source}: {demands}")?;
            for case in failed {
                writeln!(f, "      {case}")?;
            }
        }
        if !self.without_case.is_empty() {
            writeln!(f, "\n{} clauses without a case:", self.without_case.len())?;
        }
        for id in &self.without_case {
            let demands = self.clauses.find(id).map_or("", |clause| &clause.demands);
            writeln!(f, "      {id:<16} {demands}")?;
        }
        write!(f, "\n{}", self.last_line())
    }
}
