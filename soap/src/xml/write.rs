//! From an element tree to text, with the prefixes that each name prefers.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::{Element, Markup, Name, Node, WriteLate, XML};

/// An element as text, but for what is written late: that has its place in the text.
#[derive(Debug)]
pub(crate) struct Layout {
    text: String,
    /// How much of the text has gone out.
    done: usize,
    /// Before which byte of the text each comes.
    late: std::vec::IntoIter<(usize, Arc<dyn WriteLate>)>,
}

impl Layout {
    /// The layout of an element that declares every prefix it needs.
    pub(crate) fn of(element: &Element) -> Self {
        let mut out = Out { text: String::with_capacity(4096), late: Vec::new() };
        write(element, &mut vec![(Cow::Borrowed(XML.prefix), XML.uri)], &mut out);
        Self { text: out.text, done: 0, late: out.late.into_iter() }
    }

    /// All of it; what is written late and fails is left out.
    pub(crate) fn into_text(mut self) -> String {
        if self.late.as_slice().is_empty() {
            return self.text;
        }
        let mut out = String::with_capacity(self.size());
        while self.fill(&mut out, usize::MAX).is_err() {}
        out
    }

    /// About how many bytes are still to be written.
    pub(crate) fn size(&self) -> usize {
        let late = self.late.as_slice().iter().map(|(_, late)| late.size());
        late.fold(self.text.len() - self.done, usize::saturating_add)
    }

    /// Appends what comes next until `out` has `enough` bytes or all is written. After an error it goes on
    /// behind what failed.
    pub(crate) fn fill(&mut self, out: &mut String, enough: usize) -> io::Result<()> {
        while out.len() < enough {
            let next = self.late.next();
            let end = next.as_ref().map_or(self.text.len(), |(place, _)| *place);
            out.push_str(self.text.get(self.done..end).unwrap_or_default());
            self.done = end;
            match next {
                Some((_, late)) => late.write(out)?,
                None => break,
            }
        }
        Ok(())
    }
}

struct Out {
    text: String,
    late: Vec<(usize, Arc<dyn WriteLate>)>,
}

/// Prefixes and what they stand for, the innermost last.
type Scope<'a> = Vec<(Cow<'a, str>, &'a str)>;

fn write<'a>(element: &'a Element, scope: &mut Scope<'a>, out: &mut Out) {
    let outer = scope.len();
    declare_all(element, scope);
    start_tag(element, scope, outer, &mut out.text);
    if element.children.is_empty() {
        out.text.push_str("/>");
    } else {
        out.text.push('>');
        for child in &element.children {
            match child {
                Node::Element(child) => write(child, scope, out),
                Node::Text(text) => escape(text, false, &mut out.text),
                Node::Written(Markup::Text(markup)) => out.text.push_str(markup),
                Node::Written(Markup::Late(late)) => out.late.push((out.text.len(), Arc::clone(late))),
            }
        }
        out.text.push_str("</");
        name(&element.name, false, scope, &mut out.text);
        out.text.push('>');
    }
    scope.truncate(outer);
}

/// The start tag up to `>`, with the prefixes that came into scope at `outer`.
fn start_tag(element: &Element, scope: &Scope<'_>, outer: usize, out: &mut String) {
    out.push('<');
    name(&element.name, false, scope, out);
    for (prefix, uri) in scope.get(outer..).unwrap_or_default() {
        out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.push_str(prefix);
        value(uri, out);
    }
    for attribute in &element.attributes {
        out.push(' ');
        name(&attribute.name, true, scope, out);
        value(&attribute.value, out);
    }
}

/// Brings into scope what the names of an element need, then what it declares besides, for QNames in
/// content. A prefix that cannot be had because the element uses it for something else is replaced.
fn declare_all<'a>(element: &'a Element, scope: &mut Scope<'a>) {
    let outer = scope.len();
    if element.name.namespace.is_empty() && lookup(scope, "").is_some_and(|uri| !uri.is_empty()) {
        scope.push((Cow::Borrowed(""), ""));
    }
    for (name, attribute) in names(element) {
        if spelt(name, attribute, scope).is_none() {
            let usable = name.prefix != XML.prefix && !(attribute && name.prefix.is_empty());
            let prefix = if usable && is_free(&name.prefix, element, outer, scope) {
                Cow::Borrowed(name.prefix.as_ref())
            } else {
                invented(scope)
            };
            scope.push((prefix, &name.namespace));
        }
    }
    for (prefix, uri) in &element.declarations {
        let unusable = prefix == XML.prefix || prefix.is_empty() && element.name.namespace.is_empty();
        if !unusable && lookup(scope, prefix) != Some(uri) && is_free(prefix, element, outer, scope) {
            scope.push((Cow::Borrowed(prefix), uri));
        }
    }
}

/// The names of an element that are in a namespace, and whether they are those of attributes.
fn names(element: &Element) -> impl Iterator<Item = (&Name, bool)> {
    let attributes = element.attributes.iter().map(|attribute| (&attribute.name, true));
    std::iter::once((&element.name, false)).chain(attributes).filter(|(name, _)| !name.namespace.is_empty())
}

/// Whether a prefix was not declared since `outer`, and no name of the element is written with it.
fn is_free(prefix: &str, element: &Element, outer: usize, scope: &Scope<'_>) -> bool {
    !scope.get(outer..).unwrap_or_default().iter().any(|(declared, _)| declared == prefix)
        && !names(element).any(|(name, attribute)| spelt(name, attribute, scope) == Some(prefix))
}

/// A prefix that stands for nothing yet.
fn invented(scope: &Scope<'_>) -> Cow<'static, str> {
    let unused =
        (scope.len()..).map(|number| format!("ns{number}")).find(|prefix| lookup(scope, prefix).is_none());
    Cow::Owned(unused.unwrap_or_default())
}

/// What a prefix stands for; innermost declaration first.
fn lookup<'a>(scope: &Scope<'a>, prefix: &str) -> Option<&'a str> {
    scope.iter().rev().find(|(declared, _)| declared == prefix).map(|(_, uri)| *uri)
}

/// The prefix under which a name can be written here: its own, or else any other.
fn spelt<'s>(name: &Name, attribute: bool, scope: &'s Scope<'_>) -> Option<&'s str> {
    let usable = |prefix: &str| {
        !(attribute && prefix.is_empty()) && lookup(scope, prefix) == Some(name.namespace.as_ref())
    };
    let own = scope.iter().rev().find(|(prefix, _)| **prefix == *name.prefix && usable(prefix));
    let own_is_taken = || scope.iter().rev().find(|(prefix, _)| prefix.starts_with("ns") && usable(prefix));
    own.or_else(own_is_taken).map(|(prefix, _)| prefix.as_ref())
}

fn name(name: &Name, attribute: bool, scope: &Scope<'_>, out: &mut String) {
    let prefix = if name.namespace.is_empty() { None } else { spelt(name, attribute, scope) };
    if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(&name.local);
}

fn value(text: &str, out: &mut String) {
    out.push_str("=\"");
    escape(text, true, out);
    out.push('"');
}

/// Appends the value of an attribute, to stand between double quotes, for markup that is put together by hand.
pub fn escape_attribute(text: &str, out: &mut String) {
    escape(text, true, out);
}

/// Appends text that stands in an element, for markup that is put together by hand.
pub fn escape_text(text: &str, out: &mut String) {
    escape(text, false, out);
}

/// Escapes so that any XML reader gives back the same characters, line ends and tabs included.
/// What XML cannot hold at all goes out as U+FFFD.
fn escape(text: &str, in_attribute: bool, out: &mut String) {
    // All of it without a branch first, for hardly any text has anything to escape.
    if !text.bytes().fold(false, |found, byte| found | is_special(byte)) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut characters = from.chars();
        match characters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('\r') => out.push_str("&#13;"),
            Some('"') if in_attribute => out.push_str("&quot;"),
            Some('\n') if in_attribute => out.push_str("&#10;"),
            Some('\t') if in_attribute => out.push_str("&#9;"),
            Some(other @ ('"' | '\n' | '\t')) => out.push(other),
            Some('\0'..='\x1f' | '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            Some(other) => out.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Bytes that may need escaping; 0xEF begins U+FFFE and U+FFFF.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | 0..=0x1F | 0xEF)
}
