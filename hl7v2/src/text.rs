//! Escapes of the text of a field (HL7 2.3.1 section 2.9). Whoever takes a message apart resolves them last.

use hl7_parser::message::Separators;

/// With the separators of a message escaped, and the ends of its segments.
pub fn escape(text: &str) -> String {
    Separators::default().encode(text).to_string()
}

/// With escapes resolved. Those that stand for no character, and what is none, stay as they are.
///
/// Not the parser's own: that counts characters where bytes are meant, and panics behind the first letter with an
/// accent.
pub(crate) fn unescape(text: &str, separators: &Separators) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(separators.escape) {
        resolved.push_str(before);
        let Some((name, behind)) = after.split_once(separators.escape) else {
            resolved.push(separators.escape);
            rest = after;
            continue;
        };
        match character(name, separators) {
            Some(character) => {
                resolved.push(character);
                rest = behind;
            }
            None => {
                resolved.push(separators.escape);
                rest = after;
            }
        }
    }
    resolved.push_str(rest);
    resolved
}

fn character(name: &str, separators: &Separators) -> Option<char> {
    match name {
        "F" => Some(separators.field),
        "S" => Some(separators.component),
        "T" => Some(separators.subcomponent),
        "R" => Some(separators.repetition),
        "E" => Some(separators.escape),
        _ => {
            let digits = name.strip_prefix('X').filter(|digits| digits.len() == 2)?;
            u8::from_str_radix(digits, 16).ok().filter(u8::is_ascii).map(char::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn resolves_what_stands_for_a_character_and_keeps_the_rest() {
        let resolved = |text| unescape(text, &Separators::default());
        assert_eq!(resolved(r"a\F\b\S\c\T\d\R\e\E\f"), r"a|b^c&d~e\f");
        assert_eq!(resolved(r"Élise \T\ Zoé\S\"), "Élise & Zoé^");
        assert_eq!(resolved(r"a\X0D\b"), "a\rb");
        for same in [r"a\", r"\H\bold\N\", r"\X0\", r"\XFF\", r"C:\data", r"\.br\"] {
            assert_eq!(resolved(same), same);
        }
    }

    proptest! {
        #[test]
        fn any_text_goes_there_and_back(text in "\\PC*|[\\\\|^~&FSTREX0-9éß\r\n]*") {
            prop_assert_eq!(unescape(&escape(&text), &Separators::default()), text);
        }

        #[test]
        fn any_text_can_be_resolved(text in ".*") {
            unescape(&text, &Separators::default());
        }
    }
}
