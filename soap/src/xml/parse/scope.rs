//! The prefixes that are declared where the reader stands (Namespaces in XML 1.0).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::characters::qualified;
use crate::xml::{Name, Shared, XML};

/// The namespace of declarations themselves; nothing may be bound to it (section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Names that are remembered as they were written. A message uses some thirty.
const RECENT: usize = 64;

/// What the names of a document are made of.
#[derive(Debug)]
pub(super) struct Scope {
    /// What each prefix stands for, the innermost declaration last.
    bound: HashMap<Shared, Vec<Shared>>,
    /// Every text that stood in a name, kept once.
    texts: HashSet<Shared>,
    /// Names met lately, each in its place.
    recent: Vec<Option<Recent>>,
    /// Which declarations hold, by number; and those that hold around them.
    state: usize,
    outer: Vec<usize>,
    states: usize,
}

/// A name as it was written, and what that meant.
#[derive(Debug)]
struct Recent {
    written: Shared,
    attribute: bool,
    state: usize,
    name: Name,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            bound: HashMap::new(),
            texts: HashSet::new(),
            recent: std::iter::repeat_with(|| None).take(RECENT).collect(),
            state: 0,
            outer: Vec::new(),
            states: 0,
        }
    }
}

impl Scope {
    /// Enters an element that declares these prefixes.
    pub(super) fn enter(
        &mut self,
        declarations: Vec<(&str, Cow<'_, str>)>,
    ) -> Result<Vec<(Shared, Shared)>, String> {
        if declarations.is_empty() {
            return Ok(Vec::new());
        }
        self.states += 1;
        self.outer.push(std::mem::replace(&mut self.state, self.states));
        let mut entered = Vec::with_capacity(declarations.len());
        for (prefix, uri) in declarations {
            if (prefix == XML.prefix) != (uri == XML.uri) || prefix == "xmlns" || uri == XMLNS {
                return Err(format!("prefix '{prefix}' cannot stand for '{uri}'"));
            }
            if uri.is_empty() && !prefix.is_empty() {
                return Err(format!("prefix '{prefix}' is declared to stand for nothing"));
            }
            let (prefix, uri) = (self.share(prefix), self.share(&uri));
            self.bound.entry(prefix.clone()).or_default().push(uri.clone());
            entered.push((prefix, uri));
        }
        Ok(entered)
    }

    /// Leaves it.
    pub(super) fn leave(&mut self, declarations: &[(Shared, Shared)]) {
        if !declarations.is_empty() {
            self.state = self.outer.pop().unwrap_or_default();
        }
        for (prefix, _) in declarations {
            if let Some(bound) = self.bound.get_mut(prefix) {
                bound.pop();
            }
        }
    }

    /// The name of an element.
    pub(super) fn element(&mut self, written: &str) -> Result<Name, String> {
        self.name(written, false)
    }

    /// The name of an attribute, which is in no namespace without a prefix.
    pub(super) fn attribute(&mut self, written: &str) -> Result<Name, String> {
        self.name(written, true)
    }

    /// What a name means here. Nearly all were met before.
    fn name(&mut self, written: &str, attribute: bool) -> Result<Name, String> {
        let place = place(written);
        if let Some(Some(recent)) = self.recent.get(place)
            && recent.state == self.state
            && recent.attribute == attribute
            && recent.written == *written
        {
            return Ok(recent.name.clone());
        }
        let (prefix, local) = qualified(written)?;
        let namespace = match self.bound.get(prefix).and_then(|bound| bound.last()) {
            _ if prefix.is_empty() && attribute => Shared::ours(""),
            Some(uri) => uri.clone(),
            None if prefix == XML.prefix => Shared::ours(XML.uri),
            None if prefix.is_empty() => Shared::ours(""),
            None => return Err(format!("prefix '{prefix}' is not declared")),
        };
        let name = Name { namespace, local: self.share(local), prefix: self.share(prefix) };
        let recent =
            Recent { written: self.share(written), attribute, state: self.state, name: name.clone() };
        if let Some(kept) = self.recent.get_mut(place) {
            *kept = Some(recent);
        }
        Ok(name)
    }

    fn share(&mut self, text: &str) -> Shared {
        if let Some(shared) = self.texts.get(text) {
            return shared.clone();
        }
        let shared = Shared::copy(text);
        self.texts.insert(shared.clone());
        shared
    }
}

/// Where a name is remembered: those of a vocabulary seldom meet.
fn place(written: &str) -> usize {
    let bytes = written.as_bytes();
    let at = |place: Option<&u8>| place.copied().map_or(0, usize::from);
    (at(bytes.last()) + 7 * at(bytes.get(bytes.len() / 2)) + 31 * bytes.len()) % RECENT
}
