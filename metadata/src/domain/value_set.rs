//! A ValueSet of FHIR R4 (JSON): the codes of its expansion, or those that it is composed of.
//!
//! What would need a terminology server, such as a filter or another ValueSet, is not guessed: such a set must be
//! expanded first.

use serde_json::{Map, Value};

use super::CodedAttribute;
use super::allowed::Rule;
use super::folder::Findings;
use super::systems::Systems;
use crate::Code;

type Object = Map<String, Value>;

/// Puts the codes of a ValueSet into the rule of an attribute.
pub(super) fn read(
    document: &[u8],
    attribute: CodedAttribute,
    systems: &Systems,
    rule: &mut Rule,
    findings: &mut Findings<'_>,
) {
    let set = match serde_json::from_slice::<Value>(document) {
        Ok(Value::Object(set)) => set,
        Ok(_) => return findings.problem("", "not a JSON object, expected a ValueSet of FHIR"),
        Err(error) => return findings.problem("", format!("not JSON: {error}")),
    };
    match text(&set, "resourceType") {
        Some("ValueSet") => {}
        other => {
            let found = other.unwrap_or("none");
            return findings.problem("resourceType", format!("{found}, expected ValueSet"));
        }
    }
    let mut reading = Reading { attribute, systems, rule, findings, found: 0 };
    match (object(&set, "expansion"), object(&set, "compose")) {
        (Some(expansion), _) if expansion.contains_key("contains") => reading.expansion(expansion),
        (_, Some(compose)) => reading.compose(compose),
        _ => reading.findings.problem("", "neither expansion.contains nor compose: it has no codes"),
    }
}

struct Reading<'a, 'b> {
    attribute: CodedAttribute,
    systems: &'a Systems,
    rule: &'a mut Rule,
    findings: &'a mut Findings<'b>,
    /// Entries of the expansion.
    found: u64,
}

impl Reading<'_, '_> {
    fn expansion(&mut self, expansion: &Object) {
        self.contained(expansion, "expansion");
        let total = expansion.get("total").and_then(Value::as_u64).unwrap_or_default();
        if total > self.found {
            let problem =
                format!("{total}, but {} are here: a page of an expansion, expected all of it", self.found);
            self.findings.problem("expansion.total", problem);
        }
    }

    /// The codes of an expansion, and those below them.
    fn contained(&mut self, parent: &Object, path: &str) {
        for (item, path) in items(parent, "contains", path) {
            self.found += 1;
            let Some(item) = self.as_object(item, &path) else { continue };
            if item.get("abstract").and_then(Value::as_bool) != Some(true) {
                let scheme = self.scheme(item, &path);
                self.code(item, scheme, &path);
            }
            self.contained(item, &path);
        }
    }

    fn compose(&mut self, compose: &Object) {
        if items(compose, "exclude", "compose").next().is_some() {
            self.findings.problem("compose.exclude", EXPAND);
        }
        let mut any = false;
        for (include, path) in items(compose, "include", "compose") {
            any = true;
            let Some(include) = self.as_object(include, &path) else { continue };
            for key in ["filter", "valueSet"] {
                if include.contains_key(key) {
                    self.findings.problem(&format!("{path}.{key}"), EXPAND);
                }
            }
            if include.contains_key("filter") || include.contains_key("valueSet") {
                continue;
            }
            let scheme = self.scheme(include, &path);
            self.included(include, scheme, &path);
        }
        if !any {
            self.findings.problem("compose.include", "missing or empty: it has no codes");
        }
    }

    /// The codes that an inclusion names, or all of its system.
    fn included(&mut self, include: &Object, scheme: Option<String>, path: &str) {
        if !include.contains_key("concept") {
            if let Some(scheme) = scheme {
                self.rule.allow_all_of(scheme);
            }
            return;
        }
        for (concept, path) in items(include, "concept", path) {
            if let Some(concept) = self.as_object(concept, &path) {
                self.code(concept, scheme.clone(), &path);
            }
        }
    }

    fn code(&mut self, item: &Object, scheme: Option<String>, path: &str) {
        match (text(item, "code").filter(|code| !code.is_empty()), scheme) {
            (Some(code), Some(scheme)) => {
                self.rule.allow(Code::new(code, scheme, text(item, "display").unwrap_or_default()));
            }
            (None, _) => self.findings.problem(&format!("{path}.code"), "missing or empty"),
            (Some(_), None) => {} // Said of its system already.
        }
    }

    /// What XDS says for the system of a coding.
    fn scheme(&mut self, item: &Object, path: &str) -> Option<String> {
        if !self.attribute.has_scheme() {
            return Some(String::new());
        }
        let path = format!("{path}.system");
        let Some(system) = text(item, "system") else {
            self.findings.problem(&path, "missing");
            return None;
        };
        let scheme = self.systems.scheme(system).filter(|scheme| !scheme.is_empty());
        if scheme.is_none() {
            let problem = format!(
                "no OID is known for '{system}': say in domain.toml, below [systems], what entries have as their \
                 codingScheme"
            );
            self.findings.problem(&path, problem);
        }
        scheme
    }

    fn as_object<'v>(&mut self, value: &'v Value, path: &str) -> Option<&'v Object> {
        let object = value.as_object();
        if object.is_none() {
            self.findings.problem(path, "not an object");
        }
        object
    }
}

const EXPAND: &str = "needs a terminology server: let one expand the ValueSet ($expand), and take the result";

fn object<'a>(parent: &'a Object, key: &str) -> Option<&'a Object> {
    parent.get(key).and_then(Value::as_object)
}

fn text<'a>(parent: &'a Object, key: &str) -> Option<&'a str> {
    parent.get(key).and_then(Value::as_str)
}

/// The items of a list, each with its path.
fn items<'a>(parent: &'a Object, key: &str, path: &str) -> impl Iterator<Item = (&'a Value, String)> {
    let path = format!("{path}.{key}");
    let list = parent.get(key).and_then(Value::as_array).into_iter().flatten();
    list.enumerate().map(move |(at, item)| (item, format!("{path}[{at}]")))
}
