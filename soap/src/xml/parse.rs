//! From bytes to an element tree, refusing all that is not well-formed.
//!
//! quick-xml finds the markup; what it lets pass (a second root, undeclared prefixes, illegal
//! characters, entities) is refused here.

mod characters;
mod encoding;
mod scope;

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute as RawAttribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Attribute, Element, Node};
use characters::{is_name, legal};
use scope::Scope;

/// What one document may cost its reader. Every bound has a test that crosses it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the document.
    pub size: usize,
    /// Elements inside one another.
    pub depth: usize,
    /// Attributes of one element, declarations included.
    pub attributes: usize,
    /// Namespace declarations of one element.
    pub declarations: usize,
    /// Elements, comments and runs of text of the whole document; and, counted by themselves,
    /// its attributes, declarations included.
    pub nodes: usize,
    /// Bytes of one run of text.
    pub text: usize,
    /// Bytes of the value of one attribute, as it is written.
    pub value: usize,
    /// Bytes of one namespace name.
    pub namespace: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 16 << 20,
            depth: 128,
            attributes: 256,
            declarations: 64,
            nodes: 200_000,
            text: 4 << 20,
            value: 64 << 10,
            namespace: 1 << 10,
        }
    }
}

/// Why a document was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (byte {position})")]
pub struct ParseError {
    /// What is wrong.
    pub reason: String,
    /// Bytes read when it was noticed.
    pub position: u64,
}

pub(super) fn parse(document: &[u8], limits: &Limits) -> Result<Element, ParseError> {
    let at_start = |reason: String| ParseError { reason, position: 0 };
    if document.len() > limits.size {
        let reason = format!("the document has {} bytes, allowed are {}", document.len(), limits.size);
        return Err(at_start(reason));
    }
    let text = encoding::decode(document).map_err(at_start)?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    reader.config_mut().check_comments = true;
    let mut builder = Builder::new(limits, matches!(document, [0xFE | 0xFF, ..]));
    loop {
        let start = reader.buffer_position();
        let event = reader.read_event().map_err(|error| format!("not well-formed: {error}"));
        let step = event.and_then(|event| builder.take(event, start));
        let position = reader.buffer_position();
        match step {
            Ok(true) => {}
            Ok(false) => return builder.finish().map_err(|reason| ParseError { reason, position }),
            Err(reason) => return Err(ParseError { reason, position }),
        }
    }
}

/// The prefixes that a start tag declares.
fn declarations<'a>(
    start: &'a BytesStart<'_>,
    limits: &Limits,
) -> Result<Vec<(&'a str, Cow<'a, str>)>, String> {
    let mut declarations = Vec::new();
    if memchr::memmem::find(start.as_bytes(), b"xmlns").is_none() {
        return Ok(declarations);
    }
    // That no prefix is declared twice, the iterator sees.
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("not well-formed: {error}"))?;
        let Some(prefix) = declared(attribute.key.0)? else { continue };
        declarations.push((prefix, read_value(&attribute, limits.namespace)?));
        if declarations.len() > limits.declarations {
            return Err(format!("more than {} namespace declarations", limits.declarations));
        }
    }
    Ok(declarations)
}

/// The prefix that an attribute of this name declares; none if it is an ordinary one.
fn declared(name: &str) -> Result<Option<&str>, String> {
    match name.strip_prefix("xmlns") {
        Some("") => Ok(Some("")),
        Some(rest) => match rest.strip_prefix(':') {
            Some(prefix) if is_name(prefix) => Ok(Some(prefix)),
            Some(prefix) => Err(format!("'{prefix}' is not a prefix")),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

/// Makes sure that white space stands between attributes; tells how many values stand in quotes.
fn set_apart(tag: &str) -> Result<usize, String> {
    let (mut rest, mut values) = (tag.as_bytes(), 0);
    while let Some((quote, quoted)) =
        memchr::memchr2(b'"', b'\'', rest).and_then(|at| rest.get(at..)?.split_first())
    {
        values += 1;
        rest = memchr::memchr(*quote, quoted).and_then(|at| quoted.get(at + 1..)).unwrap_or_default();
        if rest.first().is_some_and(|next| !next.is_ascii_whitespace() && *next != b'/') {
            return Err("no white space between attributes".to_owned());
        }
    }
    Ok(values)
}

fn read_value<'a>(attribute: &RawAttribute<'a>, limit: usize) -> Result<Cow<'a, str>, String> {
    if attribute.value.len() > limit {
        return Err(format!("the value of attribute '{}' is longer than {limit} bytes", attribute.key.0));
    }
    if memchr::memchr(b'<', attribute.value.as_bytes()).is_some() {
        return Err("'<' in an attribute value".to_owned());
    }
    let value = attribute.normalized_value(XmlVersion::Implicit1_0);
    let value = value.map_err(|error| format!("not well-formed: {error}"))?;
    legal(&value)?;
    Ok(value)
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, String> {
    if let Some(character) =
        reference.resolve_char_ref().map_err(|error| format!("not well-formed: {error}"))?
    {
        return Ok(character);
    }
    match &**reference {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(format!("entity '{other}' is not defined")),
    }
}

/// The tree as far as it was read.
struct Builder<'a> {
    limits: &'a Limits,
    utf16: bool,
    /// The elements that are open, outermost first.
    open: Vec<Element>,
    scope: Scope,
    root: Option<Element>,
    nodes: usize,
    attributes: usize,
}

impl<'a> Builder<'a> {
    fn new(limits: &'a Limits, utf16: bool) -> Self {
        Self { limits, utf16, open: Vec::new(), scope: Scope::default(), root: None, nodes: 0, attributes: 0 }
    }

    /// Handles one event that began at `position`; false at the end of the document.
    fn take(&mut self, event: Event<'_>, position: u64) -> Result<bool, String> {
        match event {
            Event::Start(start) => self.open(&start)?,
            Event::Empty(start) => {
                self.open(&start)?;
                self.close()?;
            }
            Event::End(_) => self.close()?,
            Event::Text(text) if memchr::memchr(b']', text.as_bytes()).is_some() && text.contains("]]>") => {
                return Err("']]>' in text".to_owned());
            }
            Event::Text(text) => self.text(&text.xml10_content())?,
            Event::CData(text) if !self.open.is_empty() => self.text(&text.xml10_content())?,
            Event::GeneralRef(reference) if !self.open.is_empty() => {
                self.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?;
            }
            Event::CData(_) | Event::GeneralRef(_) => return Err("text outside the root element".to_owned()),
            Event::Comment(comment) => {
                legal(&comment)?;
                self.count()?;
            }
            Event::Decl(declaration) if position == 0 => encoding::declaration(&declaration, self.utf16)?,
            Event::Decl(_) => return Err("an XML declaration that is not at the start".to_owned()),
            Event::DocType(_) => return Err("a document type declaration is not allowed in SOAP".to_owned()),
            Event::PI(_) => return Err("a processing instruction is not allowed in SOAP".to_owned()),
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    fn count(&mut self) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(format!("more than {} nodes", self.limits.nodes));
        }
        Ok(())
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        self.count()?;
        if self.open.is_empty() && self.root.is_some() {
            return Err("a second root element".to_owned());
        }
        if self.open.len() >= self.limits.depth {
            return Err(format!("elements nested deeper than {}", self.limits.depth));
        }
        let values = set_apart(start)?;
        let declarations = self.scope.enter(declarations(start, self.limits)?)?;
        let attributes = self.attributes(start, values, declarations.len())?;
        let name = self.scope.element(start.name().0)?;
        self.open.push(Element { name, attributes, children: Vec::new(), declarations });
        Ok(())
    }

    /// The attributes of a start tag, whose names mean something only when all its prefixes are known.
    fn attributes(
        &mut self,
        start: &BytesStart<'_>,
        values: usize,
        declarations: usize,
    ) -> Result<Vec<Attribute>, String> {
        let room = values.saturating_sub(declarations).min(self.limits.attributes);
        let mut attributes: Vec<Attribute> = Vec::with_capacity(room);
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| format!("not well-formed: {error}"))?;
            if declared(attribute.key.0)?.is_some() {
                continue;
            }
            if attributes.len() + declarations >= self.limits.attributes {
                return Err(format!("more than {} attributes in one element", self.limits.attributes));
            }
            let name = self.scope.attribute(attribute.key.0)?;
            if attributes.iter().any(|other| other.name == name) {
                return Err(format!("attribute {name} twice in one element"));
            }
            let value = read_value(&attribute, self.limits.value)?.into_owned();
            attributes.push(Attribute { name, value });
        }
        self.attributes += attributes.len() + declarations;
        if self.attributes > self.limits.nodes {
            return Err(format!("more than {} attributes in the document", self.limits.nodes));
        }
        Ok(attributes)
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(element) = self.open.pop() else {
            return Err("an end tag without its start tag".to_owned());
        };
        self.scope.leave(&element.declarations);
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let limit = self.limits.text;
        let Some(parent) = self.open.last_mut() else {
            return match text.trim_matches([' ', '\t', '\r', '\n']) {
                "" => Ok(()),
                _ => Err("text outside the root element".to_owned()),
            };
        };
        legal(text)?;
        if let Some(Node::Text(run)) = parent.children.last_mut() {
            if run.len() + text.len() > limit {
                return Err(format!("a text longer than {limit} bytes"));
            }
            run.push_str(text);
            return Ok(());
        }
        if text.len() > limit {
            return Err(format!("a text longer than {limit} bytes"));
        }
        // Mostly the only one of its parent, unless it is the white space before an element.
        if parent.children.is_empty() && !text.trim_ascii_start().is_empty() {
            parent.children.reserve_exact(1);
        }
        parent.children.push(Node::Text(text.to_owned()));
        self.count()
    }

    fn finish(mut self) -> Result<Element, String> {
        if let Some(element) = self.open.pop() {
            return Err(format!("the document ends inside {}", element.name));
        }
        self.root.ok_or_else(|| "no root element".to_owned())
    }
}
