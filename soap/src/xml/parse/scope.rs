//! The prefixes that are declared where the reader stands (Namespaces in XML 1.0).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::characters::qualified;
use crate::xml::{Name, Shared, XML};

/// The namespace of declarations themselves; nothing may be bound to it (section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// What the names of a document are made of.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// What each prefix stands for, the innermost declaration last.
    bound: HashMap<Shared, Vec<Shared>>,
    /// Every text that stood in a name, kept once.
    texts: HashSet<Shared>,
}

impl Scope {
    /// Enters an element that declares these prefixes.
    pub(super) fn enter(
        &mut self,
        declarations: Vec<(&str, Cow<'_, str>)>,
    ) -> Result<Vec<(Shared, Shared)>, String> {
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
        for (prefix, _) in declarations {
            if let Some(bound) = self.bound.get_mut(prefix) {
                bound.pop();
            }
        }
    }

    /// The name of an element.
    pub(super) fn element(&mut self, name: &str) -> Result<Name, String> {
        let (prefix, local) = qualified(name)?;
        self.name(prefix, local)
    }

    /// The name of an attribute, which is in no namespace without a prefix.
    pub(super) fn attribute(&mut self, name: &str) -> Result<Name, String> {
        match qualified(name)? {
            ("", local) => {
                let none = Shared::ours("");
                Ok(Name { namespace: none.clone(), local: self.share(local), prefix: none })
            }
            (prefix, local) => self.name(prefix, local),
        }
    }

    fn name(&mut self, prefix: &str, local: &str) -> Result<Name, String> {
        let namespace = match self.bound.get(prefix).and_then(|bound| bound.last()) {
            Some(uri) => uri.clone(),
            None if prefix == XML.prefix => Shared::ours(XML.uri),
            None if prefix.is_empty() => Shared::ours(""),
            None => return Err(format!("prefix '{prefix}' is not declared")),
        };
        Ok(Name { namespace, local: self.share(local), prefix: self.share(prefix) })
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
