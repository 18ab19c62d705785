//! Which characters may stand where (XML 1.0 fifth edition, sections 2.2 and 2.3).

/// Refuses what is not a `Char`.
pub(super) fn legal(text: &str) -> Result<(), String> {
    // All of it without a branch first, for hardly any text has anything to look at.
    if !text.bytes().fold(false, |found, byte| found | is_control(byte) | (byte == 0xEF)) {
        return Ok(());
    }
    if let Some(byte) = text.bytes().find(|byte| is_control(*byte)) {
        return Err(format!("U+{byte:04X} is not a legal character"));
    }
    // U+FFFE and U+FFFF, which begin with 0xEF, are the only others that a string can hold.
    match text.contains("\u{FFFE}") || text.contains("\u{FFFF}") {
        true => Err("U+FFFE and U+FFFF are not legal characters".to_owned()),
        false => Ok(()),
    }
}

/// Whether the value of an attribute means what is written: nothing to resolve, to normalise or to look at closely.
pub(super) fn is_plain(value: &str) -> bool {
    !value.bytes().fold(false, |found, byte| found | matches!(byte, ..0x20 | b'&' | b'<' | 0xEF))
}

const fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0xB | 0xC | 0xE..=0x1F)
}

/// Splits a qualified name into prefix and local part (Namespaces in XML 1.0 section 4).
pub(super) fn qualified(name: &str) -> Result<(&str, &str), String> {
    let (prefix, local) = match name.split_once(':') {
        Some((prefix, local)) if is_name(prefix) => (prefix, local),
        Some(_) => return Err(format!("'{name}' is not a name")),
        None => ("", name),
    };
    if is_name(local) { Ok((prefix, local)) } else { Err(format!("'{name}' is not a name")) }
}

/// A name without colon.
pub(super) fn is_name(text: &str) -> bool {
    // Nearly all are of these, and looked at without a branch.
    let first = text.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphabetic());
    let ordinary = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'_' | b'-' | b'.');
    if first && text.bytes().fold(true, |all, byte| all & ordinary(byte)) {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(starts_name) && characters.all(continues_name)
}

const fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

const fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_other_text() {
        for name in ["a", "_", "a-b.c1", "\u{e9}", "a\u{b7}", "\u{10000}"] {
            assert!(is_name(name), "{name}");
        }
        for text in [
            "",
            "1a",
            "-a",
            ".a",
            "a b",
            "a:b",
            "\u{d7}",
            "\u{b7}a",
            "\u{37e}",
            "a%",
            "a\u{2000}",
            "\u{fffe}",
        ] {
            assert!(!is_name(text), "{text:?}");
        }
        assert_eq!(qualified("a:b").unwrap(), ("a", "b"));
        for text in [":a", "a:", ":", "a:b:c", "a:1"] {
            assert!(qualified(text).is_err(), "{text}");
        }
    }

    #[test]
    fn refuses_characters_that_xml_cannot_hold() {
        for text in ["\0", "\u{b}", "a\u{1f}", "\u{fffe}", "\u{ffff}"] {
            assert!(legal(text).is_err(), "{text:?}");
        }
        assert!(legal("\t\r\n\u{7f}\u{85}\u{fffd}\u{10ffff}").is_ok());
    }
}
