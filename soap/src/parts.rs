//! Documents that travel behind a message, as streams (XOP 1.0; MTOM).

mod content;
mod content_id;

use std::collections::VecDeque;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

pub use content::Content;
pub(crate) use content_id::bare;
pub use content_id::same_content_id;

use crate::mime::Multipart;
use crate::xml::{Element, Namespace, Node};

/// XML-binary Optimized Packaging 1.0.
pub const XOP: Namespace = Namespace { uri: "http://www.w3.org/2004/08/xop/include", prefix: "xop" };

/// One document behind a message.
#[derive(Debug)]
pub struct Part {
    /// Its `Content-ID`, without the angle brackets.
    pub content_id: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub content: Content,
}

/// The documents behind a message, in the order in which they arrive.
#[derive(Debug)]
pub struct Parts {
    ready: VecDeque<Part>,
    arriving: Option<Multipart>,
}

impl Parts {
    /// No documents.
    pub const fn none() -> Self {
        Self { ready: VecDeque::new(), arriving: None }
    }

    /// Parts that are still to come.
    pub(crate) const fn arriving(multipart: Multipart) -> Self {
        Self { ready: VecDeque::new(), arriving: Some(multipart) }
    }

    /// These parts, after some that are at hand.
    pub(crate) fn after(mut self, mut ready: Vec<Part>) -> Self {
        while let Some(part) = ready.pop() {
            self.ready.push_front(part);
        }
        self
    }

    /// Nothing more is to come.
    pub(crate) fn all_arrived(&mut self) {
        self.arriving = None;
    }

    /// The next part. What was not read of the one before is skipped, and is no longer readable.
    pub async fn next(&mut self) -> io::Result<Option<Part>> {
        if let Some(part) = self.ready.pop_front() {
            return Ok(Some(part));
        }
        match &mut self.arriving {
            Some(multipart) => multipart.next().await,
            None => Ok(None),
        }
    }

    /// Whether there certainly is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.arriving.is_none()
    }

    /// All parts with their bytes, if every one of them is at hand.
    pub(crate) fn at_hand(&self) -> Option<Vec<(&Part, Vec<Bytes>)>> {
        let ready = || self.ready.iter().map(|part| Some((part, part.content.pieces()?)));
        if self.arriving.is_none() { ready().collect() } else { None }
    }

    pub(crate) fn push(&mut self, part: Part) {
        self.ready.push_back(part);
    }
}

impl From<Vec<Part>> for Parts {
    fn from(parts: Vec<Part>) -> Self {
        Self { ready: parts.into(), arriving: None }
    }
}

/// What an element of type `xs:base64Binary` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binary {
    /// The part with this content id.
    Included(String),
    /// These bytes.
    Inline(Vec<u8>),
}

/// `<xop:Include href="cid:..."/>`, which stands where a document belongs.
pub fn include(content_id: &str) -> Element {
    Element::new(XOP, "Include").with("href", format!("cid:{}", content_id::encode(content_id)))
}

/// Reads an element of type `xs:base64Binary`: an include, with white space around it or not, or base64.
/// An href other than `cid:` is refused: nothing is ever fetched because a message says so.
pub fn binary(element: &Element) -> Result<Binary, String> {
    let mut children = element.elements();
    let Some(child) = children.next() else {
        return inline(&element.text()).map(Binary::Inline);
    };
    let blank = |node: &Node| match node {
        Node::Text(text) => text.trim_ascii().is_empty(),
        Node::Element(_) | Node::Written(_) => true,
    };
    if !child.is(XOP, "Include") || children.next().is_some() || !element.children.iter().all(blank) {
        return Err(format!("{} holds neither base64 nor one xop:Include alone", element.name));
    }
    let href = child.attribute("href").ok_or("xop:Include without href")?.trim_ascii();
    match href.split_once(':') {
        Some((scheme, id)) if scheme.eq_ignore_ascii_case("cid") => {
            Ok(Binary::Included(content_id::normal(id)))
        }
        _ => Err(format!("xop:Include with href '{href}': only cid: is accepted (XOP 1.0 section 2)")),
    }
}

fn inline(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).map_err(|error| format!("not base64: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn read(xml: &str) -> Result<Binary, String> {
        binary(&Element::parse(xml.as_bytes(), &Limits::default()).unwrap())
    }

    fn included(href: &str, around: &str) -> Result<Binary, String> {
        let include = format!(r#"<i:Include xmlns:i="{}" foo="bar" href="{href}"/>"#, XOP.uri);
        read(&format!("<Document>{around}{include}{around}</Document>"))
    }

    #[test]
    fn reads_an_include_with_blanks_and_attributes_around_it() {
        assert_eq!(included("cid:1@host", " \n").unwrap(), Binary::Included("1@host".to_owned()));
        assert_eq!(included("CID:1%40host", "").unwrap(), Binary::Included("1@host".to_owned()));
    }

    #[test]
    fn m14_refuses_any_href_but_cid() {
        for href in ["http://169.254.169.254/", "file:///etc/passwd", "1@host", ""] {
            assert!(included(href, "").unwrap_err().contains("only cid:"), "{href}");
        }
    }

    #[test]
    fn m17_reads_inline_base64_with_white_space() {
        assert_eq!(read("<D> aGVs\r\n\tbG8= </D>").unwrap(), Binary::Inline(b"hello".to_vec()));
        assert_eq!(read("<D/>").unwrap(), Binary::Inline(Vec::new()));
    }

    #[test]
    fn refuses_what_is_neither() {
        assert!(read("<D>a-b</D>").unwrap_err().contains("not base64"));
        assert!(read("<D>aGVsbG8</D>").unwrap_err().contains("not base64"));
        assert!(read("<D><E/></D>").is_err());
        assert!(included("cid:1", "aGVsbG8=").is_err());
    }

    #[test]
    fn writes_an_include_that_it_reads_again() {
        for id in ["1.uuid@host", "urn:ihe:1@x y", "50%"] {
            let element = Element::new(XOP, "Document").with_child(include(id));
            assert_eq!(binary(&element).unwrap(), Binary::Included(id.to_owned()));
        }
    }

    #[tokio::test]
    async fn gives_its_parts_in_order() {
        let part = |id: &str| Part {
            content_id: id.to_owned(),
            media_type: "text/plain".to_owned(),
            content: Content::empty(),
        };
        let mut parts = Parts::from(vec![part("a"), part("b")]);
        assert_eq!(parts.next().await.unwrap().unwrap().content_id, "a");
        assert_eq!(parts.next().await.unwrap().unwrap().content_id, "b");
        assert!(parts.next().await.unwrap().is_none());
        assert!(Parts::none().next().await.unwrap().is_none());
    }
}
