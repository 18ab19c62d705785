//! A namespaced element tree: the shape in which every message body is read and written.
//!
//! XML 1.0 with Namespaces, less what SOAP 1.2 Part 1 section 5 forbids: no DTD, no processing
//! instructions, no entities but the five predefined ones and character references.

mod markup;
mod parse;
mod shared;
mod write;

use std::borrow::Cow;

pub use markup::{Markup, WriteLate};
pub use parse::{Limits, ParseError};
pub use shared::Shared;
pub(crate) use write::Layout;
pub use write::{escape_attribute, escape_text};

/// A namespace and the prefix that we give it when we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespace {
    /// The namespace name, a URI.
    pub uri: &'static str,
    /// The prefix to prefer; a convention only, never compared.
    pub prefix: &'static str,
}

/// The namespace of `xml:lang` and its kin, whose prefix is fixed (Namespaces in XML 1.0, section 3).
pub const XML: Namespace = Namespace { uri: "http://www.w3.org/XML/1998/namespace", prefix: "xml" };

/// The name of an element or attribute: compared by namespace and local part, written with its prefix.
#[derive(Debug, Clone)]
pub struct Name {
    /// The namespace name; empty for none.
    pub namespace: Shared,
    /// The local part.
    pub local: Shared,
    /// The prefix it came with, or that we prefer.
    pub prefix: Shared,
}

/// An attribute with its normalised value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name; the namespace is empty unless it came with a prefix.
    pub name: Name,
    /// Its value, references resolved.
    pub value: Shared,
}

/// What an element contains, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Character data, references resolved; neighbouring runs are joined.
    Text(Shared),
    /// Markup of our own that goes out as it is. Never the result of parsing.
    Written(Markup),
}

/// An element with its attributes, its children and the prefixes that it declares.
#[derive(Debug, Clone)]
pub struct Element {
    /// Its name.
    pub name: Name,
    /// Its attributes, `xmlns` declarations excepted.
    pub attributes: Vec<Attribute>,
    /// What it contains.
    pub children: Vec<Node>,
    /// The prefixes declared here (`prefix`, namespace name), kept for QNames in content.
    pub declarations: Vec<(Shared, Shared)>,
}

impl Name {
    /// A name in a namespace of ours.
    pub const fn new(namespace: Namespace, local: &'static str) -> Self {
        Self {
            namespace: Shared::ours(namespace.uri),
            local: Shared::ours(local),
            prefix: Shared::ours(namespace.prefix),
        }
    }

    /// A name in no namespace, as most attributes have.
    pub const fn local(local: &'static str) -> Self {
        Self { namespace: Shared::ours(""), local: Shared::ours(local), prefix: Shared::ours("") }
    }

    /// Whether this is `local` of `namespace`.
    pub fn is(&self, namespace: Namespace, local: &str) -> bool {
        self.local == local && self.namespace == namespace.uri
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.local == other.local && self.namespace == other.namespace
    }
}

impl Eq for Name {}

/// `{namespace}local`, the notation of error messages.
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.local)
        } else {
            write!(f, "{{{}}}{}", self.namespace, self.local)
        }
    }
}

/// Two elements are equal when they say the same: prefixes and declarations are spelling.
impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.attributes == other.attributes && self.children == other.children
    }
}

impl Eq for Element {}

impl Element {
    /// An empty element.
    pub const fn new(namespace: Namespace, local: &'static str) -> Self {
        Self {
            name: Name::new(namespace, local),
            attributes: Vec::new(),
            children: Vec::new(),
            declarations: Vec::new(),
        }
    }

    /// Reads one document: exactly one root element, nothing that SOAP forbids, nothing beyond `limits`.
    pub fn parse(document: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        parse::parse(document, limits)
    }

    /// Writes the element with every prefix that it needs, without an XML declaration. Markup that is written
    /// late and fails is left out; a message that holds such is not sent.
    pub fn write(&self) -> String {
        Layout::of(self).into_text()
    }

    /// With an attribute in no namespace.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with_attribute(Name::local(name), value)
    }

    /// With an attribute of any name.
    #[must_use]
    pub fn with_attribute(mut self, name: Name, value: impl Into<String>) -> Self {
        self.attributes.push(Attribute { name, value: value.into().into() });
        self
    }

    /// With a child element at the end.
    #[must_use]
    pub fn with_child(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    /// With child elements at the end.
    #[must_use]
    pub fn with_children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With text at the end.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into().into()));
        self
    }

    /// With a prefix declared here, for QNames in content.
    #[must_use]
    pub fn declaring(mut self, namespace: Namespace) -> Self {
        self.declarations.push((namespace.prefix.into(), namespace.uri.into()));
        self
    }

    /// Adds a child element at the end.
    pub fn push(&mut self, child: Self) {
        self.children.push(Node::Element(child));
    }

    /// Whether this element is `local` of `namespace`.
    pub fn is(&self, namespace: Namespace, local: &str) -> bool {
        self.name.is(namespace, local)
    }

    /// The value of an attribute in no namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.local == local && attribute.name.namespace.is_empty())
            .map(|attribute| &*attribute.value)
    }

    /// The value of an attribute in a namespace.
    pub fn attribute_in(&self, namespace: Namespace, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.is(namespace, local))
            .map(|attribute| &*attribute.value)
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Written(_) => None,
        })
    }

    /// The child elements of one name.
    pub fn children_named<'a>(
        &'a self,
        namespace: Namespace,
        local: &'a str,
    ) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |element| element.is(namespace, local))
    }

    /// The first child element of that name.
    pub fn child(&self, namespace: Namespace, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// The character data directly inside, as written.
    pub fn text(&self) -> Cow<'_, str> {
        let mut runs = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(&**text),
            Node::Element(_) | Node::Written(_) => None,
        });
        let first = runs.next().unwrap_or_default();
        runs.fold(Cow::Borrowed(first), |mut all, run| {
            all.to_mut().push_str(run);
            all
        })
    }
}

#[cfg(test)]
mod tests;
