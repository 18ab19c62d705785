//! The attributes of a start tag as they are written (XML 1.0 section 3.1).

/// What stands behind the name in a start tag: names and what is between their quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a>(pub(super) &'a str);

impl<'a> Iterator for Written<'a> {
    type Item = Result<(&'a str, &'a str), String>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.0.trim_start_matches(WHITE_SPACE);
        if next.is_empty() {
            return None;
        }
        if next.len() == self.0.len() {
            return Some(Err("no white space between attributes".to_owned()));
        }
        Some(
            self.split(next)
                .ok_or_else(|| "not well-formed: an attribute without name, '=' or quotes".to_owned()),
        )
    }
}

impl<'a> Written<'a> {
    fn split(&mut self, next: &'a str) -> Option<(&'a str, &'a str)> {
        let (name, value) = split(next, b'=')?;
        let value = value.trim_start_matches(WHITE_SPACE);
        let quote = *value.as_bytes().first().filter(|quote| matches!(quote, b'"' | b'\''))?;
        let (value, rest) = split(value.get(1..)?, quote)?;
        self.0 = rest;
        Some((name.trim_end_matches(WHITE_SPACE), value))
    }
}

const WHITE_SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// What stands before and behind the first of a mark.
fn split(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, text.as_bytes())?;
    text.get(..at).zip(text.get(at + 1..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: &str) -> Result<Vec<(&str, &str)>, String> {
        Written(tag).collect()
    }

    #[test]
    fn reads_names_and_values_in_either_quotes() {
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read(" a='1' \t\r\nb:c = \n\"'=>\"  "), Ok(vec![("a", "1"), ("b:c", "'=>")]));
        assert_eq!(read(" a='\"' b=''"), Ok(vec![("a", "\""), ("b", "")]));
    }

    #[test]
    fn refuses_what_is_no_attribute() {
        for tag in [
            " a",
            " a=",
            " a=1",
            " a='1",
            " a='1\"",
            " a='1'b='2'",
            " a='1'/",
            " a='1' /",
            " =",
            "\u{c}a='1'",
        ] {
            assert!(read(tag).is_err(), "{tag}");
        }
    }
}
