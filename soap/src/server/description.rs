//! What a server says of itself to those who write clients: a WSDL 1.1 document, and the schemas that it imports.
//!
//! `GET path?wsdl` answers the WSDL, `GET path/name.xsd` a schema, to whoever may send messages.

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Response, StatusCode, header};

use super::Service;
use super::exchange::plain;
use crate::parts::Content;
use crate::xml::escape_attribute;

/// The documents that describe what is answered at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// The WSDL, as it lies in a folder.
    pub wsdl: &'static str,
    /// The address that stands in it, in whose place goes the one by which the client came.
    pub address: &'static str,
    /// The folder of the schemas that it imports, seen from where it lies: `schemas/`.
    pub folder: &'static str,
    /// The name of each schema in that folder, and what it says. They import each other by these names.
    pub schemas: &'static [(&'static str, &'static str)],
}

impl Description {
    /// The WSDL for who came by this address.
    fn wsdl_at(&self, address: &str) -> String {
        let name = address.rsplit('/').next().unwrap_or_default();
        let (mut here, mut beside) = (String::new(), String::from("\""));
        escape_attribute(address, &mut here);
        escape_attribute(name, &mut beside);
        beside.push('/');
        self.wsdl.replace(self.address, &here).replace(&format!("\"{}", self.folder), &beside)
    }

    fn schema(&self, name: &str) -> Option<&'static str> {
        self.schemas.iter().find(|(known, _)| *known == name).map(|(_, schema)| *schema)
    }
}

/// The answer to a request for a document, if it is one.
pub(super) fn answer(head: &Parts, service: &dyn Service) -> Option<Response<Content>> {
    if head.method != Method::GET && head.method != Method::HEAD {
        return None;
    }
    let path = head.uri.path();
    if head.uri.query().is_some_and(|query| query.eq_ignore_ascii_case("wsdl")) {
        let description = service.description(path)?;
        return Some(match host(head) {
            Some(host) => document(description.wsdl_at(&format!("https://{host}{path}"))),
            None => plain(StatusCode::BAD_REQUEST, "a Host was expected, which the WSDL is to name"),
        });
    }
    let (of, name) = path.rsplit_once('/')?;
    service.description(of)?.schema(name).map(|schema| document(schema.to_owned()))
}

/// The host and port by which the client came (RFC 9112 section 3.2).
fn host(head: &Parts) -> Option<Authority> {
    let said = || head.headers.get(header::HOST)?.to_str().ok()?.parse().ok();
    let host: Authority = head.uri.authority().cloned().or_else(said)?;
    (!host.host().is_empty() && !host.as_str().contains('@')).then_some(host)
}

fn document(text: String) -> Response<Content> {
    let mut response = Response::new(Content::from(Bytes::from(text)));
    let media_type = HeaderValue::from_static("text/xml; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wsdl_says_by_which_address_the_client_came() {
        let wsdl = r#"<import schemaLocation="xsd/a.xsd"/><address location="https://x/y"/>"#;
        let description =
            Description { wsdl, address: "https://x/y", folder: "xsd/", schemas: &[("a.xsd", "a")] };
        let said = description.wsdl_at("https://a&b'c:9/registry");
        assert!(said.starts_with(r#"<import schemaLocation="registry/a.xsd"/>"#), "{said}");
        assert!(said.contains("https://a&amp;b"), "{said}");
        assert!(!said.contains("https://x/y"), "{said}");
        assert_eq!((description.schema("a.xsd"), description.schema("b.xsd")), (Some("a"), None));
    }
}
