//! What the affinity domain says of a submission: codes (R4) and assigning authorities (R6).

use metadata::domain::Files;
use metadata::{Code, RegistryError, Severity};

use super::*;

pub(super) const CLASS: &str =
    "[attributes.classCode]\ncodes = [{ code = \"IMAGES\", scheme = \"1.3.6.1.4.1.19376.1.2.6.1\" }]\n";

pub(super) fn domain(text: &str) -> Domain {
    let text = format!("name = \"test\"\n{text}").into_bytes();
    Domain::read(&Files::from([("domain.toml".to_owned(), text)])).unwrap().0
}

impl House {
    async fn in_domain(text: &str, patients: PatientPolicy) -> Self {
        let house = Self::open(patients).await;
        house.registry.policy.domain.replace(domain(text));
        house
    }

    /// All that is found in a submission that is refused, or that is taken in with warnings.
    async fn findings(&self, submission: Submission) -> Vec<RegistryError> {
        match self.registry.register(submission).await {
            Ok(response) => response.errors.0,
            Err(errors) => errors.0,
        }
    }
}

fn of_class(number: u32, code: &str, scheme: &str) -> Submission {
    let mut submission = document(number);
    submission.entries[0].class_code = Some(Code::new(code, scheme, "Images"));
    submission
}

#[tokio::test]
async fn a_code_that_the_domain_does_not_have_is_refused_with_all_that_is_needed_to_mend_it() {
    let house = House::in_domain(CLASS, PatientPolicy::Accept).await;
    house.register(document(1)).await;
    let found = house.findings(of_class(2, "images", "1.3.6.1.4.1.19376.1.2.6.1")).await;
    let [error] = found.try_into().unwrap();
    assert_eq!((error.code, error.severity), (ErrorCode::Metadata, Severity::Error));
    assert_eq!(error.location.as_deref(), Some("DocumentEntry Document01"));
    for part in [
        "DocumentEntry Document01: classCode is 'images^^1.3.6.1.4.1.19376.1.2.6.1', not in domain test",
        "expected one of 1: IMAGES^^1.3.6.1.4.1.19376.1.2.6.1",
        "TF-3 4.2.3.2.3",
    ] {
        assert!(error.context.contains(part), "{part} in {}", error.context);
    }
    assert_eq!(house.everything().await.len(), 3);
    assert_eq!(house.refusal(of_class(3, "IMAGES", "1.2.3")).await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn each_broken_code_is_an_error_of_its_own() {
    let text = format!(
        "{CLASS}[attributes.folderCodeList]\ncodes = [{{ code = \"X\", scheme = \"1\" }}]\n[attributes.mimeType]\n\
         codes = [{{ code = \"text/plain\" }}]\n[attributes.contentTypeCode]\npolicy = \"warn\"\ncodes = [{{ code = \
         \"X\", scheme = \"1\" }}]"
    );
    let house = House::in_domain(&text, PatientPolicy::Accept).await;
    let mut submission = document_in_folder(1);
    submission.entries[0].class_code = Some(Code::new("X", "1", ""));
    let found = house.findings(submission).await;
    let found: Vec<_> =
        found.iter().map(|error| (error.severity, error.context.split('\'').next().unwrap())).collect();
    assert_eq!(
        found,
        [
            (Severity::Error, "DocumentEntry Document01: classCode is "),
            (Severity::Error, "DocumentEntry Document01: mimeType is "),
            (Severity::Warning, "SubmissionSet SubmissionSet01: contentTypeCode is "),
            (Severity::Error, "Folder Folder01: codeList is "),
        ]
    );
}

#[tokio::test]
async fn a_domain_that_warns_takes_the_submission_in() {
    let house = House::in_domain(&format!("policy = \"warn\"\n{CLASS}"), PatientPolicy::Accept).await;
    let response = house.registry.register(of_class(1, "X", "1")).await.unwrap();
    assert!(response.is_success());
    let [warning] = response.errors.0.try_into().unwrap();
    assert_eq!((warning.code, warning.severity), (ErrorCode::Metadata, Severity::Warning));
    assert_eq!(house.entry(&document_id(1)).await.class_code, Some(Code::new("X", "1", "Images")));
}

#[tokio::test]
async fn a_domain_that_accepts_says_nothing() {
    let accepts = CLASS.replace("codes", "policy = \"accept\"\ncodes");
    let house = House::in_domain(&accepts, PatientPolicy::Accept).await;
    assert_eq!(house.findings(of_class(1, "X", "1")).await, []);
}

#[tokio::test]
async fn an_id_of_another_authority_is_unknown_whichever_patients_are_taken_in() {
    const OURS: &str = "authorities = [{ oid = \"1.2.3.4\" }]";
    for patients in [PatientPolicy::Accept, PatientPolicy::Feed] {
        let house = House::in_domain(OURS, patients).await;
        let ours: metadata::PatientId = PATIENT.parse().unwrap();
        house.registry.feed(PatientFeed::of(&ours)).await.unwrap();
        house.register(document(1)).await;
        let foreign = with_patient(document(2), "P123^^^&1.2.3.5&ISO");
        assert_eq!(house.refusal(foreign.clone()).await, [ErrorCode::UnknownPatientId], "{patients:?}");
        let [error] = house.findings(foreign).await.try_into().unwrap();
        assert!(error.context.contains("domain test, expected one of 1: 1.2.3.4"), "{error}");
        let known = house.registry.knows(&"P123^^^&1.2.3.5&ISO".parse().unwrap()).await.unwrap();
        assert!(!known, "a refused submission announces nobody");
    }
}

#[tokio::test]
async fn another_domain_holds_from_the_next_submission_on() {
    let house = House::in_domain("", PatientPolicy::Accept).await;
    house.register(of_class(1, "X", "1")).await;
    house.registry.policy.domain.replace(domain(CLASS));
    assert_eq!(house.refusal(of_class(2, "X", "1")).await, [ErrorCode::Metadata]);
    house.registry.policy.domain.replace(Domain::open());
    house.register(of_class(2, "X", "1")).await;
}
