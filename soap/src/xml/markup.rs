//! Markup of our own that goes out as it is: written before, or only when its turn comes.

use std::borrow::Cow;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// One element that declares every prefix it uses.
#[derive(Debug, Clone)]
pub enum Markup {
    /// Written before.
    Text(Cow<'static, str>),
    /// Written when its turn comes, so that nobody holds all of a large message.
    Late(Arc<dyn WriteLate>),
}

/// Writes an element when its turn comes.
pub trait WriteLate: Debug + Send + Sync {
    /// About how many bytes it will have.
    fn size(&self) -> usize;

    /// Appends the element, or says why the message cannot be finished.
    fn write(&self, out: &mut String) -> io::Result<()>;
}

impl Markup {
    /// The markup itself.
    pub fn text(&self) -> io::Result<Cow<'_, str>> {
        match self {
            Self::Text(text) => Ok(Cow::Borrowed(text)),
            Self::Late(late) => {
                let mut text = String::with_capacity(late.size());
                late.write(&mut text)?;
                Ok(Cow::Owned(text))
            }
        }
    }
}

impl From<String> for Markup {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<&'static str> for Markup {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// Two are equal when they write the same; what cannot be written equals nothing.
impl PartialEq for Markup {
    fn eq(&self, other: &Self) -> bool {
        matches!((self.text(), other.text()), (Ok(one), Ok(other)) if one == other)
    }
}

impl Eq for Markup {}
