//! Writes an element tree as it was read, prefixes and all: the judge's own pen.

use soap::xml::{Element, Name, Node};

/// The document, without an XML declaration.
pub(crate) fn document(root: &Element) -> String {
    let mut out = String::new();
    element(root, &mut out);
    out
}

/// Text for use as character data or attribute value.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' | '\n' | '\t' => out.push_str(&format!("&#{};", u32::from(character))),
            other => out.push(other),
        }
    }
    out
}

fn element(written: &Element, out: &mut String) {
    let name = qualified(&written.name);
    out.push('<');
    out.push_str(&name);
    for (prefix, uri) in &written.declarations {
        let colon = if prefix.is_empty() { "" } else { ":" };
        out.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", escaped(uri)));
    }
    for attribute in &written.attributes {
        out.push_str(&format!(" {}=\"{}\"", qualified(&attribute.name), escaped(&attribute.value)));
    }
    if written.children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for child in &written.children {
        match child {
            Node::Element(child) => element(child, out),
            // Line breaks between elements stay as they were, so that a case can be read on the wire.
            Node::Text(text) if text.trim().is_empty() => out.push_str(text),
            Node::Text(text) => out.push_str(&escaped(text)),
            Node::Written(markup) => out.push_str(&markup.text().unwrap_or_default()),
        }
    }
    out.push_str(&format!("</{name}>"));
}

fn qualified(name: &Name) -> String {
    if name.prefix.is_empty() { name.local.to_string() } else { format!("{}:{}", name.prefix, name.local) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soap::xml::Limits;

    #[test]
    fn writes_what_it_read() {
        let text = "<a:b xmlns:a=\"urn:a\" xmlns=\"urn:d\" a:c=\"1 &amp; 2\"><d/>\n <e>x &lt; y</e></a:b>";
        let tree = Element::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(document(&tree), text);
    }
}
