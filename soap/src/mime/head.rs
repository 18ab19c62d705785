//! The head of a MIME part (RFC 2045 section 3; clauses M9 and M12).

use std::io;

use super::broken;
use crate::limits;
use crate::parts::bare;

/// Just behind the empty line that ends a head.
pub(super) fn end_of_head(buffer: &[u8]) -> Option<usize> {
    let mut start = 0;
    for line_feed in memchr::memchr_iter(b'\n', buffer) {
        let line = buffer.get(start..line_feed).unwrap_or_default();
        if matches!(line, [] | [b'\r']) {
            return Some(line_feed + 1);
        }
        start = line_feed + 1;
    }
    None
}

/// What we need of a part's head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) content_id: String,
    pub(super) media_type: String,
    pub(super) transfer_encoding: String,
}

/// Reads the fields of a head, folded or not, their names in any case (M12).
pub(super) fn parse_head(bytes: &[u8]) -> io::Result<Head> {
    let text = String::from_utf8_lossy(bytes);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            let Some((_, value)) = fields.last_mut() else {
                return Err(broken("the head of a part begins with a folded line"));
            };
            value.push(' ');
            value.push_str(line.trim_ascii());
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Err(broken("a line without colon in the head of a part"));
        };
        fields.push((name.trim_ascii().to_ascii_lowercase(), value.trim_ascii().to_owned()));
        if fields.len() > limits::PART_FIELDS {
            return Err(broken(format!("more than {} fields in the head of a part", limits::PART_FIELDS)));
        }
    }
    let mut head = Head::default();
    for (name, value) in fields {
        match name.as_str() {
            "content-id" => bare(&value).clone_into(&mut head.content_id),
            "content-type" => value.trim_ascii().clone_into(&mut head.media_type),
            "content-transfer-encoding" => head.transfer_encoding = value.trim_ascii().to_ascii_lowercase(),
            _ => {}
        }
    }
    Ok(head)
}
