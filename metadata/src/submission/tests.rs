//! Submissions that are read, refused, and given UUIDs.

use soap::xml::Limits;

use super::*;
use crate::golden::{golden, spoiled};
use crate::vocabulary::RIM;
use crate::{Code, sample, sample_with_folder};

fn parse(text: &str) -> Element {
    Element::parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// What a submission is refused for.
fn refusals(list: &Element) -> Vec<(ErrorCode, String)> {
    Submission::read(list).unwrap_err().into_iter().map(|error| (error.code, error.context)).collect()
}

/// The one thing that it is refused for.
fn refusal(submission: &Submission) -> (ErrorCode, String) {
    let [refusal] = refusals(&parse(&submission.write())).try_into().unwrap();
    refusal
}

#[test]
fn reads_what_it_wrote() {
    for sample in [sample(), sample_with_folder()] {
        assert_eq!(Submission::read(&parse(&sample.write())), Ok(sample));
    }
}

#[test]
fn reads_objects_in_any_order_with_classifications_beside_them() {
    let submission = Submission::read(&golden("submission/scattered.xml")).unwrap();
    assert_eq!(submission.submission_set.entry_uuid.to_string(), "association-1");
    assert_eq!(submission.entries[0].event_code_list, [Code::new("CT", "1.2.840.10008.2.16.4", "")]);
    let ids = submission.associations.iter().map(|association| association.entry_uuid.to_string());
    assert_eq!(ids.collect::<Vec<_>>(), ["association-2", "association-3"]);
    let target = submission.associations[1].target_object.to_string();
    assert_eq!(target, "urn:uuid:3c1a2b30-0000-4000-8000-000000000001");
    assert_eq!(Submission::read(&parse(&submission.write())), Ok(submission));
}

#[test]
fn refuses_a_classification_of_nothing() {
    let refusals = refusals(&spoiled(
        "submission/scattered.xml",
        "classifiedObject=\"Document01\"",
        "classifiedObject=\"x\"",
    ));
    assert_eq!(refusals.len(), 1);
    assert!(
        refusals[0].1.contains("classifiedObject is 'x', expected the id of an object in the message"),
        "{refusals:?}"
    );
}

#[test]
fn refuses_any_number_of_submission_sets_but_one() {
    let set = sample().submission_set;
    let other = SubmissionSet {
        entry_uuid: ObjectId::Symbolic("SubmissionSet02".to_owned()),
        unique_id: "1.2.3.4.5.99".parse().unwrap(),
        ..set.clone()
    };
    let list = |sets: &[&SubmissionSet]| {
        let objects = sample().into_objects().skip(1);
        let objects = objects.chain(sets.iter().map(|set| Object::from((*set).clone())));
        Element::new(RIM, "RegistryObjectList").with_children(objects.map(|object| parse(&object.write())))
    };
    for (sets, received) in [(vec![], "there 0 times"), (vec![&set, &other], "there 2 times")] {
        let refusals = refusals(&list(&sets));
        assert_eq!((refusals.len(), &refusals[0].0), (1, &ErrorCode::Metadata));
        assert!(refusals[0].1.contains(received), "{refusals:?}");
    }
}

#[test]
fn refuses_objects_that_share_an_id() {
    let mut submission = sample_with_folder();
    submission.folders[0].entry_uuid = submission.entries[0].entry_uuid.clone();
    submission.associations.retain(|association| association.target_object.to_string() != "Folder01");
    submission.associations.retain(|association| association.source_object.to_string() != "Folder01");
    submission.associations.retain(|association| association.target_object.to_string() != "association03");
    let (code, context) = refusal(&submission);
    assert_eq!(code, ErrorCode::Metadata);
    assert!(
        context.starts_with("Folder Document01: entryUUID is 'Document01', the id of another object"),
        "{context}"
    );
}

#[test]
fn refuses_a_unique_id_that_stands_twice() {
    let mut submission = sample_with_folder();
    submission.folders[0].unique_id = submission.submission_set.unique_id.clone();
    let (code, context) = refusal(&submission);
    assert_eq!(code, ErrorCode::DuplicateUniqueIdInMessage);
    assert!(context.contains("uniqueId is '1.2.3.4.5.8', that of another object"), "{context}");
}

#[test]
fn refuses_a_symbolic_id_that_means_nothing() {
    let mut submission = sample();
    submission.associations[0].target_object = ObjectId::Symbolic("Document02".to_owned());
    let (code, context) = refusal(&submission);
    assert_eq!(code, ErrorCode::UnresolvedReference);
    assert!(context.contains("targetObject is 'Document02', which is not in the message"), "{context}");
}

#[test]
fn refuses_associations_that_relate_nothing() {
    let good = sample().associations.remove(0);
    let (source, target) = (good.source_object.clone(), good.target_object.clone());
    let cases = [
        (Association { source_object: target.clone(), ..good.clone() }, "its sourceObject"),
        (Association { source_object: target, target_object: source, ..good.clone() }, "the SubmissionSet"),
        (Association { documentation: Some(Code::new("a", "1.2", "")), ..good }, "documentation is 'a^^1.2'"),
    ];
    for (association, expected) in cases {
        let (code, context) = refusal(&Submission { associations: vec![association], ..sample() });
        assert_eq!(code, ErrorCode::Metadata);
        assert!(context.contains(expected), "{context}");
    }
}

#[test]
fn finds_what_is_wrong_with_every_object() {
    let text = sample_with_folder().write();
    let text = text
        .replace("20240305101500", "now")
        .replace("\"1.2.3.4.5.9\"", "\"Folder\"")
        .replace(">Original<", ">New<");
    let contexts: Vec<_> = refusals(&parse(&text)).into_iter().map(|(_, context)| context).collect();
    assert_eq!(contexts.len(), 3, "{contexts:?}");
    for (context, start) in contexts.iter().zip(["DocumentEntry", "Folder", "Association"]) {
        assert!(context.starts_with(start), "{context}");
    }
}

/// An object without what none lacks is read all the same, so that the rest of it can be judged.
#[test]
fn what_could_not_be_read_makes_no_second_fault() {
    let text = sample_with_folder().write();
    let text = text
        .replace("mimeType=\"application/dicom\"", "")
        .replace("\"1.2.3.4.5.9\"", "\"Folder\"")
        .replace("\"1.2.3.4.5.8\"", "\"Set\"")
        .replace("sourceObject=\"Folder01\"", "");
    let (received, findings) = Submission::received(&parse(&text)).unwrap();
    assert_eq!((received.entries.len(), received.folders.len(), received.associations.len()), (1, 1, 3));
    assert_eq!(findings.unreadable, HashSet::from(["association03".parse().unwrap()]));
    let contexts: Vec<_> = refusals(&parse(&text)).into_iter().map(|(_, context)| context).collect();
    let expected =
        ["uniqueId is 'Set'", "mimeType is missing", "uniqueId is 'Folder'", "sourceObject is missing"];
    assert_eq!(contexts.len(), expected.len(), "{contexts:?}");
    for (context, expected) in contexts.iter().zip(expected) {
        assert!(context.contains(expected), "{context}");
    }
}

#[test]
fn a_reference_to_what_is_no_object_is_no_second_fault() {
    let marker = crate::vocabulary::folder::MARKER;
    let text = sample_with_folder().write().replace(marker, "urn:uuid:00000000-0000-0000-0000-000000000000");
    let contexts: Vec<_> = refusals(&parse(&text)).into_iter().map(|(_, context)| context).collect();
    assert!(contexts.len() == 1 && contexts[0].contains("neither SubmissionSet nor Folder"), "{contexts:?}");
}

#[test]
fn a_service_may_end_within_the_interval_in_which_it_began_and_not_before() {
    let mut submission = sample();
    submission.entries[0].service_start_time = Some("20240305101500".parse().unwrap());
    submission.entries[0].service_stop_time = Some("20240305".parse().unwrap());
    assert_eq!(Submission::read(&parse(&submission.write())), Ok(submission.clone()));
    submission.entries[0].service_stop_time = Some("20240305101400".parse().unwrap());
    let (code, context) = refusal(&submission);
    assert_eq!(code, ErrorCode::Metadata);
    assert!(context.contains("serviceStartTime is '20240305101500', after serviceStopTime"), "{context}");
}

/// `Object attribute is ..., expected ... (ITI ...)`.
#[test]
fn every_error_of_reading_and_checking_names_what_it_must() {
    let text = sample_with_folder().write();
    let text = text
        .replace("20240305101500", "now")
        .replace(">nl-BE<", ">nl_BE<")
        .replace("nodeRepresentation=\"IMAGES\"", "")
        .replace("targetObject=\"Folder01\"", "targetObject=\"Folder02\"")
        .replace(">Original<", ">New<");
    let found = Submission::read(&parse(&text)).unwrap_err();
    assert_eq!(found.0.len(), 5, "{found}");
    for error in found {
        let (place, attribute) = (error.location.unwrap(), error.attribute.unwrap());
        assert!(error.context.starts_with(&format!("{place}: {attribute} is ")), "{}", error.context);
        assert!(error.context.contains(", expected ") && error.context.contains(" (ITI TF-3 4.2"));
    }
}

#[test]
fn gives_every_object_one_uuid_wherever_it_is_named() {
    let mut submission = sample_with_folder();
    submission.entries[0].entry_uuid = ObjectId::Uuid(EntryUuid::from_bytes([0xFF; 16]));
    for association in &mut submission.associations {
        if association.target_object.to_string() == "Document01" {
            association.target_object = submission.entries[0].entry_uuid.clone();
        }
    }
    let mut next = 0;
    let uuids = submission.assign_uuids(|| {
        next += 1;
        EntryUuid::from_bytes([next; 16])
    });
    assert_eq!((uuids.len(), next), (6, 6));
    assert_eq!(submission.entries[0].entry_uuid.uuid(), Some(EntryUuid::from_bytes([0xFF; 16])));
    assert!(submission.identities().all(|object| object.id.uuid().is_some()));
    let [has_document, has_folder, in_folder, has_membership] = submission.associations.as_slice() else {
        panic!("four associations");
    };
    assert_eq!(has_document.source_object, submission.submission_set.entry_uuid);
    assert_eq!(has_document.target_object, submission.entries[0].entry_uuid);
    assert_eq!(has_folder.target_object, submission.folders[0].entry_uuid);
    assert_eq!(in_folder.source_object, submission.folders[0].entry_uuid);
    assert_eq!(has_membership.target_object, in_folder.entry_uuid);
    assert_eq!(Submission::read(&parse(&submission.write())), Ok(submission));
}

#[test]
fn a_symbol_that_is_not_in_the_table_stays() {
    let mut submission = sample();
    let uuid = EntryUuid::from_bytes([7; 16]);
    submission.resolve(&HashMap::from([("Document01".to_owned(), uuid)]));
    assert_eq!(submission.associations[0].target_object, ObjectId::Uuid(uuid));
    assert_eq!(submission.associations[0].source_object.to_string(), "SubmissionSet01");
}
