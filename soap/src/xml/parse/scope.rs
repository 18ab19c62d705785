//! The prefixes that are declared where the reader stands (Namespaces in XML 1.0).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::characters::qualified;
use crate::xml::{Name, Shared, XML};

/// The namespace of declarations themselves; nothing may be bound to it (section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// What the names of a document mean.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    document: &'a Arc<String>,
    /// What each prefix stands for, the innermost declaration last.
    bound: HashMap<Shared, Vec<Shared>>,
    /// The prefix that was looked up last, and what it stands for: most often that of the next name too.
    last: Option<(Shared, Shared)>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(document: &'a Arc<String>) -> Self {
        Self { document, bound: HashMap::new(), last: None }
    }

    /// Enters an element that declares these prefixes.
    pub(super) fn enter(&mut self, declarations: &[(Shared, Shared)]) -> Result<(), String> {
        for (prefix, uri) in declarations {
            if (*prefix == XML.prefix) != (*uri == XML.uri) || *prefix == "xmlns" || *uri == XMLNS {
                return Err(format!("prefix '{prefix}' cannot stand for '{uri}'"));
            }
            if uri.is_empty() && !prefix.is_empty() {
                return Err(format!("prefix '{prefix}' is declared to stand for nothing"));
            }
            self.bound.entry(prefix.clone()).or_default().push(uri.clone());
            self.last = None;
        }
        Ok(())
    }

    /// Leaves it.
    pub(super) fn leave(&mut self, declarations: &[(Shared, Shared)]) {
        for (prefix, _) in declarations {
            if let Some(bound) = self.bound.get_mut(prefix) {
                bound.pop();
            }
            self.last = None;
        }
    }

    /// The name of an element.
    pub(super) fn element(&mut self, written: &str) -> Result<Name, String> {
        let (prefix, local) = qualified(written)?;
        let prefix = self.part(prefix);
        Ok(Name { namespace: self.namespace(&prefix)?, local: self.part(local), prefix })
    }

    /// The name of an attribute, which is in no namespace without a prefix.
    pub(super) fn attribute(&mut self, written: &str) -> Result<Name, String> {
        match qualified(written)? {
            ("", local) => Ok(Name { local: self.part(local), ..Name::local("") }),
            _ => self.element(written),
        }
    }

    /// What a prefix stands for here.
    fn namespace(&mut self, prefix: &Shared) -> Result<Shared, String> {
        if let Some((last, uri)) = &self.last
            && last == prefix
        {
            return Ok(uri.clone());
        }
        let uri = match self.bound.get(prefix).and_then(|bound| bound.last()) {
            Some(uri) => uri.clone(),
            None if *prefix == XML.prefix => Shared::ours(XML.uri),
            None if prefix.is_empty() => Shared::ours(""),
            None => return Err(format!("prefix '{prefix}' is not declared")),
        };
        self.last = Some((prefix.clone(), uri.clone()));
        Ok(uri)
    }

    fn part(&self, text: &str) -> Shared {
        Shared::part(self.document, Cow::Borrowed(text))
    }
}
