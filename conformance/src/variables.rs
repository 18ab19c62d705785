//! `${...}` in cases: identifiers that are fresh in every run, facts about the server, captured values.

use std::collections::BTreeMap;

use sha1::Digest;
use uuid::Uuid;

use crate::facts::Facts;

/// What `${...}` stands for while one case runs.
///
/// `${uuid:a}` and `${oid:a}` are made on first use and stay; `${new:uuid}` and `${new:oid}` are new each
/// time; `${patient}` and `${patient:b}` are patients of this case alone (`${number}` and `${number:b}` their
/// CX.1), `${stranger:a}` somebody whom no feed has announced (`${number:stranger:a}`), `${control:a}` and
/// `${new:control}` a control id of HL7 v2; `${upper:a}` the digits of `${uuid:a}` in upper case; `${sha1:c}`, `${sha256:c}` and
/// `${size:c}` describe a content; anything else is a captured value, a parameter, a constant or a fact.
/// What stands inside may itself contain `${...}`.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    facts: &'a Facts,
    patients: &'a mut Patients,
    made: BTreeMap<String, String>,
    values: BTreeMap<String, String>,
    constants: &'a BTreeMap<String, String>,
    /// Those of the case before those of all.
    contents: [&'a Contents; 2],
}

/// Documents by name.
pub(crate) type Contents = BTreeMap<String, Vec<u8>>;

/// Hands out patients, each to one case only.
#[derive(Debug, Default)]
pub(crate) struct Patients {
    taken: usize,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        facts: &'a Facts,
        patients: &'a mut Patients,
        constants: &'a BTreeMap<String, String>,
        contents: [&'a Contents; 2],
    ) -> Self {
        Self { facts, patients, made: BTreeMap::new(), values: BTreeMap::new(), constants, contents }
    }

    /// Gives a name a value; the one that it had comes back.
    pub(crate) fn set(&mut self, name: String, value: String) -> Option<String> {
        self.values.insert(name, value)
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    pub(crate) fn content(&self, name: &str) -> Result<&[u8], String> {
        let content = self.contents.iter().find_map(|contents| contents.get(name));
        content.map(Vec::as_slice).ok_or_else(|| format!("there is no content named {name:?}"))
    }

    /// The text with every `${...}` replaced.
    pub(crate) fn expand(&mut self, text: &str) -> Result<String, String> {
        expand(text, &mut |name| self.value(name))
    }

    pub(crate) fn value(&mut self, name: &str) -> Result<String, String> {
        if let Some(known) = self.values.get(name).or_else(|| self.constants.get(name)) {
            let known = known.clone();
            return self.expand(&known);
        }
        if let Some(made) = self.made.get(name) {
            return Ok(made.clone());
        }
        let (kind, argument) = name.split_once(':').unwrap_or((name, ""));
        let value = match (kind, argument) {
            ("new", "uuid") => return Ok(fresh_uuid()),
            ("new", "oid") => return Ok(fresh_oid()),
            ("new", "control") => return Ok(fresh_control()),
            ("uuid", _) => fresh_uuid(),
            ("oid", _) => fresh_oid(),
            ("patient", _) => self.patient()?,
            ("upper", which) => {
                let uuid = self.value(&format!("uuid:{which}"))?;
                uuid.trim_start_matches("urn:uuid:").to_ascii_uppercase()
            }
            ("stranger", _) => self.stranger(),
            ("control", _) => fresh_control(),
            ("number", which) => {
                let patient = match which.strip_prefix("stranger") {
                    Some(_) => which.to_owned(),
                    None if which.is_empty() => "patient".to_owned(),
                    None => format!("patient:{which}"),
                };
                let patient = self.value(&patient)?;
                patient.split('^').next().unwrap_or_default().to_owned()
            }
            ("sha1", content) => hex(&sha1::Sha1::digest(self.content(content)?)),
            ("sha256", content) => hex(&sha2::Sha256::digest(self.content(content)?)),
            ("size", content) => self.content(content)?.len().to_string(),
            _ => return self.facts.value(name).ok_or_else(|| format!("nothing is known of ${{{name}}}")),
        };
        self.made.insert(name.to_owned(), value.clone());
        Ok(value)
    }

    fn patient(&mut self) -> Result<String, String> {
        if self.facts.patients.is_empty() {
            return Ok(self.stranger());
        }
        let taken = self.facts.patients.get(self.patients.taken);
        let id = taken.ok_or("the facts name too few patients: every case needs one or more of its own")?;
        self.patients.taken += 1;
        Ok(format!("{id}^^^&{}&ISO", self.facts.assigning_authority))
    }

    /// Somebody of whom the server has never heard.
    fn stranger(&self) -> String {
        format!("C{}^^^&{}&ISO", Uuid::new_v4().simple(), self.facts.assigning_authority)
    }
}

/// Replaces every `${name}`, innermost first.
pub(crate) fn expand(
    text: &str,
    value: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        let (name, after) = closing(behind).ok_or_else(|| format!("\"${{{behind}\" has no closing brace"))?;
        let name = expand(name, value)?;
        out.push_str(&value(&name)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Splits at the brace that closes the one before the text.
fn closing(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (position, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                let (name, rest) = text.split_at(position);
                return Some((name, rest.strip_prefix('}')?));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

pub(crate) fn fresh_uuid() -> String {
    Uuid::new_v4().urn().to_string()
}

/// An OID below 2.25 (ITU-T X.667 section 7), which needs no registration.
fn fresh_oid() -> String {
    format!("2.25.{}", Uuid::new_v4().as_u128())
}

/// MSH-10 has room for 20 characters (HL7 2.3.1 chapter 2).
fn fresh_control() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(20);
    id
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    fn with_scope(test: impl FnOnce(&mut Scope<'_>)) {
        let facts = Facts::defaults(&Library::built_in()).unwrap();
        let contents = BTreeMap::from([("empty".to_owned(), Vec::new())]);
        let constants = BTreeMap::from([("Approved".to_owned(), "urn:approved".to_owned())]);
        test(&mut Scope::new(&facts, &mut Patients::default(), &constants, [&contents, &contents]));
    }

    #[test]
    fn names_stay_and_new_ones_do_not() {
        with_scope(|scope| {
            assert_eq!(scope.expand("${uuid:a}").unwrap(), scope.expand("${uuid:a}").unwrap());
            assert_ne!(scope.expand("${uuid:a}").unwrap(), scope.expand("${uuid:b}").unwrap());
            assert_ne!(scope.expand("${new:oid}").unwrap(), scope.expand("${new:oid}").unwrap());
            assert_ne!(scope.expand("${patient}").unwrap(), scope.expand("${patient:b}").unwrap());
            assert!(scope.expand("${oid:a}").unwrap().starts_with("2.25."));
        });
    }

    #[test]
    fn what_is_inside_is_replaced_first() {
        with_scope(|scope| {
            scope.set("name".to_owned(), "empty".to_owned());
            assert_eq!(scope.expand("<${size:${name}}>").unwrap(), "<0>");
            assert_eq!(
                scope.expand("${sha1:empty} ${Approved}").unwrap(),
                "da39a3ee5e6b4b0d3255bfef95601890afd80709 urn:approved"
            );
        });
    }

    #[test]
    fn says_what_it_does_not_know() {
        with_scope(|scope| {
            assert!(scope.expand("${nonsense}").unwrap_err().contains("nonsense"));
            assert!(scope.expand("${open").is_err());
        });
    }
}
