//! Holds an answer against what a case expects and against what every answer must be.

use std::collections::BTreeMap;

use crate::answer::{Answer, RegistryError};
use crate::case::{Expect, Fault};
use crate::compose::{self, Outgoing, Transaction};
use crate::edit::{self, Aliases};
use crate::report::Finding;
use crate::variables::{Scope, hex};

mod frame;
mod kind;

pub(crate) use frame::frame;

/// All that is wrong with an answer; one of the expectations must hold.
pub(crate) fn judge(
    answer: &Answer,
    expectations: &[Expect],
    sent: &Outgoing,
    aliases: &Aliases,
    scope: &mut Scope<'_>,
) -> Result<Vec<Finding>, String> {
    let mut findings = frame(answer, sent);
    let mut refused: Vec<Vec<String>> = Vec::new();
    for expect in expectations {
        let wrong = Check { answer, aliases, wrong: Vec::new() }.all(expect, sent, scope)?;
        if wrong.is_empty() {
            return Ok(findings);
        }
        refused.push(wrong);
    }
    let alternatives = refused.len();
    if let Some(nearest) = refused.into_iter().min_by_key(Vec::len) {
        if alternatives > 1 {
            findings.push(Finding::of_case(format!("none of the {alternatives} right answers; nearest:")));
        }
        findings.extend(nearest.into_iter().map(Finding::of_case));
    }
    Ok(findings)
}

struct Check<'a> {
    answer: &'a Answer,
    aliases: &'a Aliases,
    wrong: Vec<String>,
}

impl Check<'_> {
    fn all(mut self, expect: &Expect, sent: &Outgoing, scope: &mut Scope<'_>) -> Result<Vec<String>, String> {
        self.http(expect);
        if let Some(problem) = &self.answer.problem {
            // Where nothing but the HTTP status is asked for, the body is the server's own affair.
            if expect.asks_for_a_message() {
                self.wrong.push(problem.clone());
            }
            return Ok(self.wrong);
        }
        match &expect.fault {
            Some(fault) => self.fault(fault),
            None if self.answer.is_fault() && expect.asks_for_a_message() => {
                let reason = self.answer.values("//env:Fault/env:Reason/env:Text").join(" / ");
                self.wrong.push(format!("a SOAP fault came: {reason}"));
            }
            None => {}
        }
        self.encoding(expect, sent);
        self.status(expect);
        self.errors(expect, scope)?;
        self.paths(expect, scope)?;
        if let Some(documents) = &expect.documents {
            let mut expected = BTreeMap::new();
            compose::repeated(expect.times.unwrap_or(1), scope, |scope| {
                for (unique_id, content) in documents {
                    expected.insert(scope.expand(unique_id)?, scope.expand(content)?);
                }
                Ok(())
            })?;
            self.documents(&expected, scope)?;
        }
        Ok(self.wrong)
    }

    fn http(&mut self, expect: &Expect) {
        let http = self.answer.http;
        let usual: &[u16] = if expect.fault.is_some() { &[400, 500] } else { &[200] };
        let right = if expect.http.is_empty() { usual } else { &expect.http };
        if !right.contains(&http) {
            self.wrong.push(format!("HTTP status {http}, expected {right:?}"));
        }
    }

    fn encoding(&mut self, expect: &Expect, sent: &Outgoing) {
        // A fault may be simple SOAP whatever was asked (ITI TF-2 V.3.6 speaks of responses).
        if expect.fault.is_some() || !expect.asks_for_a_message() {
            return;
        }
        let right = expect.encoding.unwrap_or(sent.encoding);
        if self.answer.encoding != Some(right) {
            self.wrong.push(format!("Content-Type {:?}, expected {right:?}", self.answer.content_type));
        }
    }

    fn fault(&mut self, expected: &Fault) {
        if !self.answer.is_fault() {
            self.wrong.push(format!("no SOAP fault came, expected {}", expected.code.join(" or ")));
            return;
        }
        let local = |name: String| name.rsplit(':').next().unwrap_or_default().to_owned();
        let code =
            self.answer.values("//env:Fault/env:Code/env:Value").into_iter().map(local).collect::<String>();
        if !expected.code.contains(&code) {
            self.wrong.push(format!("the fault's code is {code:?}, expected {}", expected.code.join(" or ")));
        }
        let subcodes = self.answer.values("//env:Fault/env:Code//env:Subcode/env:Value");
        let subcodes: Vec<_> = subcodes.into_iter().map(local).collect();
        if !subcodes.starts_with(&expected.subcode) {
            self.wrong
                .push(format!("the fault's subcodes are {subcodes:?}, expected {:?}", expected.subcode));
        }
    }

    fn status(&mut self, expect: &Expect) {
        let Some(expected) = &expect.status else { return };
        let statuses = self.answer.statuses();
        let right = match expected.as_str() {
            "PartialSuccess" => PARTIAL_SUCCESS.to_owned(),
            other => format!("{STATUS}{other}"),
        };
        if statuses != [right] {
            let said: Vec<_> = self.answer.errors().iter().map(described).collect();
            let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) };
            self.wrong.push(format!("the status is {statuses:?}, expected {expected}{said}"));
        }
    }

    fn errors(&mut self, expect: &Expect, scope: &mut Scope<'_>) -> Result<(), String> {
        let (errors, warnings): (Vec<_>, Vec<_>) =
            self.answer.errors().into_iter().partition(RegistryError::is_error);
        if !expect.codes.is_empty() {
            let mut right = Vec::new();
            for code in &expect.codes {
                right.push(scope.expand(code)?);
            }
            let others: Vec<_> =
                errors.iter().filter(|one| !right.contains(&one.code)).map(described).collect();
            if errors.is_empty() {
                self.wrong.push(format!("no error came, expected {}", right.join(" or ")));
            }
            if !others.is_empty() {
                self.wrong.push(format!(
                    "errors {}; expected only {}",
                    others.join("; "),
                    right.join(" or ")
                ));
            }
        }
        if let Some(count) = expect.errors.filter(|count| *count != errors.len()) {
            let said: Vec<_> = errors.iter().map(described).collect();
            self.wrong.push(format!("{} errors, expected {count}: {}", errors.len(), said.join("; ")));
        }
        let codes: Vec<_> = warnings.into_iter().map(|warning| warning.code).collect();
        self.texts(expect, &errors, scope)?;
        if let Some(right) = expect.warnings.as_ref().filter(|right| **right != codes) {
            self.wrong.push(format!("warnings {codes:?}, expected {right:?}"));
        }
        Ok(())
    }

    /// Each list takes an error of its own, the first that fits: so five faults need five errors.
    fn texts(
        &mut self,
        expect: &Expect,
        errors: &[RegistryError],
        scope: &mut Scope<'_>,
    ) -> Result<(), String> {
        let mut left: Vec<&RegistryError> = errors.iter().collect();
        for words in &expect.texts {
            let words = words.iter().map(|word| scope.expand(word)).collect::<Result<Vec<_>, _>>()?;
            let fits = |error: &&RegistryError| {
                let text = error.context.as_deref().unwrap_or_default();
                words.iter().all(|word| text.contains(word.as_str()))
            };
            match left.iter().position(fits) {
                Some(place) => drop(left.swap_remove(place)),
                None => {
                    let said: Vec<_> = left.iter().map(|error| described(error)).collect();
                    self.wrong.push(format!("no error names {words:?}; left are: {}", said.join("; ")));
                }
            }
        }
        Ok(())
    }

    fn paths(&mut self, expect: &Expect, scope: &mut Scope<'_>) -> Result<(), String> {
        for (path, count) in &expect.count {
            let found = self.at(path, scope)?.len();
            if found != *count {
                self.wrong.push(format!("{path}: {found} found, expected {count}"));
            }
        }
        for (path, right, sorted) in expect.lists() {
            let mut found = self.at(path, scope)?;
            let mut expected = Vec::new();
            for value in right {
                expected.push(scope.expand(value)?);
            }
            if sorted {
                found.sort();
                expected.sort();
            }
            if found != expected {
                self.wrong.push(format!("{path}: {found:?}, expected {expected:?}"));
            }
        }
        self.each_value(expect, scope)
    }

    fn each_value(&mut self, expect: &Expect, scope: &mut Scope<'_>) -> Result<(), String> {
        for (path, right) in &expect.every {
            let (found, right) = (self.at(path, scope)?, scope.expand(right)?);
            if found.is_empty() || found.iter().any(|value| *value != right) {
                self.wrong.push(format!("{path}: {found:?}, expected nothing but {right:?}"));
            }
        }
        for (path, wrong) in &expect.never {
            let (found, wrong) = (self.at(path, scope)?, scope.expand(wrong)?);
            if found.contains(&wrong) {
                self.wrong.push(format!("{path}: {found:?}, {wrong:?} must not be there"));
            }
        }
        for (path, kind) in &expect.kind {
            let found = self.at(path, scope)?;
            let odd: Vec<_> = found.iter().filter(|value| !kind::is(value, kind).unwrap_or(false)).collect();
            if kind::is("", kind).is_none() {
                return Err(format!("there is no kind {kind:?}"));
            }
            if found.is_empty() || !odd.is_empty() {
                self.wrong.push(format!("{path}: {odd:?} of {} values, expected {kind}", found.len()));
            }
        }
        Ok(())
    }

    fn at(&self, path: &str, scope: &mut Scope<'_>) -> Result<Vec<String>, String> {
        let path = edit::resolve(&scope.expand(path)?, self.aliases)?;
        Ok(self.answer.envelope.as_ref().map(|envelope| path.values(envelope)).unwrap_or_default())
    }

    fn documents(&mut self, expected: &BTreeMap<String, String>, scope: &Scope<'_>) -> Result<(), String> {
        let mut returned = self.answer.documents();
        for (unique_id, content) in expected {
            let content = scope.content(content)?;
            let Some(place) = returned.iter().position(|document| document.unique_id == *unique_id) else {
                self.wrong.push(format!("the document {unique_id} did not come"));
                continue;
            };
            match returned.remove(place).content {
                Ok(bytes) if bytes == content => {}
                Ok(bytes) => self.wrong.push(format!(
                    "the document {unique_id} has {}, expected {}",
                    fingerprint(&bytes),
                    fingerprint(content)
                )),
                Err(reason) => self.wrong.push(format!("the document {unique_id}: {reason}")),
            }
        }
        for document in returned {
            self.wrong.push(format!("the document {:?} came unasked", document.unique_id));
        }
        Ok(())
    }
}

impl Expect {
    /// Whether more is asked for than an HTTP status.
    fn asks_for_a_message(&self) -> bool {
        self.http.is_empty() || self.fault.is_some() || self.status.is_some()
    }

    /// The lists of values: path, values, whether order is of no meaning.
    fn lists(&self) -> impl Iterator<Item = (&String, &[String], bool)> {
        let values = self.values.iter().map(|(path, values)| (path, values.as_slice(), true));
        values.chain(self.ordered.iter().map(|(path, values)| (path, values.as_slice(), false)))
    }
}

fn described(error: &RegistryError) -> String {
    format!("{}: {}", error.code, error.context.as_deref().unwrap_or("without context"))
}

fn fingerprint(bytes: &[u8]) -> String {
    use sha2::Digest;
    format!("{} bytes with SHA-256 {}", bytes.len(), hex(&sha2::Sha256::digest(bytes)))
}

const STATUS: &str = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:";
const PARTIAL_SUCCESS: &str = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess";
