//! Each rule, kept and broken (ITI TF-2 3.42.4.1.3).

use metadata::ErrorCode;

use super::*;

/// What comes of the sample with one thing changed.
async fn spoilt(spoil: impl FnOnce(&mut Submission)) -> Vec<ErrorCode> {
    let mut submission = document_in_folder(1);
    spoil(&mut submission);
    House::accepting().await.refusal(submission).await
}

#[tokio::test]
async fn registers_a_document_and_gives_it_back_as_it_was_said() {
    let house = House::accepting().await;
    let said = document(1);
    house.register(said.clone()).await;
    let entry = house.entry(&document_id(1)).await;
    let expected = DocumentEntry {
        entry_uuid: entry.entry_uuid.clone(),
        availability_status: Some(AvailabilityStatus::Approved),
        logical_id: entry.entry_uuid.uuid(),
        version: Some(1),
        ..said.entries[0].clone()
    };
    assert_eq!(entry, expected);
}

#[tokio::test]
async fn keeps_a_uuid_that_the_source_chose_and_replaces_symbols() {
    let house = House::accepting().await;
    let mut submission = document(1);
    let chosen = EntryUuid::from_bytes([7; 16]);
    submission.entries[0].entry_uuid = chosen.into();
    submission.associations[0].target_object = chosen.into();
    house.register(submission).await;
    assert_eq!(house.uuid(&document_id(1)).await, chosen);
    let associations = house.associations(chosen).await;
    assert_eq!(associations.len(), 1);
    assert_eq!(associations[0].target_object, chosen.into());
    assert!(associations[0].source_object.uuid().is_some());
    assert!(associations[0].entry_uuid.uuid().is_some());
    assert_eq!(associations[0].availability_status, Some(AvailabilityStatus::Approved));
}

#[tokio::test]
async fn keeps_extra_metadata() {
    let house = House::accepting().await;
    let mut submission = document(1);
    let slot = metadata::Slot {
        name: "urn:example:dose".to_owned(),
        slot_type: Some("urn:example:type".to_owned()),
        values: vec!["1".to_owned(), "<&2".to_owned()],
    };
    submission.entries[0].extra.slots.push(slot.clone());
    house.register(submission).await;
    assert_eq!(house.entry(&document_id(1)).await.extra.slots, [slot]);
}

#[tokio::test]
async fn forgets_what_a_source_says_of_status_version_and_home() {
    let house = House::accepting().await;
    let mut submission = document(1);
    submission.entries[0].availability_status = Some(AvailabilityStatus::Deprecated);
    submission.entries[0].version = Some(9);
    submission.entries[0].logical_id = Some(EntryUuid::from_bytes([9; 16]));
    submission.entries[0].home_community_id = "urn:oid:1.2.3".parse().ok();
    house.register(submission).await;
    let entry = house.entry(&document_id(1)).await;
    assert_eq!(entry.availability_status, Some(AvailabilityStatus::Approved));
    assert_eq!((entry.version, entry.logical_id), (Some(1), entry.entry_uuid.uuid()));
    assert_eq!(entry.home_community_id, None);
}

#[tokio::test]
async fn refuses_an_entry_without_what_a_repository_must_give() {
    let codes = spoilt(|submission| {
        submission.entries[0].hash = None;
        submission.entries[0].size = None;
        submission.entries[0].repository_unique_id = None;
    });
    assert_eq!(codes.await, [ErrorCode::Metadata, ErrorCode::Metadata, ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_an_on_demand_entry() {
    let codes = spoilt(|submission| submission.entries[0].object_type = ObjectType::OnDemand).await;
    assert_eq!(codes, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_an_unknown_patient_where_a_feed_tells_of_them() {
    let house = House::open(PatientPolicy::Feed).await;
    assert_eq!(house.refusal(document(1)).await, [ErrorCode::UnknownPatientId]);
    house.registry.feed(PatientFeed::of(&PATIENT.parse().unwrap())).await.unwrap();
    house.register(document(1)).await;
}

#[tokio::test]
async fn refuses_two_patients_in_one_submission() {
    let other = || OTHER_PATIENT.parse().ok();
    let codes = spoilt(|submission| submission.entries[0].patient_id = other()).await;
    assert_eq!(codes, [ErrorCode::PatientIdDoesNotMatch]);
    let codes = spoilt(|submission| submission.folders[0].patient_id = other()).await;
    assert_eq!(codes, [ErrorCode::PatientIdDoesNotMatch]);
}

#[tokio::test]
async fn refuses_the_unique_id_of_a_registered_set_or_folder() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let mut same_set = document(2);
    same_set.submission_set.unique_id = "1.8.1".parse().unwrap();
    let errors = house.registry.register(same_set).await.unwrap_err();
    assert_eq!(errors.0[0].code, ErrorCode::DuplicateUniqueIdInRegistry);
    let mut same_folder = document_in_folder(3);
    same_folder.folders[0].unique_id = folder_id(1).parse().unwrap();
    assert_eq!(house.refusal(same_folder).await, [ErrorCode::DuplicateUniqueIdInRegistry]);
    let mut folder_as_document = document_in_folder(4);
    folder_as_document.folders[0].unique_id = document_id(1).parse().unwrap();
    assert_eq!(house.refusal(folder_as_document).await, [ErrorCode::DuplicateUniqueIdInRegistry]);
    let mut document_as_folder = document(5);
    document_as_folder.entries[0].unique_id = folder_id(1).parse().unwrap();
    assert_eq!(house.refusal(document_as_folder).await, [ErrorCode::DuplicateUniqueIdInRegistry]);
}

#[tokio::test]
async fn refuses_a_unique_id_twice_in_the_message() {
    let codes = spoilt(|submission| submission.folders[0].unique_id = "1.8.1".parse().unwrap()).await;
    assert_eq!(codes, [ErrorCode::DuplicateUniqueIdInMessage]);
}

#[tokio::test]
async fn takes_the_same_document_again_and_refuses_another_under_its_id() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let again = |number: u32| {
        let mut submission = document(number);
        submission.entries[0].unique_id = document_id(1).parse().unwrap();
        submission
    };
    house.register(again(2)).await;
    assert_eq!(house.entries(&document_id(1)).await.len(), 2);
    let mut other = again(3);
    other.entries[0].hash = "0123456789012345678901234567890123456789".parse().ok();
    let refused = house.registry.register(other.clone()).await.unwrap_err();
    assert_eq!(refused.0[0].code, ErrorCode::NonIdenticalHash);
    other.entries[0].size = Some(17);
    let refused = house.registry.register(other).await.unwrap_err();
    let codes: Vec<_> = refused.into_iter().map(|error| error.code).collect();
    assert_eq!(codes, [ErrorCode::NonIdenticalHash, ErrorCode::NonIdenticalSize]);
    assert_eq!(house.entries(&document_id(1)).await.len(), 2);
}

#[tokio::test]
async fn refuses_a_uuid_that_is_registered() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let taken = house.uuid(&document_id(1)).await;
    let mut submission = document(2);
    submission.entries[0].entry_uuid = taken.into();
    submission.associations[0].target_object = taken.into();
    assert_eq!(house.refusal(submission).await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_what_is_no_member_of_the_submission_set() {
    // In the sample: the document, the folder, the document in the folder, and that the set brings that.
    assert_eq!(spoilt(|submission| drop(submission.associations.remove(0))).await, [ErrorCode::Metadata]);
    assert_eq!(spoilt(|submission| drop(submission.associations.remove(1))).await, [ErrorCode::Metadata]);
    assert_eq!(spoilt(|submission| drop(submission.associations.remove(3))).await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_a_membership_with_a_status_that_is_not_so() {
    let reference = Some(SubmissionSetStatus::Reference);
    let codes = spoilt(|submission| submission.associations[0].submission_set_status = reference).await;
    assert_eq!(codes, [ErrorCode::Metadata]);
    let house = House::accepting().await;
    house.register(document(1)).await;
    let registered = house.uuid(&document_id(1)).await;
    let mut original = reference_to(2, registered);
    original.associations[0].submission_set_status = Some(SubmissionSetStatus::Original);
    assert_eq!(house.refusal(original).await, [ErrorCode::Metadata]);
    let mut unsaid = reference_to(2, registered);
    unsaid.associations[0].submission_set_status = None;
    assert_eq!(house.refusal(unsaid).await, [ErrorCode::Metadata]);
    house.register(reference_to(3, registered)).await;
}

#[tokio::test]
async fn a_reference_may_be_to_a_document_of_another_patient() {
    let house = House::accepting().await;
    house.register(with_patient(document(1), OTHER_PATIENT)).await;
    house.register(reference_to(2, house.uuid(&document_id(1)).await)).await;
}

#[tokio::test]
async fn refuses_memberships_between_what_does_not_contain_each_other() {
    for (source, target) in
        [("Document01", "Folder01"), ("Folder01", "association03"), ("SubmissionSet01", "association02")]
    {
        let codes = spoilt(|submission| {
            submission.associations.push(has_member("odd", symbol(source), symbol(target)));
        });
        assert_eq!(codes.await, [ErrorCode::Metadata], "{source} {target}");
    }
}

#[tokio::test]
async fn refuses_a_membership_of_another_submission_set() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let entry = house.uuid(&document_id(1)).await;
    let other_set = house.associations(entry).await[0].source_object.clone();
    let mut submission = reference_to(2, entry);
    submission.associations.push(has_member("odd", other_set, entry));
    assert_eq!(house.refusal(submission).await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_a_submission_set_around_a_folder_of_another_submission() {
    let house = House::accepting().await;
    house.register(with_patient(document_in_folder(1), OTHER_PATIENT)).await;
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    let mut submission = document(2);
    submission.associations.push(has_member("odd", symbol("SubmissionSet01"), folder));
    assert_eq!(house.refusal(submission).await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_references_to_nothing() {
    let nothing = EntryUuid::from_bytes([1; 16]);
    let house = House::accepting().await;
    assert_eq!(house.refusal(reference_to(1, nothing)).await, [ErrorCode::UnresolvedReference]);
    let replacement = related(2, AssociationType::Replace, nothing);
    assert_eq!(house.refusal(replacement).await, [ErrorCode::UnresolvedReference]);
    let codes = spoilt(|submission| submission.associations[1].target_object = symbol("Nowhere")).await;
    assert_eq!(codes, [ErrorCode::UnresolvedReference, ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_a_relationship_that_does_not_start_at_a_document_of_the_submission() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    house.register(document(2)).await;
    let mut submission = related(3, AssociationType::Append, house.uuid(&document_id(1)).await);
    submission.associations[1].source_object = house.uuid(&document_id(2)).await.into();
    assert_eq!(house.refusal(submission).await, [ErrorCode::UnresolvedReference]);
}

#[tokio::test]
async fn replaces_only_what_is_registered_but_adds_to_what_comes_along() {
    let together = |association_type| {
        let mut submission = document(1);
        let mut second = submission.entries[0].clone();
        second.entry_uuid = symbol("Document02");
        second.unique_id = document_id(2).parse().unwrap();
        submission.entries.push(second);
        submission.associations.push(Association {
            submission_set_status: Some(SubmissionSetStatus::Original),
            ..has_member("second", symbol("SubmissionSet01"), symbol("Document02"))
        });
        let (source, target) = (symbol("Document02"), symbol("Document01"));
        submission.associations.push(Association::new(association_type, symbol("odd"), source, target));
        submission
    };
    let house = House::accepting().await;
    for refused in [AssociationType::Replace, AssociationType::TransformAndReplace] {
        assert_eq!(house.refusal(together(refused)).await, [ErrorCode::UnresolvedReference]);
    }
    house.register(together(AssociationType::Append)).await;
}

#[tokio::test]
async fn refuses_a_relationship_to_a_folder() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    let submission = related(2, AssociationType::Append, folder);
    assert_eq!(house.refusal(submission).await, [ErrorCode::UnresolvedReference]);
}

#[tokio::test]
async fn refuses_to_touch_what_is_deprecated() {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let old = house.uuid(&document_id(1)).await;
    house.register(related(2, AssociationType::Replace, old)).await;
    for association_type in [AssociationType::Replace, AssociationType::Append, AssociationType::Transform] {
        let codes = house.refusal(related(3, association_type, old)).await;
        assert_eq!(codes, [ErrorCode::DeprecatedDocument]);
    }
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    assert_eq!(house.refusal(put_into_folder(4, folder, old)).await, [ErrorCode::DeprecatedDocument]);
}

#[tokio::test]
async fn refuses_relationships_and_folders_across_patients() {
    let house = House::accepting().await;
    house.register(with_patient(document_in_folder(1), OTHER_PATIENT)).await;
    let theirs = house.uuid(&document_id(1)).await;
    for association_type in [AssociationType::Replace, AssociationType::Append] {
        let codes = house.refusal(related(2, association_type, theirs)).await;
        assert_eq!(codes, [ErrorCode::PatientIdDoesNotMatch]);
    }
    house.register(document(3)).await;
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    let ours = house.uuid(&document_id(3)).await;
    assert_eq!(house.refusal(put_into_folder(4, folder, ours)).await, [ErrorCode::PatientIdDoesNotMatch]);
}

#[tokio::test]
async fn refuses_a_snapshot_of_a_stable_document() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let submission = related(2, AssociationType::IsSnapshotOf, house.uuid(&document_id(1)).await);
    assert_eq!(house.refusal(submission).await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn refuses_associations_of_metadata_update() {
    let codes = spoilt(|submission| {
        submission.associations.push(Association::new(
            AssociationType::SubmitAssociation,
            symbol("odd"),
            symbol("SubmissionSet01"),
            symbol("association03"),
        ));
    });
    assert_eq!(codes.await, [ErrorCode::Metadata]);
}

#[tokio::test]
async fn says_all_that_is_wrong_in_one_answer_and_where() {
    let house = House::open(PatientPolicy::Feed).await;
    let mut submission = related(1, AssociationType::Replace, EntryUuid::from_bytes([1; 16]));
    submission.entries[0].hash = None;
    let errors = house.registry.register(submission).await.unwrap_err();
    let found: Vec<_> = errors.0.iter().map(|error| (&error.code, error.location.as_deref())).collect();
    let expected = [
        (&ErrorCode::Metadata, Some("DocumentEntry Document01")),
        (&ErrorCode::UnknownPatientId, Some("SubmissionSet SubmissionSet01")),
        (&ErrorCode::UnresolvedReference, Some("Association relationship")),
    ];
    assert_eq!(found, expected);
}
