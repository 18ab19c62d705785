//! An affinity domain as data: whose patients, from which sources, described with which codes.
//!
//! ITI TF-1 10.2.5 and Appendix L: what those who share documents have agreed upon. A domain is read from the bytes of
//! its files ([`Domain::read`]); who keeps them somewhere, and notices that they have changed, is elsewhere.

mod allowed;
mod attribute;
mod codes_xml;
mod current;
mod folder;
mod systems;
mod value_set;

use std::collections::{BTreeMap, BTreeSet};

use crate::Oid;

pub use allowed::Rule;
pub use attribute::{CodedAttribute, CodedValue};
pub use current::CurrentDomain;
pub use folder::{Files, Remark, attribute_of_file};

/// What those who share documents have agreed upon.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Domain {
    /// What people call it.
    pub name: String,
    /// Which edition of it this is; may be empty.
    pub version: String,
    /// Who assigns the ids of its patients; anybody, if nobody is named.
    pub authorities: Vec<Authority>,
    /// The Document Sources that it takes documents from; any, if there is no list.
    pub sources: Option<BTreeSet<Oid>>,
    rules: BTreeMap<CodedAttribute, Rule>,
}

/// Who assigns the ids of patients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its OID (CX.4.2).
    pub oid: Oid,
    /// What HL7 v2 senders call it that do not say its OID (CX.4.1).
    pub namespace: Option<String>,
}

/// What becomes of a submission with a code that its domain does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strictness {
    /// It is taken in, and nothing is said.
    Accept,
    /// It is taken in, with a warning.
    Warn,
    /// It is refused.
    Refuse,
}

impl Strictness {
    /// As domains write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }
}

impl Domain {
    /// One in which everything goes: all patients, sources and codes.
    pub fn open() -> Self {
        Self { name: "open".to_owned(), ..Self::default() }
    }

    /// Whether it knows ids of that authority.
    pub fn has_authority(&self, authority: &Oid) -> bool {
        self.authorities.is_empty() || self.authorities.iter().any(|known| known.oid == *authority)
    }

    /// The authority that HL7 v2 senders call that.
    pub fn authority_called(&self, namespace: &str) -> Option<&Oid> {
        let called = |authority: &&Authority| authority.namespace.as_deref() == Some(namespace);
        self.authorities.iter().find(called).map(|authority| &authority.oid)
    }

    /// Whether it takes documents from that source.
    pub fn has_source(&self, source: &Oid) -> bool {
        self.sources.as_ref().is_none_or(|sources| sources.contains(source))
    }

    /// Which values an attribute may have; none if it may have any.
    pub fn rule(&self, attribute: CodedAttribute) -> Option<&Rule> {
        self.rules.get(&attribute)
    }

    /// The rule that a value breaks, if it does.
    pub fn broken_by(&self, value: &CodedValue<'_>) -> Option<&Rule> {
        let rule = self.rule(value.attribute)?;
        let broken = rule.strictness != Strictness::Accept && !rule.allows(value.code, value.scheme);
        broken.then_some(rule)
    }

    /// The same, but no attribute is stricter than that.
    #[must_use]
    pub fn no_stricter_than(mut self, limit: Strictness) -> Self {
        for rule in self.rules.values_mut() {
            rule.strictness = rule.strictness.min(limit);
        }
        self
    }
}

#[cfg(test)]
mod tests;
