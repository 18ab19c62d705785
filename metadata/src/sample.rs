//! The canonical good submission, for tests to spoil one thing of.
//!
//! A dose report of an invented patient; valid from a Document Source and from a Document Repository.

#![expect(clippy::unwrap_used, reason = "the literals are valid, as the tests show")]

use crate::code::Code;
use crate::{
    Association, AssociationType, Author, DocumentEntry, Extra, Folder, ObjectId, ObjectType, Organization,
    Person, ReferenceId, SourcePatientInfo, Submission, SubmissionSet, SubmissionSetStatus,
};

/// One document in a submission set.
pub fn sample() -> Submission {
    Submission {
        submission_set: submission_set(),
        entries: vec![document_entry()],
        folders: Vec::new(),
        associations: vec![Association {
            submission_set_status: Some(SubmissionSetStatus::Original),
            ..has_member("association01", "SubmissionSet01", "Document01")
        }],
    }
}

/// One document in a folder, both in a submission set.
pub fn sample_with_folder() -> Submission {
    let mut sample = sample();
    sample.folders.push(folder());
    sample.associations.extend([
        has_member("association02", "SubmissionSet01", "Folder01"),
        has_member("association03", "Folder01", "Document01"),
        has_member("association04", "SubmissionSet01", "association03"),
    ]);
    sample
}

fn symbol(symbol: &str) -> ObjectId {
    ObjectId::Symbolic(symbol.to_owned())
}

fn author() -> Author {
    Author {
        author_person: Some(Person::named("Peeters", "An").unwrap()),
        author_institution: vec![
            Organization::named("Ziekenhuis Noord", Some(&"1.2.3.4.5.1".parse().unwrap())).unwrap(),
        ],
        author_role: vec!["Radiographer".to_owned()],
        ..Author::default()
    }
}

fn document_entry() -> DocumentEntry {
    DocumentEntry {
        author: vec![author()],
        availability_status: None,
        class_code: Some(Code::new("IMAGES", "1.3.6.1.4.1.19376.1.2.6.1", "Images")),
        comments: "".into(),
        confidentiality_code: vec![Code::new("N", "2.16.840.1.113883.5.25", "normal")],
        creation_time: Some("20240305101500".parse().unwrap()),
        document_availability: None,
        entry_uuid: symbol("Document01"),
        event_code_list: vec![Code::new("CT", "1.2.840.10008.2.16.4", "Computed Tomography")],
        format_code: Some(Code::new(
            "1.2.840.10008.5.1.4.1.1.88.67",
            "1.2.840.10008.2.6.1",
            "X-Ray Radiation Dose SR",
        )),
        hash: Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".parse().unwrap()),
        healthcare_facility_type_code: Some(Code::new("HOSP", "2.16.840.1.113883.5.111", "Hospital")),
        home_community_id: None,
        language_code: Some("nl-BE".parse().unwrap()),
        legal_authenticator: None,
        limited_metadata: false,
        logical_id: None,
        mime_type: "application/dicom".parse().unwrap(),
        object_type: ObjectType::Stable,
        patient_id: Some("P123^^^&1.2.3.4&ISO".parse().unwrap()),
        practice_setting_code: Some(Code::new("394914008", "2.16.840.1.113883.6.96", "Radiology")),
        reference_id_list: vec![ReferenceId::study(&"1.2.3.4.5.7".parse().unwrap())],
        repository_unique_id: Some("1.2.3.4.5.2".parse().unwrap()),
        service_start_time: Some("202403051000".parse().unwrap()),
        service_stop_time: None,
        size: Some(0),
        source_patient_id: Some("L456^^^&1.2.3.4.5.3&ISO".parse().unwrap()),
        source_patient_info: SourcePatientInfo::default()
            .with(3, "L456^^^&1.2.3.4.5.3&ISO")
            .with(5, "Janssens^Lotte^^^")
            .with(7, "19800214")
            .with(8, "F"),
        title: "CT dose report".into(),
        type_code: Some(Code::new(
            "73569-6",
            "2.16.840.1.113883.6.1",
            "Radiation exposure and protection information",
        )),
        unique_id: "1.2.3.4.5.6".parse().unwrap(),
        uri: None,
        version: None,
        extra: Extra::default(),
    }
}

fn submission_set() -> SubmissionSet {
    SubmissionSet {
        author: vec![author()],
        availability_status: None,
        comments: "".into(),
        content_type_code: Some(Code::new("DI", "2.16.840.1.113883.4.642.3.1", "Diagnostic imaging")),
        entry_uuid: symbol("SubmissionSet01"),
        home_community_id: None,
        intended_recipient: Vec::new(),
        limited_metadata: false,
        patient_id: Some("P123^^^&1.2.3.4&ISO".parse().unwrap()),
        source_id: "1.2.3.4.5.4".parse().unwrap(),
        submission_time: "20240305102000".parse().unwrap(),
        title: "Dose of one examination".into(),
        unique_id: "1.2.3.4.5.8".parse().unwrap(),
        extra: Extra::default(),
    }
}

fn folder() -> Folder {
    Folder {
        availability_status: None,
        code_list: vec![Code::new("DOSE", "1.2.3.4.5.10", "Radiation dose")],
        comments: "".into(),
        entry_uuid: symbol("Folder01"),
        home_community_id: None,
        last_update_time: None,
        limited_metadata: false,
        logical_id: None,
        patient_id: Some("P123^^^&1.2.3.4&ISO".parse().unwrap()),
        title: "Radiation dose".into(),
        unique_id: "1.2.3.4.5.9".parse().unwrap(),
        version: None,
        extra: Extra::default(),
    }
}

fn has_member(id: &str, source: &str, target: &str) -> Association {
    Association::new(AssociationType::HasMember, symbol(id), symbol(source), symbol(target))
}
