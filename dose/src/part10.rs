//! DICOM Part 10 files taken apart into elements, in bounded space and without copying (PS3.10 7, PS3.5 7).
//!
//! A dose report comes from outside, so nothing here trusts a length, a nesting or a count. The general
//! DICOM library recurses without a bound and allocates what a length field says; that is why it only writes.

use std::borrow::Cow;
use std::io::Read;

use dicom_core::{DataDictionary, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags, uids};
use dicom_encoding::TransferSyntaxIndex as _;
use dicom_encoding::transfer_syntax::Codec;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use crate::ReadError;

/// Longest file read, and most that a deflated one may unfold to. The largest real report known has 3.3 MB.
pub const MAX_LENGTH: usize = 64 * 1024 * 1024;
/// Deepest nesting of sequences. Real reports stay under ten.
pub const MAX_DEPTH: usize = 32;
/// Most elements of one file. The largest real report known (316 events) has about 200,000.
pub const MAX_ELEMENTS: usize = 2_000_000;

/// Retired, and still sent by one mammography vendor (D65).
const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// Most irradiation events of one report. The largest real report known has 316.
pub const MAX_EVENTS: usize = 10_000;

const PREAMBLE: usize = 128;
const MAGIC: &[u8] = b"DICM";
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
const UNDEFINED: u32 = 0xFFFF_FFFF;

/// A file: what its meta information says, and the data set as bytes.
pub(crate) struct File<'a> {
    pub(crate) sop_class_uid: String,
    pub(crate) transfer_syntax_uid: String,
    body: Cow<'a, [u8]>,
    body_offset: usize,
    encoding: Encoding,
}

/// The elements of a data set, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct DataSet<'a> {
    elements: Vec<Element<'a>>,
}

#[derive(Debug)]
struct Element<'a> {
    tag: Tag,
    value: Value<'a>,
}

#[derive(Debug)]
enum Value<'a> {
    Bytes(&'a [u8]),
    Items(Vec<DataSet<'a>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Encoding {
    explicit: bool,
    big_endian: bool,
}

const EXPLICIT_LITTLE: Encoding = Encoding { explicit: true, big_endian: false };
const IMPLICIT_LITTLE: Encoding = Encoding { explicit: false, big_endian: false };
const EXPLICIT_BIG: Encoding = Encoding { explicit: true, big_endian: true };

impl<'a> File<'a> {
    /// Reads the meta information, and finds out how the data set is written.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ReadError::TooLarge { length: bytes.len() });
        }
        if bytes.get(PREAMBLE..PREAMBLE + MAGIC.len()) != Some(MAGIC) {
            return Err(ReadError::NotDicom { found: first_look(bytes) });
        }
        let mut reader = Reader::new(bytes, 0, EXPLICIT_LITTLE);
        reader.position = PREAMBLE + MAGIC.len();
        let meta = reader.meta()?;
        let body = bytes.get(reader.position..).unwrap_or_default();
        let transfer_syntax_uid = meta.ascii(tags::TRANSFER_SYNTAX_UID).unwrap_or_default();
        let (encoding, body) = match transfer_syntax_uid.as_str() {
            uids::EXPLICIT_VR_LITTLE_ENDIAN => (EXPLICIT_LITTLE, Cow::Borrowed(body)),
            uids::IMPLICIT_VR_LITTLE_ENDIAN => (IMPLICIT_LITTLE, Cow::Borrowed(body)),
            EXPLICIT_VR_BIG_ENDIAN => (EXPLICIT_BIG, Cow::Borrowed(body)),
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN => (EXPLICIT_LITTLE, Cow::Owned(inflate(body)?)),
            // Syntaxes of compressed pixels: their data set is explicit little endian (PS3.5 A.4).
            _ => (EXPLICIT_LITTLE, Cow::Borrowed(body)),
        };
        Ok(Self {
            sop_class_uid: meta.ascii(tags::MEDIA_STORAGE_SOP_CLASS_UID).unwrap_or_default(),
            transfer_syntax_uid,
            body_offset: if matches!(body, Cow::Borrowed(_)) { reader.position } else { 0 },
            body,
            encoding,
        })
    }

    /// The data set of the file.
    pub(crate) fn data_set(&self) -> Result<DataSet<'_>, ReadError> {
        let mut reader = Reader::new(&self.body, self.body_offset, self.encoding);
        reader.data_set(self.body.len(), false, 0)
    }
}

impl<'a> DataSet<'a> {
    /// The raw value of an element, if it is there and not empty.
    pub(crate) fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        match self.value(tag) {
            Some(Value::Bytes(bytes)) if !bytes.is_empty() => Some(bytes),
            _ => None,
        }
    }

    /// The items of a sequence; none if it is absent or not a sequence.
    pub(crate) fn items(&self, tag: Tag) -> &[Self] {
        match self.value(tag) {
            Some(Value::Items(items)) => items,
            _ => &[],
        }
    }

    /// Whether the element is there, even empty.
    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.value(tag).is_some()
    }

    /// A value that holds only the default repertoire (UID, CS, DA, TM, DS), without padding; `None` if empty.
    pub(crate) fn ascii(&self, tag: Tag) -> Option<String> {
        let text = String::from_utf8_lossy(self.bytes(tag)?);
        let text = text.trim_matches([' ', '\0']);
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn value(&self, tag: Tag) -> Option<&Value<'a>> {
        self.elements.iter().find(|element| element.tag == tag).map(|element| &element.value)
    }
}

/// Walks over bytes. `base` is where they start in the file, for the offsets in errors.
struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    base: usize,
    encoding: Encoding,
    elements: usize,
    /// From here on there are only zeros: padding, which some writers leave (D66).
    padding: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], base: usize, encoding: Encoding) -> Self {
        let padding = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self { bytes, position: 0, base, encoding, elements: 0, padding }
    }

    /// Group 0002: explicit little endian, until another group starts.
    fn meta(&mut self) -> Result<DataSet<'a>, ReadError> {
        let mut set = DataSet::default();
        while self.bytes.get(self.position..self.position + 2) == Some(&[2, 0]) {
            let tag = self.tag()?;
            set.elements.push(self.element(tag, self.bytes.len(), 0)?);
        }
        Ok(set)
    }

    /// Elements up to `end`, or up to the item delimiter when the item has no stated length.
    fn data_set(&mut self, end: usize, delimited: bool, depth: usize) -> Result<DataSet<'a>, ReadError> {
        let mut set = DataSet::default();
        loop {
            if self.position >= end || (depth == 0 && self.position >= self.padding) {
                return if delimited { Err(self.broken("an item is not closed")) } else { Ok(set) };
            }
            let tag = self.tag()?;
            if tag == ITEM_END && delimited {
                self.u32()?;
                return Ok(set);
            }
            if tag.group() == ITEM.group() {
                return Err(self.broken(&format!("the tag {tag} stands where an element was expected")));
            }
            set.elements.push(self.element(tag, end, depth)?);
        }
    }

    fn element(&mut self, tag: Tag, end: usize, depth: usize) -> Result<Element<'a>, ReadError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(self.broken(&format!("more than {MAX_ELEMENTS} elements")));
        }
        let (vr, length) = self.vr_and_length(tag)?;
        let value = match vr {
            VR::SQ => Value::Items(self.sequence(length, end, depth + 1)?),
            VR::UN if length == UNDEFINED || is_sequence(tag) => {
                self.unknown_sequence(length, end, depth + 1)?
            }
            _ if length == UNDEFINED => self.fragments(end)?,
            _ => {
                let stop = self.stop(length, end)?;
                let bytes = self.bytes.get(self.position..stop).unwrap_or_default();
                self.position = stop;
                Value::Bytes(bytes)
            }
        };
        Ok(Element { tag, value })
    }

    /// PS3.5 6.2.2: a sequence sent as UN is written in implicit little endian, whatever the file's syntax.
    fn unknown_sequence(&mut self, length: u32, end: usize, depth: usize) -> Result<Value<'a>, ReadError> {
        let outer = std::mem::replace(&mut self.encoding, IMPLICIT_LITTLE);
        let items = self.sequence(length, end, depth);
        self.encoding = outer;
        items.map(Value::Items)
    }

    fn sequence(&mut self, length: u32, end: usize, depth: usize) -> Result<Vec<DataSet<'a>>, ReadError> {
        if depth > MAX_DEPTH {
            return Err(self.broken(&format!("sequences are nested deeper than {MAX_DEPTH}")));
        }
        let delimited = length == UNDEFINED;
        let stop = if delimited { end } else { self.stop(length, end)? };
        let mut items = Vec::new();
        while delimited || self.position < stop {
            let tag = self.tag()?;
            let length = self.u32()?;
            match tag {
                ITEM if length == UNDEFINED => items.push(self.data_set(stop, true, depth)?),
                ITEM => {
                    let item_stop = self.stop(length, stop)?;
                    items.push(self.data_set(item_stop, false, depth)?);
                }
                SEQUENCE_END if delimited => break,
                _ => return Err(self.broken(&format!("the tag {tag} stands where an item was expected"))),
            }
        }
        Ok(items)
    }

    /// Encapsulated pixels (PS3.5 A.4): stepped over, for nobody here looks at pictures.
    fn fragments(&mut self, end: usize) -> Result<Value<'a>, ReadError> {
        loop {
            let tag = self.tag()?;
            let length = self.u32()?;
            match tag {
                ITEM => self.position = self.stop(length, end)?,
                SEQUENCE_END => return Ok(Value::Bytes(&[])),
                _ => return Err(self.broken(&format!("the tag {tag} stands where a fragment was expected"))),
            }
        }
    }

    fn vr_and_length(&mut self, tag: Tag) -> Result<(VR, u32), ReadError> {
        if !self.encoding.explicit {
            let length = self.u32()?;
            let sequence = length == UNDEFINED || is_sequence(tag);
            return Ok((if sequence { VR::SQ } else { VR::OB }, length));
        }
        let [first, second] = self.take::<2>()?;
        let vr = VR::from_binary([first, second]).unwrap_or(VR::UN);
        let long = matches!(
            vr,
            VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::SQ | VR::SV | VR::UC | VR::UN
        ) || matches!(vr, VR::UR | VR::UT | VR::UV);
        if long {
            self.take::<2>()?;
            Ok((vr, self.u32()?))
        } else {
            Ok((vr, u32::from(self.u16()?)))
        }
    }

    /// Where a value of that length ends; refused when that lies beyond what contains it.
    fn stop(&self, length: u32, end: usize) -> Result<usize, ReadError> {
        let stop = usize::try_from(length).ok().and_then(|length| self.position.checked_add(length));
        match stop {
            Some(stop) if stop <= end => Ok(stop),
            _ => Err(self.broken(&format!(
                "a value of {length} bytes was announced, {} are there",
                end.saturating_sub(self.position)
            ))),
        }
    }

    fn tag(&mut self) -> Result<Tag, ReadError> {
        Ok(Tag(self.u16()?, self.u16()?))
    }

    fn u16(&mut self) -> Result<u16, ReadError> {
        let bytes = self.take()?;
        Ok(if self.encoding.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self) -> Result<u32, ReadError> {
        let bytes = self.take()?;
        Ok(if self.encoding.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        match self.bytes.get(self.position..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(bytes) => {
                self.position += N;
                Ok(*bytes)
            }
            None => Err(self.broken("it ends in the middle of an element")),
        }
    }

    fn broken(&self, problem: &str) -> ReadError {
        ReadError::Broken { offset: self.base + self.position, problem: problem.to_owned() }
    }
}

fn is_sequence(tag: Tag) -> bool {
    StandardDataDictionary.by_tag(tag).is_some_and(|entry| entry.vr.exact() == Some(VR::SQ))
}

fn inflate(deflated: &[u8]) -> Result<Vec<u8>, ReadError> {
    let broken = |problem: String| ReadError::Broken { offset: 0, problem };
    let syntax = TransferSyntaxRegistry.get(uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN);
    let Some(Codec::Dataset(Some(adapter))) = syntax.map(|syntax| syntax.codec()) else {
        return Err(broken("this build cannot read deflated files".to_owned()));
    };
    let mut inflated = Vec::new();
    let limit = u64::try_from(MAX_LENGTH).unwrap_or(u64::MAX);
    adapter
        .adapt_reader(Box::new(deflated))
        .take(limit + 1)
        .read_to_end(&mut inflated)
        .map_err(|error| broken(format!("the deflated data set cannot be unfolded: {error}")))?;
    if inflated.len() > MAX_LENGTH {
        Err(ReadError::TooLarge { length: inflated.len() })
    } else {
        Ok(inflated)
    }
}

/// What a file that is no DICOM looks like, for the person who sent it.
fn first_look(bytes: &[u8]) -> String {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"%PDF", "a PDF"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"<?xml", "an XML document"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"\x1F\x8B", "a gzip archive"),
    ];
    if bytes.is_empty() {
        return "an empty file".to_owned();
    }
    if let Some((_, name)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*name).to_owned();
    }
    let head = bytes.get(..PREAMBLE.min(bytes.len())).unwrap_or_default();
    let text = head.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    if text {
        format!("{} bytes of plain text", bytes.len())
    } else {
        format!("{} bytes of something else", bytes.len())
    }
}
