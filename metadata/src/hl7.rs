//! The little of HL7 v2 that metadata values are made of: delimiters, escapes, components.
//!
//! ITI TF-3 4.2.3.1 (no other escape sequences than these, no HL7 length limits).

/// The delimiters and the letter of their escape sequence.
const ESCAPES: [(char, char); 5] = [('|', 'F'), ('^', 'S'), ('~', 'R'), ('&', 'T'), ('\\', 'E')];

/// A text as it stands inside a component: delimiters become `\F\`, `\S\`, `\R\`, `\T\`, `\E\`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match ESCAPES.iter().find(|(delimiter, _)| *delimiter == character) {
            Some((_, letter)) => out.extend(['\\', *letter, '\\']),
            None => out.push(character),
        }
    }
    out
}

/// The text that a component stands for; what is no escape sequence stays as it is.
pub fn unescape(component: &str) -> String {
    let mut out = String::with_capacity(component.len());
    let mut rest = component;
    while let Some((before, from)) = rest.split_once('\\') {
        out.push_str(before);
        let mut characters = from.chars();
        let letter = characters.next();
        let known = ESCAPES.iter().find(|(_, known)| Some(*known) == letter);
        match (known, characters.next()) {
            (Some((delimiter, _)), Some('\\')) => {
                out.push(*delimiter);
                rest = characters.as_str();
            }
            _ => {
                out.push('\\');
                rest = from;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Component `number` (from 1) of a field, escapes resolved; `None` when absent or empty.
pub fn component(field: &str, number: usize) -> Option<String> {
    part(field, '^', number).map(unescape)
}

/// The raw part `number` (from 1) between delimiters; `None` when absent or empty.
pub(crate) fn part(text: &str, delimiter: char, number: usize) -> Option<&str> {
    text.split(delimiter).nth(number.checked_sub(1)?).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_delimiters_there_and_back() {
        let text = r"a|b^c~d&e\f";
        assert_eq!(escape(text), r"a\F\b\S\c\R\d\T\e\E\f");
        assert_eq!(unescape(&escape(text)), text);
    }

    #[test]
    fn leaves_unknown_escapes_alone() {
        for text in [r"a\b", r"\X0D\", r"\", r"\S", r"\H\x\N\"] {
            assert_eq!(unescape(text), text);
        }
        assert_eq!(unescape(r"\Q\S\x"), r"\Q^x");
    }

    #[test]
    fn finds_components() {
        assert_eq!(component(r"D\T\P^Jo", 1), Some("D&P".to_owned()));
        assert_eq!(component("a^^c", 2), None);
        assert_eq!(component("a^^c", 9), None);
        assert_eq!(component("a", 0), None);
    }
}
