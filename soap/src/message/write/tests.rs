use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use hyper::body::Body;

use super::*;
use crate::addressing::Side;
use crate::message::read::read;
use crate::parts::{Part, include};
use crate::xml::{Markup, Namespace, WriteLate};

const TEST: Namespace = Namespace { uri: "urn:test", prefix: "t" };

fn part(content_id: &str, content: &[u8]) -> Part {
    let content = Content::from(content.to_vec());
    Part { content_id: content_id.to_owned(), media_type: "text/plain".to_owned(), content }
}

/// A message that includes documents in this order.
fn message(encoding: Encoding, included: &[&str]) -> Message {
    let documents = included.iter().map(|id| Element::new(TEST, "D").with_child(include(id)));
    Message::new("urn:a", Element::new(TEST, "a").with_children(documents), encoding)
}

async fn again(message: Message) -> Message {
    let (media_type, content) = write(message, &Folder::default()).unwrap();
    let mut head = HeaderMap::new();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_str(&media_type).unwrap());
    read(&head, content, Side::Request, &|_| false, &Folder::default()).await.unwrap()
}

async fn text(message: Message) -> String {
    let bytes = write(message, &Folder::default()).unwrap().1.collect(1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn what_is_written_is_read_again() {
    for encoding in [Encoding::Simple, Encoding::Mtom] {
        let mut sent = message(encoding, &["1@x"]).with_part(part("1@x", b"a\0b\r\n"));
        sent.to = Some("https://peer/".to_owned());
        sent.headers.push(Element::new(TEST, "Extra"));
        let (id, body) = (sent.message_id.clone(), sent.body.clone());
        let mut received = again(sent).await;
        assert_eq!((received.action.as_str(), received.encoding), ("urn:a", encoding));
        assert_eq!((received.message_id, received.to.as_deref()), (id, Some("https://peer/")));
        assert!(received.headers[0].is(TEST, "Extra"));
        match encoding {
            Encoding::Simple => {
                let document = received.body.elements().next().unwrap();
                assert_eq!(binary(document).unwrap(), Binary::Inline(b"a\0b\r\n".to_vec()));
            }
            Encoding::Mtom => {
                assert_eq!(received.body, body);
                let part = received.parts.next().await.unwrap().unwrap();
                assert_eq!(part.content.collect(9).await.unwrap(), &b"a\0b\r\n"[..]);
            }
        }
    }
}

#[tokio::test]
async fn m23_stays_multipart_without_documents_and_says_how_long_it_is() {
    let (media_type, content) = write(message(Encoding::Mtom, &[]), &Folder::default()).unwrap();
    assert!(media_type.starts_with("multipart/related"));
    assert!(content.size_hint().exact().is_some());
    let (media_type, content) = write(message(Encoding::Simple, &[]), &Folder::default()).unwrap();
    assert_eq!(media_type, "application/soap+xml; charset=UTF-8");
    assert!(content.size_hint().exact().is_some());
}

#[tokio::test]
async fn puts_documents_into_a_simple_message_in_any_order() {
    let parts: [(&str, &[u8]); 4] = [("1", b"one"), ("unused", b"?"), ("2", b""), ("3", b"three")];
    for included in [["1", "2", "3"], ["3", "2", "1"], ["2", "2", "1"], ["1", "1", "1"]] {
        let message = message(Encoding::Simple, &included);
        let sent = parts.iter().fold(message, |message, (id, content)| message.with_part(part(id, content)));
        let written = text(sent).await;
        let expected: String = included
            .iter()
            .map(|id| match *id {
                "1" => "<t:D>b25l</t:D>",
                "2" => "<t:D></t:D>",
                _ => "<t:D>dGhyZWU=</t:D>",
            })
            .collect();
        assert!(written.contains(&expected), "{included:?} {written}");
    }
}

#[tokio::test]
async fn encodes_documents_in_pieces_of_any_length() {
    let pieces = [&b"a"[..], b"", b"bc", b"defg", b"h"].map(|piece| Ok(Bytes::from_static(piece)));
    let content = Content::from_stream(stream::iter(pieces));
    let one = Part { content_id: "1".to_owned(), media_type: String::new(), content };
    let written = text(message(Encoding::Simple, &["1"]).with_part(one)).await;
    assert!(written.contains("<t:D>YWJjZGVmZ2g=</t:D>"), "{written}");
}

#[tokio::test]
async fn breaks_off_when_an_included_document_is_missing() {
    let sent = message(Encoding::Simple, &["1", "2"]).with_part(part("1", b"one"));
    let error = write(sent, &Folder::default()).unwrap().1.collect(1 << 20).await.unwrap_err();
    assert!(error.to_string().contains("'2'"));
}

/// Writes so many bytes late, or fails.
#[derive(Debug)]
struct Late(usize, bool);

impl WriteLate for Late {
    fn size(&self) -> usize {
        self.0
    }

    fn write(&self, out: &mut String) -> io::Result<()> {
        if self.1 {
            return Err(io::Error::other("a defect"));
        }
        out.push_str("<late>");
        out.extend(std::iter::repeat_n('-', self.0));
        out.push_str("</late>");
        Ok(())
    }
}

/// A message with this in its body.
fn with_late(encoding: Encoding, late: impl IntoIterator<Item = Late>) -> Message {
    let mut message = message(encoding, &[]);
    message.body.children =
        late.into_iter().map(|late| Node::Written(Markup::Late(Arc::new(late)))).collect();
    message
}

#[tokio::test]
async fn a_large_message_is_written_while_it_goes_out() {
    for encoding in [Encoding::Simple, Encoding::Mtom] {
        let large = with_late(encoding, (0..100).map(|_| Late(10_000, false)));
        let content = write(large, &Folder::default()).unwrap().1;
        assert_eq!(content.size_hint().exact(), None);
        let chunks: Vec<Bytes> = content.try_collect().await.unwrap();
        assert!(chunks.len() > 10 && chunks.iter().all(|chunk| chunk.len() < 2 * PIECE));
        let received = again(with_late(encoding, (0..100).map(|_| Late(10_000, false)))).await;
        let lengths: Vec<_> = received.body.elements().map(|late| late.text().len()).collect();
        assert_eq!(lengths, [10_000; 100]);
    }
}

#[tokio::test]
async fn a_small_message_tells_its_length_whatever_is_written_late() {
    for encoding in [Encoding::Simple, Encoding::Mtom] {
        let small = || with_late(encoding, [Late(AT_ONCE / 2, false)]);
        assert!(write(small(), &Folder::default()).unwrap().1.size_hint().exact().is_some());
        assert_eq!(again(small()).await.body.elements().next().unwrap().text().len(), AT_ONCE / 2);
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_never_left_out() {
    for encoding in [Encoding::Simple, Encoding::Mtom] {
        let small = with_late(encoding, [Late(1, false), Late(1, true), Late(1, false)]);
        assert_eq!(write(small, &Folder::default()).unwrap_err().to_string(), "a defect");
        let large = with_late(encoding, [Late(2 * AT_ONCE, false), Late(1, true), Late(1, false)]);
        let content = write(large, &Folder::default()).unwrap().1;
        assert_eq!(content.collect(usize::MAX).await.unwrap_err().to_string(), "a defect");
    }
}
