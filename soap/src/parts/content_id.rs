//! Content ids and the `cid:` references to them (RFC 2392), as spelt by real clients.

use std::borrow::Cow;

/// Whether two spellings, with or without angle brackets and percent-encoding, are one content id.
/// Some senders encode the reference, some the header, some both (clause M13).
pub fn same_content_id(a: &str, b: &str) -> bool {
    let (a, b) = (bare(a), bare(b));
    let (decoded_a, decoded_b) = (decode(a), decode(b));
    a == b || decoded_a == b || a == decoded_b || decoded_a == decoded_b
}

/// The id without angle brackets and percent-encoding.
pub(super) fn normal(id: &str) -> String {
    decode(bare(id)).into_owned()
}

/// The id without white space and angle brackets around it.
pub(crate) fn bare(id: &str) -> &str {
    let id = id.trim_ascii();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id).trim_ascii()
}

/// Percent-encodes what may not stand in a `cid:` URL.
pub(super) fn encode(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' | b'*' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(id: &str) -> Cow<'_, str> {
    if !id.contains('%') {
        return Cow::Borrowed(id);
    }
    let mut out = Vec::with_capacity(id.len());
    let mut rest = id.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.split_at_checked(2).filter(|_| *byte == b'%').and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = escaped.unwrap_or((*byte, after));
        out.push(byte);
        rest = after;
    }
    String::from_utf8(out).map_or(Cow::Borrowed(id), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m13_finds_the_same_id_however_it_is_encoded() {
        let same = [
            ("1.uuid@host", "<1.uuid@host>"),
            ("uuid-1@urn%3Aihe%3Aiti%3Axds-b%3A2007", "<uuid-1@urn:ihe:iti:xds-b:2007>"),
            ("uuid-1@urn:ihe:iti:xds-b:2007", "<uuid-1@urn%3Aihe%3Aiti%3Axds-b%3A2007>"),
            ("uuid-1@urn%3aihe", "<uuid-1@urn%3Aihe>"),
            ("http%3A%2F%2Ftempuri.org%2F1%2F63", "<http://tempuri.org/1/63>"),
            ("rootpart*uuid@example.jaxws.sun.com", "<rootpart*uuid@example.jaxws.sun.com>"),
            ("a%2520b", "<a%20b>"),
            ("id1", " < id1 > "),
        ];
        for (a, b) in same {
            assert!(same_content_id(a, b), "{a} {b}");
            assert!(same_content_id(b, a), "{b} {a}");
        }
    }

    #[test]
    fn tells_different_ids_apart() {
        for (a, b) in [("a", "b"), ("a%4", "a@"), ("a%+1", "a\u{1}"), ("A", "a"), ("%ff", "%fe"), ("", "a")] {
            assert!(!same_content_id(a, b), "{a} {b}");
        }
    }
}
