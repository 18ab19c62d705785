//! A message: segments of fields, which may repeat, of components and subcomponents (HL7 2.3.1 chapter 2).
//!
//! A message is split into segments and fields here, and a field is taken apart by the parser when it is asked for:
//! taken apart whole, a message of separators would fill six hundred times its size; and the parser says nothing of
//! what follows a segment that it cannot read.

use std::ops::Range;

use hl7_parser::message::{Repeat, Separators};
use hl7_parser::parser::{parse_field_with_separators, parse_msh};

use crate::charset::Charset;
use crate::limits;
use crate::text::unescape;

/// A message that can be read.
#[derive(Debug, Clone)]
pub struct Message {
    header: Header,
    text: String,
    /// Where its segments are, the header excepted.
    segments: Vec<Range<usize>>,
}

/// MSH, what is read of it. Values are as they were sent, escapes and all, so that an answer can repeat them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub(crate) separators: Separators,
    pub(crate) charset: Charset,
    /// MSH-3 to MSH-6: sending application and facility, receiving application and facility.
    pub parties: [String; 4],
    /// MSH-9.1: the kind of message, `ADT`.
    pub kind: String,
    /// MSH-9.2: what has happened, `A01`.
    pub trigger: String,
    /// MSH-9.3: the structure, if it was said.
    pub structure: String,
    /// MSH-10: what the sender calls the message.
    pub control_id: String,
    /// MSH-11.1: production, training or debugging, by its letter.
    pub processing: String,
    /// MSH-12.1: `2.3.1`.
    pub version: String,
    /// MSH-18, the first.
    pub charset_name: String,
}

/// What cannot be read as a message, with as much of its header as could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The header.
    pub header: Option<Box<Header>>,
    /// What is wrong.
    pub defect: Defect,
}

/// What is wrong with a message that cannot be read. The texts hold nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// Bytes came, and none that begins a frame.
    #[error("no start of a message: 0x0B was expected before its first segment (MLLP)")]
    NoStart,
    /// A frame without an end.
    #[error(
        "no end of the message: 0x1C 0x0D was expected behind its last segment, and {limit} s at most between bytes, {whole} s in \
         all (MLLP)",
        limit = limits::BYTE_TIME.as_secs(), whole = limits::MESSAGE_TIME.as_secs()
    )]
    NoEnd,
    /// Larger than any.
    #[error("the message has more than {} bytes", limits::MESSAGE)]
    TooLarge,
    /// More segments than any.
    #[error("the message has more than {} segments", limits::SEGMENTS)]
    TooManySegments,
    /// No MSH.
    #[error("the message does not begin with the segment MSH")]
    NoHeader,
    /// A header larger than any.
    #[error("MSH has more than {} bytes", limits::HEADER)]
    HeaderTooLong,
    /// Separators that cannot be told apart.
    #[error(
        "MSH-1 and MSH-2: five different characters were expected that are neither letters nor digits, as in |^~\\&"
    )]
    Separators,
    /// A set of characters that we do not know.
    #[error("MSH-18: the message is in a character set other than ASCII, 8859/1 and UNICODE UTF-8")]
    Charset,
    /// Bytes that are not of the set that the header names.
    #[error("MSH-18 says UNICODE UTF-8, and the message is not in it")]
    NotUtf8,
    /// Characters that no text has.
    #[error("a control character in the message; one message was expected between 0x0B and 0x1C 0x0D")]
    Control,
    /// A second header.
    #[error("a second MSH: one message was expected in a frame, and neither was looked at")]
    SecondMessage,
    /// A line that is no segment.
    #[error("segment {0} has no name: three letters or digits and the field separator were expected")]
    Segment(usize),
}

impl Message {
    /// Reads what came in a frame.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let bytes = bytes.trim_ascii_start();
        let bare = |defect| Unreadable { header: None, defect };
        let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        if !line.starts_with(b"MSH") {
            return Err(bare(Defect::NoHeader));
        }
        if line.len() > limits::HEADER {
            return Err(bare(Defect::HeaderTooLong));
        }
        // An answer repeats some of it.
        if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return Err(bare(Defect::Control));
        }
        let separators = separators(line).ok_or_else(|| bare(Defect::Separators))?;
        let header = Header::read(line, separators, bytes)?;
        match read_segments(bytes, &header) {
            Ok((text, segments)) => Ok(Self { header, text, segments }),
            Err(defect) => Err(Unreadable { header: Some(Box::new(header)), defect }),
        }
    }

    /// Its header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its segments behind the header, in their order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        let separators = self.header.separators;
        let lines = self.segments.iter().filter_map(|range| self.text.get(range.clone()));
        lines.map(move |line| Segment { line, separators })
    }

    /// The whole of it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The text, and where its segments are.
fn read_segments(bytes: &[u8], header: &Header) -> Result<(String, Vec<Range<usize>>), Defect> {
    let text = header.charset.read(bytes).ok_or(Defect::NotUtf8)?;
    if text.bytes().any(|byte| byte.is_ascii_control() && !b"\r\n\t".contains(&byte)) {
        return Err(Defect::Control);
    }
    let mut segments = Vec::new();
    let mut start = 0;
    // Some end segments with LF, or with CR LF: then every other line is empty.
    for line in text.split(['\r', '\n']) {
        let range = start..start + line.len();
        start = range.end + 1;
        if line.trim().is_empty() {
            continue;
        }
        if segments.len() == limits::SEGMENTS {
            return Err(Defect::TooManySegments);
        }
        if !has_name(line, header.separators.field) {
            return Err(Defect::Segment(segments.len() + 1));
        }
        if line.starts_with("MSH") && !segments.is_empty() {
            return Err(Defect::SecondMessage);
        }
        segments.push(range);
    }
    let behind_header = segments.split_off(segments.len().min(1));
    Ok((text, behind_header))
}

fn has_name(line: &str, separator: char) -> bool {
    let mut characters = line.chars();
    let named = characters.by_ref().take(3).filter(char::is_ascii_alphanumeric).count() == 3;
    named && characters.next().is_none_or(|next| next == separator)
}

/// Those of a header, if they can be told apart from each other and from text.
fn separators(line: &[u8]) -> Option<Separators> {
    let &[field, component, repetition, escape, subcomponent] = line.get(3..8)? else { return None };
    let all = [field, component, repetition, escape, subcomponent];
    let distinct = all.iter().enumerate().all(|(at, one)| all.iter().skip(at + 1).all(|other| one != other));
    if !distinct
        || !all.iter().all(u8::is_ascii_punctuation)
        || line.get(8).is_some_and(|next| *next != field)
    {
        return None;
    }
    let [field, component, repetition, escape, subcomponent] = all.map(char::from);
    Some(Separators { field, component, subcomponent, repetition, escape, lenient_newlines: false })
}

impl Header {
    fn read(line: &[u8], separators: Separators, message: &[u8]) -> Result<Self, Unreadable> {
        let latin = Charset::Latin1.read(line).unwrap_or_default();
        let name = latin.split(separators.field).nth(17).unwrap_or_default();
        let name = name.split(separators.repetition).next().unwrap_or_default().trim();
        let charset = Charset::of(name, message);
        let read_as = charset.unwrap_or_default();
        let text = read_as.read(line);
        let header = Self::of(text.as_deref().unwrap_or(&latin), separators, read_as);
        match charset {
            Some(_) if text.is_none() => {
                Err(Unreadable { header: header.map(Box::new), defect: Defect::NotUtf8 })
            }
            Some(_) => header.ok_or(Unreadable { header: None, defect: Defect::NoHeader }),
            None => Err(Unreadable { header: header.map(Box::new), defect: Defect::Charset }),
        }
    }

    fn of(line: &str, separators: Separators, charset: Charset) -> Option<Self> {
        let (_, segment) = parse_msh(line).ok()?;
        let field = |number: usize| segment.field(number);
        let raw = |number| field(number).map(|field| field.raw_value().trim().to_owned()).unwrap_or_default();
        let component = |number, at| {
            let component = field(number).and_then(|field| field.component(at));
            component.map(|component| component.raw_value().trim().to_owned()).unwrap_or_default()
        };
        Some(Self {
            separators,
            charset,
            parties: [raw(3), raw(4), raw(5), raw(6)],
            kind: component(9, 1),
            trigger: component(9, 2),
            structure: component(9, 3),
            control_id: raw(10),
            processing: component(11, 1),
            version: component(12, 1),
            charset_name: component(18, 1),
        })
    }

    /// A value of the header without its escapes.
    pub fn plain(&self, value: &str) -> String {
        unescape(value, &self.separators)
    }
}

/// A segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'m> {
    line: &'m str,
    separators: Separators,
}

/// One value of a field.
#[derive(Debug, Clone)]
pub struct Repetition<'m> {
    repeat: Repeat<'m>,
    separators: Separators,
}

impl<'m> Segment<'m> {
    /// Its name, `PID`.
    pub fn name(&self) -> &'m str {
        self.line.get(..3).unwrap_or_default()
    }

    /// The values of a field; none if it is not there or empty. An error if it is larger than any.
    pub fn field(&self, number: usize) -> Result<Vec<Repetition<'m>>, TooLong> {
        let Some(field) = self.line.split(self.separators.field).nth(number) else { return Ok(Vec::new()) };
        if field.len() > limits::FIELD {
            return Err(TooLong);
        }
        // The parser takes any text; what it would leave over begins with a separator that is not in the field.
        let parsed = parse_field_with_separators(field, self.separators).map_err(|_| TooLong)?;
        let separators = self.separators;
        let repetitions = parsed.repeats.into_iter().map(|repeat| Repetition { repeat, separators });
        Ok(repetitions.filter(|repetition| !repetition.is_empty()).collect())
    }
}

/// A field has more than [`limits::FIELD`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {} bytes", limits::FIELD)]
pub struct TooLong;

impl Repetition<'_> {
    /// What stands there, escapes resolved and without white space around it; empty if it is not there, or said to
    /// be nothing (`""`). Components and subcomponents are counted from 1.
    pub fn value(&self, component: usize, subcomponent: usize) -> String {
        let component = component.checked_sub(1).and_then(|at| self.repeat.components.get(at));
        let subcomponents = component.map(|component| component.subcomponents.as_slice()).unwrap_or_default();
        let value = subcomponent.checked_sub(1).and_then(|at| subcomponents.get(at));
        match value.map(|value| value.value.trim()) {
            None | Some("\"\"") => String::new(),
            Some(value) => unescape(value, &self.separators).trim().to_owned(),
        }
    }

    fn is_empty(&self) -> bool {
        let all = self.repeat.components.iter().flat_map(|component| &component.subcomponents);
        all.map(|value| value.value.trim()).all(|value| value.is_empty() || value == "\"\"")
    }
}

#[cfg(test)]
mod tests;
