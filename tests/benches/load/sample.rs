//! A submission as full as those of careful sources: some 8 KB of ebRIM for its entry, 12 KB in all.

use actors::transactions::ProvideAndRegister;
use metadata::{
    Author, Code, DocumentEntry, Oid, Organization, PatientId, ReferenceId, Submission, UniqueId, sample,
};
use tests::AUTHORITY;

use crate::requests::provided;
use crate::template::{DOCUMENT, ENTRY, PATIENT, SET};

/// The patient of a prepared request.
pub(crate) fn patient() -> PatientId {
    format!("{PATIENT}^^^&{AUTHORITY}&ISO").parse().unwrap()
}

/// The submission of a prepared request.
pub(crate) fn submission() -> Submission {
    let mut submission = sample();
    let authors = [author("Peeters", "An", "Radiographer"), author("Dubois", "Luc", "Radiologist")];
    let set = &mut submission.submission_set;
    set.unique_id = SET.parse().unwrap();
    set.patient_id = Some(patient());
    set.author = authors.to_vec();
    set.comments =
        "Sent by the dose archive of the radiology department after the examination was closed".into();
    for entry in &mut submission.entries {
        entry.unique_id = UniqueId::from(ENTRY.parse::<Oid>().unwrap());
        entry.patient_id = Some(patient());
        entry.author = authors.iter().take(1).cloned().collect();
        (entry.hash, entry.size, entry.repository_unique_id) = (None, None, None);
        complete(entry);
    }
    submission
}

/// Says all that an entry can say.
fn complete(entry: &mut DocumentEntry) {
    entry.comments = "Irradiation events of a CT of thorax and abdomen with contrast, in two series; \
                      localiser and bolus tracking included. CTDIvol for the 32 cm body phantom."
        .into();
    entry.title = "X-Ray Radiation Dose Report, CT thorax and abdomen with contrast".into();
    entry.legal_authenticator = Some("11375^Dubois^Luc^^^Dr.^^^&1.2.3.4.5.9&ISO".parse().unwrap());
    entry.service_stop_time = Some("202403051012".parse().unwrap());
    entry.uri = Some("report-of-the-ct-of-2024-03-05.dcm".to_owned());
    entry.event_code_list = vec![
        Code::new("CT", "1.2.840.10008.2.16.4", "Computed Tomography"),
        Code::new("43799004", "2.16.840.1.113883.6.96", "Thoracic structure"),
    ];
    let (authority, kind): (Oid, _) = ("1.2.3.4.5.11".parse().unwrap(), "urn:ihe:iti:xds:2013:accession");
    entry.reference_id_list.push(ReferenceId::new("20240305-0815", Some(&authority), kind).unwrap());
    let info = std::mem::take(&mut entry.source_patient_info);
    entry.source_patient_info =
        info.with(11, "Kerkstraat 12^^Brugge^^8000^BE").with(13, "^PRN^PH^^32^50^123456");
}

fn author(family: &str, given: &str, role: &str) -> Author {
    let institution = |name: &str, id: &str| Organization::named(name, Some(&id.parse().unwrap())).unwrap();
    Author {
        author_person: Some(format!("11375^{family}^{given}^^^Dr.^^^&1.2.3.4.5.9&ISO").parse().unwrap()),
        author_institution: vec![institution("Algemeen Ziekenhuis Noord, dienst radiologie", "1.2.3.4.5.1")],
        author_role: vec![role.to_owned()],
        author_specialty: vec!["394914008^^^&2.16.840.1.113883.6.96&ISO".to_owned()],
        author_telecommunication: vec!["^^Internet^radiology@hospital.example".to_owned()],
        ..Author::default()
    }
}

/// A document that begins as a template can change it.
pub(crate) fn document(size: usize) -> Vec<u8> {
    let mut random = crate::random::Random::new();
    let noise = std::iter::from_fn(|| Some(random.next().to_le_bytes())).flatten();
    DOCUMENT.iter().copied().chain(noise).take(size).collect()
}

/// A document with what is said of it.
pub(crate) fn provide(bytes: Vec<u8>) -> ProvideAndRegister {
    provided(submission(), bytes)
}
