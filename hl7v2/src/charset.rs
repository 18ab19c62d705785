//! The characters of a message, MSH-18 (HL7 table 0211).

/// How the bytes of a message are read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// ISO 8859-1, and ASCII.
    #[default]
    Latin1,
    /// UTF-8, and ASCII.
    Utf8,
}

impl Charset {
    /// What a header calls UTF-8.
    pub const UTF8_NAME: &str = "UNICODE UTF-8";

    /// The one that a header names, if it can be read.
    ///
    /// Without a name it is ISO 8859-1, unless the bytes are UTF-8, which those of a text in another set are not by
    /// chance. Of the sets that extend ASCII in another way, messages in ASCII can be read.
    pub(crate) fn of(name: &str, bytes: &[u8]) -> Option<Self> {
        let is_ascii = bytes.is_ascii();
        match name.to_ascii_uppercase().as_str() {
            "" if !is_ascii && std::str::from_utf8(bytes).is_ok() => Some(Self::Utf8),
            "" | "8859/1" | "ISO-8859-1" | "ISO8859-1" => Some(Self::Latin1),
            "UNICODE UTF-8" | "UTF-8" | "UTF8" => Some(Self::Utf8),
            _ if is_ascii => Some(Self::Latin1),
            _ => None,
        }
    }

    /// None if the bytes are not of this set.
    pub(crate) fn read(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
        }
    }

    /// With a question mark for what is not of this set.
    pub(crate) fn write(self, text: &str) -> Vec<u8> {
        match self {
            Self::Latin1 => text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect(),
            Self::Utf8 => text.as_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_sets_that_a_feed_comes_in() {
        let latin: &[u8] = b"Zo\xe9";
        assert_eq!(Charset::of("", latin), Some(Charset::Latin1));
        assert_eq!(Charset::of("", "Zoé".as_bytes()), Some(Charset::Utf8));
        assert_eq!(Charset::of("8859/1", "Zoé".as_bytes()), Some(Charset::Latin1));
        assert_eq!(Charset::of("unicode UTF-8", latin), Some(Charset::Utf8));
        assert_eq!(Charset::of("ISO IR87", b"Zoe"), Some(Charset::Latin1));
        assert_eq!(Charset::of("ISO IR87", latin), None);
    }

    #[test]
    fn reads_and_writes_them() {
        assert_eq!(Charset::Latin1.read(b"Zo\xe9").as_deref(), Some("Zoé"));
        assert_eq!(Charset::Utf8.read(b"Zo\xe9"), None);
        assert_eq!(Charset::Latin1.write("Zoé \u{20ac}"), b"Zo\xe9 ?");
        assert_eq!(Charset::Utf8.write("Zoé"), "Zoé".as_bytes());
    }
}
