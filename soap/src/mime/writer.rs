//! A message and its parts as multipart/related (MTOM section 3).

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use hyper::body::Body as _;
use uuid::Uuid;

use super::OCTETS;
use crate::parts::{Content, Part, Parts};

/// The media type of the whole and its bytes, the root first: what `root` appends, then what it returns.
pub(crate) fn related(
    root: impl FnOnce(&mut String) -> io::Result<Content>,
    parts: Parts,
) -> io::Result<(String, Content)> {
    // 66 characters, 244 bits of which nobody can guess: it does not occur in a document.
    let boundary = format!("b_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let root_id = format!("root.{}@dosebook", Uuid::new_v4());
    let media_type = format!(
        "multipart/related; boundary=\"{boundary}\"; type=\"application/xop+xml\"; \
         start=\"<{root_id}>\"; start-info=\"application/soap+xml\""
    );
    let root_type = "application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"";
    let mut start = format!("--{boundary}{}", head(root_type, &root_id));
    let rest = root(&mut start)?;
    let end = format!("\r\n--{boundary}--\r\n");
    if rest.is_end_stream()
        && let Some(parts) = parts.at_hand()
    {
        let behind = parts.into_iter().flat_map(|(part, content)| {
            let head = format!("\r\n--{boundary}{}", head(&safe(part.media_type.clone()), &part.content_id));
            std::iter::once(Bytes::from(head)).chain(content)
        });
        let pieces = std::iter::once(Bytes::from(start)).chain(behind);
        return Ok((media_type, Content::of_pieces(pieces.chain([Bytes::from(end)]))));
    }
    let behind = stream::try_unfold(parts, |mut parts| async {
        Ok::<_, io::Error>(parts.next().await?.map(|part| (part, parts)))
    });
    let behind = behind.map_ok(move |part: Part| {
        let head = format!("\r\n--{boundary}{}", head(&safe(part.media_type), &part.content_id));
        whole(head).chain(part.content)
    });
    let body = whole(start).chain(rest).chain(behind.try_flatten()).chain(whole(end));
    Ok((media_type, Content::from_stream(body)))
}

fn whole(text: String) -> Content {
    Content::from(Bytes::from(text))
}

/// What follows the boundary: end of line, fields and the empty line.
fn head(media_type: &str, content_id: &str) -> String {
    let content_id: String = content_id.chars().filter(char::is_ascii_graphic).collect();
    format!(
        "\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{content_id}>\r\n\r\n"
    )
}

/// The media type, or that of unknown bytes if it would break out of its field.
fn safe(media_type: String) -> String {
    let clean = media_type.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if clean && media_type.contains('/') { media_type } else { OCTETS.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(content_id: &str, media_type: &str, content: &[u8]) -> Part {
        let content = Content::from(content.to_vec());
        Part { content_id: content_id.to_owned(), media_type: media_type.to_owned(), content }
    }

    async fn written(parts: Vec<Part>) -> (String, String) {
        let root = |start: &mut String| {
            start.push_str("<x/>");
            Ok(Content::empty())
        };
        let (media_type, content) = related(root, Parts::from(parts)).unwrap();
        let bytes = content.collect(1 << 20).await.unwrap();
        (media_type, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn writes_the_heads_of_the_standard() {
        let (media_type, body) = written(vec![part("1.a@host", "text/xml", b"<a/>\n")]).await;
        let between = |text: &str, from: &str| {
            let start = text.find(from).unwrap() + from.len();
            text[start..].split('"').next().unwrap().to_owned()
        };
        let boundary = between(&media_type, "boundary=\"");
        let root = between(&media_type, "start=\"");
        assert!(boundary.len() <= crate::limits::BOUNDARY);
        assert!(media_type.starts_with("multipart/related; boundary="));
        assert!(media_type.contains("type=\"application/xop+xml\""));
        assert!(media_type.ends_with("start-info=\"application/soap+xml\""));
        let expected = format!(
            "--{boundary}\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n\
             Content-Transfer-Encoding: binary\r\nContent-ID: {root}\r\n\r\n<x/>\r\n\
             --{boundary}\r\nContent-Type: text/xml\r\nContent-Transfer-Encoding: binary\r\n\
             Content-ID: <1.a@host>\r\n\r\n<a/>\n\r\n--{boundary}--\r\n"
        );
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn never_lets_a_value_out_of_its_field() {
        let (_, body) = written(vec![part("a\r\nX: 1", "text/plain\r\nX: 1", b"")]).await;
        assert!(!body.contains("\r\nX:"), "{body}");
        assert!(body.contains(OCTETS));
    }

    #[tokio::test]
    async fn takes_a_new_boundary_each_time() {
        assert_ne!(written(Vec::new()).await.0, written(Vec::new()).await.0);
    }
}
