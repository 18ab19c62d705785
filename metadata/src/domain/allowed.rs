//! The values that an attribute may have.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::Strictness;
use super::attribute::write;
use crate::Code;

/// How many codes an error names.
const NAMED: usize = 20;

/// What a domain says of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What becomes of a submission with another value.
    pub strictness: Strictness,
    /// The values, in the order in which they were read. Those without a scheme have an empty one.
    listed: Vec<Code>,
    /// The same, to be found.
    schemes: HashMap<String, Scheme>,
}

/// What of a coding scheme is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scheme {
    Whole,
    Codes(HashSet<String>),
}

impl Rule {
    pub(super) fn new(strictness: Strictness) -> Self {
        Self { strictness, listed: Vec::new(), schemes: HashMap::new() }
    }

    /// Allows a code, once.
    pub(super) fn allow(&mut self, code: Code) {
        let scheme = self.schemes.entry(code.scheme.clone()).or_insert_with(|| Scheme::Codes(HashSet::new()));
        let is_new = match scheme {
            Scheme::Whole => true,
            Scheme::Codes(codes) => codes.insert(code.code.clone()),
        };
        if is_new {
            self.listed.push(code);
        }
    }

    /// Allows every code of a scheme.
    pub(super) fn allow_all_of(&mut self, scheme: String) {
        self.schemes.insert(scheme, Scheme::Whole);
    }

    /// Whether there is any value.
    pub(super) fn is_empty(&self) -> bool {
        self.schemes.is_empty()
    }

    /// Whether the attribute may have that value: code and scheme, as they are written, and never the display name
    /// (ITI TF-3 4.2.3.1.2). The scheme is empty where the attribute has none.
    pub fn allows(&self, code: &str, scheme: &str) -> bool {
        match self.schemes.get(scheme) {
            Some(Scheme::Whole) => true,
            Some(Scheme::Codes(codes)) => codes.contains(code),
            None => false,
        }
    }

    /// The codes by name.
    pub fn codes(&self) -> &[Code] {
        &self.listed
    }

    /// The schemes of which every code is allowed, in order.
    pub fn whole_schemes(&self) -> Vec<&str> {
        let whole = self.schemes.iter().filter(|(_, scheme)| **scheme == Scheme::Whole);
        let mut names: Vec<&str> = whole.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// What is expected, for who sent something else: twenty of the codes, and how many there are.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        if !self.listed.is_empty() {
            write!(f, "one of {}: ", self.listed.len())?;
        }
        for code in self.listed.iter().take(NAMED) {
            f.write_str(between)?;
            write(f, &code.code, &code.scheme)?;
            between = ", ";
        }
        if let Some(more @ 1..) = self.listed.len().checked_sub(NAMED) {
            write!(f, " and {more} more")?;
        }
        let mut between = if self.listed.is_empty() { "any code of " } else { ", or any code of " };
        for scheme in self.whole_schemes() {
            write!(f, "{between}{scheme}")?;
            between = ", ";
        }
        Ok(())
    }
}
