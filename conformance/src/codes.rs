//! The error codes of the standard (`cases/codes.toml`), and the cases that provoke them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::case::Case;
use crate::error::Error;
use crate::library::Library;
use crate::variables;

/// One code of ITI TF-3 table 4.2.4.1-2.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// The transactions whose answers may have it.
    pub(crate) transactions: String,
    /// What it means.
    pub(crate) means: String,
    /// Why no case provokes it, and what does instead.
    pub(crate) without: Option<String>,
}

/// All codes, and for each the cases that accept nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Codes {
    pub(crate) known: BTreeMap<String, Code>,
    pub(crate) provoked: BTreeMap<String, BTreeSet<String>>,
}

impl Codes {
    /// The list of a library, with the cases that provoke each: their directory, what they say, and the
    /// variables of one variant.
    pub(crate) fn of<'a>(
        library: &Library,
        cases: impl Iterator<Item = (&'a str, &'a Case, &'a BTreeMap<String, String>)>,
    ) -> Result<Self, Error> {
        let mut codes = Self { known: library.toml("codes.toml")?, provoked: BTreeMap::new() };
        for (directory, case, variables) in cases {
            for code in demanded(case, variables) {
                codes.provoked.entry(code).or_default().insert(directory.to_owned());
            }
        }
        Ok(codes)
    }
}

/// The codes without which a case fails: where it would accept another one, it proves nothing about either.
fn demanded(case: &Case, variables: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for step in &case.steps {
        let [expect] = step.expect.as_slice() else { continue };
        let warnings = expect.warnings.iter().flatten();
        let errors = expect.codes.first().filter(|_| expect.codes.len() == 1);
        for code in errors.into_iter().chain(warnings) {
            let value = |name: &str| variables.get(name).cloned().ok_or_else(|| name.to_owned());
            found.extend(variables::expand(code, &mut |name| value(name)));
        }
    }
    found
}
