//! The report as a page (`docs/conformance.md`): clause, cases, result; and what no case judges, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::report::{Outcome, Report};

/// The cases that rest on a clause: their folders, each with how many of its variants there are.
type Folders<'a> = BTreeMap<&'a str, usize>;

impl Report {
    /// The page. It says nothing of where and when, so that two runs with the same results are the same.
    pub fn markdown(&self) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = self.page(&mut page);
        page
    }

    fn page(&self, out: &mut String) -> std::fmt::Result {
        let summary = self.summary();
        let folders: BTreeSet<&str> = self.cases.iter().map(|case| case.folder.as_str()).collect();
        writeln!(out, "# Conformance\n\n{INTRODUCTION}\n")?;
        writeln!(
            out,
            "{} cases in {} folders: {} passed, {} failed, {} not run. {} of {} clauses have a case.\n",
            self.cases.len(),
            folders.len(),
            summary.passed,
            summary.failed + summary.broken,
            summary.skipped,
            summary.covered,
            summary.clauses
        )?;
        self.clauses(out)?;
        self.uncovered(out)?;
        self.codes(out)?;
        self.not_run(out)
    }

    fn clauses(&self, out: &mut String) -> std::fmt::Result {
        let verdicts = self.by_clause();
        writeln!(out, "## Clauses\n\n| clause | demands | result | cases |\n|---|---|---|---|")?;
        for (id, clause) in &self.clauses.0 {
            let (passed, failed) = verdicts.get(id.as_str()).map_or((0, 0), |(p, f)| (p.len(), f.len()));
            let cases = match self.resting_on(id) {
                folders if folders.is_empty() && clause.always => "every answer of every case".to_owned(),
                folders if folders.is_empty() => continue,
                folders if clause.always => format!("every answer of every case; {}", listed(&folders)),
                folders => listed(&folders),
            };
            let result = match (passed, failed) {
                (_, 1..) => "**failed**",
                (0, 0) if !clause.always => "not run",
                _ => "passed",
            };
            let (source, demands) = (escaped(&clause.source), escaped(&clause.demands));
            writeln!(out, "| {id} | {demands} ({source}) | {result} | {cases} |")?;
        }
        writeln!(out)
    }

    fn resting_on(&self, clause: &str) -> Folders<'_> {
        let mut folders = Folders::new();
        for case in self.cases.iter().filter(|case| case.clauses.iter().any(|one| one == clause)) {
            *folders.entry(case.folder.as_str()).or_default() += 1;
        }
        folders
    }

    fn uncovered(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "## Clauses without a case\n\n| clause | demands | why |\n|---|---|---|")?;
        for id in &self.without_case {
            let Some(clause) = self.clauses.find(id) else { continue };
            let why = clause.without.as_deref().unwrap_or("**nobody has written one**");
            writeln!(
                out,
                "| {id} | {} ({}) | {} |",
                escaped(&clause.demands),
                escaped(&clause.source),
                escaped(why)
            )?;
        }
        writeln!(out)
    }

    fn codes(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "## Error codes\n\n{CODES}\n\n| code | transactions | means | provoked by |\n|---|---|---|---|"
        )?;
        for (code, said) in &self.codes.known {
            let cases = self.codes.provoked.get(code).map(|cases| {
                let cases: Vec<_> = cases.iter().map(|case| format!("`{case}`")).collect();
                cases.join(", ")
            });
            let by = match (cases, &said.without) {
                (Some(cases), _) => cases,
                (None, Some(why)) => format!("no case: {}", escaped(why)),
                (None, None) => "**no case**".to_owned(),
            };
            writeln!(out, "| {code} | {} | {} | {by} |", escaped(&said.transactions), escaped(&said.means))?;
        }
        Ok(())
    }

    fn not_run(&self, out: &mut String) -> std::fmt::Result {
        let skipped: Vec<_> = self
            .cases
            .iter()
            .filter_map(|case| match &case.outcome {
                Outcome::Skipped(why) => Some((case.id.as_str(), why.as_str())),
                _ => None,
            })
            .collect();
        if skipped.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n## Not run\n\n| case | why |\n|---|---|")?;
        skipped.into_iter().try_for_each(|(id, why)| writeln!(out, "| `{id}` | {} |", escaped(why)))
    }
}

fn listed(folders: &Folders<'_>) -> String {
    let one = |(folder, variants): (&&str, &usize)| match variants {
        1 => format!("`{folder}`"),
        many => format!("`{folder}` ({many})"),
    };
    folders.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Text in a cell of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

const INTRODUCTION: &str = "What the judge (`conformance/`) holds our registry and repository against: each clause, the cases that rest on \
it, and how they ended. `dosebook conform --markdown > docs/conformance.md` writes this page after running every \
case against nodes that it starts for it; a test compares the two. A number behind a case says in how many \
variants it runs. Every case is a folder of `conformance/cases`.";
const CODES: &str = "The codes of ITI TF-3 table 4.2.4.1-2 that answers of ITI-8, 18, 41, 42, 43 and 44 can have. A case is listed \
only if nothing but that code satisfies it.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use crate::runner;

    /// The part of a page that does not hang on how the cases ended; that, a run shows (`tests/e2e/conformance.rs`).
    fn settled(page: &str) -> String {
        let (_, tables) = page.split_once("\n## Clauses\n").unwrap();
        let tables = tables.split("\n## Not run\n").next().unwrap();
        tables.replace(" | not run | ", " | passed | ").trim_end().to_owned()
    }

    #[test]
    fn the_page_is_that_of_the_cases() {
        let report = runner::all_passed(&Library::built_in()).unwrap();
        let page = include_str!("../../docs/conformance.md");
        assert!(
            settled(page) == settled(&report.markdown()),
            "docs/conformance.md is not what the cases say; `dosebook conform --markdown > docs/conformance.md`"
        );
        let count = format!("{} cases in ", report.cases.len());
        assert!(page.contains(&count), "docs/conformance.md does not speak of {count}");
        assert!(
            !page.contains("**"),
            "docs/conformance.md has a failure, or a clause or code that nobody judges"
        );
    }

    #[test]
    fn every_clause_and_every_code_has_a_case_or_says_why_not() {
        let report = runner::all_passed(&Library::built_in()).unwrap();
        let clauses = &report.clauses;
        for id in &report.without_case {
            assert!(clauses.find(id).unwrap().without.is_some(), "{id} has no case and does not say why");
        }
        let covered = clauses.0.iter().filter(|(id, _)| !report.without_case.contains(id));
        for (id, clause) in covered {
            assert!(clause.without.is_none(), "{id} says why it has no case, and has one");
        }
        for (code, said) in &report.codes.known {
            let provoked = report.codes.provoked.contains_key(code);
            assert!(provoked != said.without.is_some(), "{code}: a case, or why there is none, and not both");
        }
        for code in report.codes.provoked.keys() {
            assert!(report.codes.known.contains_key(code), "{code} is demanded and not in codes.toml");
        }
    }

    #[test]
    fn says_what_failed_and_what_was_not_run() {
        let mut report = runner::all_passed(&Library::built_in()).unwrap();
        let clause = report.cases[0].clauses[0].clone();
        report.cases[0].outcome = Outcome::Failed(Vec::new());
        report.cases[1].outcome = Outcome::Skipped("needs \"x|y\"".to_owned());
        let page = report.markdown();
        let line = page.lines().find(|line| line.starts_with(&format!("| {clause} |"))).unwrap();
        assert!(line.contains("**failed**"), "{line}");
        assert!(page.contains("1 failed, 1 not run"), "{page}");
        assert!(page.contains(&format!("| `{}` | needs \"x\\|y\" |", report.cases[1].id)), "{page}");
    }
}
