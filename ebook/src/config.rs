//! What a node is told: one TOML file, overridden by the environment, every key with a default.
//!
//! A key of a section is also read from `DOSEBOOK__SECTION__KEY`. A key that does not exist is an error that
//! says which one was perhaps meant. `docs/configuration.md` describes them all.

mod contradictions;
mod fields;
mod secret;
mod sections;
mod services;
mod text;
mod values;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use secret::{DatabaseUrl, Secret};
pub use sections::{
    Codes, Community, CommunityRepository, Config, Database, Domain, Identity, Institution, Mllp, Node,
    Patients, Registry, Repository, S3, SamePerson, Soap, Web,
};
pub use text::Text;
pub use values::{Code, DocumentsAt, NoUrl, RegistryAt, RegistryUrls, ServiceUrl, TimeZone, Url};

/// What every variable of ours begins with.
pub const PREFIX: &str = "DOSEBOOK__";

/// All that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// What is wrong, each with its key and what was expected.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        if let Some(file) = &self.file {
            write!(f, " ({})", file.display())?;
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a file, if one is given, and what the environment says beyond it.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let failed = |problems| ConfigError { file: file.map(Path::to_owned), problems };
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| failed(vec![format!("cannot read the file: {error}")]))?,
            None => String::new(),
        };
        Self::read(&text, environment).map_err(failed)
    }

    fn read(
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<String>> {
        let mut table: Table = toml::from_str(text).map_err(|error| vec![not_toml(text, &error)])?;
        let mut problems = Vec::new();
        let mut services = services::Variables::default();
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(PREFIX) {
                problems.extend(overlay(&mut table, &name, key, value).err());
            } else {
                services.note(&name, value);
            }
        }
        check(&table, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut config =
            Self::deserialize(table).map_err(|error| vec![error.to_string().trim().to_owned()])?;
        problems.extend(services.complete(&mut config));
        problems.extend(contradictions::of(&config));
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}

/// Where a text stops being TOML. The line itself is not shown: it may be one with a password.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message().trim())
}

/// Keys whose values are not shown when they cannot be used.
const SECRETS: [(&str, &str); 2] = [("database", "url"), ("s3", "secret_access_key")];

/// A section, its keys, and how a value of it is tried.
struct Section {
    name: &'static str,
    keys: &'static [&'static str],
    try_key: fn(&str, &Value) -> Result<(), String>,
}

impl Section {
    fn new<S: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, keys: fields::of::<S>(), try_key: try_key::<S> }
    }

    /// The sections that are written once, `[name]`.
    fn single() -> [Self; 12] {
        [
            Self::new::<Node>("node"),
            Self::new::<Soap>("soap"),
            Self::new::<Web>("web"),
            Self::new::<Mllp>("mllp"),
            Self::new::<Identity>("identity"),
            Self::new::<Database>("database"),
            Self::new::<Registry>("registry"),
            Self::new::<Repository>("repository"),
            Self::new::<S3>("s3"),
            Self::new::<Domain>("domain"),
            Self::new::<Codes>("codes"),
            Self::new::<Institution>("institution"),
        ]
    }

    /// The sections that may be written several times, `[[name]]`.
    fn repeated() -> [Self; 4] {
        [
            Self::new::<CommunityRepository>("known_repository"),
            Self::new::<Community>("community"),
            Self::new::<CommunityRepository>("community.repository"),
            Self::new::<SamePerson>("same_person"),
        ]
    }
}

/// Whether a value can be that of a key. All other keys of a single section have defaults.
fn try_key<S: DeserializeOwned>(key: &str, value: &Value) -> Result<(), String> {
    let table = Table::from_iter([(key.to_owned(), value.clone())]);
    S::deserialize(table).map(drop).map_err(|error| error.message().to_owned())
}

/// Puts a variable's value where its key is.
fn overlay(table: &mut Table, name: &str, key: &str, value: String) -> Result<(), String> {
    let path = key.to_ascii_lowercase();
    let (section, key) = path.split_once("__").unwrap_or((&path, ""));
    let sections = Section::single();
    let Some(known) = sections.iter().find(|known| known.name == section) else {
        let names = sections.iter().map(|known| known.name);
        return Err(format!(
            "{name}: no section {section:?} that a variable can set{}",
            perhaps(section, names)
        ));
    };
    if !known.keys.contains(&key) {
        return Err(format!(
            "{name}: no key {key:?} in [{section}]{}",
            perhaps(key, known.keys.iter().copied())
        ));
    }
    let text = Value::String(value);
    let value = match ((known.try_key)(key, &text), &text) {
        (Err(_), Value::String(raw)) => as_toml(raw).unwrap_or(text),
        _ => text,
    };
    let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(entry) = entry {
        entry.insert(key.to_owned(), value);
    }
    Ok(())
}

/// A value as it would stand in the file: a number, a truth value, a list.
fn as_toml(text: &str) -> Option<Value> {
    let mut table: Table = toml::from_str(&format!("value = {text}")).ok()?;
    table.remove("value")
}

/// Finds every key that does not exist and every value that cannot be.
fn check(table: &Table, problems: &mut Vec<String>) {
    let (single, repeated) = (Section::single(), Section::repeated());
    let top =
        || single.iter().map(|section| section.name).chain(["known_repository", "community", "same_person"]);
    for (name, value) in table {
        let section = single.iter().find(|section| section.name == name);
        match (section, value) {
            (Some(section), Value::Table(keys)) => check_section(section, keys, problems),
            (Some(_), _) => problems.push(format!("{name}: a section was expected, written [{name}]")),
            (None, _) if top().any(|known| known == name) => check_repeated(&repeated, name, value, problems),
            (None, _) => problems.push(format!("{name}: there is no such section{}", perhaps(name, top()))),
        }
    }
}

fn check_section(section: &Section, keys: &Table, problems: &mut Vec<String>) {
    for (key, value) in keys {
        if !section.keys.contains(&key.as_str()) {
            problems.push(unknown_key(section, key));
        } else if let Err(problem) = (section.try_key)(key, value) {
            let value = match SECRETS.contains(&(section.name, key)) {
                true => String::new(),
                false => format!(" = {value}"),
            };
            problems.push(format!("{}.{key}{value}: {problem}", section.name));
        }
    }
}

/// Only looks for unknown keys: a value is tried with the whole section, which has keys without defaults.
fn check_repeated(sections: &[Section], name: &str, value: &Value, problems: &mut Vec<String>) {
    let (Some(section), Value::Array(items)) = (sections.iter().find(|section| section.name == name), value)
    else {
        problems.push(format!("{name}: a list of sections was expected, each written [[{name}]]"));
        return;
    };
    for (key, value) in items.iter().filter_map(Value::as_table).flatten() {
        let inner = format!("{name}.{key}");
        if !section.keys.contains(&key.as_str()) {
            problems.push(unknown_key(section, key));
        } else if sections.iter().any(|section| section.name == inner) {
            check_repeated(sections, &inner, value, problems);
        }
    }
}

fn unknown_key(section: &Section, key: &str) -> String {
    let suggestion = perhaps(key, section.keys.iter().copied());
    format!("{}.{key}: there is no such key{suggestion}", section.name)
}

/// What was perhaps meant, or what there is.
fn perhaps<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let nearest = known.clone().min_by_key(|candidate| distance(word, candidate));
    match nearest {
        Some(nearest) if distance(word, nearest) <= 1 + word.len() / 3 => {
            format!("; did you mean {nearest:?}?")
        }
        _ => format!("; expected one of {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// How many characters must be added, dropped or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let first: Vec<usize> = (0..=other.chars().count()).collect();
    let last = one.chars().zip(1..).fold(first, |above, (c, row)| {
        let mut left = row;
        let rest = above.windows(2).zip(other.chars()).map(|(pair, d)| {
            if let &[diagonal, up] = pair {
                left = (diagonal + usize::from(c != d)).min(up + 1).min(left + 1);
            }
            left
        });
        std::iter::once(row).chain(rest).collect()
    });
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
