use super::*;
use crate::message::Encoding;
use crate::xml::Limits;

const SECURITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

fn headers(xml: &str) -> Vec<Element> {
    let xml = format!("<h xmlns:wsa='{}' xmlns:s='{}' xmlns:wsse='{SECURITY}'>{xml}</h>", WSA.uri, ENV.uri);
    Element::parse(xml.as_bytes(), &Limits::default()).unwrap().elements().cloned().collect()
}

fn request(xml: &str) -> Result<Addressing, Fault> {
    Addressing::read(headers(&format!("<wsa:Action>urn:a</wsa:Action>{xml}")), Side::Request, &|_| false)
}

fn subcodes(fault: &Fault) -> Vec<String> {
    fault.subcode.iter().flat_map(|subcode| &subcode.0).map(|name| name.local.to_string()).collect()
}

#[test]
fn reads_what_clients_send() {
    let read = request(
        "<wsa:MessageID>not a uri</wsa:MessageID><wsa:To s:mustUnderstand='1'>https://x</wsa:To>
         <wsa:ReplyTo s:mustUnderstand='1'><wsa:Address> http://www.w3.org/2005/08/addressing/anonymous </wsa:Address>
         </wsa:ReplyTo><wsa:RelatesTo RelationshipType='urn:r'>r</wsa:RelatesTo><other/>",
    )
    .unwrap();
    assert_eq!(read.message_id.as_deref(), Some("not a uri"));
    assert_eq!(read.to.as_deref(), Some("https://x"));
    assert_eq!(read.relates_to.as_deref(), Some("r"));
    assert_eq!(read.others.len(), 1);
}

#[test]
fn trims_the_action_and_takes_any_spelling_of_must_understand() {
    for must in ["s:mustUnderstand='1'", "s:mustUnderstand='true'", "s:mustUnderstand='0'", ""] {
        let action = format!("<wsa:Action {must}>\n urn:a \n</wsa:Action>");
        assert_eq!(Addressing::read(headers(&action), Side::Request, &|_| false).unwrap().action, "urn:a");
    }
}

#[test]
fn refuses_a_request_without_action() {
    for missing in ["", "<wsa:Action> </wsa:Action>", "<Action>urn:a</Action>"] {
        let fault = Addressing::read(headers(missing), Side::Request, &|_| false).unwrap_err();
        assert_eq!(subcodes(&fault), ["MessageAddressingHeaderRequired"]);
        assert!(fault.detail.unwrap().write().contains(">wsa:Action<"));
    }
    let answer = Addressing::read(Vec::new(), Side::Answer, &|_| false).unwrap();
    assert_eq!(answer.action, "");
}

#[test]
fn refuses_headers_that_stand_twice() {
    for local in ["MessageID", "To", "From", "Action", "ReplyTo", "FaultTo"] {
        let fault =
            request(&format!("<wsa:{local}>a</wsa:{local}><wsa:{local}>a</wsa:{local}>")).unwrap_err();
        assert_eq!(subcodes(&fault), ["InvalidAddressingHeader", "InvalidCardinality"], "{local}");
    }
}

#[test]
fn never_answers_to_an_address_that_a_message_names() {
    let cases = [
        ("<wsa:Address>https://elsewhere/</wsa:Address>", "OnlyAnonymousAddressSupported"),
        ("<wsa:Address>http://169.254.169.254/</wsa:Address>", "OnlyAnonymousAddressSupported"),
        (
            "<wsa:Address>http://www.w3.org/2005/08/addressing/none</wsa:Address>",
            "OnlyAnonymousAddressSupported",
        ),
        ("<wsa:Address>file:///etc/passwd</wsa:Address>", "InvalidAddress"),
        ("<wsa:Address>gopher://x</wsa:Address>", "InvalidAddress"),
        ("<wsa:Address/>", "InvalidAddress"),
        ("", "MissingAddressInEPR"),
    ];
    for (address, subcode) in cases {
        for local in ["ReplyTo", "FaultTo"] {
            let fault = request(&format!("<wsa:{local}>{address}</wsa:{local}>")).unwrap_err();
            assert_eq!(subcodes(&fault), ["InvalidAddressingHeader", subcode], "{address}");
        }
    }
}

#[test]
fn refuses_what_must_be_understood_and_is_not() {
    let fault =
        request("<wsse:Security s:mustUnderstand='1'/><x s:mustUnderstand=' true '/><y/>").unwrap_err();
    assert_eq!(fault.code, FaultCode::MustUnderstand);
    let written: Vec<_> = fault.headers.iter().map(Element::write).collect();
    assert_eq!(written.len(), 2);
    assert!(written[0].contains(r#"qname="wsse:Security""#) && written[0].contains(SECURITY));
    assert!(written[1].contains(r#"qname="x""#));
}

#[test]
fn passes_on_what_the_service_understands() {
    let security = headers("<wsa:Action>a</wsa:Action><wsse:Security s:mustUnderstand='1'/>");
    let read = Addressing::read(security, Side::Request, &|name| name.namespace == SECURITY).unwrap();
    assert_eq!(read.others.len(), 1);
}

#[test]
fn leaves_alone_what_is_meant_for_others() {
    let role = "http://www.w3.org/2003/05/soap-envelope/role/none";
    assert!(request(&format!("<x s:mustUnderstand='1' s:role='{role}'/>")).is_ok());
    let next = "http://www.w3.org/2003/05/soap-envelope/role/next";
    assert!(request(&format!("<x s:mustUnderstand='1' s:role='{next}'/>")).is_err());
}

#[test]
fn writes_a_request_and_an_answer() {
    let mut message = Message::new("urn:a", Element::new(ENV, "x"), Encoding::Simple);
    message.to = Some("https://peer/".to_owned());
    let request: Vec<_> = write(&message).iter().map(|header| header.name.local.to_string()).collect();
    assert_eq!(request, ["Action", "MessageID", "ReplyTo", "To"]);
    assert_eq!(write(&message)[0].attribute_in(ENV, "mustUnderstand"), Some("true"));
    let message =
        Message::new("urn:b", Element::new(ENV, "x"), Encoding::Simple).answering(None, Encoding::Mtom);
    assert_eq!(message.relates_to.as_deref(), Some(UNSPECIFIED));
    let answer: Vec<_> = write(&message).iter().map(|header| header.name.local.to_string()).collect();
    assert_eq!(answer, ["Action", "MessageID", "RelatesTo"]);
}
