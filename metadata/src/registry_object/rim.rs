//! ebRIM as text, put together element by element.

use std::fmt::{Arguments, Display, Write};

use soap::xml::{escape_attribute, escape_text};

use crate::vocabulary::RIM;

/// Elements of ebRIM as text; the first declares the prefix, and all others stand inside of it.
#[derive(Debug, Default)]
pub(crate) struct Rim {
    text: String,
    /// Whether the start tag that was begun last may still get attributes.
    in_tag: bool,
}

impl Rim {
    /// Begins an element.
    pub(crate) fn begin(&mut self, local: &str) {
        self.end_tag();
        let is_first = self.text.is_empty();
        self.text.extend(["<rim:", local]);
        self.in_tag = true;
        if is_first {
            self.attribute("xmlns:rim", RIM.uri);
        }
    }

    /// An attribute of the element that was begun last.
    pub(crate) fn attribute(&mut self, name: &str, value: impl Display) {
        self.text.extend([" ", name, "=\""]);
        self.escaped(format_args!("{value}"), escape_attribute);
        self.text.push('"');
    }

    /// Text of the element that was begun last.
    pub(crate) fn text(&mut self, text: impl Display) {
        self.end_tag();
        self.escaped(format_args!("{text}"), escape_text);
    }

    /// Ends an element.
    pub(crate) fn end(&mut self, local: &str) {
        if self.in_tag {
            self.text.push_str("/>");
            self.in_tag = false;
        } else {
            self.text.extend(["</rim:", local, ">"]);
        }
    }

    fn end_tag(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.text.push('>');
        }
    }

    fn escaped(&mut self, value: Arguments<'_>, escape: fn(&str, &mut String)) {
        // A text takes whatever it is given.
        let _ = Escaped { text: &mut self.text, escape }.write_fmt(value);
    }
}

impl From<Rim> for String {
    fn from(rim: Rim) -> Self {
        rim.text
    }
}

/// Escapes what is written to it.
struct Escaped<'a> {
    text: &'a mut String,
    escape: fn(&str, &mut String),
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        (self.escape)(part, self.text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declares_its_prefix_once_and_escapes_what_is_said() {
        let mut rim = Rim::default();
        rim.begin("Slot");
        rim.attribute("name", "a\"&");
        rim.begin("Value");
        rim.text("<\"");
        rim.end("Value");
        rim.begin("Value");
        rim.end("Value");
        rim.end("Slot");
        let text = r#"<rim:Slot xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" name="a&quot;&amp;"><rim:Value>&lt;"</rim:Value><rim:Value/></rim:Slot>"#;
        assert_eq!(String::from(rim), text);
    }
}
