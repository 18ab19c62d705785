//! The prefixes that are declared where the reader stands (Namespaces in XML 1.0).

use std::borrow::Cow;
use std::collections::HashMap;

use super::characters::qualified;
use crate::xml::{Name, XML};

/// The namespace of declarations themselves; nothing may be bound to it (section 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// What each prefix stands for, the innermost declaration last.
#[derive(Debug, Default)]
pub(super) struct Scope(HashMap<String, Vec<String>>);

impl Scope {
    /// Enters an element that declares these prefixes.
    pub(super) fn enter(&mut self, declarations: &[(String, String)]) -> Result<(), String> {
        for (prefix, uri) in declarations {
            if (prefix == XML.prefix) != (uri == XML.uri) || prefix == "xmlns" || uri == XMLNS {
                return Err(format!("prefix '{prefix}' cannot stand for '{uri}'"));
            }
            if uri.is_empty() && !prefix.is_empty() {
                return Err(format!("prefix '{prefix}' is declared to stand for nothing"));
            }
            match self.0.get_mut(prefix) {
                Some(bound) => bound.push(uri.clone()),
                None => drop(self.0.insert(prefix.clone(), vec![uri.clone()])),
            }
        }
        Ok(())
    }

    /// Leaves it.
    pub(super) fn leave(&mut self, declarations: &[(String, String)]) {
        for (prefix, _) in declarations {
            if let Some(bound) = self.0.get_mut(prefix) {
                bound.pop();
            }
        }
    }

    /// The name of an element.
    pub(super) fn element(&self, name: &str) -> Result<Name, String> {
        let (prefix, local) = qualified(name)?;
        self.name(prefix, local)
    }

    /// The name of an attribute, which is in no namespace without a prefix.
    pub(super) fn attribute(&self, name: &str) -> Result<Name, String> {
        match qualified(name)? {
            ("", local) => Ok(made(String::new(), local, "")),
            (prefix, local) => self.name(prefix, local),
        }
    }

    fn name(&self, prefix: &str, local: &str) -> Result<Name, String> {
        let namespace = match self.0.get(prefix).and_then(|bound| bound.last()) {
            Some(uri) => uri.clone(),
            None if prefix == XML.prefix => XML.uri.to_owned(),
            None if prefix.is_empty() => String::new(),
            None => return Err(format!("prefix '{prefix}' is not declared")),
        };
        Ok(made(namespace, local, prefix))
    }
}

fn made(namespace: String, local: &str, prefix: &str) -> Name {
    Name {
        namespace: Cow::Owned(namespace),
        local: Cow::Owned(local.to_owned()),
        prefix: Cow::Owned(prefix.to_owned()),
    }
}
