//! Text that is kept once, however many names it stands in.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// Part of a name: a text of ours, or one that a document brought. A clone copies no text.
#[derive(Clone)]
pub struct Shared(Text);

#[derive(Clone)]
enum Text {
    Ours(&'static str),
    Read(Arc<str>),
}

impl Shared {
    /// A text of ours.
    pub const fn ours(text: &'static str) -> Self {
        Self(Text::Ours(text))
    }

    /// A copy of a text that somebody else owns.
    pub fn copy(text: &str) -> Self {
        if text.is_empty() { Self::ours("") } else { Self(Text::Read(Arc::from(text))) }
    }
}

impl Deref for Shared {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Text::Ours(text) => text,
            Text::Read(text) => text,
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
        Self::copy(&text)
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
