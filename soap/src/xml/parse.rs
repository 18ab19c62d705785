//! From bytes to an element tree, refusing all that is not well-formed.
//!
//! quick-xml finds the markup; what it lets pass (a second root, undeclared prefixes, illegal
//! characters, entities) is refused here.

mod attributes;
mod characters;
mod encoding;
mod scope;

use std::borrow::Cow;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute as RawAttribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::QName;
use quick_xml::reader::Reader;

use super::{Attribute, Element, Node, Shared};
use attributes::Written;
use characters::{is_name, is_plain, legal};
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
    let text = Arc::new(encoding::decode(document).map_err(at_start)?.into_owned());
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    reader.config_mut().check_comments = true;
    let mut builder = Builder::new(&text, limits, matches!(document, [0xFE | 0xFF, ..]));
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
    document: &'a Arc<String>,
    limits: &'a Limits,
    utf16: bool,
    /// The elements that are open, outermost first.
    open: Vec<Open>,
    /// What is complete of their content, that of the innermost last.
    content: Vec<Node>,
    /// The run of text that may still go on.
    run: Option<Cow<'a, str>>,
    scope: Scope<'a>,
    root: Option<Element>,
    nodes: usize,
    attributes: usize,
}

/// An element that is open, and where its content begins.
struct Open {
    element: Element,
    content: usize,
}

impl<'a> Builder<'a> {
    fn new(document: &'a Arc<String>, limits: &'a Limits, utf16: bool) -> Self {
        Self {
            document,
            limits,
            utf16,
            open: Vec::new(),
            content: Vec::new(),
            run: None,
            scope: Scope::new(document),
            root: None,
            nodes: 0,
            attributes: 0,
        }
    }

    /// Handles one event that began at `position`; false at the end of the document.
    fn take(&mut self, event: Event<'a>, position: u64) -> Result<bool, String> {
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
            Event::Text(text) => self.text(text.xml10_content())?,
            Event::CData(text) if !self.open.is_empty() => self.text(text.xml10_content())?,
            Event::GeneralRef(reference) if !self.open.is_empty() => {
                self.text(Cow::Owned(resolve(&reference)?.to_string()))?;
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
        self.end_run();
        self.count()?;
        if self.open.is_empty() && self.root.is_some() {
            return Err("a second root element".to_owned());
        }
        if self.open.len() >= self.limits.depth {
            return Err(format!("elements nested deeper than {}", self.limits.depth));
        }
        let written = Written(start.attributes_raw());
        let declarations = self.declarations(written)?;
        self.scope.enter(&declarations)?;
        let attributes = self.attributes(written, declarations.len())?;
        let name = self.scope.element(start.name().0)?;
        let element = Element { name, attributes, children: Vec::new(), declarations };
        self.open.push(Open { element, content: self.content.len() });
        Ok(())
    }

    /// The prefixes that a start tag declares.
    fn declarations(&self, written: Written<'_>) -> Result<Vec<(Shared, Shared)>, String> {
        let mut declarations: Vec<(Shared, Shared)> = Vec::new();
        if !written.0.contains("xmlns") {
            return Ok(declarations);
        }
        for attribute in written {
            let (name, value) = attribute?;
            let Some(prefix) = declared(name)? else { continue };
            if declarations.iter().any(|(other, _)| *other == prefix) {
                return Err(format!("prefix '{prefix}' is declared twice"));
            }
            if declarations.len() >= self.limits.declarations {
                return Err(format!("more than {} namespace declarations", self.limits.declarations));
            }
            let uri = self.value(name, value, self.limits.namespace)?;
            declarations.push((Shared::part(self.document, Cow::Borrowed(prefix)), uri));
        }
        Ok(declarations)
    }

    /// The attributes of a start tag, whose names mean something only when all its prefixes are known.
    fn attributes(&mut self, written: Written<'_>, declarations: usize) -> Result<Vec<Attribute>, String> {
        let room = memchr::memchr_iter(b'=', written.0.as_bytes()).count().saturating_sub(declarations);
        let mut attributes: Vec<Attribute> = Vec::with_capacity(room.min(self.limits.attributes));
        for attribute in written {
            let (name, value) = attribute?;
            if declarations > 0 && declared(name)?.is_some() {
                continue;
            }
            if attributes.len() + declarations >= self.limits.attributes {
                return Err(format!("more than {} attributes in one element", self.limits.attributes));
            }
            let value = self.value(name, value, self.limits.value)?;
            let name = self.scope.attribute(name)?;
            if attributes.iter().any(|other| other.name == name) {
                return Err(format!("attribute {name} twice in one element"));
            }
            attributes.push(Attribute { name, value });
        }
        self.attributes += attributes.len() + declarations;
        if self.attributes > self.limits.nodes {
            return Err(format!("more than {} attributes in the document", self.limits.nodes));
        }
        Ok(attributes)
    }

    /// The value of an attribute, as it was meant.
    fn value(&self, name: &str, written: &str, limit: usize) -> Result<Shared, String> {
        if written.len() > limit {
            return Err(format!("the value of attribute '{name}' is longer than {limit} bytes"));
        }
        if is_plain(written) {
            return Ok(Shared::part(self.document, Cow::Borrowed(written)));
        }
        if written.contains('<') {
            return Err("'<' in an attribute value".to_owned());
        }
        let written = RawAttribute { key: QName(name), value: Cow::Borrowed(written) };
        let value = written.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| format!("not well-formed: {error}"))?;
        legal(&value)?;
        Ok(Shared::part(self.document, value))
    }

    fn close(&mut self) -> Result<(), String> {
        self.end_run();
        let Some(Open { mut element, content }) = self.open.pop() else {
            return Err("an end tag without its start tag".to_owned());
        };
        element.children = self.content.split_off(content);
        self.scope.leave(&element.declarations);
        match self.open.is_empty() {
            false => self.content.push(Node::Element(element)),
            true => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<(), String> {
        if self.open.is_empty() {
            return match text.trim_matches([' ', '\t', '\r', '\n']) {
                "" => Ok(()),
                _ => Err("text outside the root element".to_owned()),
            };
        }
        legal(&text)?;
        let limit = self.limits.text;
        if self.run.as_ref().map_or(0, |run| run.len()) + text.len() > limit {
            return Err(format!("a text longer than {limit} bytes"));
        }
        match &mut self.run {
            Some(run) => {
                run.to_mut().push_str(&text);
                Ok(())
            }
            None => {
                self.run = Some(text);
                self.count()
            }
        }
    }

    fn end_run(&mut self) {
        let run = self.run.take().map(|run| Node::Text(Shared::part(self.document, run)));
        self.content.extend(run);
    }

    fn finish(mut self) -> Result<Element, String> {
        if let Some(open) = self.open.pop() {
            return Err(format!("the document ends inside {}", open.element.name));
        }
        self.root.ok_or_else(|| "no root element".to_owned())
    }
}
