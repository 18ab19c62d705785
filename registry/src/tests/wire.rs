//! The endpoint: messages in, messages out (ITI TF-2 3.18, 3.42).

use actors::Partner;
use actors::transactions::stored_query::{DocumentFilter, FindDocuments, Query};
use actors::transactions::{Response, Transaction};
use soap::message::{Encoding, Message};
use soap::xml::{Element, Limits};

use super::*;

/// Sends a request as bytes and reads the bytes that come back.
pub(super) async fn ask<T: Transaction>(endpoint: &Endpoint, request: T) -> T::Response {
    let (body, parts) = request.write();
    let body = Element::parse(body.write().as_bytes(), &Limits::default()).unwrap();
    let message = Message { parts, ..Message::new(T::ACTION, body, Encoding::Simple) };
    let answer = endpoint.answer(message, Peer::local()).await.unwrap();
    let body = Element::parse(answer.body.write().as_bytes(), &Limits::default()).unwrap();
    T::Response::read(Message { body, ..answer }).unwrap()
}

fn find() -> StoredQuery {
    StoredQuery::leaf_class(Query::FindDocuments(FindDocuments {
        patient_id: PATIENT.parse().unwrap(),
        status: vec![AvailabilityStatus::Approved],
        filter: DocumentFilter::default(),
    }))
}

#[tokio::test]
async fn registers_and_finds_over_the_wire_and_in_values_alike() {
    let house = House::accepting().await;
    let endpoint = Arc::new(endpoint(&Arc::new(house.registry), Audit::none()));
    let partner = Partner::local(Arc::clone(&endpoint), Audit::none());
    assert!(ask(&endpoint, Register::new(document(1))).await.is_success());
    assert!(partner.ask(Register::new(document(2))).await.unwrap().is_success());
    let refused = ask(&endpoint, Register::new(document(1))).await;
    assert_eq!(refused.errors.0[0].code, ErrorCode::DuplicateUniqueIdInRegistry);
    let over_the_wire = ask(&endpoint, find()).await.into_documents();
    let in_values = partner.ask(find()).await.unwrap().into_documents();
    assert_eq!(over_the_wire.len(), 2);
    assert_eq!(over_the_wire, in_values);
}

/// One that cannot be read, one that is missing, one that the registry knows otherwise, one about another object, and
/// one about what is not there; and none is said twice.
#[tokio::test]
async fn a_submission_with_five_faults_names_five() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let endpoint = endpoint(&Arc::new(house.registry), Audit::none());
    let mut submission = document_in_folder(2);
    submission.entries[0].type_code = None;
    submission.folders[0].unique_id = folder_id(1).parse().unwrap();
    let (source, nothing) = (symbol("Document01"), EntryUuid::from_bytes([1; 16]));
    submission.associations.push(Association::new(
        AssociationType::Append,
        symbol("addition"),
        source,
        nothing.into(),
    ));
    let (body, _) = Register::new(submission).write();
    let text = body.write().replace("20240305101500", "yesterday").replace(">nl-BE<", ">nl_BE<");
    let body = Element::parse(text.as_bytes(), &Limits::default()).unwrap();
    let answer = endpoint.answer(Message::new(Register::ACTION, body, Encoding::Simple), Peer::local()).await;
    let errors = RegistryResponse::read(answer.unwrap()).unwrap().errors;
    let expected = [
        "DocumentEntry Document01: creationTime is 'yesterday', expected a DTM",
        "DocumentEntry Document01: languageCode is 'nl_BE', expected a language tag",
        "DocumentEntry Document01: typeCode is missing, expected a value",
        "Folder Folder01: uniqueId is '1.9.1', that of a registered Folder, expected one that nothing has yet",
        "Association addition: targetObject is 'urn:uuid:01010101-0101-0101-0101-010101010101', neither in the \
         submission nor in the registry, expected a DocumentEntry",
    ];
    assert_eq!(errors.0.len(), expected.len(), "{errors}");
    for (error, expected) in errors.0.iter().zip(expected) {
        assert!(error.context.starts_with(expected) && error.context.contains("(ITI TF-"), "{error}");
    }
}

#[tokio::test]
async fn what_is_far_too_wrong_is_answered_in_bounds() {
    let house = House::accepting().await;
    let endpoint = endpoint(&Arc::new(house.registry), Audit::none());
    let mut submission = document(1);
    let odd = |number| has_member(&format!("odd{number}"), symbol("nowhere"), symbol("nothing"));
    submission.associations.extend((0..2_000).map(odd));
    let errors = ask(&endpoint, Register::new(submission)).await.errors;
    assert_eq!(errors.0.len(), 1_001);
    assert!(errors.0[1_000].context.contains("there is more"));
}
