//! Patients, known and merged (ITI TF-2 3.8).

use actors::transactions::stored_query::{DocumentFilter, FindDocuments, Query};

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
    let (subsumed, survivor) = (PATIENT.parse().unwrap(), OTHER_PATIENT.parse().unwrap());
    house.registry.merge_patients(subsumed, survivor).await.unwrap();
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
    let (subsumed, survivor) = (PATIENT.parse().unwrap(), OTHER_PATIENT.parse().unwrap());
    house.registry.merge_patients(subsumed, survivor).await.unwrap();
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
        let ids = (patients[subsumed].parse().unwrap(), patients[survivor].parse().unwrap());
        house.registry.merge_patients(ids.0, ids.1).await.unwrap();
    }
    assert_eq!(house.get(find(patients[2])).await.len(), 3);
}

#[tokio::test]
async fn refuses_a_merge_with_nobody_or_oneself_or_twice() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    house.register(with_patient(document(2), OTHER_PATIENT)).await;
    let merge = |subsumed: &str, survivor: &str| {
        house.registry.merge_patients(subsumed.parse().unwrap(), survivor.parse().unwrap())
    };
    assert!(merge(PATIENT, "X^^^&1.2&ISO").await.is_err());
    assert!(merge("X^^^&1.2&ISO", PATIENT).await.is_err());
    assert!(merge(PATIENT, PATIENT).await.is_err());
    merge(PATIENT, OTHER_PATIENT).await.unwrap();
    assert!(merge(PATIENT, OTHER_PATIENT).await.is_err());
    assert!(merge(OTHER_PATIENT, PATIENT).await.is_err());
    assert_eq!(house.get(find(OTHER_PATIENT)).await.len(), 2);
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
    house.registry.merge_patients(patients[3].parse().unwrap(), patients[0].parse().unwrap()).await.unwrap();
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
