//! The endpoint: messages in, messages out (ITI TF-2 3.18, 3.42).

use actors::Partner;
use actors::transactions::stored_query::{DocumentFilter, FindDocuments, Query};
use actors::transactions::{Response, Transaction};
use soap::message::{Encoding, Message};
use soap::xml::{Element, Limits};

use super::*;

/// Sends a request as bytes and reads the bytes that come back.
async fn ask<T: Transaction>(endpoint: &Endpoint, request: T) -> T::Response {
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
    assert!(ask(&endpoint, Register { submission: document(1) }).await.is_success());
    assert!(partner.ask(Register { submission: document(2) }).await.unwrap().is_success());
    let refused = ask(&endpoint, Register { submission: document(1) }).await;
    assert_eq!(refused.errors.0[0].code, ErrorCode::DuplicateUniqueIdInRegistry);
    let over_the_wire = ask(&endpoint, find()).await.into_documents();
    let in_values = partner.ask(find()).await.unwrap().into_documents();
    assert_eq!(over_the_wire.len(), 2);
    assert_eq!(over_the_wire, in_values);
}
