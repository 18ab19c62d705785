//! Takes long base64 out of an envelope while it streams, as if it had been sent behind it (design D1).
//!
//! A document of any size may stand as base64 in its element (clauses M16 and M17). What is longer
//! than [`limits::INLINE`] is decoded piece by piece and an `xop:Include` is left in its place, so
//! that those who read the message meet one shape. What is shorter stays where it is.

use std::ops::Range;

use uuid::Uuid;

use crate::limits;
use crate::mime::Base64;
use crate::parts::include;

/// A document that was taken out.
#[derive(Debug)]
pub(crate) struct TakenOut {
    pub(crate) content_id: String,
    /// Where it stands among all decoded bytes.
    pub(crate) range: Range<u64>,
}

/// Reads markup just closely enough to know what is the whole text of an element.
#[derive(Debug)]
pub(crate) struct Extractor {
    /// The envelope without what was taken out.
    pub(crate) envelope: Vec<u8>,
    /// Bytes decoded since they were last fetched.
    pub(crate) decoded: Vec<u8>,
    /// What was taken out so far.
    pub(crate) documents: Vec<TakenOut>,
    total: u64,
    place: Place,
    run: Run,
    /// Markup or a reference whose beginning only has come.
    partial: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// After `<`, its kind not yet known.
    Markup,
    StartTag {
        quote: Option<u8>,
        slash: bool,
    },
    EndTag,
    Comment,
    /// An XML declaration, or what the parser will refuse.
    Instruction,
    CData,
    /// After `&` inside a run.
    Reference,
    /// Nothing more is looked at: not UTF-8, or something that the parser will refuse.
    Opaque,
}

/// The text of the element that was opened last, as long as it is base64.
#[derive(Debug)]
enum Run {
    /// It is not, or the last tag was an end tag.
    None,
    /// It began here in the envelope, and has so many digits so far; references or CDATA stand among them.
    Short { start: usize, digits: usize, mixed: bool },
    /// It is being taken out from this place among the decoded bytes.
    Long { start: u64, decoder: Base64 },
}

impl Default for Extractor {
    fn default() -> Self {
        Self {
            envelope: Vec::new(),
            decoded: Vec::new(),
            documents: Vec::new(),
            total: 0,
            place: Place::Text,
            run: Run::None,
            partial: Vec::new(),
        }
    }
}

impl Extractor {
    /// Reads the next piece.
    pub(crate) fn feed(&mut self, mut input: &[u8]) -> Result<(), String> {
        if self.envelope.is_empty() && matches!(input, [0xFE | 0xFF, ..]) {
            self.place = Place::Opaque;
        }
        while !input.is_empty() {
            let used = match self.place {
                Place::Text => self.text(input)?,
                Place::CData => self.cdata(input)?,
                Place::Markup => self.markup(input)?,
                Place::StartTag { quote, slash } => self.start_tag(input, quote, slash),
                Place::EndTag => self.end_tag(input),
                Place::Comment => self.until(input, b"-->", Place::Text),
                Place::Instruction => self.until(input, b"?>", Place::Text),
                Place::Reference => self.reference(input)?,
                Place::Opaque => self.copy(input),
            };
            input = input.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// Fetches what was decoded.
    pub(crate) fn take_decoded(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.decoded)
    }

    fn copy(&mut self, bytes: &[u8]) -> usize {
        if !matches!(self.run, Run::Long { .. }) {
            self.envelope.extend_from_slice(bytes);
        }
        bytes.len()
    }

    fn text(&mut self, input: &[u8]) -> Result<usize, String> {
        if self.is_short(input) {
            self.run = Run::None;
        }
        let end = match self.run {
            Run::None => memchr::memchr(b'<', input),
            _ => input.iter().position(|byte| !is_base64(*byte)),
        };
        let used = end.unwrap_or(input.len());
        self.digits(input.get(..used).unwrap_or_default())?;
        match input.get(used) {
            None => return Ok(used),
            Some(b'<') => {
                self.partial.push(b'<');
                self.place = Place::Markup;
            }
            Some(b'&') => {
                self.copy(b"&");
                self.mix();
                self.place = Place::Reference;
            }
            Some(other) => {
                self.no_base64(*other)?;
                self.copy(&[*other]);
            }
        }
        Ok(used + 1)
    }

    /// Whether the text that begins here ends before it could be long, as nearly every one does.
    fn is_short(&self, input: &[u8]) -> bool {
        let Run::Short { digits: 0, mixed: false, .. } = self.run else { return false };
        let near = input.get(..limits::INLINE).unwrap_or(input);
        let end = memchr::memchr(b'<', near).and_then(|end| input.get(end + 1));
        // What goes on may be CDATA, in which there may be more of it.
        end.is_some_and(|end| *end != b'!')
    }

    /// Character data up to `]]>`; base64 may stand in it too.
    fn cdata(&mut self, input: &[u8]) -> Result<usize, String> {
        if !self.partial.is_empty() {
            return self.cdata_end(input);
        }
        let end = match self.run {
            Run::None => memchr::memchr(b']', input),
            _ => input.iter().position(|byte| !is_base64(*byte)),
        };
        let used = end.unwrap_or(input.len());
        self.digits(input.get(..used).unwrap_or_default())?;
        match input.get(used) {
            None => return Ok(used),
            Some(b']') => self.partial.push(b']'),
            Some(other) => {
                self.no_base64(*other)?;
                self.copy(&[*other]);
            }
        }
        Ok(used + 1)
    }

    /// Whether the brackets that came are those of `]]>`.
    fn cdata_end(&mut self, input: &[u8]) -> Result<usize, String> {
        let Some(byte) = input.first() else { return Ok(0) };
        match (self.partial.as_slice(), byte) {
            (b"]", b']') => self.partial.push(b']'),
            (b"]]", b'>') => {
                self.partial.clear();
                self.copy(b"]]>");
                self.place = Place::Text;
            }
            (b"]]", b']') => {
                self.no_base64(b']')?;
                self.copy(b"]");
            }
            _ => {
                self.no_base64(b']')?;
                let brackets = std::mem::take(&mut self.partial);
                self.copy(&brackets);
                return Ok(0);
            }
        }
        Ok(1)
    }

    /// Finds out what `<` begins.
    fn markup(&mut self, input: &[u8]) -> Result<usize, String> {
        let Some(byte) = input.first() else { return Ok(0) };
        self.partial.push(*byte);
        let (comment, cdata) = (&b"<!--"[..], &b"<![CDATA["[..]);
        self.place = match self.partial.as_slice() {
            [_, b'/'] => {
                self.end_run()?;
                Place::EndTag
            }
            [_, b'!', ..] if self.partial == comment => Place::Comment,
            [_, b'!', ..] if self.partial == cdata => {
                self.mix();
                Place::CData
            }
            partial if comment.starts_with(partial) || cdata.starts_with(partial) => return Ok(1),
            [_, b'?'] => Place::Instruction,
            [_, b'!', ..] => Place::Opaque,
            _ => Place::StartTag { quote: None, slash: *byte == b'/' },
        };
        if !matches!(self.place, Place::EndTag | Place::CData) {
            if matches!(self.run, Run::Long { .. }) {
                return Err("long base64 is interrupted by markup".to_owned());
            }
            self.run = Run::None;
        }
        if !matches!(self.run, Run::Long { .. }) {
            self.envelope.extend_from_slice(&self.partial);
        }
        self.partial.clear();
        Ok(1)
    }

    fn start_tag(&mut self, input: &[u8], mut quote: Option<u8>, slash: bool) -> usize {
        let mut used = 0;
        while let Some(rest) = input.get(used..) {
            let next = match quote {
                Some(quote) => memchr::memchr(quote, rest),
                None => memchr::memchr3(b'"', b'\'', b'>', rest),
            };
            let Some(at) = next.map(|next| used + next) else { break };
            used = at + 1;
            match (quote, input.get(at)) {
                (None, Some(b'>')) => {
                    let before = at.checked_sub(1).and_then(|before| input.get(before));
                    let is_empty = before.map_or(slash, |before| *before == b'/');
                    self.copy(input.get(..used).unwrap_or_default());
                    self.place = Place::Text;
                    if !is_empty {
                        self.run = Run::Short { start: self.envelope.len(), digits: 0, mixed: false };
                    }
                    return used;
                }
                (None, open) => quote = open.copied(),
                (Some(_), _) => quote = None,
            }
        }
        self.place = Place::StartTag { quote, slash: input.last() == Some(&b'/') };
        self.copy(input)
    }

    fn end_tag(&mut self, input: &[u8]) -> usize {
        let end = memchr::memchr(b'>', input);
        if end.is_some() {
            self.place = Place::Text;
        }
        self.copy(end.and_then(|end| input.get(..=end)).unwrap_or(input))
    }

    /// Copies up to and with `end`, which may come in pieces.
    fn until(&mut self, input: &[u8], end: &[u8], then: Place) -> usize {
        for (at, byte) in input.iter().enumerate() {
            self.partial.push(*byte);
            let excess = self.partial.len().saturating_sub(end.len());
            self.partial.drain(..excess);
            if self.partial == end {
                self.partial.clear();
                self.place = then;
                return self.copy(input.get(..=at).unwrap_or_default());
            }
        }
        self.copy(input)
    }

    /// A reference inside a run: white space does no harm, anything else ends it.
    fn reference(&mut self, input: &[u8]) -> Result<usize, String> {
        let Some(byte) = input.first() else { return Ok(0) };
        if *byte == b';' {
            let reference = std::mem::take(&mut self.partial);
            if !is_white_space(&reference) {
                self.no_base64(b'&')?;
            }
            self.place = Place::Text;
        } else if self.partial.len() < 8 && (byte.is_ascii_alphanumeric() || *byte == b'#') {
            self.partial.push(*byte);
        } else {
            self.partial.clear();
            self.no_base64(b'&')?;
            self.place = Place::Text;
            return Ok(0);
        }
        Ok(self.copy(&[*byte]))
    }

    /// More of the text: copied, gathered, or decoded.
    fn digits(&mut self, text: &[u8]) -> Result<(), String> {
        self.copy(text);
        match &mut self.run {
            Run::None => return Ok(()),
            Run::Long { decoder, .. } => {
                return Self::decode(decoder, text, &mut self.decoded, &mut self.total);
            }
            Run::Short { digits, .. } => {
                *digits += text.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
            }
        }
        let Run::Short { start, digits, mixed } = self.run else { return Ok(()) };
        if digits <= limits::INLINE {
            return Ok(());
        }
        let mut text = self.envelope.split_off(start);
        if mixed {
            text = unmixed(&text);
        }
        let mut decoder = Base64::default();
        let start = self.total;
        Self::decode(&mut decoder, &text, &mut self.decoded, &mut self.total)?;
        self.run = Run::Long { start, decoder };
        Ok(())
    }

    fn decode(decoder: &mut Base64, text: &[u8], out: &mut Vec<u8>, total: &mut u64) -> Result<(), String> {
        let before = out.len();
        decoder.feed(text, out)?;
        *total += (out.len() - before) as u64;
        Ok(())
    }

    /// Something stands among the digits that is none of them, and no end of them either.
    const fn mix(&mut self) {
        if let Run::Short { mixed, .. } = &mut self.run {
            *mixed = true;
        }
    }

    /// A byte that is not base64: ordinary text, unless some of it was already taken out.
    fn no_base64(&mut self, byte: u8) -> Result<(), String> {
        match std::mem::replace(&mut self.run, Run::None) {
            Run::Long { .. } => {
                Err(format!("long base64 holds the character '{}'", char::from(byte).escape_default()))
            }
            _ => Ok(()),
        }
    }

    /// The element ends: what was taken out of it is replaced.
    fn end_run(&mut self) -> Result<(), String> {
        if let Run::Long { start, mut decoder } = std::mem::replace(&mut self.run, Run::None) {
            decoder.finish()?;
            let content_id = format!("inline.{}@dosebook", Uuid::new_v4());
            self.envelope.extend_from_slice(include(&content_id).write().as_bytes());
            self.documents.push(TakenOut { content_id, range: start..self.total });
        }
        Ok(())
    }
}

/// Digits without the references to white space and the marks of CDATA among them.
fn unmixed(mut text: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(text.len());
    while let Some(at) = memchr::memchr3(b'&', b'<', b']', text) {
        let (before, mark) = text.split_at(at);
        digits.extend_from_slice(before);
        let end: &[u8] = match mark.first() {
            Some(b'&') => b";",
            Some(b'<') => b"[CDATA[",
            _ => b"]]>",
        };
        text = memchr::memmem::find(mark, end).and_then(|at| mark.get(at + end.len()..)).unwrap_or_default();
    }
    digits.extend_from_slice(text);
    digits
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether a character reference, without `&` and `;`, is white space: `#13`, `#xD`, `#10`, `#xA` and so on.
fn is_white_space(reference: &[u8]) -> bool {
    let number = std::str::from_utf8(reference).ok().and_then(|text| {
        let number = text.strip_prefix('#')?;
        match number.strip_prefix('x') {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
            None => number.parse().ok(),
        }
    });
    matches!(number, Some(9 | 10 | 13 | 32))
}

#[cfg(test)]
mod tests;
