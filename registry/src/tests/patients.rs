//! Patients, known and merged (ITI TF-2 3.8).

use actors::transactions::patient_identity_feed::{Authority as Feeds, Identifier, Merge};
use actors::transactions::stored_query::{DocumentFilter, FindDocuments, Query};
use metadata::domain::{Authority, Domain};

use super::*;

fn find(patient: &str) -> Query {
    Query::FindDocuments(FindDocuments {
        patient_id: patient.parse().unwrap(),
        status: vec![AvailabilityStatus::Approved],
        filter: DocumentFilter::default(),
    })
}

#[tokio::test]
async fn after_a_merge_all_is_found_under_the_survivor() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    house.register(with_patient(document(2), OTHER_PATIENT)).await;
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    let house = house.reopen().await;
    let found: Vec<_> = house.get(find(OTHER_PATIENT)).await.into_iter().filter_map(as_entry).collect();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|entry| entry.patient_id == OTHER_PATIENT.parse().ok()));
    assert!(house.get(find(PATIENT)).await.is_empty());
}

#[tokio::test]
async fn a_merged_patient_is_no_longer_used() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    house.register(with_patient(document(2), OTHER_PATIENT)).await;
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    assert_eq!(house.refusal(document(3)).await, [ErrorCode::UnknownPatientId]);
    // What was registered for the one can be replaced for the other, and is one patient's in an answer.
    let replaced = house.uuid(&document_id(1)).await;
    house.register(with_patient(related(4, AssociationType::Replace, replaced), OTHER_PATIENT)).await;
    let ids = Ids::EntryUuids(vec![replaced, house.uuid(&document_id(2)).await]);
    assert_eq!(house.get(Query::GetDocuments(GetDocuments { ids })).await.len(), 2);
}

#[tokio::test]
async fn a_merge_carries_earlier_merges_along() {
    let house = House::accepting().await;
    let patients = ["A^^^&1.2&ISO", "B^^^&1.2&ISO", "C^^^&1.2&ISO"];
    for (number, patient) in (1..).zip(patients) {
        house.register(with_patient(document(number), patient)).await;
    }
    for (subsumed, survivor) in [(0, 1), (1, 2)] {
        assert_eq!(house.merge(patients[subsumed], patients[survivor]).await, []);
    }
    assert_eq!(house.get(find(patients[2])).await.len(), 3);
}

/// A registry that is fed, with these patients.
async fn fed(patients: &[&str]) -> House {
    let house = House::open(PatientPolicy::Feed).await;
    for patient in patients {
        let known = house.registry.feed(PatientFeed::of(&patient.parse().unwrap())).await.unwrap();
        assert_eq!(known.unchanged, []);
    }
    house
}

const NOBODY: &str = "X^^^&1.2.3.4&ISO";

#[tokio::test]
async fn a_merge_with_nobody_or_oneself_or_twice_or_backwards_changes_nothing() {
    let house = fed(&[PATIENT, OTHER_PATIENT, "C^^^&1.2.3.4&ISO"]).await;
    house.register(document(1)).await;
    house.register(with_patient(document(2), OTHER_PATIENT)).await;
    assert_eq!(house.merge(PATIENT, NOBODY).await, [Unchanged::UnknownSurvivor]);
    assert_eq!(house.merge(NOBODY, PATIENT).await, [Unchanged::UnknownSubsumed]);
    assert_eq!(house.merge(NOBODY, "Y^^^&1.2.3.4&ISO").await, [Unchanged::UnknownSubsumed]);
    assert_eq!(house.merge(PATIENT, PATIENT).await, [Unchanged::Same]);
    assert_eq!(house.get(find(PATIENT)).await.len(), 1);
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, [Unchanged::SubsumedBefore]);
    assert_eq!(house.merge(PATIENT, "C^^^&1.2.3.4&ISO").await, [Unchanged::SubsumedBefore]);
    assert_eq!(house.merge(OTHER_PATIENT, PATIENT).await, [Unchanged::SurvivorSubsumed]);
    assert_eq!(house.merge("C^^^&1.2.3.4&ISO", PATIENT).await, [Unchanged::SurvivorSubsumed]);
    assert_eq!(house.get(find(OTHER_PATIENT)).await.len(), 2);
    assert!(!house.registry.knows(&NOBODY.parse().unwrap()).await.unwrap());
}

#[tokio::test]
async fn who_takes_any_patient_merges_those_of_whom_nothing_was_told() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    assert_eq!(house.get(find(OTHER_PATIENT)).await.len(), 1);
    assert_eq!(house.merge(NOBODY, OTHER_PATIENT).await, []);
    assert_eq!(house.refusal(with_patient(document(2), NOBODY)).await, [ErrorCode::UnknownPatientId]);
    // A merge with who was merged before is none with nobody.
    assert_eq!(house.merge("Y^^^&1.2.3.4&ISO", PATIENT).await, [Unchanged::SurvivorSubsumed]);
    house.register(with_patient(document(3), "Y^^^&1.2.3.4&ISO")).await;
}

#[tokio::test]
async fn who_was_merged_stays_so_whatever_is_told_of_it() {
    let house = fed(&[PATIENT, OTHER_PATIENT]).await;
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    house.registry.feed(PatientFeed::of(&PATIENT.parse().unwrap())).await.unwrap();
    assert_eq!(house.refusal(document(1)).await, [ErrorCode::UnknownPatientId]);
}

#[tokio::test]
async fn one_message_is_done_whole_or_not_at_all() {
    let house = fed(&[PATIENT, OTHER_PATIENT]).await;
    let merge = |subsumed: &str, survivors: &[&str]| Merge {
        subsumed: vec![Identifier::from(&subsumed.parse().unwrap())],
        survivor: survivors.iter().map(|id| Identifier::from(&id.parse().unwrap())).collect(),
    };
    let good = merge(PATIENT, &[OTHER_PATIENT]);
    let two = merge(OTHER_PATIENT, &[PATIENT, "C^^^&1.2.3.4&ISO"]);
    let refused = house.registry.feed(PatientFeed::Merged(vec![good.clone(), two])).await.unwrap_err();
    assert_eq!(refused.0[0].code, ErrorCode::Metadata);
    house.register(document(1)).await;
    let done = house.registry.feed(PatientFeed::Merged(vec![good.clone(), good])).await.unwrap();
    assert_eq!(done.unchanged, [Unchanged::SubsumedBefore]);
    assert_eq!(house.get(find(OTHER_PATIENT)).await.len(), 1);
}

#[tokio::test]
async fn patients_of_others_are_passed_over_and_names_of_authorities_filled_in() {
    let house = fed(&[]).await;
    let ours = Authority { oid: "1.2.3.4".parse().unwrap(), namespace: Some("ANNA".to_owned()) };
    let mut domain = Domain::open();
    domain.authorities = vec![ours];
    house.registry.policy.domain.replace(domain);
    let named = Identifier { id: "P123".to_owned(), authority: Feeds::Namespace("ANNA".to_owned()) };
    let foreign = "X^^^&1.2&ISO";
    let other = Identifier::from(&foreign.parse().unwrap());
    let known = PatientFeed::Known(vec![other.clone(), named]);
    assert_eq!(house.registry.feed(known).await.unwrap().patients, [PATIENT.parse().unwrap()]);
    assert!(!house.registry.knows(&foreign.parse().unwrap()).await.unwrap());
    for told in [PatientFeed::Known(vec![other.clone()]), PatientFeed::Revised(vec![other])] {
        assert_eq!(house.registry.feed(told).await.unwrap().unchanged, [Unchanged::Foreign]);
    }
    assert_eq!(house.merge(foreign, PATIENT).await, [Unchanged::Foreign]);
    assert_eq!(house.merge(PATIENT, foreign).await, [Unchanged::Foreign]);
    house.register(document(1)).await;
}

#[tokio::test]
async fn a_patient_is_the_same_whatever_the_namespace_says() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    assert_eq!(house.get(find("P123^^^Hospital&1.2.3.4&ISO")).await.len(), 1);
    assert!(house.get(find("P123^^^&1.2.3.5&ISO")).await.is_empty());
}

#[tokio::test]
async fn lists_patients_by_the_beginning_of_their_id() {
    let house = House::accepting().await;
    let patients = ["A_1^^^&1.2&ISO", "A%1^^^&1.2&ISO", "a_10^^^&1.2&ISO", "B^^^&1.2&ISO"];
    for (number, patient) in (1..).zip(patients) {
        house.register(with_patient(document(number), patient)).await;
    }
    assert_eq!(house.merge(patients[3], patients[0]).await, []);
    let listed = async |text: &str, limit| {
        let found = house.registry.patients(text, limit).await.unwrap();
        found.iter().map(|id| id.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("", 10).await, ["A%1", "A_1", "a_10"]);
    assert_eq!(listed("a_1", 10).await, ["A_1", "a_10"]);
    assert_eq!(listed("a%", 10).await, ["A%1"]);
    assert_eq!(listed("_1", 10).await, [""; 0]);
    assert_eq!(listed("", 1).await, ["A%1"]);
    assert!(house.registry.knows(&patients[3].parse().unwrap()).await.unwrap());
    assert!(!house.registry.knows(&"X^^^&1.2&ISO".parse().unwrap()).await.unwrap());
}
