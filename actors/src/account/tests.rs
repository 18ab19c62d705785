//! What the log says of an exchange, and what it must not say.

use std::io::Write;
use std::sync::{Arc, Mutex};

use metadata::{ErrorCode, RegistryError, RegistryErrors, sample};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::*;
use crate::transactions::{ProvideAndRegister, Register, RegistryResponse};
use crate::{Endpoint, Partner};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

struct Registry;

/// Refuses with a text that names the patient, as texts of errors do.
async fn register(_: Arc<Registry>, request: Register, _: Peer) -> Result<RegistryResponse, RegistryErrors> {
    let set = request.submission.submission_set;
    match set.title.text() {
        Some("internal") => Err(crate::endpoint::internal("registering", &"the disk is on fire")),
        Some("good") => Ok(RegistryResponse::default()),
        _ => {
            let patient = set.patient_id.unwrap().to_string();
            let errors = [ErrorCode::PatientIdDoesNotMatch, ErrorCode::Other(patient.clone())];
            Err(RegistryErrors(errors.map(|code| RegistryError::new(code, patient.clone())).to_vec()))
        }
    }
}

fn request(title: &str) -> Register {
    let mut submission = sample();
    submission.submission_set.title = title.into();
    Register::new(submission)
}

/// What the log holds after these were asked of an actor of the same node.
async fn logged(titles: &[&str]) -> Vec<Value> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let file = tempfile::NamedTempFile::new().unwrap();
    let audit = Audit::to_file(file.path()).unwrap();
    let endpoint = Arc::new(Endpoint::new(audit.clone()).answers(&Arc::new(Registry), register));
    let partner = Partner::local(endpoint, audit);
    for title in titles {
        partner.ask(request(title)).await.unwrap();
    }
    log.lines()
}

#[tokio::test]
async fn says_one_line_for_each_transaction_with_ids_and_codes_only() {
    let lines = logged(&["good", "bad"]).await;
    let [good, bad] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(good["fields"]["outcome"], "success");
    assert_eq!(good["span"]["number"], "ITI-42");
    assert_eq!(good["span"]["side"], "answering");
    assert_eq!(good["span"]["peer"], "this node");
    assert!(good["fields"]["milliseconds"].is_number());
    assert_eq!(bad["fields"]["outcome"], "failure");
    assert_eq!(bad["fields"]["errors"], "XDSPatientIdDoesNotMatch unknown");
    let patient = sample().submission_set.patient_id.unwrap();
    for line in &lines {
        assert!(!line.to_string().contains(patient.id()), "{line}");
    }
}

#[tokio::test]
async fn an_error_with_a_log_id_is_logged_within_its_transaction() {
    let lines = logged(&["internal"]).await;
    let [error, line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(error["level"], "ERROR");
    assert!(Uuid::try_parse(error["fields"]["id"].as_str().unwrap()).is_ok());
    assert_eq!(error["span"], line["span"]);
    assert_eq!(line["fields"]["errors"], "XDSRegistryError");
}

#[tokio::test]
async fn takes_the_id_of_a_message_only_if_it_is_a_uuid() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let file = tempfile::NamedTempFile::new().unwrap();
    let audit = Audit::to_file(file.path()).unwrap();
    let uuid = "urn:uuid:6d296e90-e5dc-43d0-b455-7c1f3eb35d83";
    for id in [uuid, "71040199905^^^&1.2.3&ISO"] {
        let account = Account::answering::<ProvideAndRegister>(&audit, &Peer::local(), Some(id));
        account.close::<ProvideAndRegister>(Subject::default(), Ok(&RegistryResponse::default())).await;
    }
    let lines = log.lines();
    assert_eq!(lines[0]["span"]["message_id"], "6d296e90-e5dc-43d0-b455-7c1f3eb35d83");
    assert_eq!(lines[1]["span"]["message_id"], Value::Null);
}

#[test]
fn part_of_an_answer_may_be_good() {
    let parts = |outcomes: &[Outcome]| -> Vec<_> {
        outcomes.iter().map(|outcome| (Subject::default(), *outcome)).collect()
    };
    assert_eq!(amount(&parts(&[Outcome::Success])), "success");
    assert_eq!(amount(&parts(&[Outcome::MinorFailure])), "warning");
    assert_eq!(amount(&parts(&[Outcome::SeriousFailure])), "failure");
    assert_eq!(amount(&parts(&[Outcome::Success, Outcome::SeriousFailure])), "partial");
    assert_eq!(amount(&[]), "success");
}
