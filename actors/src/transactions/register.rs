//! ITI-42: a submission without its documents (ITI TF-2 3.42).

use metadata::vocabulary::{LCM, RIM};
use metadata::{ErrorCode, Finding, Findings, Flavour, PatientId, RegistryErrors, Submission};
use soap::message::{Encoding, Message};
use soap::parts::Parts;
use soap::xml::{Element, Name, Node};

use super::{RegistryResponse, Transaction};
use crate::audit;

/// Register what is said of documents that a repository holds.
#[derive(Debug, Clone)]
pub struct Register {
    /// What is said of them.
    pub submission: Submission,
    /// What reading it has found: the registry answers that together with what it finds itself.
    pub findings: Findings,
}

impl Register {
    /// A request of our own, of which nothing had to be read.
    pub fn new(submission: Submission) -> Self {
        Self { submission, findings: Findings::default() }
    }
}

impl Transaction for Register {
    const ACTION: &'static str = "urn:ihe:iti:2007:RegisterDocumentSet-b";
    const RESPONSE_ACTION: &'static str = "urn:ihe:iti:2007:RegisterDocumentSet-bResponse";
    const BODY: Name = Name::new(LCM, "SubmitObjectsRequest");
    const ENCODING: Encoding = Encoding::Simple;
    const ANSWERED_BY: Flavour = Flavour::Registry;
    const IS_SAFE: bool = false;
    const AUDIT: audit::Kind = audit::Kind {
        transaction: "ITI-42",
        name: "Register Document Set-b",
        asking: audit::Event::EXPORT,
        answering: audit::Event::IMPORT,
    };
    type Response = RegistryResponse;

    fn read(message: Message) -> Result<Self, RegistryErrors> {
        let (submission, findings) = read_submission(Some(&message.body))?;
        Ok(Self { submission, findings })
    }

    fn write(self) -> (Element, Parts) {
        (submit_objects_request(&self.submission), Parts::none())
    }

    fn subject(&self) -> audit::Subject {
        subject(&self.submission)
    }
}

/// What is audited of any submission: its patients and its submission set.
pub(super) fn subject(submission: &Submission) -> audit::Subject {
    let set = submission.submission_set.patient_id.iter();
    let entries = submission.entries.iter().filter_map(|entry| entry.patient_id.as_ref());
    let mut patients: Vec<PatientId> = Vec::new();
    for patient in set.chain(entries) {
        if !patients.contains(patient) {
            patients.push(patient.clone());
        }
    }
    audit::Subject {
        patients,
        objects: vec![audit::Object::SubmissionSet(submission.submission_set.unique_id.to_string())],
        ..audit::Subject::default()
    }
}

/// Reads the submission of an `lcm:SubmitObjectsRequest`, as far as there is one.
pub(super) fn read_submission(request: Option<&Element>) -> Result<(Submission, Findings), RegistryErrors> {
    let list = request.and_then(|request| request.child(RIM, "RegistryObjectList"));
    let Some(list) = list else {
        let finding =
            Finding::new("RegistryObjectList", &"missing", &"exactly one", "TF-3 4.2.1, ebRS 3.0 lcm.xsd");
        return Err(RegistryErrors::from(finding.about(ErrorCode::Metadata, "SubmitObjectsRequest")));
    };
    Submission::received(list)
}

/// Writes an `lcm:SubmitObjectsRequest`.
pub(super) fn submit_objects_request(submission: &Submission) -> Element {
    let mut request = Element::new(LCM, "SubmitObjectsRequest");
    request.children.push(Node::Written(submission.write().into()));
    request
}
