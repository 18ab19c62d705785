//! From an element tree to text, with the prefixes that each name prefers.

use super::{Element, Name, Node, XML};

/// Appends one element that declares every prefix it needs.
pub(super) fn element(element: &Element, out: &mut String) {
    write(element, &mut Vec::new(), out);
}

type Scope<'a> = Vec<(&'a str, &'a str)>;

fn write<'a>(element: &'a Element, scope: &mut Scope<'a>, out: &mut String) {
    let outer = scope.len();
    for (prefix, uri) in &element.declarations {
        if lookup(scope, prefix) != Some(uri) {
            scope.push((prefix, uri));
        }
    }
    declare(&element.name, scope);
    for attribute in &element.attributes {
        if !attribute.name.namespace.is_empty() {
            declare(&attribute.name, scope);
        }
    }
    out.push('<');
    name(&element.name, out);
    for (prefix, uri) in scope.get(outer..).unwrap_or_default() {
        out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.push_str(prefix);
        value(uri, out);
    }
    for attribute in &element.attributes {
        out.push(' ');
        name(&attribute.name, out);
        value(&attribute.value, out);
    }
    if element.children.is_empty() {
        out.push_str("/>");
    } else {
        out.push('>');
        for child in &element.children {
            match child {
                Node::Element(child) => write(child, scope, out),
                Node::Text(text) => escape(text, false, out),
                Node::Written(markup) => out.push_str(markup),
            }
        }
        out.push_str("</");
        name(&element.name, out);
        out.push('>');
    }
    scope.truncate(outer);
}

/// The namespace that a prefix stands for; innermost declaration first.
fn lookup<'a>(scope: &Scope<'a>, prefix: &str) -> Option<&'a str> {
    scope.iter().rev().find(|(declared, _)| *declared == prefix).map(|(_, uri)| *uri)
}

fn declare<'a>(name: &'a Name, scope: &mut Scope<'a>) {
    let bound = match name.prefix.as_ref() {
        prefix if prefix == XML.prefix => return,
        prefix => lookup(scope, prefix),
    };
    let unprefixed_and_unbound = name.prefix.is_empty() && name.namespace.is_empty() && bound.is_none();
    if bound != Some(&name.namespace) && !unprefixed_and_unbound {
        scope.push((&name.prefix, &name.namespace));
    }
}

fn name(name: &Name, out: &mut String) {
    if !name.prefix.is_empty() {
        out.push_str(&name.prefix);
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

/// Escapes so that any XML reader gives back the same characters, line ends and tabs included.
fn escape(text: &str, in_attribute: bool, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '&' | '<' | '>' | '"' | '\r' | '\n' | '\t')) {
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
            Some(other) => out.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}
