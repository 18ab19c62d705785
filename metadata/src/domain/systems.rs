//! Coding schemes under the names that FHIR has for them.

use std::collections::BTreeMap;

/// The URI of a code system and the OID that XDS says in its place.
const KNOWN: [(&str, &str); 12] = [
    ("http://loinc.org", "2.16.840.1.113883.6.1"),
    ("http://snomed.info/sct", "2.16.840.1.113883.6.96"),
    ("http://dicom.nema.org/resources/ontology/DCM", "1.2.840.10008.2.16.4"),
    ("http://unitsofmeasure.org", "2.16.840.1.113883.6.8"),
    ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "2.16.840.1.113883.5.25"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "2.16.840.1.113883.5.4"),
    ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "2.16.840.1.113883.5.8"),
    ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "2.16.840.1.113883.5.111"),
    ("http://hl7.org/fhir/sid/icd-10", "2.16.840.1.113883.6.3"),
    ("http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", "1.3.6.1.4.1.19376.1.2.3"),
    ("urn:ietf:bcp:13", ""),
    ("urn:ietf:bcp:47", ""),
];

/// Those that we know and those that a domain adds.
#[derive(Debug, Default)]
pub(super) struct Systems(pub(super) BTreeMap<String, String>);

impl Systems {
    /// What XDS says for the system of a FHIR coding; none for a URI that nobody has told us the OID of.
    pub(super) fn scheme(&self, system: &str) -> Option<String> {
        if let Some(scheme) = self.0.get(system) {
            return Some(scheme.clone());
        }
        if let Some((_, scheme)) = KNOWN.iter().find(|(known, _)| *known == system) {
            return Some((*scheme).to_owned());
        }
        let oid = system.strip_prefix("urn:oid:").unwrap_or(system);
        let is_name = !oid.is_empty() && !oid.contains(':');
        is_name.then(|| oid.to_owned())
    }
}
