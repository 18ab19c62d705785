//! MIME packages, written in every way that the standard allows and read in the one that it asks for.
//!
//! RFC 2387, RFC 2045, XOP 1.0 section 4.1; ITI TF-2 V.3.6 and V.8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use crate::case::{Mime, Transfer};

/// A part to write.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    /// Its header lines, whole.
    pub(crate) headers: Vec<String>,
    pub(crate) content: &'a [u8],
    pub(crate) transfer: Transfer,
}

/// The bytes of a package: the root, then the others, spelled as asked.
pub(crate) fn write<'a>(root: Part<'a>, mut others: Vec<Part<'a>>, boundary: &str, mime: &Mime) -> Vec<u8> {
    let end = if mime.bare_line_feeds { "\n" } else { "\r\n" };
    let place = if mime.root_last { others.len() } else { 0 };
    others.insert(place, root);
    let mut out = mime.preamble.clone().into_bytes();
    for (index, part) in others.iter().enumerate() {
        let before = if index == 0 { "" } else { end };
        out.extend_from_slice(format!("{before}--{boundary}{end}").as_bytes());
        for header in &part.headers {
            out.extend_from_slice(format!("{header}{end}").as_bytes());
        }
        out.extend_from_slice(end.as_bytes());
        encode(part, end, &mut out);
    }
    if !mime.unclosed {
        out.extend_from_slice(format!("{end}--{boundary}--{end}").as_bytes());
    }
    out.extend_from_slice(mime.epilogue.as_bytes());
    out
}

fn encode(part: &Part<'_>, end: &str, out: &mut Vec<u8>) {
    match part.transfer {
        Transfer::Binary => out.extend_from_slice(part.content),
        Transfer::Base64 => out.extend_from_slice(wrapped(part.content, end).as_bytes()),
        Transfer::QuotedPrintable => out.extend_from_slice(quoted_printable(part.content, end).as_bytes()),
    }
}

/// Base64 in lines of 76 characters (RFC 2045 section 6.8).
pub(crate) fn wrapped(content: &[u8], end: &str) -> String {
    let lines: Vec<_> = content.chunks(57).map(|chunk| STANDARD.encode(chunk)).collect();
    lines.join(end)
}

/// Every byte that could be misread is escaped (RFC 2045 section 6.7).
fn quoted_printable(content: &[u8], end: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for byte in content {
        let written = match byte {
            b'!'..=b'<' | b'>'..=b'~' => char::from(*byte).to_string(),
            other => format!("={other:02X}"),
        };
        if column + written.len() > 75 {
            out.push('=');
            out.push_str(end);
            column = 0;
        }
        column += written.len();
        out.push_str(&written);
    }
    out
}

/// A part that was received, its Content-ID without brackets.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) content_id: String,
    pub(crate) media_type: String,
    pub(crate) content: Vec<u8>,
}

/// The parameters of a media type: lower-case names, unquoted values (RFC 2045 section 5.1).
pub(crate) fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = parameter_value(after.trim_start());
        found.push((name.trim().trim_start_matches(';').trim().to_ascii_lowercase(), value));
        rest = after.split_once(';').map_or("", |(_, rest)| rest);
    }
    found
}

fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        return (value.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (value, quoted.split_at(position + 1).1),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

/// Reads a package, the root first, demanding what a careful sender writes: CRLF, a closing delimiter, `start` that is there.
pub(crate) fn read(content_type: &str, body: &[u8]) -> Result<Vec<Received>, String> {
    let parameters = parameters(content_type);
    let parameter = |name: &str| {
        let found = parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("Content-Type without {name}"))
    };
    let boundary = parameter("boundary")?;
    if !parameter("type")?.eq_ignore_ascii_case("application/xop+xml") {
        return Err(format!("type is {:?}, expected application/xop+xml", parameter("type")?));
    }
    if !parameter("start-info")?.starts_with("application/soap+xml") {
        return Err(format!("start-info is {:?}, expected application/soap+xml", parameter("start-info")?));
    }
    let mut parts = split(body, boundary)?;
    if let Ok(start) = parameter("start") {
        let start = start.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(start);
        let place = parts.iter().position(|part| part.content_id == start);
        let root = parts.remove(place.ok_or_else(|| format!("no part has the start <{start}>"))?);
        parts.insert(0, root);
    }
    match parts.first().map(|root| root.media_type.to_ascii_lowercase()) {
        Some(kind) if kind.starts_with("application/xop+xml") => Ok(parts),
        Some(kind) => Err(format!("the root part is {kind:?}, expected application/xop+xml")),
        None => Err("the package has no part".to_owned()),
    }
}

fn split(body: &[u8], boundary: &str) -> Result<Vec<Received>, String> {
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter may stand at the very beginning.
    let body = [b"\r\n", body].concat();
    let mut places = find_all(&body, delimiter.as_bytes());
    // A delimiter is followed by the end of its line, or by two dashes.
    places.retain(|place| {
        let after = body.get(place + delimiter.len()..).unwrap_or_default();
        after.starts_with(b"--")
            || after.starts_with(b"\r\n")
            || after.starts_with(b" ")
            || after.starts_with(b"\t")
    });
    let mut parts = Vec::new();
    for pair in places.windows(2) {
        let [from, to] = pair else { continue };
        let part = body.get(from + delimiter.len()..*to).unwrap_or_default();
        parts.push(read_part(part)?);
    }
    let last = places.last().and_then(|last| body.get(last + delimiter.len()..)).unwrap_or_default();
    if last.starts_with(b"--") { Ok(parts) } else { Err("the closing delimiter is missing".to_owned()) }
}

fn read_part(part: &[u8]) -> Result<Received, String> {
    let line_end = find_all(part, b"\r\n").first().copied().ok_or("a delimiter line without end")?;
    let part = part.get(line_end..).unwrap_or_default();
    let end = find_all(part, b"\r\n\r\n").first().copied().ok_or("a part whose headers do not end")?;
    let headers = String::from_utf8_lossy(part.get(..end).unwrap_or_default()).into_owned();
    let header = |name: &str| {
        let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    };
    let id = header("Content-ID").ok_or("a part without Content-ID")?;
    let id =
        id.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).ok_or("a Content-ID without <>")?;
    let transfer = header("Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase();
    if !matches!(transfer.as_str(), "binary" | "8bit" | "7bit" | "") {
        return Err(format!("Content-Transfer-Encoding is {transfer:?}, expected binary"));
    }
    let media_type = header("Content-Type").ok_or("a part without Content-Type")?;
    let content = part.get(end + 4..).unwrap_or_default().to_vec();
    Ok(Received { content_id: id.to_owned(), media_type, content })
}

fn find_all(text: &[u8], wanted: &[u8]) -> Vec<usize> {
    memmem::find_iter(text, wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/related; boundary=\"b\"; type=\"application/xop+xml\"; start=\"<r>\"; start-info=\"application/soap+xml\"";

    fn part(id: &str, kind: &str, content: &'static [u8]) -> Part<'static> {
        let headers = vec![format!("Content-Type: {kind}"), format!("Content-ID: <{id}>")];
        Part { headers, content, transfer: Transfer::Binary }
    }

    #[test]
    fn reads_back_what_it_writes() {
        let (root, other) =
            (part("r", "application/xop+xml", b"<x/>"), part("1", "text/plain", b"\n--bc\r\n"));
        let bytes = write(root, vec![other], "b", &Mime { root_last: true, ..Mime::default() });
        let parts = read(TYPE, &bytes).unwrap();
        assert_eq!(parts[0].content, b"<x/>");
        assert_eq!(parts[1].content, b"\n--bc\r\n");
    }

    #[test]
    fn refuses_careless_packages() {
        let bytes = |mime: &Mime| write(part("r", "application/xop+xml", b"<x/>"), Vec::new(), "b", mime);
        assert!(read(TYPE, &bytes(&Mime::default())).is_ok());
        assert!(read(TYPE, &bytes(&Mime { unclosed: true, ..Mime::default() })).is_err());
        assert!(read(TYPE, &bytes(&Mime { bare_line_feeds: true, ..Mime::default() })).is_err());
        assert!(read(&TYPE.replace("<r>", "<s>"), &bytes(&Mime::default())).is_err());
        assert!(read(&TYPE.replace("application/xop+xml", "text/xml"), &bytes(&Mime::default())).is_err());
    }

    #[test]
    fn reads_parameters_with_quotes_inside() {
        let found = parameters("multipart/related; Type=x ;start-info=\"a;action=\\\"u;v\\\"\"; boundary=b");
        let expected = [("type", "x"), ("start-info", "a;action=\"u;v\""), ("boundary", "b")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn encodes_for_transfer() {
        assert_eq!(quoted_printable(b"a=b\r\n", "\r\n"), "a=3Db=0D=0A");
        assert!(quoted_printable(&[b'x'; 200], "\r\n").lines().all(|line| line.len() <= 76));
        assert_eq!(wrapped(&[0; 58], "\n").lines().count(), 2);
    }
}
