//! The golden files under `testdata`.

use soap::xml::{Element, Limits, Node};

use crate::registry_object::Rim;

/// A golden file, without the white space that makes it fit to read.
pub(crate) fn golden(name: &str) -> Element {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    bare(Element::parse(&text, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// What a writer writes.
pub(crate) fn written(write: impl FnOnce(&mut Rim)) -> Element {
    let mut rim = Rim::default();
    write(&mut rim);
    Element::parse(String::from(rim).as_bytes(), &Limits::default()).unwrap()
}

fn bare(mut element: Element) -> Element {
    let parent = element.elements().next().is_some();
    let children = element.children.into_iter().filter_map(|child| match child {
        Node::Element(child) => Some(Node::Element(bare(child))),
        Node::Text(text) if parent && text.trim_ascii().is_empty() => None,
        other => Some(other),
    });
    element.children = children.collect();
    element
}

/// The golden file, with the first occurrence of a text in it replaced; it must be there.
pub(crate) fn spoiled(name: &str, from: &str, to: &str) -> Element {
    let text = golden(name).write();
    assert!(text.contains(from), "{name} has no {from}");
    Element::parse(text.replacen(from, to, 1).as_bytes(), &Limits::default()).unwrap()
}
