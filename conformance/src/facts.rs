//! What the judge must be told about a server: whose patients it keeps, which codes it accepts.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::library::Library;

/// The facts about the server under test; `cases/facts.toml` has the defaults and explains each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The OID of the authority that assigns the affinity domain's patient ids.
    pub assigning_authority: String,
    /// The OID of the repository.
    pub repository_unique_id: String,
    /// The OID of a source that the repository accepts.
    pub source_id: String,
    /// What the server can do that cases may need (`needs`): `feed`, `codes`, ...
    #[serde(default)]
    pub offers: Vec<String>,
    /// Patient ids (CX.1) that the server knows; empty if it accepts any. Each case takes fresh ones.
    #[serde(default)]
    pub patients: Vec<String>,
    /// The URL of a repository whose registry does not answer, if there is one.
    #[serde(default)]
    pub dead_repository: Option<String>,
    /// Where the server takes HL7 v2 messages (ITI-8), `mllps://HOST:PORT` or `mllp://HOST:PORT`, if it does.
    #[serde(default)]
    pub mllp: Option<String>,
    /// Two codes that the server accepts for each coded attribute: `class` and `class2`, and so on.
    pub codes: BTreeMap<String, Code>,
}

/// A coded value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code itself.
    pub code: String,
    /// The coding scheme.
    pub scheme: String,
    /// The display name.
    pub display: String,
}

impl Facts {
    /// What holds for a plain IHE test domain and a dosebook node with its defaults.
    pub fn defaults(library: &Library) -> Result<Self, Error> {
        library.toml(DEFAULTS)
    }

    /// The defaults, with what a file says instead. The file may name only what differs.
    pub fn read(library: &Library, path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        Self::overridden(library, &text).map_err(|reason| Error::case(path.display().to_string(), reason))
    }

    fn overridden(library: &Library, text: &str) -> Result<Self, String> {
        let mut all: toml::Table = library.toml(DEFAULTS).map_err(|error| error.to_string())?;
        let given: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
        for (key, value) in given {
            match (all.get_mut(&key), value) {
                (Some(toml::Value::Table(known)), toml::Value::Table(more)) => known.extend(more),
                (_, value) => {
                    all.insert(key, value);
                }
            }
        }
        all.try_into().map_err(|error: toml::de::Error| error.to_string())
    }

    /// The same of a server that offers everything that cases need.
    pub(crate) fn with_everything<'a>(self, needs: impl Iterator<Item = &'a String>) -> Self {
        let nowhere = |scheme: &str| Some(format!("{scheme}://127.0.0.1:9"));
        Self {
            offers: needs.cloned().collect(),
            dead_repository: nowhere("http"),
            mllp: nowhere("mllp"),
            ..self
        }
    }

    /// Whether a case that needs this can be run.
    pub(crate) fn offers(&self, need: &str) -> bool {
        match need {
            "dead-repository" => self.dead_repository.is_some(),
            "mllp" => self.mllp.is_some(),
            other => self.offers.iter().any(|offer| offer == other),
        }
    }

    /// The value of a fact, as `${...}` names it.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        match name {
            "assigningAuthority" => return Some(self.assigning_authority.clone()),
            "repositoryUniqueId" => return Some(self.repository_unique_id.clone()),
            "sourceId" => return Some(self.source_id.clone()),
            _ => {}
        }
        let (attribute, part) = name.split_once('.').unwrap_or((name, ""));
        let code = self.codes.get(attribute)?;
        match part {
            "" => Some(format!("{}^^{}", code.code, code.scheme)),
            "code" => Some(code.code.clone()),
            "scheme" => Some(code.scheme.clone()),
            "display" => Some(code.display.clone()),
            "swapped" => swapped(&code.code),
            _ => None,
        }
    }
}

/// A code in the other case; none if it has no letters.
fn swapped(code: &str) -> Option<String> {
    let swap = |letter: char| match letter.is_ascii_lowercase() {
        true => letter.to_ascii_uppercase(),
        false => letter.to_ascii_lowercase(),
    };
    Some(code.chars().map(swap).collect()).filter(|swapped: &String| swapped != code)
}

const DEFAULTS: &str = "facts.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_only_what_differs() {
        let library = Library::built_in();
        let text =
            "repository_unique_id = '1.2.3'\n[codes]\nclass = { code = 'a', scheme = 'b', display = 'c' }";
        let facts = Facts::overridden(&library, text).unwrap();
        let defaults = Facts::defaults(&library).unwrap();
        assert_eq!(facts.value("repositoryUniqueId").unwrap(), "1.2.3");
        assert_eq!(facts.value("class").unwrap(), "a^^b");
        assert_eq!(facts.value("type"), defaults.value("type"));
        assert_eq!(facts.assigning_authority, defaults.assigning_authority);
    }

    #[test]
    fn refuses_a_fact_it_does_not_know() {
        assert!(Facts::overridden(&Library::built_in(), "repositoryId = '1.2.3'").is_err());
    }
}
