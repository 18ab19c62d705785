//! A message as an HTTP body, in its encoding (SOAP 1.2 Part 2 section 7; MTOM).

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use uuid::Uuid;

use super::{Encoding, Message};
use crate::addressing;
use crate::envelope::Envelope;
use crate::mime;
use crate::parts::{Binary, Content, Parts, XOP, binary, same_content_id};
use crate::spool::{Folder, Spool};
use crate::xml::{Element, Layout, Node};

/// Bytes up to which an envelope is written at once, so that its length can be told. What most answers have.
const AT_ONCE: usize = 256 << 10;

/// Bytes of a larger envelope that are written at a time: four TLS records, as much as is encrypted at once.
const PIECE: usize = 64 << 10;

/// The media type and the bytes of a message; documents that have to wait do so in a folder. What is written
/// late, and is too much to be written here, may still break the content off.
pub(crate) fn write(mut message: Message, folder: &Folder) -> io::Result<(String, Content)> {
    let held = std::mem::take(&mut message.held);
    let (media_type, content) = written(message, folder)?;
    Ok((media_type, content.holding(held)))
}

fn written(message: Message, folder: &Folder) -> io::Result<(String, Content)> {
    let mut headers = addressing::write(&message);
    headers.extend(message.headers);
    let mut envelope = Envelope { headers, body: message.body }.close();
    match message.encoding {
        Encoding::Mtom => mime::related(|start| root(&envelope, start), message.parts),
        Encoding::Simple => {
            let content = simple(&mut envelope, message.parts, folder)?;
            Ok(("application/soap+xml; charset=UTF-8".to_owned(), content))
        }
    }
}

/// Appends the envelope if it is small; what is left of it otherwise.
fn root(envelope: &Element, out: &mut String) -> io::Result<Content> {
    let mut layout = Layout::of(envelope);
    let size = layout.size();
    if size > AT_ONCE {
        return Ok(in_pieces(layout));
    }
    // What is spliced in makes it a little larger than it said.
    out.reserve(size + size / 16);
    layout.fill(out, usize::MAX)?;
    Ok(Content::empty())
}

/// Writes as much as is asked for while it goes out.
fn in_pieces(layout: Layout) -> Content {
    Content::from_stream(stream::try_unfold(layout, |mut layout| async {
        let mut piece = String::with_capacity(PIECE + PIECE / 4);
        layout.fill(&mut piece, PIECE)?;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), layout)))
    }))
}

/// The envelope with base64 in the place of each include, encoded while it goes out.
fn simple(envelope: &mut Element, parts: Parts, folder: &Folder) -> io::Result<Content> {
    let mark = format!("[{}]", Uuid::new_v4());
    let mut ids = Vec::new();
    if !parts.is_empty() {
        mark_includes(envelope, &mark, &mut ids);
    }
    let mut text = String::new();
    if ids.is_empty() {
        let rest = root(envelope, &mut text)?;
        return Ok(if text.is_empty() { rest } else { Content::from(text.into_bytes()) });
    }
    Layout::of(envelope).fill(&mut text, usize::MAX)?;
    let mut pieces: Vec<Bytes> =
        text.split(&mark).map(|piece| Bytes::copy_from_slice(piece.as_bytes())).collect();
    pieces.reverse();
    ids.reverse();
    let state = Inlined { pieces, ids, parts, spool: Spool::new(folder), passed: HashMap::new() };
    let contents = stream::try_unfold(state, |mut state| async {
        Ok::<_, io::Error>(state.next().await?.map(|content| (content, state)))
    });
    Ok(Content::from_stream(contents.try_flatten()))
}

/// Puts the mark where documents belong and notes which, in document order.
fn mark_includes(element: &mut Element, mark: &str, ids: &mut Vec<String>) {
    if element.elements().any(|child| child.is(XOP, "Include")) {
        if let Ok(Binary::Included(id)) = binary(element) {
            ids.push(id);
            element.children = vec![Node::Text(mark.to_owned().into())];
        }
        return;
    }
    for child in &mut element.children {
        if let Node::Element(child) = child {
            mark_includes(child, mark, ids);
        }
    }
}

/// What is still to go out, last first: a piece of text, a document, a piece of text.
struct Inlined {
    pieces: Vec<Bytes>,
    ids: Vec<String>,
    parts: Parts,
    /// Documents that came before their place was reached, or whose place may come again.
    spool: Spool,
    passed: HashMap<String, Range<u64>>,
}

impl Inlined {
    async fn next(&mut self) -> io::Result<Option<Content>> {
        if self.pieces.len() > self.ids.len() {
            return Ok(self.pieces.pop().map(Content::from));
        }
        let Some(id) = self.ids.pop() else { return Ok(None) };
        self.document(&id).await.map(|content| Some(encoded(content)))
    }

    async fn document(&mut self, id: &str) -> io::Result<Content> {
        loop {
            let passed = self.passed.iter().find(|(passed, _)| same_content_id(passed, id));
            if let Some((_, range)) = passed {
                return self.spool.content(range.clone()).await;
            }
            let Some(mut part) = self.parts.next().await? else {
                return Err(io::Error::other(format!("no part with the content id '{id}'")));
            };
            let again = self.ids.iter().any(|other| same_content_id(other, id));
            if same_content_id(&part.content_id, id) && !again {
                return Ok(part.content);
            }
            let range = self.spool.add_all(&mut part.content).await?;
            self.passed.insert(part.content_id, range);
        }
    }
}

/// Base64 of a content, in whole groups of four digits.
fn encoded(content: Content) -> Content {
    let state = Some((content, Vec::new()));
    Content::from_stream(stream::try_unfold(state, |state| async {
        let Some((mut content, mut waiting)) = state else { return Ok(None) };
        let Some(chunk) = content.chunk().await? else {
            return Ok(Some((Bytes::from(STANDARD.encode(waiting)), None)));
        };
        waiting.extend_from_slice(&chunk);
        let left = waiting.split_off(waiting.len() - waiting.len() % 3);
        Ok(Some((Bytes::from(STANDARD.encode(waiting)), Some((content, left)))))
    }))
}

#[cfg(test)]
mod tests;
