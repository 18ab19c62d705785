//! The SOAP 1.2 envelope: header blocks around one body element (SOAP 1.2 Part 1 section 5).

use crate::addressing::WSA;
use crate::fault::{Fault, FaultCode};
use crate::limits;
use crate::xml::{Element, Name, Namespace, Node, Shared};

/// SOAP 1.2.
pub(crate) const ENV: Namespace = Namespace { uri: "http://www.w3.org/2003/05/soap-envelope", prefix: "env" };

/// What an envelope holds.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) headers: Vec<Element>,
    pub(crate) body: Element,
}

impl Envelope {
    /// Takes an envelope apart; what it declared is declared again on each block (clause M24).
    pub(crate) fn open(envelope: Element) -> Result<Self, Fault> {
        if !envelope.is(ENV, "Envelope") {
            return Err(not_an_envelope(&envelope.name));
        }
        let outer = envelope.declarations;
        let mut children = blocks(envelope.children, "env:Envelope")?.into_iter().peekable();
        let header = children.next_if(|child| child.is(ENV, "Header"));
        let body = children.next().filter(|child| child.is(ENV, "Body"));
        let (Some(body), None) = (body, children.next()) else {
            return Err(Fault::sender("an envelope holds an optional env:Header, then one env:Body"));
        };
        let headers = header.map(|header| inner(header, &outer)).transpose()?.unwrap_or_default();
        if headers.len() > limits::HEADERS {
            return Err(Fault::sender(format!("more than {} header blocks", limits::HEADERS)));
        }
        let mut inside = inner(body, &outer)?.into_iter();
        match (inside.next(), inside.next()) {
            (Some(body), None) => Ok(Self { headers, body }),
            (None, _) => Err(Fault::sender("env:Body is empty")),
            (Some(_), Some(_)) => Err(Fault::sender("env:Body holds more than one element")),
        }
    }

    /// Puts an envelope together.
    pub(crate) fn close(self) -> Element {
        let header = Element::new(ENV, "Header").with_children(self.headers);
        let body = Element::new(ENV, "Body").with_child(self.body);
        Element::new(ENV, "Envelope").declaring(WSA).with_child(header).with_child(body)
    }
}

fn not_an_envelope(name: &Name) -> Fault {
    if name.local != "Envelope" {
        return Fault::sender(format!("a SOAP 1.2 envelope was expected, {name} came"));
    }
    let supported = Element::new(ENV, "SupportedEnvelope").with("qname", "env:Envelope").declaring(ENV);
    let reason = format!("only SOAP 1.2 is spoken here, the envelope is {name}");
    let mut fault = Fault::new(FaultCode::VersionMismatch, reason);
    fault.headers.push(Element::new(ENV, "Upgrade").with_child(supported));
    fault
}

fn blocks(children: Vec<Node>, place: &str) -> Result<Vec<Element>, Fault> {
    let mut elements = Vec::with_capacity(children.len());
    for child in children {
        match child {
            Node::Element(element) => elements.push(element),
            Node::Text(text) if text.trim_ascii().is_empty() => {}
            Node::Text(_) | Node::Written(_) => return Err(Fault::sender(format!("text inside {place}"))),
        }
    }
    Ok(elements)
}

fn inner(parent: Element, outer: &[(Shared, Shared)]) -> Result<Vec<Element>, Fault> {
    let place = format!("env:{}", parent.name.local);
    let mut elements = blocks(parent.children, &place)?;
    for element in &mut elements {
        inherit(element, &parent.declarations);
        inherit(element, outer);
    }
    Ok(elements)
}

/// Declares what an element could see around it, unless it declares that prefix itself.
fn inherit(element: &mut Element, declarations: &[(Shared, Shared)]) {
    for (prefix, uri) in declarations {
        if !element.declarations.iter().any(|(own, _)| own == prefix) {
            element.declarations.push((prefix.clone(), uri.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn open(xml: &str) -> Result<Envelope, Fault> {
        Envelope::open(Element::parse(xml.as_bytes(), &Limits::default()).unwrap())
    }

    fn soap(inside: &str) -> Result<Envelope, Fault> {
        open(&format!("<e:Envelope xmlns:e='{}' xmlns:out='urn:out'>{inside}</e:Envelope>", ENV.uri))
    }

    #[test]
    fn m24_keeps_the_namespaces_of_envelope_and_body() {
        let opened = soap(
            "<e:Body xmlns:mid='urn:mid' xmlns:out='urn:mid2'><x xmlns:own='urn:own' type='out:y'/></e:Body>",
        );
        let body = opened.unwrap().body;
        let written = Element::parse(body.write().as_bytes(), &Limits::default()).unwrap();
        for (prefix, uri) in [("out", "urn:mid2"), ("mid", "urn:mid"), ("own", "urn:own"), ("e", ENV.uri)] {
            assert!(written.declarations.contains(&(prefix.into(), uri.into())), "{prefix}");
        }
        assert_eq!(written.declarations.iter().filter(|(prefix, _)| prefix == "out").count(), 1);
    }

    #[test]
    fn takes_headers_and_body_apart_and_puts_them_together() {
        let opened = soap(" <e:Header><a/> <b/></e:Header>\n<e:Body> <c/> </e:Body> ").unwrap();
        assert_eq!(opened.headers.len(), 2);
        let again = Envelope::open(opened.close()).unwrap();
        assert_eq!(again.headers.len(), 2);
        assert_eq!(again.body.name.local, "c");
    }

    #[test]
    fn refuses_header_blocks_beyond_the_limit() {
        let blocks =
            |count| soap(&format!("<e:Header>{}</e:Header><e:Body><c/></e:Body>", "<a/>".repeat(count)));
        assert_eq!(blocks(limits::HEADERS).unwrap().headers.len(), limits::HEADERS);
        assert!(blocks(limits::HEADERS + 1).unwrap_err().reason.contains("header blocks"));
    }

    #[test]
    fn copies_no_namespace_name_when_a_block_inherits_it() {
        let opened = soap("<e:Header><a/><b/></e:Header><e:Body><c/></e:Body>").unwrap();
        let places = opened.headers.iter().chain([&opened.body]).map(|block| {
            let (_, uri) = block.declarations.iter().find(|(prefix, _)| *prefix == "out").unwrap();
            uri.as_ptr()
        });
        let places: std::collections::HashSet<_> = places.collect();
        assert_eq!(places.len(), 1);
    }

    #[test]
    fn answers_soap_1_1_with_the_version_it_speaks() {
        let fault = open("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'/>").unwrap_err();
        assert_eq!(fault.code, FaultCode::VersionMismatch);
        let upgrade = fault.headers.first().unwrap();
        assert!(upgrade.is(ENV, "Upgrade"));
        assert!(upgrade.write().contains(r#"qname="env:Envelope""#));
    }

    #[test]
    fn refuses_an_envelope_of_the_wrong_shape() {
        for wrong in [
            "",
            "<e:Header/>",
            "<e:Body/>",
            "<e:Body><a/><b/></e:Body>",
            "<e:Body>text<a/></e:Body>",
            "text<e:Body><a/></e:Body>",
            "<e:Body><a/></e:Body><e:Header/>",
            "<e:Body><a/></e:Body><e:Body><a/></e:Body>",
            "<e:Header/><e:Header/><e:Body><a/></e:Body>",
            "<Body><a/></Body>",
        ] {
            assert_eq!(soap(wrong).unwrap_err().code, FaultCode::Sender, "{wrong}");
        }
        assert_eq!(open("<html/>").unwrap_err().code, FaultCode::Sender);
    }
}
