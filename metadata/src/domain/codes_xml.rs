//! `codes.xml`, in which IHE's testing tools keep the codes of a domain.
//!
//! ```xml
//! <Codes>
//!   <CodeType name="classCode" classScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a">
//!     <Code code="REPORTS" display="Reports" codingScheme="1.3.6.1.4.1.19376.1.2.6.1"/>
//!   </CodeType>
//!   <AssigningAuthority id="&amp;1.3.6.1.4.1.21367.13.20.1000&amp;ISO" display="IHERED"/>
//! </Codes>
//! ```

use soap::xml::{Element, Limits};

use super::folder::Findings;
use super::{Authority, CodedAttribute};
use crate::Code;

/// Room for the codes of a country.
const LIMITS: Limits = Limits {
    size: 64 << 20,
    depth: 16,
    attributes: 64,
    declarations: 16,
    nodes: 2_000_000,
    text: 1 << 20,
    value: 64 << 10,
    namespace: 1 << 10,
};

/// What such a file says.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) codes: Vec<(CodedAttribute, Code)>,
    pub(super) authorities: Vec<Authority>,
}

/// Reads all of it that can be read; what cannot is a problem, what is not for us a note.
pub(super) fn read(document: &[u8], findings: &mut Findings<'_>) -> Table {
    let mut table = Table::default();
    let root = match Element::parse(document, &LIMITS) {
        Ok(root) => root,
        Err(error) => {
            findings.problem("", format!("not XML: {error}"));
            return table;
        }
    };
    if root.name.local != "Codes" {
        findings.problem("", format!("the root is {}, expected Codes", root.name));
        return table;
    }
    let mut types = 0;
    for element in root.elements() {
        match &*element.name.local {
            "CodeType" => {
                types += 1;
                read_type(element, &format!("CodeType[{types}]"), &mut table, findings);
            }
            "AssigningAuthority" => read_authority(element, &mut table, findings),
            other => findings.note(other, "not for a registry: ignored"),
        }
    }
    table
}

/// By its classification scheme, which says what it is; else by its name.
fn read_type(element: &Element, path: &str, table: &mut Table, findings: &mut Findings<'_>) {
    let name = element.attribute("name").unwrap_or_default();
    let scheme = element.attribute("classScheme").unwrap_or_default();
    let attribute = CodedAttribute::from_scheme(scheme).or_else(|| CodedAttribute::from_key(name));
    let Some(attribute) = attribute else {
        findings.note(path, format!("name '{name}', classScheme '{scheme}': no attribute of XDS, ignored"));
        return;
    };
    let codes = element.elements().filter(|child| child.name.local == "Code").zip(1..);
    for (code, number) in codes {
        let path = format!("{path}/Code[{number}]");
        let [value, scheme, display] =
            ["code", "codingScheme", "display"].map(|name| code.attribute(name).unwrap_or_default());
        if value.is_empty() {
            findings.problem(&path, "code is missing or empty");
        } else if attribute.has_scheme() && scheme.is_empty() {
            findings
                .problem(&path, format!("code '{value}': codingScheme is missing, {attribute} needs one"));
        } else {
            let scheme = if attribute.has_scheme() { scheme } else { "" };
            table.codes.push((attribute, Code::new(value, scheme, display)));
        }
    }
}

/// `&OID&ISO`, or the OID alone; what it displays is the namespace.
fn read_authority(element: &Element, table: &mut Table, findings: &mut Findings<'_>) {
    let id = element.attribute("id").unwrap_or_default();
    let oid = id.split('&').find(|part| !part.is_empty()).unwrap_or_default();
    match oid.parse() {
        Ok(oid) => {
            let namespace = element.attribute("display").filter(|name| !name.is_empty()).map(str::to_owned);
            table.authorities.push(Authority { oid, namespace });
        }
        Err(error) => findings.problem("AssigningAuthority", format!("id '{id}': {error}")),
    }
}
