//! From bytes to an element tree, refusing all that is not well-formed.
//!
//! quick-xml finds the markup; what it lets pass (a second root, undeclared prefixes, illegal
//! characters, entities) is refused here.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

use super::{Attribute, Element, Name, Node};

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
    /// Elements, comments and runs of text of the whole document.
    pub nodes: usize,
    /// Bytes of one run of text.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { size: 16 << 20, depth: 128, attributes: 256, declarations: 64, nodes: 200_000, text: 4 << 20 }
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
    let text = decode(document).map_err(at_start)?;
    let mut reader = NsReader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut builder = Builder { limits, open: Vec::new(), root: None, nodes: 0 };
    loop {
        let step = read_step(&mut reader, &mut builder);
        let position = reader.buffer_position();
        match step {
            Ok(true) => {}
            Ok(false) => return builder.finish().map_err(|reason| ParseError { reason, position }),
            Err(reason) => return Err(ParseError { reason, position }),
        }
    }
}

/// UTF-8, or UTF-16 with its byte order mark (XML 1.0 section 4.3.3).
fn decode(document: &[u8]) -> Result<Cow<'_, str>, String> {
    let utf16 = |unit: fn([u8; 2]) -> u16, bytes: &[u8]| {
        if bytes.len() % 2 != 0 {
            return Err("UTF-16 with an odd number of bytes".to_owned());
        }
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(unit));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map(Cow::Owned)
            .map_err(|_| "not valid UTF-16".to_owned())
    };
    match document {
        [0xFE, 0xFF, rest @ ..] => utf16(u16::from_be_bytes, rest),
        [0xFF, 0xFE, rest @ ..] => utf16(u16::from_le_bytes, rest),
        _ => {
            let bytes = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
            std::str::from_utf8(bytes)
                .map(Cow::Borrowed)
                .map_err(|error| format!("not valid UTF-8 at byte {}", error.valid_up_to()))
        }
    }
}

/// Handles one event; false at the end of the document.
fn read_step(reader: &mut NsReader<&[u8]>, builder: &mut Builder<'_>) -> Result<bool, String> {
    match reader.read_event().map_err(|error| format!("not well-formed: {error}"))? {
        Event::Start(start) => builder.open(read_start(reader, &start, builder.limits)?)?,
        Event::Empty(start) => {
            builder.open(read_start(reader, &start, builder.limits)?)?;
            builder.close()?;
        }
        Event::End(_) => builder.close()?,
        Event::Text(text) => builder.text(&text.xml10_content())?,
        Event::CData(text) => builder.text(&text.xml10_content())?,
        Event::GeneralRef(reference) => builder.text(resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
        Event::Comment(_) => builder.count()?,
        Event::Decl(declaration) => {
            if builder.nodes > 0 {
                return Err("an XML declaration that is not at the start".to_owned());
            }
            if declaration.version().is_ok_and(|version| version != "1.0") {
                return Err("only XML 1.0 is accepted".to_owned());
            }
        }
        Event::DocType(_) => return Err("a document type declaration is not allowed in SOAP".to_owned()),
        Event::PI(_) => return Err("a processing instruction is not allowed in SOAP".to_owned()),
        Event::Eof => return Ok(false),
    }
    Ok(true)
}

fn read_start(reader: &NsReader<&[u8]>, start: &BytesStart<'_>, limits: &Limits) -> Result<Element, String> {
    let name = name(reader.resolver().resolve_element(start.name()).0, start.name().0)?;
    let mut element =
        Element { name, attributes: Vec::new(), children: Vec::new(), declarations: Vec::new() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("not well-formed: {error}"))?;
        if element.attributes.len() + element.declarations.len() >= limits.attributes {
            return Err(format!("more than {} attributes in one element", limits.attributes));
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| format!("not well-formed: {error}"))?
            .into_owned();
        legal(&value)?;
        if attribute.value.contains('<') {
            return Err("'<' in an attribute value".to_owned());
        }
        if let Some(declaration) = attribute.key.as_namespace_binding() {
            if element.declarations.len() >= limits.declarations {
                return Err(format!("more than {} namespace declarations", limits.declarations));
            }
            let prefix = match declaration {
                PrefixDeclaration::Default => "",
                PrefixDeclaration::Named(prefix) => prefix,
            };
            element.declarations.push((prefix.to_owned(), value));
            continue;
        }
        let name = self::name(reader.resolver().resolve_attribute(attribute.key).0, attribute.key.0)?;
        if element.attributes.iter().any(|other| other.name == name) {
            return Err(format!("attribute {name} twice in one element"));
        }
        element.attributes.push(Attribute { name, value });
    }
    Ok(element)
}

fn name(resolved: ResolveResult<'_>, qualified: &str) -> Result<Name, String> {
    let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
    let well_formed = |part: &str| part.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !well_formed(local) || local.contains(':') || local.contains(['&', '<', '"', '\'', '=']) {
        return Err(format!("'{qualified}' is not a name"));
    }
    let namespace = match resolved {
        ResolveResult::Bound(namespace) => namespace.0.to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => return Err(format!("prefix '{prefix}' is not declared")),
    };
    Ok(Name {
        namespace: Cow::Owned(namespace),
        local: Cow::Owned(local.to_owned()),
        prefix: Cow::Owned(prefix.to_owned()),
    })
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

/// Refuses what is not a `Char` of XML 1.0 section 2.2.
fn legal(text: &str) -> Result<(), String> {
    let illegal = |c: &char| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}');
    match text.chars().find(illegal) {
        Some(character) => Err(format!("U+{:04X} is not a legal character", u32::from(character))),
        None => Ok(()),
    }
}

/// The elements that are open, outermost first.
struct Builder<'a> {
    limits: &'a Limits,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
}

impl Builder<'_> {
    fn count(&mut self) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(format!("more than {} nodes", self.limits.nodes));
        }
        Ok(())
    }

    fn open(&mut self, element: Element) -> Result<(), String> {
        self.count()?;
        if self.open.is_empty() && self.root.is_some() {
            return Err("a second root element".to_owned());
        }
        if self.open.len() >= self.limits.depth {
            return Err(format!("elements nested deeper than {}", self.limits.depth));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(element) = self.open.pop() else {
            return Err("an end tag without its start tag".to_owned());
        };
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
