//! What registering does, to the new and to the old (ITI TF-2 3.42.4.1.3.3, TF-3 4.2.2.2).

use actors::transactions::stored_query::{GetSubmissionSets, Query};

use super::*;

#[tokio::test]
async fn what_was_registered_survives_a_restart() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let before = house.entry(&document_id(1)).await;
    let house = house.reopen().await;
    assert_eq!(house.entry(&document_id(1)).await, before);
    house.register(related(2, AssociationType::Replace, before.entry_uuid.uuid().unwrap())).await;
    let house = house.reopen().await;
    assert_eq!(house.status(&document_id(1)).await, AvailabilityStatus::Deprecated);
    assert_eq!(house.status(&document_id(2)).await, AvailabilityStatus::Approved);
}

#[tokio::test]
async fn a_replacement_deprecates_what_it_replaces() {
    for association_type in [AssociationType::Replace, AssociationType::TransformAndReplace] {
        let house = House::accepting().await;
        house.register(document(1)).await;
        let old = house.uuid(&document_id(1)).await;
        house.register(related(2, association_type.clone(), old)).await;
        assert_eq!(house.status(&document_id(1)).await, AvailabilityStatus::Deprecated);
        assert_eq!(house.status(&document_id(2)).await, AvailabilityStatus::Approved);
        let associations = house.associations(old).await;
        assert!(associations.iter().any(|association| association.association_type == association_type));
    }
}

#[tokio::test]
async fn additions_and_transforms_leave_their_target_current() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let target = house.uuid(&document_id(1)).await;
    let types = [AssociationType::Append, AssociationType::Transform, AssociationType::Signs];
    for (number, association_type) in (2..).zip(types) {
        house.register(related(number, association_type, target)).await;
    }
    assert_eq!(house.status(&document_id(1)).await, AvailabilityStatus::Approved);
}

#[tokio::test]
async fn what_hangs_on_a_replaced_document_is_deprecated_with_it() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let first = house.uuid(&document_id(1)).await;
    house.register(related(2, AssociationType::Append, first)).await;
    house.register(related(3, AssociationType::Transform, house.uuid(&document_id(2)).await)).await;
    house.register(related(4, AssociationType::Signs, first)).await;
    house.register(related(5, AssociationType::Replace, first)).await;
    for (number, status) in [
        (1, AvailabilityStatus::Deprecated),
        (2, AvailabilityStatus::Deprecated),
        (3, AvailabilityStatus::Deprecated),
        (4, AvailabilityStatus::Approved),
        (5, AvailabilityStatus::Approved),
    ] {
        assert_eq!(house.status(&document_id(number)).await, status, "document {number}");
    }
}

#[tokio::test]
async fn a_document_and_what_hangs_on_it_are_replaced_together_in_any_order() {
    for order in [[1, 2], [2, 1]] {
        let house = House::accepting().await;
        house.register(document(1)).await;
        house.register(related(2, AssociationType::Append, house.uuid(&document_id(1)).await)).await;
        let mut submission = document(3);
        for number in order {
            let replaced = house.uuid(&document_id(number)).await.into();
            let id = symbol(&format!("replaces{number}"));
            let source = symbol("Document01");
            submission.associations.push(Association::new(AssociationType::Replace, id, source, replaced));
        }
        house.register(submission).await;
        for (number, status) in [
            (1, AvailabilityStatus::Deprecated),
            (2, AvailabilityStatus::Deprecated),
            (3, AvailabilityStatus::Approved),
        ] {
            assert_eq!(house.status(&document_id(number)).await, status, "document {number} of {order:?}");
        }
    }
}

#[tokio::test]
async fn a_replacement_takes_the_place_in_the_folder() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let old = house.uuid(&document_id(1)).await;
    house.register(related(2, AssociationType::Replace, old)).await;
    let new = house.uuid(&document_id(2)).await;
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    let to_new = house.associations(new).await;
    let contents = to_new.iter().find(|association| association.source_object == folder.into()).unwrap();
    assert_eq!(contents.association_type, AssociationType::HasMember);
    // And the set of the replacement brings that membership.
    let brings = house.associations(contents.entry_uuid.uuid().unwrap()).await;
    let sets = house.get(Query::GetSubmissionSets(GetSubmissionSets { uuids: vec![new] })).await;
    let set = sets.iter().find(|object| matches!(object, Object::SubmissionSet(_))).unwrap();
    assert_eq!(brings.len(), 1);
    assert_eq!(&brings[0].source_object, set.identity().id);
}

#[tokio::test]
async fn a_membership_that_the_source_has_said_is_not_said_twice() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    let mut submission = related(2, AssociationType::Replace, house.uuid(&document_id(1)).await);
    submission.associations.push(has_member("content", folder, symbol("Document01")));
    submission.associations.push(has_member("brings", symbol("SubmissionSet01"), symbol("content")));
    house.register(submission).await;
    let associations = house.associations(house.uuid(&document_id(2)).await).await;
    let contents = associations.iter().filter(|association| association.source_object == folder.into());
    assert_eq!(contents.count(), 1);
}

#[tokio::test]
async fn takes_a_membership_without_status_for_original_when_the_document_comes_along() {
    let house = House::accepting().await;
    let mut submission = document(1);
    submission.associations[0].submission_set_status = None;
    house.register(submission).await;
    let associations = house.associations(house.uuid(&document_id(1)).await).await;
    assert_eq!(associations[0].submission_set_status, Some(SubmissionSetStatus::Original));
}

#[tokio::test]
async fn one_document_in_place_of_two_is_in_their_folder_once() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    house.register(document(2)).await;
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    let (first, second) = (house.uuid(&document_id(1)).await, house.uuid(&document_id(2)).await);
    house.register(put_into_folder(3, folder, second)).await;
    let mut submission = related(4, AssociationType::Replace, first);
    submission.associations.push(Association::new(
        AssociationType::Replace,
        symbol("second"),
        symbol("Document01"),
        second.into(),
    ));
    house.register(submission).await;
    let associations = house.associations(house.uuid(&document_id(4)).await).await;
    let contents = associations.iter().filter(|association| association.source_object == folder.into());
    assert_eq!(contents.count(), 1);
}

#[tokio::test]
async fn a_folder_tells_when_it_gained_a_document_whatever_the_source_says() {
    let house = House::accepting().await;
    let mut submission = document_in_folder(1);
    submission.folders[0].last_update_time = "19991231".parse().ok();
    let before = jiff::Timestamp::now().as_second();
    house.register(submission).await;
    let first = house.folder(&folder_id(1)).await.last_update_time.unwrap();
    assert!(first.start() >= before && first.to_string().len() == 14, "{first}");
    // Set it back, so that the next change shows within the same second.
    house.meddle("UPDATE object SET time = 0 WHERE kind = 4").await;
    house.register(document(2)).await;
    let folder = house.folder(&folder_id(1)).await;
    assert_eq!(folder.last_update_time, "19700101000000".parse().ok());
    let folder = folder.entry_uuid.uuid().unwrap();
    house.register(put_into_folder(3, folder, house.uuid(&document_id(2)).await)).await;
    let second = house.folder(&folder_id(1)).await.last_update_time.unwrap();
    assert!(second.start() >= before, "{second}");
}

#[tokio::test]
async fn a_refused_submission_leaves_nothing_behind() {
    let House { registry, place } = House::accepting().await;
    let registry = registry.without_rule("what_is_replaced_gets_nothing_else").unwrap();
    let house = House { registry, place };
    house.register(document(1)).await;
    let old = house.uuid(&document_id(1)).await;
    // It replaces the same document twice: the second time fails after the first was carried out.
    let mut submission = related(2, AssociationType::Replace, old);
    submission.associations.push(Association::new(
        AssociationType::Replace,
        symbol("again"),
        symbol("Document01"),
        old.into(),
    ));
    assert_eq!(house.refusal(submission).await, [ErrorCode::DeprecatedDocument]);
    assert_eq!(house.status(&document_id(1)).await, AvailabilityStatus::Approved);
    assert!(house.entries(&document_id(2)).await.is_empty());
    assert_eq!(house.associations(old).await.len(), 1);
    // And its unique ids are free.
    house.register(document(2)).await;
}

#[tokio::test]
async fn the_keys_of_one_patient_never_run_into_those_of_the_next() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    house.register(with_patient(document(2), OTHER_PATIENT)).await;
    house.meddle("UPDATE patient SET objects = (1 << 24) - 4").await;
    house.register(document(3)).await;
    assert_eq!(house.refusal(document(4)).await, [ErrorCode::Internal]);
    assert_eq!(house.entry(&document_id(3)).await.patient_id, PATIENT.parse().ok());
}
