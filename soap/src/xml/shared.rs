//! Text that many hold and nobody copies: one of ours, or part of a document.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A text of ours, or part of one that was read. A clone copies no text.
#[derive(Clone)]
pub struct Shared(Text);

#[derive(Clone)]
enum Text {
    Ours(&'static str),
    Read { whole: Arc<String>, part: Range<usize> },
}

impl Shared {
    /// A text of ours.
    pub const fn ours(text: &'static str) -> Self {
        Self(Text::Ours(text))
    }

    /// A copy of a text that somebody else owns.
    pub fn copy(text: &str) -> Self {
        Self::from(text.to_owned())
    }

    /// Part of a document, found by where it lies; what lies elsewhere is copied.
    pub(super) fn part(document: &Arc<String>, text: Cow<'_, str>) -> Self {
        let text = match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => return Self::from(text),
        };
        let start = text.as_ptr().addr().wrapping_sub(document.as_ptr().addr());
        let part = start..start.wrapping_add(text.len());
        match document.get(part.clone()) {
            Some("") => Self::ours(""),
            Some(_) => Self(Text::Read { whole: Arc::clone(document), part }),
            None => Self::copy(text),
        }
    }
}

impl Deref for Shared {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Text::Ours(text) => text,
            Text::Read { whole, part } => whole.get(part.clone()).unwrap_or_default(),
        }
    }
}

impl AsRef<str> for Shared {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Shared {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<&'static str> for Shared {
    fn from(text: &'static str) -> Self {
        Self::ours(text)
    }
}

impl From<String> for Shared {
    fn from(text: String) -> Self {
        if text.is_empty() {
            return Self::ours("");
        }
        let part = 0..text.len();
        Self(Text::Read { whole: Arc::new(text), part })
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Shared {}

impl PartialEq<str> for Shared {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Shared {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialEq<Shared> for &str {
    fn eq(&self, other: &Shared) -> bool {
        **self == **other
    }
}

/// As the text is hashed, so that a set of them can be asked for a text.
impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_document_is_not_copied_and_any_other_text_is() {
        let document = Arc::new("one two".to_owned());
        let part = Shared::part(&document, Cow::Borrowed(&document[4..]));
        assert_eq!((part.as_ptr(), &*part), (document[4..].as_ptr(), "two"));
        assert_eq!(Shared::part(&document, Cow::Borrowed(&document[7..])), "");
        let elsewhere = "one two".to_owned();
        let copy = Shared::part(&document, Cow::Borrowed(&elsewhere[4..]));
        assert_eq!(copy, "two");
        assert!(!document.as_bytes().as_ptr_range().contains(&copy.as_ptr()));
    }
}
