//! The files of a domain: `domain.toml`, tables of codes (`*.xml`), and `valuesets/`, where the name of a file says
//! which attribute its codes are for: `classCode.json`, `classCode.regional.json`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::systems::Systems;
use super::{Authority, CodedAttribute, Domain, Rule, Strictness, codes_xml, value_set};
use crate::Code;

/// The file that every domain has.
const HEAD: &str = "domain.toml";
/// The folder of ValueSets.
const VALUE_SETS: &str = "valuesets/";
/// Problems that are worth telling of one file: the rest is more of the same.
const MOST: usize = 20;

/// The content of files by their path in the folder, with `/` between its parts.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Something about a file, for who keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub file: String,
    /// Where in it; may be empty.
    pub path: String,
    /// What is to be said.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, path, text } = self;
        match path.as_str() {
            "" => write!(f, "{file}: {text}"),
            path => write!(f, "{file}: {path}: {text}"),
        }
    }
}

/// What is found in one file.
pub(super) struct Findings<'a> {
    file: &'a str,
    problems: Vec<Remark>,
    notes: Vec<Remark>,
}

impl<'a> Findings<'a> {
    const fn of(file: &'a str) -> Self {
        Self { file, problems: Vec::new(), notes: Vec::new() }
    }

    /// Something that the file cannot be used with.
    pub(super) fn problem(&mut self, path: &str, text: impl Into<String>) {
        let remark = self.remark(path, text.into());
        self.problems.push(remark);
    }

    /// Something that is left out.
    pub(super) fn note(&mut self, path: &str, text: impl Into<String>) {
        let remark = self.remark(path, text.into());
        self.notes.push(remark);
    }

    fn remark(&self, path: &str, text: String) -> Remark {
        Remark { file: self.file.to_owned(), path: path.to_owned(), text }
    }
}

/// `domain.toml` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: String,
    #[serde(default)]
    version: String,
    policy: Option<Strictness>,
    sources: Option<Vec<String>>,
    authorities: Option<Vec<HeadAuthority>>,
    #[serde(default)]
    attributes: BTreeMap<String, HeadAttribute>,
    #[serde(default)]
    systems: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadAuthority {
    oid: String,
    namespace: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadAttribute {
    policy: Option<Strictness>,
    #[serde(default)]
    codes: Vec<HeadCode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadCode {
    code: String,
    #[serde(default)]
    scheme: String,
    #[serde(default)]
    display: String,
}

/// The attribute that a ValueSet of that file name is for.
pub fn attribute_of_file(name: &str) -> Option<CodedAttribute> {
    let name = name.rsplit('/').next().unwrap_or_default();
    name.split('.').next().and_then(CodedAttribute::from_key)
}

impl Domain {
    /// Reads the files of a domain, with what was left out; or says all that is wrong with them.
    pub fn read(files: &Files) -> Result<(Self, Vec<Remark>), Vec<Remark>> {
        let mut reading = Reading::default();
        let head = reading.head(files.get(HEAD).map(Vec::as_slice));
        let mut domain = Self { name: head.name, version: head.version, ..Self::default() };
        reading.inside(HEAD, |findings| {
            domain.sources = head.sources.map(|sources| oids(&sources, findings));
            domain.authorities = authorities(head.authorities.as_deref().unwrap_or_default(), findings);
        });
        reading.default = head.policy.unwrap_or(Strictness::Refuse);
        reading.attributes(head.attributes);
        let systems = Systems(head.systems);
        for (file, content) in files.iter().filter(|(file, _)| *file != HEAD) {
            let authorities = reading.file(file, content, &systems);
            if head.authorities.is_none() {
                domain.authorities.extend(authorities);
            }
        }
        reading.without_codes();
        let Reading { rules, problems, notes, .. } = reading;
        domain.rules = rules.into_iter().filter(|(_, rule)| !rule.is_empty()).collect();
        if problems.is_empty() { Ok((domain, notes)) } else { Err(problems) }
    }
}

/// What has been read so far.
struct Reading {
    rules: BTreeMap<CodedAttribute, Rule>,
    /// Of attributes that say nothing else.
    default: Strictness,
    /// Attributes that say how strict they are.
    strict: Vec<CodedAttribute>,
    problems: Vec<Remark>,
    notes: Vec<Remark>,
}

impl Default for Reading {
    fn default() -> Self {
        let (rules, strict, problems, notes) = Default::default();
        Self { rules, default: Strictness::Refuse, strict, problems, notes }
    }
}

impl Reading {
    /// Something done to one file.
    fn inside<T>(&mut self, file: &str, work: impl FnOnce(&mut Findings<'_>) -> T) -> T {
        let mut findings = Findings::of(file);
        let outcome = work(&mut findings);
        let Findings { problems, notes, .. } = findings;
        self.keep(file, problems);
        self.notes.extend(notes);
        outcome
    }

    fn keep(&mut self, file: &str, mut problems: Vec<Remark>) {
        if let Some(more @ 1..) = problems.len().checked_sub(MOST) {
            problems.truncate(MOST);
            let text = format!("and {more} more problems");
            problems.push(Remark { file: file.to_owned(), path: String::new(), text });
        }
        self.problems.extend(problems);
    }

    fn head(&mut self, content: Option<&[u8]>) -> Head {
        self.inside(HEAD, |findings| {
            let Some(content) = content else {
                findings.problem("", "there is no such file: it says at least the name of the domain");
                return Head::default();
            };
            let Ok(text) = std::str::from_utf8(content) else {
                findings.problem("", "not UTF-8");
                return Head::default();
            };
            toml::from_str(text).unwrap_or_else(|error| {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                findings.problem(&format!("line {line}"), error.message().trim());
                Head::default()
            })
        })
    }

    /// What `domain.toml` itself says of attributes.
    fn attributes(&mut self, attributes: BTreeMap<String, HeadAttribute>) {
        for (key, said) in attributes {
            let path = format!("attributes.{key}");
            let Some(attribute) = CodedAttribute::from_key(&key) else {
                self.inside(HEAD, |findings| findings.problem(&path, unknown()));
                continue;
            };
            let rule = self.rule(attribute);
            if let Some(strictness) = said.policy {
                rule.strictness = strictness;
                self.strict.push(attribute);
            }
            for (code, number) in said.codes.into_iter().zip(0..) {
                let path = format!("{path}.codes[{number}]");
                match (code.code.is_empty(), attribute.has_scheme() != code.scheme.is_empty()) {
                    (false, true) => {
                        self.rule(attribute).allow(Code::new(code.code, code.scheme, &code.display));
                    }
                    (true, _) => self.inside(HEAD, |findings| findings.problem(&path, "code is empty")),
                    (false, false) => {
                        let wanted = if attribute.has_scheme() { "one" } else { "none" };
                        let problem = format!("scheme '{}', expected {wanted}", code.scheme);
                        self.inside(HEAD, |findings| findings.problem(&path, problem));
                    }
                }
            }
        }
    }

    /// Any other file; the authorities that it names.
    fn file(&mut self, file: &str, content: &[u8], systems: &Systems) -> Vec<Authority> {
        let is_xml = file.ends_with(".xml");
        if is_xml && !file.contains('/') {
            let table = self.inside(file, |findings| codes_xml::read(content, findings));
            for (attribute, code) in table.codes {
                self.rule(attribute).allow(code);
            }
            return table.authorities;
        }
        if !file.ends_with(".json") && !is_xml {
            return Vec::new(); // A README, say.
        }
        let place = file.strip_prefix(VALUE_SETS).filter(|name| !name.contains('/') && !is_xml);
        match (place, attribute_of_file(file)) {
            (Some(_), Some(attribute)) => {
                let mut rule = self.rule(attribute).clone();
                self.inside(file, |findings| {
                    value_set::read(content, attribute, systems, &mut rule, findings);
                });
                self.rules.insert(attribute, rule);
            }
            (Some(_), None) => self.inside(file, |findings| findings.problem("", unknown())),
            (None, _) => {
                let text =
                    "not read: tables of codes lie in the folder itself, ValueSets (JSON) in valuesets/";
                self.inside(file, |findings| findings.note("", text));
            }
        }
        Vec::new()
    }

    /// Nothing can be judged without codes.
    fn without_codes(&mut self) {
        let judged = |attribute: &&CodedAttribute| {
            self.rules
                .get(attribute)
                .is_some_and(|rule| rule.is_empty() && rule.strictness != Strictness::Accept)
        };
        let bare: Vec<CodedAttribute> = self.strict.iter().filter(judged).copied().collect();
        for attribute in bare {
            let problem = "there are no codes for it in any file, so every submission would break it";
            self.inside(HEAD, |findings| {
                findings.problem(&format!("attributes.{attribute}.policy"), problem)
            });
        }
    }

    fn rule(&mut self, attribute: CodedAttribute) -> &mut Rule {
        let default = self.default;
        self.rules.entry(attribute).or_insert_with(|| Rule::new(default))
    }
}

fn unknown() -> String {
    let names: Vec<&str> = CodedAttribute::all().map(CodedAttribute::key).collect();
    format!("no attribute has that name, expected one of {}", names.join(", "))
}

fn oids<T: FromIterator<crate::Oid>>(texts: &[String], findings: &mut Findings<'_>) -> T {
    let read = texts.iter().zip(0..).filter_map(|(text, number)| {
        let oid = text.parse();
        oid.map_err(|error: crate::Invalid| {
            findings.problem(&format!("sources[{number}]"), error.to_string());
        })
        .ok()
    });
    read.collect()
}

fn authorities(said: &[HeadAuthority], findings: &mut Findings<'_>) -> Vec<Authority> {
    let read = said.iter().zip(0..).filter_map(|(authority, number)| match authority.oid.parse() {
        Ok(oid) => Some(Authority { oid, namespace: authority.namespace.clone() }),
        Err(error) => {
            findings.problem(&format!("authorities[{number}].oid"), error.to_string());
            None
        }
    });
    read.collect()
}
