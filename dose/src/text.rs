//! Text of a report, decoded from the character set that it declares (PS3.3 C.12.1.1.2, rule R16).

use dicom_dictionary_std::tags;
use dicom_encoding::text::{SpecificCharacterSet, TextCodec as _};

use crate::part10::DataSet;

const ESCAPE: u8 = 0x1B;

/// The declared character sets of a file, first to last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Charset {
    first: Option<SpecificCharacterSet>,
    extended: Option<SpecificCharacterSet>,
}

impl Charset {
    /// Reads Specific Character Set (0008,0005). The first value may be empty: the default repertoire.
    pub(crate) fn of(set: &DataSet<'_>) -> Self {
        let declared = set.ascii(tags::SPECIFIC_CHARACTER_SET).unwrap_or_default();
        let mut codes = declared.split('\\').map(|code| SpecificCharacterSet::from_code(code.trim()));
        let first = codes.next().flatten();
        Self { first, extended: codes.flatten().next() }
    }

    /// Decodes a value and takes the padding off.
    pub(crate) fn decode(&self, bytes: &[u8]) -> String {
        let text = if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
            String::from_utf8_lossy(bytes).into_owned()
        } else {
            let codec = if bytes.contains(&ESCAPE) { self.extended.as_ref() } else { None };
            let decoded = codec.or(self.first.as_ref()).map(|codec| codec.decode(bytes));
            match decoded {
                Some(Ok(text)) => text,
                _ => undeclared_text_quirk(bytes),
            }
        };
        text.trim_matches([' ', '\0']).to_owned()
    }

    /// The value of a text element; `None` if absent or empty.
    pub(crate) fn text(&self, set: &DataSet<'_>, tag: dicom_core::Tag) -> Option<String> {
        let text = self.decode(set.bytes(tag)?);
        (!text.is_empty()).then_some(text)
    }
}

/// Accented text without a declared character set (D52; several vendors): UTF-8 if it is that, else Latin-1.
fn undeclared_text_quirk(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_undeclared_accents_as_utf8_and_then_as_latin1() {
        let charset = Charset::default();
        assert_eq!(charset.decode("Zoë ".as_bytes()), "Zoë");
        assert_eq!(charset.decode(b"Zo\xEB\0"), "Zoë");
    }

    #[test]
    fn reads_declared_latin2() {
        let charset = Charset { first: SpecificCharacterSet::from_code("ISO_IR 101"), extended: None };
        assert_eq!(charset.decode(b"Kri\xBE"), "Križ");
    }
}
