//! The WS-Addressing headers of a message (WS-Addressing 1.0 Core and SOAP Binding; ITI TF-2 Appendix V).

use crate::envelope::ENV;
use crate::fault::{Fault, FaultCode};
use crate::message::Message;
use crate::xml::{Element, Name, Namespace};

/// WS-Addressing 1.0.
pub const WSA: Namespace = Namespace { uri: "http://www.w3.org/2005/08/addressing", prefix: "wsa" };

/// The action of faults that WS-Addressing defines.
pub(crate) const FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/fault";
/// The action of all other SOAP faults.
pub(crate) const SOAP_FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/soap/fault";
/// The address of whoever is at the other end of the connection.
const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
/// The id of a request that did not have one.
const UNSPECIFIED: &str = "http://www.w3.org/2005/08/addressing/unspecified";
/// The roles of whoever receives a message first and last: us.
const OUR_ROLES: [&str; 2] = [
    "http://www.w3.org/2003/05/soap-envelope/role/next",
    "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver",
];
/// Headers that may stand once.
const SINGLE: [&str; 6] = ["Action", "MessageID", "To", "ReplyTo", "From", "FaultTo"];

/// Whether a message asks or answers: what is demanded differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It arrived at our server.
    Request,
    /// It came back to our client, over the connection that asked: lenient about addressing.
    Answer,
}

/// The addressing of a message, and the header blocks that are none of it.
#[derive(Debug)]
pub(crate) struct Addressing {
    pub(crate) action: String,
    pub(crate) message_id: Option<String>,
    pub(crate) relates_to: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) others: Vec<Element>,
}

impl Addressing {
    /// Sorts header blocks; `understands` tells which others may demand to be understood.
    pub(crate) fn read(
        headers: Vec<Element>,
        side: Side,
        understands: &dyn Fn(&Name) -> bool,
    ) -> Result<Self, Fault> {
        must_understand(&headers, understands)?;
        let (ours, others): (Vec<_>, Vec<_>) =
            headers.into_iter().partition(|header| known(&header.name) && for_us(header));
        if side == Side::Request {
            cardinality(&ours)?;
            reply_addresses(&ours)?;
        }
        let value = |local| trimmed(&ours, local);
        let action = value("Action");
        if action.is_none() && side == Side::Request {
            return Err(header_required("Action"));
        }
        Ok(Self {
            action: action.unwrap_or_default(),
            message_id: value("MessageID"),
            relates_to: value("RelatesTo"),
            to: value("To"),
            others,
        })
    }
}

/// The id of a message, for a fault about the rest of it.
pub(crate) fn message_id(headers: &[Element]) -> Option<String> {
    trimmed(headers, "MessageID")
}

/// The id to relate an answer to.
pub(crate) fn related(request_id: Option<&str>) -> String {
    request_id.unwrap_or(UNSPECIFIED).to_owned()
}

/// The addressing headers of a message; a request asks for its answer on the same connection.
pub(crate) fn write(message: &Message) -> Vec<Element> {
    let text = |local, text: &str| Element::new(WSA, local).with_text(text);
    let optional = |local, value: &Option<String>| value.as_deref().map(|value| text(local, value));
    let action = text("Action", &message.action).with_attribute(Name::new(ENV, "mustUnderstand"), "true");
    let mut headers = vec![action];
    headers.extend(optional("MessageID", &message.message_id));
    headers.extend(optional("RelatesTo", &message.relates_to));
    if message.relates_to.is_none() {
        headers.push(Element::new(WSA, "ReplyTo").with_child(text("Address", ANONYMOUS)));
    }
    headers.extend(optional("To", &message.to));
    headers
}

fn trimmed(headers: &[Element], local: &str) -> Option<String> {
    let header = headers.iter().find(|header| header.is(WSA, local))?;
    Some(header.text().trim_ascii().to_owned()).filter(|text| !text.is_empty())
}

/// Addressing headers that we act upon.
fn known(name: &Name) -> bool {
    name.is(WSA, "RelatesTo") || SINGLE.iter().any(|local| name.is(WSA, local))
}

fn for_us(header: &Element) -> bool {
    header.attribute_in(ENV, "role").is_none_or(|role| OUR_ROLES.contains(&role.trim_ascii()))
}

/// SOAP 1.2 Part 1 sections 2.4 and 5.4.8: names every block that is demanded and not understood.
fn must_understand(headers: &[Element], understands: &dyn Fn(&Name) -> bool) -> Result<(), Fault> {
    let demanded = |header: &&Element| {
        let value = header.attribute_in(ENV, "mustUnderstand").unwrap_or("false").trim_ascii();
        matches!(value, "1" | "true") && for_us(header)
    };
    let strange: Vec<_> = headers
        .iter()
        .filter(demanded)
        .filter(|header| !known(&header.name) && !understands(&header.name))
        .map(|header| &header.name)
        .collect();
    let Some(first) = strange.first() else { return Ok(()) };
    let mut fault = Fault::new(FaultCode::MustUnderstand, format!("the header {first} is not understood"));
    fault.headers = strange.into_iter().map(not_understood).collect();
    Err(fault)
}

fn not_understood(name: &Name) -> Element {
    let prefix = if name.prefix.is_empty() { "header".into() } else { name.prefix.clone() };
    let qname =
        if name.namespace.is_empty() { name.local.to_string() } else { format!("{prefix}:{}", name.local) };
    let mut element = Element::new(ENV, "NotUnderstood").with("qname", qname);
    if !name.namespace.is_empty() {
        element.declarations.push((prefix, name.namespace.clone()));
    }
    element
}

fn cardinality(headers: &[Element]) -> Result<(), Fault> {
    for local in SINGLE {
        if headers.iter().filter(|header| header.is(WSA, local)).count() > 1 {
            let reason = format!("wsa:{local} stands more than once");
            return Err(invalid(reason, "InvalidCardinality", local));
        }
    }
    Ok(())
}

/// Answers go back on the connection only: no message makes us call an address that it names.
fn reply_addresses(headers: &[Element]) -> Result<(), Fault> {
    for local in ["ReplyTo", "FaultTo"] {
        let Some(header) = headers.iter().find(|header| header.is(WSA, local)) else { continue };
        let Some(address) = header.child(WSA, "Address") else {
            return Err(invalid(format!("wsa:{local} has no wsa:Address"), "MissingAddressInEPR", local));
        };
        let address = address.text().trim_ascii().to_owned();
        if address == ANONYMOUS {
            continue;
        }
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(invalid(
                format!("wsa:{local} '{address}' is no http address"),
                "InvalidAddress",
                local,
            ));
        }
        let reason = format!("wsa:{local} '{address}': answers are given on the same connection only");
        return Err(invalid(reason, "OnlyAnonymousAddressSupported", local));
    }
    Ok(())
}

fn invalid(reason: String, subcode: &'static str, header: &'static str) -> Fault {
    Fault::sender(reason)
        .with_subcode(Name::new(WSA, "InvalidAddressingHeader"))
        .with_subcode(Name::new(WSA, subcode))
        .with_detail(problem_header(header))
}

fn header_required(local: &'static str) -> Fault {
    Fault::sender(format!("the header wsa:{local} is required (WS-Addressing 1.0)"))
        .with_subcode(Name::new(WSA, "MessageAddressingHeaderRequired"))
        .with_detail(problem_header(local))
}

fn problem_header(local: &str) -> Element {
    Element::new(WSA, "ProblemHeaderQName").declaring(WSA).with_text(format!("wsa:{local}"))
}

#[cfg(test)]
mod tests;
