//! What each rule says when it is broken, and that it alone says it.

use metadata::{Code, RegistryError};

use super::domain::{CLASS, domain};
use super::*;
use crate::rules::RULES;

/// Two patients of whom the feed has told. Document 1 is in folder 1, 2 was replaced by 3, 4 is a transformation of 3,
/// and 5 is of the other patient.
async fn house() -> House {
    let house = House::open(PatientPolicy::Feed).await;
    let authority = "authorities = [{ oid = \"1.2.3.4\" }]\n";
    house.registry.policy.domain.replace(domain(&format!("{authority}{CLASS}")));
    for patient in [PATIENT, OTHER_PATIENT] {
        house.registry.feed(PatientFeed::of(&patient.parse().unwrap())).await.unwrap();
    }
    house.register(document_in_folder(1)).await;
    house.register(document(2)).await;
    let replaced = house.uuid(&document_id(2)).await;
    house.register(related(3, AssociationType::Replace, replaced)).await;
    let transformed = house.uuid(&document_id(3)).await;
    house.register(related(4, AssociationType::Transform, transformed)).await;
    house.register(with_patient(document(5), OTHER_PATIENT)).await;
    house
}

/// A submission that breaks a rule.
async fn breach(house: &House, rule: &str) -> Submission {
    let uuid = async |number| house.uuid(&document_id(number)).await;
    let mut submission = document_in_folder(10);
    let entry = &mut submission.entries[0];
    match rule {
        "ids_differ" => submission.folders[0].entry_uuid = symbol("Document01"),
        "unique_ids_differ" => submission.folders[0].unique_id = document_id(10).parse().unwrap(),
        "required_attributes_are_given" => entry.type_code = None,
        "service_times_are_in_order" => {
            entry.service_start_time = "2024".parse().ok();
            entry.service_stop_time = "2023".parse().ok();
        }
        "entries_are_stable" => entry.object_type = ObjectType::OnDemand,
        "codes_are_allowed" => entry.class_code = Some(Code::new("X", "1.2", "")),
        "authorities_are_ours" => return with_patient(submission, "P1^^^&1.2.3.5&ISO"),
        "patients_are_known" => return with_patient(submission, "P0^^^&1.2.3.4&ISO"),
        "all_are_of_one_patient" => entry.patient_id = OTHER_PATIENT.parse().ok(),
        "unique_ids_are_free" => submission.folders[0].unique_id = folder_id(1).parse().unwrap(),
        "documents_do_not_change" => {
            entry.unique_id = document_id(1).parse().unwrap();
            entry.size = Some(17);
        }
        "uuids_are_free" => entry.entry_uuid = uuid(1).await.into(),
        "symbols_are_in_the_message" => submission.associations[0].target_object = symbol("Document02"),
        "ends_differ" => submission.associations[0].target_object = symbol("SubmissionSet01"),
        "all_are_members" => drop(submission.associations.remove(0)),
        "memberships_make_sense" => {
            submission.associations.push(has_member("odd", symbol("Document01"), symbol("Folder01")));
        }
        "statuses_are_true" => {
            submission.associations[0].submission_set_status = Some(SubmissionSetStatus::Reference);
        }
        "memberships_are_undocumented" => {
            submission.associations[0].documentation = Some(Code::new("a", "1.2", ""));
        }
        other => return related_breach(house, other).await,
    }
    submission
}

/// A relationship that breaks a rule.
async fn related_breach(house: &House, rule: &str) -> Submission {
    let uuid = async |number| house.uuid(&document_id(number)).await;
    let (association_type, target) = match rule {
        "types_are_of_a_submission" => ("urn:example:corrects".parse().unwrap(), uuid(1).await),
        "targets_are_there" => (AssociationType::Append, EntryUuid::from_bytes([1; 16])),
        "additions_are_not_to_transformations" => (AssociationType::Append, uuid(4).await),
        "what_is_replaced_gets_nothing_else" => (AssociationType::Replace, uuid(1).await),
        "snapshots_are_of_on_demand_ones" => (AssociationType::IsSnapshotOf, uuid(1).await),
        "ends_are_approved" => (AssociationType::Append, uuid(2).await),
        "ends_are_of_one_patient" => (AssociationType::Append, uuid(5).await),
        "sources_come_along" => (AssociationType::Append, uuid(1).await),
        other => panic!("no submission breaks {other}"),
    };
    let mut submission = related(10, association_type, target);
    match rule {
        "sources_come_along" => submission.associations[1].source_object = uuid(3).await.into(),
        "what_is_replaced_gets_nothing_else" => {
            let addition = Association {
                association_type: AssociationType::Append,
                entry_uuid: symbol("addition"),
                ..submission.associations[1].clone()
            };
            submission.associations.push(addition);
        }
        _ => {}
    }
    submission
}

async fn found(registry: &Registry, submission: Submission) -> Vec<RegistryError> {
    registry.register(submission).await.err().map(|errors| errors.0).unwrap_or_default()
}

/// `Object id: attribute is ..., expected ... (ITI ...)`.
fn names_what_it_must(error: &RegistryError) -> bool {
    let (place, attribute) = (error.location.as_deref().unwrap(), error.attribute.as_deref().unwrap());
    let said = error.context.strip_prefix(&format!("{place}: {attribute} is "));
    let said = said.and_then(|said| said.split_once(", expected "));
    said.is_some_and(|(received, rest)| {
        let clause = rest.rsplit_once(" (ITI TF-").map(|(_, clause)| clause);
        !received.is_empty() && clause.is_some_and(|clause| clause.len() > 5 && clause.ends_with(')'))
    })
}

#[tokio::test]
async fn every_rule_names_object_attribute_value_expectation_and_clause_and_nobody_else_finds_that() {
    for rule in &RULES {
        let house = house().await;
        let submission = breach(&house, rule.name).await;
        let all = found(&house.registry, submission.clone()).await;
        assert!(all.iter().all(names_what_it_must), "{}: {all:?}", rule.name);
        let House { registry, .. } = house;
        let without = found(&registry.without_rule(rule.name).unwrap(), submission).await;
        let own: Vec<_> = all.iter().filter(|error| !without.contains(error)).collect();
        assert!(!own.is_empty(), "{} finds nothing of its own in {all:?}", rule.name);
        assert!(rule.clause.starts_with("ITI TF-"), "{}", rule.clause);
    }
}

#[tokio::test]
async fn only_a_rule_or_an_effect_can_be_left_out() {
    assert!(House::accepting().await.registry.without_rule("nonsense").is_none());
}
