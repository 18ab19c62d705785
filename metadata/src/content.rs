//! What is said about the bytes of a document: hash, media type, language.
//!
//! ITI TF-3 4.2.3.2.10, 4.2.3.2.13, 4.2.3.2.15.

use std::fmt;
use std::str::FromStr;

use crate::Invalid;

/// The SHA-1 of a document; 40 hexadecimal digits on the wire, compared without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 20]);

impl Hash {
    /// From its 20 bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// Its 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl FromStr for Hash {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(text, "a SHA-1 hash of 40 hexadecimal digits");
        let hex = text.trim_ascii();
        let mut bytes = [0; 20];
        if hex.len() != 40 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = hex.get(2 * at..2 * at + 2).ok_or_else(invalid)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A media type without parameters, such as `application/dicom`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MimeType(String);

impl MimeType {
    /// The type of bytes of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Self("application/octet-stream".to_owned())
    }

    /// The type as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MimeType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let token = |part: &str| {
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*'%`|~".contains(&byte);
            !part.is_empty() && part.bytes().all(legal)
        };
        let well_formed =
            trimmed.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
        if well_formed && trimmed.len() <= 256 {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "a media type without parameters, such as text/xml"))
    }
}

impl fmt::Display for MimeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A language tag of RFC 5646, such as `nl-BE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageCode(String);

impl LanguageCode {
    /// The tag as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LanguageCode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_ascii();
        let subtag =
            |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let first = trimmed.split('-').next().unwrap_or_default();
        let primary = first.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (first.len() > 1 || first.eq_ignore_ascii_case("x") || first.eq_ignore_ascii_case("i"));
        if primary && trimmed.split('-').all(subtag) {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Invalid::new(text, "a language tag of RFC 5646, such as nl-BE"))
    }
}

impl fmt::Display for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_hash_in_either_case_and_writes_lower() {
        let hash: Hash = "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709".parse().unwrap();
        assert_eq!(hash.to_string(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        for wrong in ["", "da39", "zz39a3ee5e6b4b0d3255bfef95601890afd80709", &"é".repeat(20)] {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn refuses_a_media_type_with_parameters() {
        assert_eq!("application/dicom".parse::<MimeType>().unwrap().as_str(), "application/dicom");
        assert_eq!("image/svg+xml".parse::<MimeType>().unwrap().as_str(), "image/svg+xml");
        for wrong in ["", "text", "text/", "/xml", "text/xml; charset=utf-8", "text/x/y"] {
            assert!(wrong.parse::<MimeType>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_language_tags() {
        for tag in ["de", "de-CH", "zh-Hant-TW", "x-klingon", "sl-rozaj-biske-1994"] {
            assert_eq!(tag.parse::<LanguageCode>().unwrap().as_str(), tag);
        }
        for wrong in ["", "d", "de_CH", "de-", "-de", "123", "abcdefghi"] {
            assert!(wrong.parse::<LanguageCode>().is_err(), "{wrong}");
        }
    }
}
