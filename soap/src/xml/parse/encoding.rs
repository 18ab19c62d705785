//! In which encoding a document is, and whether it says so truly (XML 1.0 sections 2.8 and 4.3.3).

use std::borrow::Cow;

/// The text of a document: UTF-8, or UTF-16 with its byte order mark.
pub(super) fn decode(document: &[u8]) -> Result<Cow<'_, str>, String> {
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

fn utf16(unit: fn([u8; 2]) -> u16, bytes: &[u8]) -> Result<Cow<'static, str>, String> {
    let (pairs, []) = bytes.as_chunks() else {
        return Err("UTF-16 with an odd number of bytes".to_owned());
    };
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    text.map(Cow::Owned).map_err(|_| "not valid UTF-16".to_owned())
}

/// Checks the inside of `<?xml ...?>`: version 1.0, then at most an encoding that is the one in use,
/// then at most `standalone`.
pub(super) fn declaration(inside: &str, utf16: bool) -> Result<(), String> {
    let wrong = || format!("'<?{inside}?>' is not an XML declaration");
    let mut rest = inside.strip_prefix("xml").ok_or_else(wrong)?;
    let mut fields = Vec::new();
    while !rest.trim_ascii_start().is_empty() {
        let spaced = rest.trim_ascii_start();
        let (name, value) = spaced.split_once('=').ok_or_else(wrong)?;
        let value = value.trim_ascii_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(wrong)?;
        let (value, after) = value.get(1..).and_then(|value| value.split_once(quote)).ok_or_else(wrong)?;
        if spaced.len() == rest.len() {
            return Err(wrong());
        }
        fields.push((name.trim_ascii_end(), value));
        rest = after;
    }
    let encoding = match fields.as_slice() {
        [("version", "1.0")] | [("version", "1.0"), ("standalone", "yes" | "no")] => return Ok(()),
        [("version", "1.0"), ("encoding", encoding)]
        | [("version", "1.0"), ("encoding", encoding), ("standalone", "yes" | "no")] => encoding,
        _ => return Err(wrong()),
    };
    let own: &[&str] = if utf16 { &["UTF-16"] } else { &["UTF-8", "UTF8", "US-ASCII", "ASCII"] };
    if own.iter().any(|own| own.eq_ignore_ascii_case(encoding)) {
        return Ok(());
    }
    Err(format!("declared to be '{encoding}', is {}", own.first().copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_declarations_that_are_well_formed_and_true() {
        for inside in [
            "xml version='1.0'",
            "xml version=\"1.0\" encoding=\"utf-8\"",
            "xml\n version = '1.0'\tencoding = 'UTF-8' standalone='yes' ",
            "xml version='1.0' standalone='no'",
        ] {
            assert_eq!(declaration(inside, false), Ok(()), "{inside}");
        }
        assert_eq!(declaration("xml version='1.0' encoding='UTF-16'", true), Ok(()));
    }

    #[test]
    fn refuses_any_other() {
        for inside in [
            "xml",
            "xml version='1.1'",
            "xml version=''",
            "xml version=1.0",
            "xml encoding='UTF-8'",
            "xml encoding='UTF-8' version='1.0'",
            "xml version='1.0'encoding='UTF-8'",
            "xml version='1.0' encoding='UTF-8' standalone='maybe'",
            "xml version='1.0' encoding='UTF-7'",
            "xml version='1.0' encoding='UTF-16'",
            "xml version='1.0' encoding='ISO-8859-1'",
            "xml version='1.0' x='y'",
            "xml version='1.0",
            "xml version='1.0' junk",
            "xmlversion='1.0'",
        ] {
            assert!(declaration(inside, false).is_err(), "{inside}");
        }
        assert!(declaration("xml version='1.0' encoding='UTF-8'", true).is_err());
    }
}
