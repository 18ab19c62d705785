//! multipart/related as it streams in (RFC 2046 section 5.1, RFC 2387; clauses M8 to M12).
//!
//! Frames are looked through with memchr and handed on as slices of themselves. A delimiter counts
//! only at the start of a line; what might be the beginning of one at the end of a frame waits for
//! the next frame.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use futures_util::future::poll_fn;
use memchr::memmem::Finder;

use super::head::{end_of_head, parse_head};
use super::{OCTETS, broken, transfer};
use crate::limits;
use crate::parts::{Content, Part};

/// The parts of a multipart body. Part and reader share the body: whoever is asked pulls from it.
#[derive(Debug, Clone)]
pub(crate) struct Multipart(Arc<Mutex<Reader>>);

impl Multipart {
    /// Reads `body`, whose parts are set apart by `boundary`.
    pub(crate) fn new(body: Content, boundary: &str) -> io::Result<Self> {
        if boundary.is_empty()
            || boundary.len() > limits::BOUNDARY
            || !boundary.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        {
            return Err(broken(format!("a boundary has 1 to {} visible characters", limits::BOUNDARY)));
        }
        let needle = format!("\n--{boundary}");
        Ok(Self(Arc::new(Mutex::new(Reader {
            body,
            ended: false,
            broken: None,
            buffer: Bytes::new(),
            finder: Finder::new(&needle).into_owned(),
            line_start: true,
            place: Place::Preamble,
            number: 0,
        }))))
    }

    /// The next part; what was not read of the one before is skipped.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Part>> {
        if self.finish_part().await? {
            return Ok(None);
        }
        let (number, head) = poll_fn(|context| self.lock().poll_head(context)).await?;
        let head = parse_head(&head)?;
        let content = Content::from_stream(PartStream { reader: Arc::clone(&self.0), number });
        let media_type = Some(head.media_type).filter(|media_type| !media_type.is_empty());
        Ok(Some(Part {
            content_id: head.content_id,
            media_type: media_type.unwrap_or_else(|| OCTETS.to_owned()),
            content: transfer::decoded(content, &head.transfer_encoding)?,
        }))
    }

    /// Skips the rest of the current part; true when it was the last one. The body is then read to
    /// its end, so that the connection can be used again.
    pub(crate) async fn finish_part(&mut self) -> io::Result<bool> {
        poll_fn(|context| self.lock().poll_finish(context)).await
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The content of part `number`, as long as it is the current one.
struct PartStream {
    reader: Arc<Mutex<Reader>>,
    number: usize,
}

impl Stream for PartStream {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.number != self.number {
            let reason = "a part was read after the next one had been asked for";
            return Poll::Ready(Some(Err(io::Error::other(reason))));
        }
        reader.poll_content(context).map(Result::transpose)
    }
}

/// White space after a boundary that still makes it a delimiter.
const PADDING: usize = 256;

/// Where in the body we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first delimiter.
    Preamble,
    /// After a delimiter.
    Head,
    /// Inside the current part.
    Content,
    /// After the last delimiter.
    Epilogue,
}

#[derive(Debug)]
struct Reader {
    body: Content,
    /// Whether the body ended; `buffer` holds what is left of it.
    ended: bool,
    /// Whether it broke off instead, which must never be taken for its end.
    broken: Option<io::ErrorKind>,
    buffer: Bytes,
    /// Looks for a line feed, two hyphens and the boundary.
    finder: Finder<'static>,
    /// Whether the buffer begins at the start of a line.
    line_start: bool,
    place: Place,
    /// The current part, counted from 1.
    number: usize,
}

/// What is in the buffer.
enum Scan {
    /// Bytes of the part.
    Emit(Bytes),
    /// A delimiter, now consumed; whether it is the closing one.
    Delimiter { closing: bool },
    /// Too little to tell.
    More,
}

/// What follows the boundary text.
#[derive(Debug, PartialEq, Eq)]
enum Tail {
    /// It was a delimiter; so many bytes belong to it.
    Delimiter { length: usize, closing: bool },
    /// It was not.
    No,
    /// Too little to tell.
    Incomplete,
}

impl Reader {
    fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut skipped = 0;
        loop {
            match self.place {
                Place::Head => return Poll::Ready(Ok(false)),
                Place::Epilogue => return self.poll_epilogue(context).map_ok(|()| true),
                Place::Content => while ready!(self.poll_content(context))?.is_some() {},
                Place::Preamble => {
                    while let Some(bytes) = ready!(self.poll_content(context))? {
                        skipped += bytes.len();
                        if skipped > limits::PREAMBLE {
                            let reason = format!("no delimiter in the first {skipped} bytes");
                            return Poll::Ready(Err(broken(reason)));
                        }
                    }
                    if self.place == Place::Preamble {
                        return Poll::Ready(Err(broken("the boundary is nowhere in the body")));
                    }
                }
            }
        }
    }

    fn poll_epilogue(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut skipped = std::mem::take(&mut self.buffer).len();
        while !self.ended && skipped <= limits::EPILOGUE {
            ready!(self.poll_more(context))?;
            skipped += std::mem::take(&mut self.buffer).len();
        }
        Poll::Ready(Ok(()))
    }

    /// The next bytes before the next delimiter; `None` when it has been consumed, or the body
    /// ended cleanly without one (M11).
    fn poll_content(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        while matches!(self.place, Place::Content | Place::Preamble) {
            match self.scan() {
                Scan::Emit(bytes) => return Poll::Ready(Ok(Some(bytes))),
                Scan::Delimiter { closing: true } => self.place = Place::Epilogue,
                Scan::Delimiter { closing: false } => self.place = Place::Head,
                Scan::More if !self.ended => ready!(self.poll_more(context))?,
                Scan::More if self.place == Place::Preamble => break,
                Scan::More => self.place = Place::Epilogue,
            }
        }
        Poll::Ready(Ok(None))
    }

    /// Adds the next frame to the buffer. Nearly always the buffer is empty and nothing is copied.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(kind) = self.broken {
            return Poll::Ready(Err(kind.into()));
        }
        let next = ready!(Pin::new(&mut self.body).poll_next(context)).transpose();
        self.broken = next.as_ref().err().map(io::Error::kind);
        match next? {
            None => self.ended = true,
            Some(frame) if self.buffer.is_empty() => self.buffer = frame,
            Some(frame) => {
                let mut joined = BytesMut::with_capacity(self.buffer.len() + frame.len());
                joined.extend_from_slice(&self.buffer);
                joined.extend_from_slice(&frame);
                self.buffer = joined.freeze();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn scan(&mut self) -> Scan {
        if self.line_start {
            match self.delimiter_at_start() {
                Tail::Delimiter { length, closing } => return self.consume(length, closing),
                Tail::Incomplete => return Scan::More,
                Tail::No => self.line_start = false,
            }
        }
        let mut from = 0;
        while let Some(at) = self.buffer.get(from..).and_then(|rest| self.finder.find(rest)) {
            let line_feed = from + at;
            let end = line_feed + self.finder.needle().len();
            let stop = before_line_break(&self.buffer, line_feed);
            match tail(self.buffer.get(end..).unwrap_or_default(), self.ended) {
                Tail::No => from = line_feed + 1,
                _ if stop > 0 => return Scan::Emit(self.buffer.split_to(stop)),
                Tail::Delimiter { length, closing } => return self.consume(end + length, closing),
                Tail::Incomplete => return Scan::More,
            }
        }
        match if self.ended { self.buffer.len() } else { self.sure() } {
            0 => Scan::More,
            length => Scan::Emit(self.buffer.split_to(length)),
        }
    }

    fn consume(&mut self, length: usize, closing: bool) -> Scan {
        let _delimiter = self.buffer.split_to(length.min(self.buffer.len()));
        Scan::Delimiter { closing }
    }

    /// Looks for a delimiter whose line break is before the buffer.
    fn delimiter_at_start(&self) -> Tail {
        let dashes = self.finder.needle().get(1..).unwrap_or_default();
        match self.buffer.strip_prefix(dashes) {
            Some(rest) => match tail(rest, self.ended) {
                Tail::Delimiter { length, closing } => {
                    Tail::Delimiter { length: dashes.len() + length, closing }
                }
                other => other,
            },
            None if !self.ended && dashes.starts_with(&self.buffer) => Tail::Incomplete,
            None => Tail::No,
        }
    }

    /// How much of the buffer cannot be the beginning of a delimiter.
    fn sure(&self) -> usize {
        let needle = self.finder.needle();
        let length = self.buffer.len();
        let window = length.saturating_sub(needle.len());
        let last = self.buffer.get(window..).and_then(|bytes| memchr::memrchr(b'\n', bytes));
        match last.map(|at| window + at) {
            Some(at) if self.buffer.get(at..).is_some_and(|bytes| needle.starts_with(bytes)) => {
                before_line_break(&self.buffer, at)
            }
            _ if self.buffer.ends_with(b"\r") => length - 1,
            _ => length,
        }
    }

    /// The head of the next part, up to and with its empty line, and the part's number.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(usize, Bytes)>> {
        loop {
            if let Some(end) = end_of_head(&self.buffer).filter(|end| *end <= limits::PART_HEAD) {
                self.number += 1;
                if self.number > limits::PARTS {
                    return Poll::Ready(Err(broken(format!("more than {} parts", limits::PARTS))));
                }
                self.place = Place::Content;
                self.line_start = true;
                return Poll::Ready(Ok((self.number, self.buffer.split_to(end))));
            }
            if self.buffer.len() > limits::PART_HEAD {
                let reason = format!("the head of a part is longer than {} bytes", limits::PART_HEAD);
                return Poll::Ready(Err(broken(reason)));
            }
            if self.ended {
                return Poll::Ready(Err(broken("the body ends inside the head of a part")));
            }
            ready!(self.poll_more(context))?;
        }
    }
}

/// Whether what follows the boundary text makes it a delimiter (M10).
fn tail(after: &[u8], ended: bool) -> Tail {
    let closing = |length| Tail::Delimiter { length, closing: true };
    let padding = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line = after.get(padding..).unwrap_or_default();
    match (after, line) {
        ([b'-', b'-', ..], _) => closing(2),
        _ if padding > PADDING => Tail::No,
        // The last delimiter is cut short and the body ended there (M11).
        ([b'-'], _) | (_, [] | [b'\r']) if ended => closing(after.len()),
        ([b'-'], _) | (_, [] | [b'\r']) => Tail::Incomplete,
        (_, [b'\n', ..]) => Tail::Delimiter { length: padding + 1, closing: false },
        (_, [b'\r', b'\n', ..]) => Tail::Delimiter { length: padding + 2, closing: false },
        _ => Tail::No,
    }
}

/// Where the line break begins whose line feed is at `at` (M9: CRLF or LF, exactly one).
fn before_line_break(buffer: &[u8], at: usize) -> usize {
    match at.checked_sub(1).and_then(|before| buffer.get(before)) {
        Some(b'\r') => at - 1,
        _ => at,
    }
}

#[cfg(test)]
mod tests;
