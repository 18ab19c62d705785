//! The little language inside the values of query parameters (ITI TF-2 3.18.4.1.2.3.5).
//!
//! `'text'` with quotes doubled, `123`, and lists `('a','b')`. Commas, parentheses and quotes may stand
//! inside a literal, so a value is read character by character and never split.

use std::iter::Peekable;
use std::str::Chars;

/// The length that a `rim:Value` may have (ebRIM 3.0 `LongName`).
const VALUE_LENGTH: usize = 256;

/// The literals of one `rim:Value`, a list or a single one; or what is wrong with it.
pub(super) fn read(value: &str) -> Result<Vec<String>, String> {
    let mut characters = value.chars().peekable();
    skip_space(&mut characters);
    let literals = if characters.next_if_eq(&'(').is_some() {
        list(&mut characters)?
    } else {
        vec![literal(&mut characters)?]
    };
    skip_space(&mut characters);
    match characters.next() {
        None => Ok(literals),
        Some(more) => Err(format!("nothing may follow the value, found {more:?}")),
    }
}

/// Whether a `rim:Value` is nothing, or a list of nothing, `()`.
pub(super) fn is_empty(value: &str) -> bool {
    let mut characters = value.chars().filter(|c| !c.is_whitespace()).peekable();
    characters.peek().is_none() || characters.eq(['(', ')'])
}

/// A text as a literal.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Texts as lists, split over as many values as their length takes, never inside a literal.
pub(super) fn lists<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for literal in texts.into_iter().map(text) {
        match values.last_mut() {
            // What is added: a comma, the literal, and in the end the closing parenthesis.
            Some(value) if value.chars().count() + literal.chars().count() + 2 <= VALUE_LENGTH => {
                value.push(',');
                value.push_str(&literal);
            }
            _ => {
                close(&mut values);
                values.push(format!("({literal}"));
            }
        }
    }
    close(&mut values);
    values
}

fn close(values: &mut [String]) {
    if let Some(value) = values.last_mut() {
        value.push(')');
    }
}

fn list(characters: &mut Peekable<Chars<'_>>) -> Result<Vec<String>, String> {
    let mut literals = Vec::new();
    skip_space(characters);
    if characters.next_if_eq(&')').is_some() {
        return Ok(literals);
    }
    loop {
        skip_space(characters);
        literals.push(literal(characters)?);
        skip_space(characters);
        match characters.next() {
            Some(',') => {}
            Some(')') => return Ok(literals),
            Some(other) => return Err(format!("expected a comma or ) after a literal, found {other:?}")),
            None => return Err("the list is not closed with )".to_owned()),
        }
    }
}

fn literal(characters: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    match characters.next_if(|&c| c == '\'' || quirk_double_quote(c)) {
        Some(quote) => quoted(characters, quote),
        None => number(characters),
    }
}

fn quoted(characters: &mut Peekable<Chars<'_>>, quote: char) -> Result<String, String> {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        if character == quote && characters.next_if_eq(&quote).is_none() {
            return Ok(text);
        }
        text.push(character);
    }
    Err("the literal is not closed with a quote".to_owned())
}

fn number(characters: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut number = String::new();
    while let Some(character) = characters.next_if(|c| !c.is_whitespace() && !matches!(c, ',' | ')')) {
        number.push(character);
    }
    if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) {
        return Ok(number);
    }
    Err(format!("{number:?} is neither a number nor text in single quotes"))
}

/// Samples in older texts of ITI TF-2 put literals in double quotes; some clients copied them.
const fn quirk_double_quote(character: char) -> bool {
    character == '"'
}

fn skip_space(characters: &mut Peekable<Chars<'_>>) {
    while characters.next_if(|c| c.is_whitespace()).is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(value: &str, expected: &[&str]) {
        assert_eq!(read(value).unwrap(), expected, "{value}");
    }

    #[test]
    fn reads_text_numbers_and_lists() {
        reads("'urn:uuid:1'", &["urn:uuid:1"]);
        reads("20240101", &["20240101"]);
        reads("('a')", &["a"]);
        reads("('a','b')", &["a", "b"]);
        reads("(1,2)", &["1", "2"]);
        reads("()", &[]);
        reads("''", &[""]);
    }

    #[test]
    fn doubled_quotes_stand_for_one() {
        reads("'O''Brien'", &["O'Brien"]);
        reads("('''','a''')", &["'", "a'"]);
    }

    #[test]
    fn commas_parentheses_and_other_quotes_are_text_inside_a_literal() {
        reads("('a,b','c)','(d')", &["a,b", "c)", "(d"]);
        reads("'say \"no\"'", &["say \"no\""]);
    }

    #[test]
    fn white_space_between_literals_means_nothing() {
        reads(" ( 'a' ,\n 'b c' ) ", &["a", "b c"]);
    }

    #[test]
    fn tolerates_double_quotes() {
        reads("(\"a\",\"it's\")", &["a", "it's"]);
    }

    #[test]
    fn refuses_what_is_not_a_value() {
        for wrong in
            ["", "abc", "'a", "('a'", "('a',)", "('a' 'b')", "'a','b'", "('a')('b')", "1.2.3", "(a)", "'a'b"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let texts = ["a,b", "O'Brien", "(x)", "\"", ""];
        for value in texts {
            reads(&text(value), &[value]);
        }
        let back: Vec<String> = lists(texts).iter().flat_map(|value| read(value).unwrap()).collect();
        assert_eq!(back, texts);
    }

    #[test]
    fn long_lists_are_split_between_literals() {
        let id = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4";
        let values = lists(std::iter::repeat_n(id, 100));
        assert!(values.len() > 1);
        assert!(values.iter().all(|value| value.chars().count() <= VALUE_LENGTH), "{values:?}");
        assert_eq!(values.iter().flat_map(|value| read(value).unwrap()).count(), 100);
        assert!(lists([]).is_empty());
    }
}
