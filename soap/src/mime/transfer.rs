//! Content transfer encodings, undone while a part streams (RFC 2045 section 6).

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;

use crate::parts::Content;

/// The content without its transfer encoding; none, `7bit`, `8bit` and `binary` are bytes as they are.
pub(super) fn decoded(content: Content, encoding: &str) -> io::Result<Content> {
    match encoding {
        "" | "7bit" | "8bit" | "binary" => Ok(content),
        "base64" => Ok(through(content, Base64::default())),
        "quoted-printable" => Ok(through(content, QuotedPrintable::default())),
        other => Err(invalid(format!("the transfer encoding '{other}' is not known (RFC 2045 section 6)"))),
    }
}

/// A decoder that is given its input in pieces.
trait Decoder: Send + 'static {
    fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), String>;
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String>;
}

fn through(content: Content, decoder: impl Decoder) -> Content {
    Content::from_stream(stream::try_unfold(Some((content, decoder)), |state| async {
        let Some((mut content, mut decoder)) = state else { return Ok(None) };
        let mut out = Vec::new();
        let next = content.chunk().await?;
        let done = match &next {
            Some(chunk) => decoder.feed(chunk, &mut out),
            None => decoder.finish(&mut out),
        };
        done.map_err(invalid)?;
        Ok(Some((Bytes::from(out), next.is_some().then_some((content, decoder)))))
    }))
}

/// Base64 with white space anywhere, in pieces of any length.
#[derive(Debug, Default)]
pub(crate) struct Base64 {
    /// Fewer than four digits that wait for the rest of their group.
    waiting: Vec<u8>,
    padded: bool,
}

impl Base64 {
    /// Decodes all whole groups that the input completes.
    pub(crate) fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let mut digits = std::mem::take(&mut self.waiting);
        digits.extend(input.iter().filter(|byte| !byte.is_ascii_whitespace()));
        self.waiting = digits.split_off(digits.len() - digits.len() % 4);
        let ended = self.padded;
        self.padded |= digits.ends_with(b"=");
        let more = !self.waiting.is_empty();
        if (ended && !digits.is_empty()) || (self.padded && more) || self.waiting.starts_with(b"=") {
            return Err("not base64: something follows the padding".to_owned());
        }
        STANDARD.decode_vec(&digits, out).map_err(|error| format!("not base64: {error}"))
    }

    /// Makes sure that no group was left incomplete.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        match self.waiting.len() {
            0 => Ok(()),
            left => Err(format!("not base64: it ends {left} digits into a group of four")),
        }
    }
}

impl Decoder for Base64 {
    fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        Self::feed(self, input, out)
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), String> {
        Self::finish(self)
    }
}

/// Quoted-printable, line by line (RFC 2045 section 6.7).
#[derive(Debug, Default)]
struct QuotedPrintable {
    /// A line whose end has not come yet.
    line: Vec<u8>,
}

/// Bytes of one line; the standard allows 76.
const LINE: usize = 64 << 10;

impl QuotedPrintable {
    fn line(line: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let text = line.trim_ascii_end();
        let end = match line {
            [.., b'\r', b'\n'] => &b"\r\n"[..],
            [.., b'\n'] => b"\n",
            _ => b"",
        };
        let (mut rest, end) = text.strip_suffix(b"=").map_or((text, end), |text| (text, b""));
        while let Some(at) = memchr::memchr(b'=', rest) {
            let (before, escape) = rest.split_at(at);
            out.extend_from_slice(before);
            let digits = escape.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
            let byte = digits
                .filter(|digits| !digits.starts_with('+'))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            out.push(byte.ok_or("not quoted-printable: '=' without two hexadecimal digits")?);
            rest = escape.get(3..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out.extend_from_slice(end);
        Ok(())
    }
}

impl Decoder for QuotedPrintable {
    fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let mut rest = input;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(at + 1);
            self.line.extend_from_slice(line);
            Self::line(&std::mem::take(&mut self.line), out)?;
            rest = after;
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > LINE {
            return Err(format!("not quoted-printable: a line longer than {LINE} bytes"));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        Self::line(&std::mem::take(&mut self.line), out)
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn decode(encoding: &str, text: &[u8], piece: usize) -> io::Result<Vec<u8>> {
        let pieces: Vec<_> = text.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        let content = Content::from_stream(stream::iter(pieces));
        decoded(content, encoding)?.collect(1 << 20).await.map(|bytes| bytes.to_vec())
    }

    #[tokio::test]
    async fn m15_decodes_base64_in_pieces_of_any_length() {
        for piece in 1..9 {
            assert_eq!(
                decode("base64", b"aGVs\r\nbG8g d29y\tbGQ=\r\n", piece).await.unwrap(),
                b"hello world"
            );
        }
        assert_eq!(decode("base64", b"", 1).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn refuses_base64_that_is_cut_or_goes_on_behind_its_padding() {
        for wrong in [&b"aGVsbG8"[..], b"aGVsbG8=aGVs", b"aGV=bG8=", b"a-b_", b"aGVsbG8=="] {
            for piece in [1, 4, 100] {
                let error = decode("base64", wrong, piece).await.unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{wrong:?} {piece}");
            }
        }
    }

    #[tokio::test]
    async fn m15_decodes_quoted_printable_in_pieces_of_any_length() {
        for piece in 1..12 {
            let text = b"caf=C3=A9 \t\r\nsoft =\r\nbreak=  \nlf\n=3D";
            let expected = "café\r\nsoft breaklf\n=".as_bytes();
            assert_eq!(decode("quoted-printable", text, piece).await.unwrap(), expected, "{piece}");
        }
    }

    #[tokio::test]
    async fn refuses_broken_quoted_printable() {
        assert!(decode("quoted-printable", b"=G1x", 2).await.is_err());
        assert!(decode("quoted-printable", b"=+1x", 2).await.is_err());
        assert!(decode("quoted-printable", &vec![b'a'; LINE + 1], 4096).await.is_err());
    }

    #[tokio::test]
    async fn leaves_plain_encodings_alone_and_refuses_unknown_ones() {
        for encoding in ["", "7bit", "8bit", "binary"] {
            assert_eq!(decode(encoding, b"a=\r\n", 2).await.unwrap(), b"a=\r\n");
        }
        assert!(decode("x-gzip", b"", 1).await.is_err());
    }
}
