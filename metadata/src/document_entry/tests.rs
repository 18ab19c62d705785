//! Golden files there and back, and refusals.

use super::*;
use crate::golden::{golden, spoiled, written};
use crate::{Classification, ErrorCode, ExternalIdentifier, LocalizedString, PidField, Slot, sample};

fn read(element: &Element) -> (Option<DocumentEntry>, Vec<String>) {
    let mut errors = RegistryErrors::default();
    let entry = DocumentEntry::read(element, &mut errors);
    assert!(errors.0.iter().all(|error| error.code == ErrorCode::Metadata));
    assert!(errors.0.iter().all(|error| error.location.as_deref() == Some("DocumentEntry Document01")));
    (entry, errors.0.into_iter().map(|error| error.context).collect())
}

/// What the spoiled sample is refused for, and that the rest of it was read.
fn refusal(from: &str, to: &str) -> String {
    let (entry, errors) = read(&spoiled("document_entry/sample.xml", from, to));
    assert!(entry.is_some());
    let [error] = errors.try_into().unwrap();
    error
}

#[test]
fn reads_and_writes_the_sample() {
    let entry = sample().entries.remove(0);
    let file = golden("document_entry/sample.xml");
    assert_eq!(read(&file), (Some(entry.clone()), vec![]));
    assert_eq!(written(|rim| entry.write(rim)), file);
}

fn string(language: &str, value: &str) -> LocalizedString {
    LocalizedString { language: Some(language.to_owned()), charset: None, value: value.to_owned() }
}

fn unknown_parts() -> Extra {
    Extra {
        slots: vec![Slot {
            name: "urn:example:station".to_owned(),
            slot_type: None,
            values: vec!["CT 2".to_owned(), " CT 1 ".to_owned()],
        }],
        classifications: vec![Classification {
            scheme: Some("urn:example:scheme".to_owned()),
            representation: Some("national".to_owned()),
            slots: vec![Slot::new("codingScheme", "1.2.3.4.11")],
            name: LocalizedStrings(vec![string("nl-BE", "nationaal")]),
            ..Classification::default()
        }],
        external_identifiers: vec![ExternalIdentifier {
            scheme: "urn:example:archive".to_owned(),
            value: "A-17".to_owned(),
            slots: vec![],
            name: "archive number".into(),
            description: "".into(),
        }],
    }
}

/// What peers send otherwise than the standard has it, as one entry.
fn tolerated() -> DocumentEntry {
    let in_utf8 = |language: &str, value: &str| LocalizedString {
        charset: Some("UTF-8".to_owned()),
        ..string(language, value)
    };
    let mut entry = sample().entries.remove(0);
    entry = DocumentEntry {
        author: vec![Author {
            author_person: Some("^Peeters^An^^^".parse().unwrap()),
            author_role: vec!["MTR^^^&1.2.3.4.9&ISO".to_owned(), "Radiographer".to_owned()],
            extra: vec![Slot::new("urn:example:shift", "night")],
            ..Author::default()
        }],
        class_code: None,
        confidentiality_code: vec![],
        creation_time: Some("2024".parse().unwrap()),
        event_code_list: vec![
            Code::new("CT", "1.2.840.10008.2.16.4", ""),
            Code::new("77477000", "urn:oid:2.16.840.1.113883.6.96", ""),
        ],
        format_code: None,
        healthcare_facility_type_code: None,
        language_code: None,
        limited_metadata: true,
        practice_setting_code: None,
        reference_id_list: vec![],
        repository_unique_id: None,
        service_start_time: None,
        size: None,
        source_patient_id: None,
        title: LocalizedStrings(vec![in_utf8("nl-BE", "Dosisverslag"), in_utf8("fr-BE", "Rapport de dose")]),
        type_code: Some(Code::new("73569-6", "2.16.840.1.113883.6.1", "Radiation exposure")),
        uri: Some("IHE_XDM/DOC0001.DCM".to_owned()),
        version: Some(1),
        ..entry
    };
    entry.source_patient_info = SourcePatientInfo(vec![
        PidField { number: 3, value: "L456^^^&1.2.3.4.5.3&ISO".to_owned() },
        PidField { number: 3, value: "M7^^^&1.2.3.4.5.4&ISO".to_owned() },
        PidField { number: 8, value: String::new() },
    ]);
    entry.extra = unknown_parts();
    entry
}

#[test]
fn reads_what_real_sources_send_and_keeps_what_it_does_not_know() {
    let (entry, errors) = read(&golden("document_entry/tolerated.xml"));
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(entry, Some(tolerated()));
    let written = written(|rim| tolerated().write(rim));
    assert_eq!(written, golden("document_entry/tolerated-written.xml"));
    assert_eq!(read(&written), (Some(tolerated()), vec![]));
}

#[test]
fn names_value_expectation_and_clause_of_what_is_wrong() {
    assert_eq!(
        refusal(">20240305101500<", ">2024-03-05<"),
        "DocumentEntry Document01: creationTime is '2024-03-05', expected a DTM, YYYY[MM[DD[hh[mm[ss]]]]] in UTC, \
         digits only (ITI TF-3 4.2.3.2.6)"
    );
    let cases = [
        ("1.2.3.4&amp;ISO\"", "1.2.3.4\"", "patientId is 'P123^^^&1.2.3.4', expected a patient id"),
        ("^Peeters", "^", "authorPerson is '^^An', expected a person"),
        (">nl-BE<", ">nl_BE<", "languageCode is 'nl_BE', expected a language tag"),
        (">0<", ">+0<", "size is '+0', expected a size in bytes"),
        (
            "^^^^urn:ihe:iti:xds:2016:studyInstanceUID",
            "",
            "referenceIdList is '1.2.3.4.5.7', expected a reference id",
        ),
        ("PID-8|F", "F", "sourcePatientInfo is 'F', expected a field of a PID segment"),
        ("nodeRepresentation=\"IMAGES\"", "", "classCode is a Classification without code, expected one"),
        (">2.16.840.1.113883.5.25<", "><", "confidentialityCode is 'N' with 0 values of codingScheme"),
        (
            "name=\"hash\"",
            "name=\"creationTime\"",
            "creationTime is given with 2 values, expected at most one",
        ),
        (
            "2.16.840.1.113883.5.111</rim:Value>",
            "1.2</rim:Value><rim:Value>1.3</rim:Value>",
            "with 2 values of codingScheme",
        ),
        (
            "classifiedObject=\"Document01\"",
            "classifiedObject=\"Document02\"",
            "classifiedObject is 'Document02', expected the id",
        ),
        (
            "registryObject=\"Document01\"",
            "registryObject=\"Document02\"",
            "registryObject is 'Document02', expected the id",
        ),
        ("id=\"Document01\" ", "id=\"Document01\" home=\"1.2.3\" ", "homeCommunityId is '1.2.3', expected"),
    ];
    let stop = "<rim:Slot name=\"size\">";
    let with_stop = "<rim:Slot name=\"serviceStopTime\"><rim:ValueList><rim:Value>202403051015</rim:Value>\
                     </rim:ValueList></rim:Slot><rim:Slot name=\"size\">";
    for (from, to, expected) in cases {
        let element = spoiled("document_entry/sample.xml", stop, with_stop).write();
        assert!(element.contains(from), "{from}");
        let element = Element::parse(element.replacen(from, to, 1).as_bytes(), &soap::xml::Limits::default());
        let (entry, errors) = read(&element.unwrap());
        assert!(entry.is_some());
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].contains(expected), "{} lacks {expected}", errors[0]);
    }
}

#[test]
fn refuses_an_entry_without_what_no_entry_lacks() {
    let cases = [
        ("mimeType=\"application/dicom\"", "", "mimeType is missing, expected one value"),
        (
            "application/dicom",
            "text/xml; charset=utf-8",
            "mimeType is 'text/xml; charset=utf-8', expected a media type",
        ),
        (
            "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1",
            "urn:uuid:0",
            "objectType is 'urn:uuid:0', expected",
        ),
        ("urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab", "urn:x", "uniqueId is missing, expected one value"),
        ("value=\"1.2.3.4.5.6\"", "value=\"1 2\"", "uniqueId is '1 2', expected a unique id"),
    ];
    for (from, to, expected) in cases {
        let (entry, errors) = read(&spoiled("document_entry/sample.xml", from, to));
        assert_eq!(entry, None);
        assert!(errors.len() == 1 && errors[0].contains(expected), "{errors:?}");
    }
}

#[test]
fn finds_everything_that_is_wrong_at_once() {
    let text = spoiled("document_entry/sample.xml", "mimeType=\"application/dicom\"", "").write();
    let text = text.replace(">20240305101500<", ">now<").replace(">nl-BE<", ">nl_BE<");
    let (entry, errors) = read(&Element::parse(text.as_bytes(), &soap::xml::Limits::default()).unwrap());
    assert_eq!((entry, errors.len()), (None, 3));
}
