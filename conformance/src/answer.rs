//! What came back, read by the judge's own eyes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use soap::xml::{Element, Limits};

use crate::case::Encoding;
use crate::exchange::Raw;
use crate::mime::{self, Received};
use crate::path::Path;

/// An answer, as far as it could be read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) http: u16,
    pub(crate) content_type: String,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) envelope: Option<Element>,
    /// Why it could not be read to the end.
    pub(crate) problem: Option<String>,
    parts: Vec<Received>,
}

/// A document that came back.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) unique_id: String,
    pub(crate) content: Result<Vec<u8>, String>,
}

/// An entry of a RegistryErrorList.
#[derive(Debug)]
pub(crate) struct RegistryError {
    pub(crate) code: String,
    pub(crate) severity: Option<String>,
    pub(crate) context: Option<String>,
}

impl RegistryError {
    /// ebRS 3.0: without a severity it is an error.
    pub(crate) fn is_error(&self) -> bool {
        self.severity.as_deref().is_none_or(|severity| severity.ends_with(":Error"))
    }
}

impl Answer {
    pub(crate) fn read(raw: Raw) -> Self {
        let media_type = raw.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let mut answer = Self {
            http: raw.http,
            content_type: raw.content_type,
            encoding: None,
            envelope: None,
            problem: None,
            parts: Vec::new(),
        };
        let read = match media_type.as_str() {
            "multipart/related" => {
                answer.encoding = Some(Encoding::Mtom);
                mime::read(&answer.content_type, &raw.body).and_then(|mut parts| {
                    let root = parts.remove(0);
                    answer.parts = parts;
                    parse(&root.content)
                })
            }
            "application/soap+xml" => {
                answer.encoding = Some(Encoding::Simple);
                parse(&raw.body)
            }
            other => {
                Err(format!("Content-Type {other:?} is neither application/soap+xml nor multipart/related"))
            }
        };
        match read {
            Ok(envelope) => answer.envelope = Some(envelope),
            Err(problem) => answer.problem = Some(problem),
        }
        answer
    }

    /// An answer that says nothing, to read expectations against.
    pub(crate) fn silent() -> Self {
        Self {
            http: 200,
            content_type: String::new(),
            encoding: None,
            envelope: Some(Element::new(soap::xml::XML, "nothing")),
            problem: None,
            parts: Vec::new(),
        }
    }

    /// The values at one of the judge's own paths.
    pub(crate) fn values(&self, path: &str) -> Vec<String> {
        let read = Path::parse(path).ok().zip(self.envelope.as_ref());
        read.map(|(path, envelope)| path.values(envelope)).unwrap_or_default()
    }

    pub(crate) fn is_fault(&self) -> bool {
        self.values("/env:Envelope/env:Body/env:Fault").len() == 1
    }

    /// The status of a RegistryResponse or AdhocQueryResponse, also inside a RetrieveDocumentSetResponse.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let mut found = self.values("/env:Envelope/env:Body//rs:RegistryResponse/@status");
        found.extend(self.values("/env:Envelope/env:Body/query:AdhocQueryResponse/@status"));
        found
    }

    pub(crate) fn errors(&self) -> Vec<RegistryError> {
        let elements = self.elements("//rs:RegistryErrorList/rs:RegistryError");
        let read = |element: &&Element| {
            let attribute = |name: &str| element.attribute(name).map(str::to_owned);
            RegistryError {
                code: attribute("errorCode").unwrap_or_default(),
                severity: attribute("severity"),
                context: attribute("codeContext"),
            }
        };
        elements.iter().map(read).collect()
    }

    pub(crate) fn documents(&self) -> Vec<Returned> {
        let responses = self.elements("//xds:DocumentResponse");
        let read = |response: &&Element| {
            let child = |name: &str| response.elements().find(|child| child.name.local == name);
            let unique_id = child("DocumentUniqueId").map(|id| id.text().trim().to_owned());
            let document = child("Document").ok_or_else(|| "DocumentResponse without Document".to_owned());
            Returned {
                unique_id: unique_id.unwrap_or_default(),
                content: document.and_then(|document| self.content(document)),
            }
        };
        responses.iter().map(read).collect()
    }

    fn content(&self, document: &Element) -> Result<Vec<u8>, String> {
        let Some(include) = document.elements().next() else {
            let text: String = document.text().split_ascii_whitespace().collect();
            return STANDARD.decode(text).map_err(|error| format!("the inline base64 is broken: {error}"));
        };
        let href = include.attribute("href").unwrap_or_default();
        let id = href.strip_prefix("cid:").ok_or_else(|| format!("the href {href:?} is no cid:"))?;
        let decoded = percent_decoded(id);
        let part = self.parts.iter().find(|part| part.content_id == id || part.content_id == decoded);
        part.map(|part| part.content.clone()).ok_or_else(|| format!("no part has the Content-ID <{decoded}>"))
    }

    fn elements(&self, path: &str) -> Vec<&Element> {
        let Some((path, envelope)) = Path::parse(path).ok().zip(self.envelope.as_ref()) else {
            return Vec::new();
        };
        path.trails(envelope).iter().filter_map(|trail| crate::path::at(envelope, trail)).collect()
    }
}

fn parse(bytes: &[u8]) -> Result<Element, String> {
    Element::parse(bytes, &Limits { size: 64 << 20, text: 64 << 20, nodes: 2_000_000, ..Limits::default() })
        .map_err(|error| format!("the answer is not well-formed: {error}"))
}

/// RFC 2392 section 2: a cid: URL is the Content-ID with what URLs reserve percent-encoded.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hexadecimal = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_references() {
        assert_eq!(percent_decoded("1%40a%3Ab%"), "1@a:b%");
    }
}
