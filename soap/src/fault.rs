//! A SOAP 1.2 fault: what never became a transaction (SOAP 1.2 Part 1 section 5.4).

use http::StatusCode;

use crate::addressing::{FAULT_ACTION, SOAP_FAULT_ACTION, WSA};
use crate::envelope::ENV;
use crate::message::{Encoding, Message};
use crate::xml::{Element, Name, Shared, XML};

/// A fault, as it is sent and as it arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose fault it is.
    pub code: FaultCode,
    /// What it is, more closely.
    pub subcode: Option<Subcode>,
    /// What it is, for a person; English.
    pub reason: String,
    /// What a program can make use of: one element inside `env:Detail`.
    pub detail: Option<Box<Element>>,
    /// Header blocks that go with it (`env:NotUnderstood`, `env:Upgrade`).
    pub headers: Vec<Element>,
}

/// The codes that SOAP defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// Not a SOAP 1.2 envelope.
    VersionMismatch,
    /// A header that must be understood is not.
    MustUnderstand,
    /// An encoding of data that is not supported.
    DataEncodingUnknown,
    /// The message is wrong; it would be wrong again.
    Sender,
    /// The receiver could not; the same message may pass later.
    Receiver,
}

/// Subcodes, the outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subcode(pub Vec<Name>);

/// Code and spelling, one table for both directions.
const CODES: [(FaultCode, &str); 5] = [
    (FaultCode::VersionMismatch, "VersionMismatch"),
    (FaultCode::MustUnderstand, "MustUnderstand"),
    (FaultCode::DataEncodingUnknown, "DataEncodingUnknown"),
    (FaultCode::Sender, "Sender"),
    (FaultCode::Receiver, "Receiver"),
];

impl Fault {
    /// A fault of any code.
    pub fn new(code: FaultCode, reason: impl Into<String>) -> Self {
        Self { code, subcode: None, reason: reason.into(), detail: None, headers: Vec::new() }
    }

    /// The message is wrong.
    pub fn sender(reason: impl Into<String>) -> Self {
        Self::new(FaultCode::Sender, reason)
    }

    /// We could not.
    pub fn receiver(reason: impl Into<String>) -> Self {
        Self::new(FaultCode::Receiver, reason)
    }

    /// With one more subcode inside those it has.
    #[must_use]
    pub fn with_subcode(mut self, name: Name) -> Self {
        self.subcode.get_or_insert(Subcode(Vec::new())).0.push(name);
        self
    }

    /// With a detail element.
    #[must_use]
    pub fn with_detail(mut self, detail: Element) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    /// The endpoint does not answer this action (WS-Addressing 1.0 SOAP Binding section 6.4.3).
    pub fn action_not_supported(action: &str) -> Self {
        let problem = Element::new(WSA, "Action").with_text(action);
        Self::sender(format!("the action '{action}' is not supported at this endpoint"))
            .with_subcode(Name::new(WSA, "ActionNotSupported"))
            .with_detail(Element::new(WSA, "ProblemAction").with_child(problem))
    }

    /// The action does not fit the body (WS-Addressing 1.0 SOAP Binding section 6.4.1.6).
    pub fn action_mismatch(action: &str, body: &Name) -> Self {
        let problem = Element::new(WSA, "Action").with_text(action);
        Self::sender(format!("the action '{action}' does not go with the body {body}"))
            .with_subcode(Name::new(WSA, "InvalidAddressingHeader"))
            .with_subcode(Name::new(WSA, "ActionMismatch"))
            .with_detail(Element::new(WSA, "ProblemAction").with_child(problem))
    }

    /// The status that goes with it over HTTP (SOAP 1.2 Part 2 section 7.5.2.2).
    pub fn status(&self) -> StatusCode {
        match self.code {
            FaultCode::Sender => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// As a message that answers `request_id`.
    pub fn into_message(mut self, request_id: Option<&str>, encoding: Encoding) -> Message {
        let addressing =
            self.subcode.iter().flat_map(|subcode| &subcode.0).any(|name| name.namespace == WSA.uri);
        let action = if addressing { FAULT_ACTION } else { SOAP_FAULT_ACTION };
        let headers = std::mem::take(&mut self.headers);
        let mut message = Message::new(action, self.write(), encoding).answering(request_id, encoding);
        message.headers = headers;
        message
    }

    /// The `env:Fault` element.
    pub fn write(&self) -> Element {
        let local = CODES.iter().find(|(code, _)| *code == self.code).map_or("Receiver", |(_, local)| local);
        let mut code = Element::new(ENV, "Code").with_child(value(&Name::new(ENV, local)));
        let subcodes = self.subcode.iter().flat_map(|subcode| subcode.0.iter().rev());
        let nested = subcodes.fold(None, |inner: Option<Element>, name| {
            let subcode = Element::new(ENV, "Subcode").with_child(value(name));
            Some(subcode.with_children(inner))
        });
        code = code.with_children(nested);
        let text = Element::new(ENV, "Text").with_attribute(Name::new(XML, "lang"), "en");
        let reason = Element::new(ENV, "Reason").with_child(text.with_text(&self.reason));
        let detail =
            self.detail.iter().map(|detail| Element::new(ENV, "Detail").with_child((**detail).clone()));
        Element::new(ENV, "Fault").with_child(code).with_child(reason).with_children(detail)
    }

    /// Reads the body of a message, if it is a fault. Codes that SOAP does not know count as the receiver's.
    pub fn read(body: &Element) -> Option<Self> {
        if !body.is(ENV, "Fault") {
            return None;
        }
        let code = body.child(ENV, "Code");
        let (found, subcodes) = code.map_or((None, Vec::new()), |code| read_code(body, code));
        let known = CODES.iter().find(|(_, local)| found.as_ref().is_some_and(|name| name.is(ENV, local)));
        let text = body.child(ENV, "Reason").and_then(|reason| reason.child(ENV, "Text"));
        let detail = body.child(ENV, "Detail").and_then(|detail| detail.elements().next());
        Some(Self {
            code: known.map_or(FaultCode::Receiver, |(code, _)| *code),
            subcode: Some(Subcode(subcodes)).filter(|subcode| !subcode.0.is_empty()),
            reason: text.map(|text| text.text().trim_ascii().to_owned()).unwrap_or_default(),
            detail: detail.cloned().map(Box::new),
            headers: Vec::new(),
        })
    }
}

/// `<env:Value>prefix:local</env:Value>`, the prefix declared where it is used.
fn value(name: &Name) -> Element {
    let mut value = Element::new(ENV, "Value").with_text(format!("{}:{}", name.prefix, name.local));
    value.declarations.push((name.prefix.clone(), name.namespace.clone()));
    value
}

/// The code of a fault and its subcodes, QNames resolved where they stand.
fn read_code(fault: &Element, code: &Element) -> (Option<Name>, Vec<Name>) {
    let mut path = vec![fault, code];
    let mut names = Vec::new();
    let mut level = Some(code);
    while let Some(element) = level {
        if let Some(value) = element.child(ENV, "Value") {
            path.push(value);
            names.push(qualified(value.text().trim_ascii(), &path));
            path.pop();
        }
        level = element.child(ENV, "Subcode");
        path.extend(level);
    }
    let mut names = names.into_iter();
    (names.next(), names.collect())
}

/// A QName with the prefixes that are declared on the way to it.
fn qualified(text: &str, path: &[&Element]) -> Name {
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    let mut scope = path.iter().rev().flat_map(|element| &element.declarations);
    let namespace = scope.find(|(declared, _)| *declared == prefix).map(|(_, uri)| uri.clone());
    let namespace = namespace.unwrap_or(Shared::ours(""));
    Name { namespace, local: Shared::copy(local), prefix: Shared::copy(prefix) }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.code)?;
        for name in self.subcode.iter().flat_map(|subcode| &subcode.0) {
            write!(f, " / {}", name.local)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn parsed(xml: &str) -> Element {
        Element::parse(xml.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn is_written_in_the_order_of_the_schema_and_read_again() {
        let fault = Fault::action_mismatch("urn:a", &Name::new(WSA, "Body"));
        let written = fault.write().write();
        let order =
            ["Code>", "InvalidAddressingHeader", "ActionMismatch", "Reason>", "Detail>", "ProblemAction>"];
        let places: Vec<_> = order.map(|part| written.find(part).unwrap()).into();
        assert!(places.is_sorted(), "{written}");
        assert_eq!(Fault::read(&parsed(&written)).unwrap(), fault);
    }

    #[test]
    fn reads_the_fault_of_another_stack() {
        let xml = r#"<s:Fault xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Code><s:Value>s:Sender</s:Value>
            <s:Subcode><s:Value xmlns:a="http://www.w3.org/2005/08/addressing">a:ActionNotSupported</s:Value></s:Subcode>
            </s:Code><s:Reason><s:Text xml:lang="en-US"> no such action </s:Text></s:Reason></s:Fault>"#;
        let fault = Fault::read(&parsed(xml)).unwrap();
        assert_eq!(fault.code, FaultCode::Sender);
        assert_eq!(fault.subcode, Some(Subcode(vec![Name::new(WSA, "ActionNotSupported")])));
        assert_eq!(fault.reason, "no such action");
        assert_eq!(fault.to_string(), "Sender / ActionNotSupported: no such action");
    }

    #[test]
    fn is_no_fault_when_the_body_is_another_element() {
        assert_eq!(Fault::read(&parsed("<Fault/>")), None);
    }

    #[test]
    fn has_the_action_and_the_status_of_its_kind() {
        let plain = Fault::sender("x");
        assert_eq!(plain.status(), 400);
        assert_eq!(plain.into_message(Some("id"), Encoding::Mtom).action, SOAP_FAULT_ACTION);
        assert_eq!(Fault::receiver("x").status(), 500);
        let message = Fault::action_not_supported("urn:x").into_message(Some("id"), Encoding::Simple);
        assert_eq!(message.action, FAULT_ACTION);
        assert_eq!(message.relates_to.as_deref(), Some("id"));
    }
}
