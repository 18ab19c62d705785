//! The documents that travel behind a message, each met as a stream when its turn comes (design D1).

use std::collections::VecDeque;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use soap::parts::{Binary, Content, Part, Parts, binary, include, same_content_id};
use soap::xml::{Element, Node};

/// Documents on their way, each with what the message says of it (`K`).
#[derive(Debug)]
pub struct Documents<K> {
    announced: VecDeque<(K, Source)>,
    parts: Parts,
}

#[derive(Debug)]
enum Source {
    Inline(Vec<u8>),
    Part(String),
    /// Neither: it never comes.
    Unreadable,
}

/// A document whose turn has come, and all that the message says of it: usually one thing, more when
/// several elements include the same part.
#[derive(Debug)]
pub struct Arrived<K> {
    /// What the message says of it.
    pub about: Vec<K>,
    /// Its bytes.
    pub content: Content,
}

impl<K> Documents<K> {
    /// Documents to send.
    pub fn of(documents: impl IntoIterator<Item = (K, Outgoing)>) -> Self {
        let mut announced = VecDeque::new();
        let mut parts = Vec::new();
        for (about, Outgoing { media_type, content }) in documents {
            let content_id = format!("{}.{}@dosebook", parts.len() + 1, uuid::Uuid::new_v4());
            announced.push_back((about, Source::Part(content_id.clone())));
            parts.push(Part { content_id, media_type, content });
        }
        Self { announced, parts: Parts::from(parts) }
    }

    /// The documents of a message: elements of type `xs:base64Binary` with what is said of each, and the
    /// parts behind it. With them what is wrong with any: by its place among them, and why.
    pub(crate) fn read<'a>(
        elements: impl IntoIterator<Item = (K, &'a Element)>,
        parts: Parts,
    ) -> (Self, Vec<(usize, String)>) {
        let (mut announced, mut problems) = (VecDeque::new(), Vec::new());
        for (about, element) in elements {
            let source = match binary(element) {
                Ok(Binary::Included(content_id)) => Source::Part(content_id),
                Ok(Binary::Inline(bytes)) => Source::Inline(bytes),
                Err(problem) => {
                    problems.push((announced.len(), problem));
                    Source::Unreadable
                }
            };
            announced.push_back((about, source));
        }
        (Self { announced, parts }, problems)
    }

    /// What is said of the documents that have not come yet, in the order of the message.
    pub fn announced(&self) -> impl Iterator<Item = &K> {
        self.announced.iter().map(|(about, _)| about)
    }

    /// The next document in the order of arrival; none when no more come. What was not read of the one
    /// before is skipped, and so are parts that nothing names. What is still [announced](Self::announced)
    /// at the end never came.
    pub async fn next(&mut self) -> io::Result<Option<Arrived<K>>> {
        if let Some(at) = self.announced.iter().position(|(_, source)| matches!(source, Source::Inline(_)))
            && let Some((about, Source::Inline(bytes))) = self.announced.remove(at)
        {
            return Ok(Some(Arrived { about: vec![about], content: Content::from(bytes) }));
        }
        while let Some(part) = self.parts.next().await? {
            let about = self.take(&part.content_id);
            if !about.is_empty() {
                return Ok(Some(Arrived { about, content: part.content }));
            }
        }
        Ok(None)
    }

    /// Takes out all that names the part `content_id`.
    fn take(&mut self, content_id: &str) -> Vec<K> {
        let names_it =
            |source: &Source| matches!(source, Source::Part(wanted) if same_content_id(wanted, content_id));
        let (named, waiting): (Vec<_>, Vec<_>) =
            self.announced.drain(..).partition(|(_, source)| names_it(source));
        self.announced = waiting.into();
        named.into_iter().map(|(about, _)| about).collect()
    }

    /// Writes each document: `element` gets what is said of it and the content of its
    /// `xs:base64Binary` element. The parts go behind.
    pub(crate) fn write(self, mut element: impl FnMut(K, Node) -> Element) -> (Vec<Element>, Parts) {
        let written = self.announced.into_iter().map(|(about, source)| {
            let content = match source {
                Source::Part(content_id) => Node::Element(include(&content_id)),
                Source::Inline(bytes) => Node::Text(STANDARD.encode(bytes).into()),
                Source::Unreadable => Node::Text(String::new().into()),
            };
            element(about, content)
        });
        (written.collect(), self.parts)
    }
}

/// A document to send.
#[derive(Debug)]
pub struct Outgoing {
    /// Its MIME type, also that of its MIME part.
    pub media_type: String,
    /// Its bytes.
    pub content: Content,
}
