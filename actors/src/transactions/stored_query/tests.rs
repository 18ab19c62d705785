//! Each query there and back, and the refusals of its parameters (ITI TF-2 3.18.4.1.2.3).

use metadata::{AssociationType, AvailabilityStatus, Code, EntryUuid, Flavour, Object, ObjectId, ObjectType};
use soap::xml::Limits;

use super::*;
use crate::transactions::Response;

const PATIENT: &str = "'P1^^^&amp;1.2.3&amp;ISO'";
const APPROVED: &str = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')";

/// A request with slots, each a name and the text of its values.
fn ask(id: &str, slots: &[(&str, &[&str])]) -> Result<StoredQuery, RegistryErrors> {
    let slots: String = slots
        .iter()
        .map(|(name, values)| {
            let values: String = values.iter().map(|value| format!("<Value>{value}</Value>")).collect();
            format!(r#"<Slot name="{name}"><ValueList>{values}</ValueList></Slot>"#)
        })
        .collect();
    read(&format!(
        r#"<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">
            <q:ResponseOption returnType="LeafClass" returnComposedObjects="true"/>
            <AdhocQuery xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="{id}">{slots}</AdhocQuery>
        </q:AdhocQueryRequest>"#
    ))
}

fn read(request: &str) -> Result<StoredQuery, RegistryErrors> {
    StoredQuery::read_request(&Element::parse(request.as_bytes(), &Limits::default()).unwrap())
}

fn find_documents(slots: &[(&str, &[&str])]) -> Result<FindDocuments, RegistryErrors> {
    let required: [(&str, &[&str]); 2] =
        [("$XDSDocumentEntryPatientId", &[PATIENT]), ("$XDSDocumentEntryStatus", &[APPROVED])];
    let all: Vec<_> = required.iter().chain(slots).copied().collect();
    match ask(FindDocuments::ID, &all)?.query {
        Query::FindDocuments(query) => Ok(query),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(answer: Result<impl std::fmt::Debug, RegistryErrors>, code: ErrorCode) {
    let codes: Vec<_> = answer.unwrap_err().into_iter().map(|error| error.code).collect();
    assert_eq!(codes, [code]);
}

fn uuid(digit: u8) -> EntryUuid {
    EntryUuid::from_bytes([digit; 16])
}

fn code(code: &str) -> Code {
    Code::new(code, "1.2.3", "")
}

fn content() -> ContentFilter {
    ContentFilter {
        format_code: vec![code("f,1"), code("f'2")],
        confidentiality_code: vec![vec![code("N"), code("R")], vec![code("V")]],
        object_type: vec![ObjectType::Stable, ObjectType::OnDemand],
    }
}

fn documents() -> FindDocuments {
    let period = Period { from: "2024".parse().ok(), to: "20250101120000".parse().ok() };
    let filter = DocumentFilter {
        class_code: vec![code("c")],
        type_code: vec![code("t")],
        practice_setting_code: vec![code("p")],
        creation_time: period,
        service_start_time: Period { from: None, ..period },
        service_stop_time: Period { to: None, ..period },
        healthcare_facility_type_code: vec![code("h")],
        event_code_list: vec![vec![code("CT")], vec![code("T-D3000"), code("T-D4000")]],
        author_person: vec!["%O'Brien%".parse().unwrap()],
        content: content(),
    };
    FindDocuments { patient_id: patient(), status: vec![AvailabilityStatus::Approved], filter }
}

fn patient() -> PatientId {
    "P1^^^&1.2.3&ISO".parse().unwrap()
}

fn every_query() -> Vec<Query> {
    let both = vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated];
    let (one, many) = (Id::EntryUuid(uuid(1)), Ids::EntryUuids((0..50).map(uuid).collect()));
    let unique = || Ids::UniqueIds(vec!["1.2.3".parse().unwrap(), "1.2.4^x".parse().unwrap()]);
    let reference_id = vec![vec!["1.2^^^^urn:ihe:iti:xds:2016:studyInstanceUID".parse().unwrap()]];
    vec![
        Query::FindDocuments(documents()),
        Query::FindDocumentsByReferenceId(FindDocumentsByReferenceId {
            documents: documents(),
            reference_id,
        }),
        Query::FindSubmissionSets(FindSubmissionSets {
            patient_id: patient(),
            source_id: vec!["1.2.9".parse().unwrap()],
            submission_time: Period::default(),
            author_person: "%Welby".parse().ok(),
            content_type_code: vec![code("x")],
            status: both.clone(),
        }),
        Query::FindFolders(FindFolders {
            patient_id: patient(),
            last_update_time: Period { from: "202401".parse().ok(), to: None },
            code_list: vec![vec![code("x")], vec![code("y")]],
            status: both.clone(),
        }),
        Query::GetAll(GetAll {
            patient_id: patient(),
            document_status: both.clone(),
            submission_set_status: both.clone(),
            folder_status: both,
            content: content(),
        }),
        Query::GetDocuments(GetDocuments { ids: many.clone() }),
        Query::GetDocuments(GetDocuments { ids: unique() }),
        Query::GetFolders(GetFolders { ids: unique() }),
        Query::GetAssociations(GetAssociations { uuids: vec![uuid(1), uuid(2)] }),
        Query::GetDocumentsAndAssociations(GetDocumentsAndAssociations { ids: many }),
        Query::GetSubmissionSets(GetSubmissionSets { uuids: vec![uuid(3)] }),
        Query::GetSubmissionSetAndContents(GetSubmissionSetAndContents {
            id: one.clone(),
            content: content(),
        }),
        Query::GetFolderAndContents(GetFolderAndContents {
            id: Id::UniqueId("1.2.3".parse().unwrap()),
            content: ContentFilter::default(),
        }),
        Query::GetFoldersForDocument(GetFoldersForDocument { id: one.clone() }),
        Query::GetRelatedDocuments(GetRelatedDocuments {
            id: one,
            association_types: vec![AssociationType::Replace, AssociationType::Append],
            object_type: vec![ObjectType::Stable],
        }),
    ]
}

#[test]
fn every_query_reads_as_it_was_written() {
    for query in every_query() {
        let home = "urn:oid:1.2.3".parse().ok();
        let query = StoredQuery { query, return_type: ReturnType::ObjectRef, home };
        let written = query.request().write();
        assert_eq!(read(&written), Ok(query), "{written}");
    }
}

#[test]
fn reads_the_request_of_the_standard() {
    let query = find_documents(&[
        ("$XDSDocumentEntryCreationTimeFrom", &["200412252300"]),
        ("$XDSDocumentEntryCreationTimeTo", &["'200501010800'"]),
        (
            "$XDSDocumentEntryHealthcareFacilityTypeCode",
            &["('Emergency Department^^1.2')", " ( 'Ward^^1.2' ) "],
        ),
        ("$MetadataLevel", &["1"]),
        ("$SomethingOfOurOwn", &["not even a literal"]),
    ])
    .unwrap();
    assert_eq!(query.patient_id, patient());
    assert_eq!(query.status, [AvailabilityStatus::Approved]);
    assert_eq!(query.filter.creation_time.to, "200501010800".parse().ok());
    assert_eq!(query.filter.healthcare_facility_type_code.len(), 2);
    assert_eq!(query.filter.content.object_type, [ObjectType::Stable]);
}

#[test]
fn refuses_a_missing_parameter() {
    let status: (&str, &[&str]) = ("$XDSDocumentEntryStatus", &[APPROVED]);
    refused(ask(FindDocuments::ID, &[status]), ErrorCode::StoredQueryMissingParam);
    refused(
        ask(FindDocuments::ID, &[status, ("$XDSDocumentEntryPatientId", &[])]),
        ErrorCode::StoredQueryMissingParam,
    );
    for id in [GetDocuments::ID, GetFolders::ID, GetAssociations::ID, GetRelatedDocuments::ID] {
        let errors = ask(id, &[("$XDSDocumentEntryLogicalID", &["('urn:uuid:1')"])]).unwrap_err();
        assert!(errors.into_iter().all(|error| error.code == ErrorCode::StoredQueryMissingParam), "{id}");
    }
}

#[test]
fn looks_only_at_what_identifies_a_patient() {
    let find = |patient: &str| {
        let slots: [(&str, &[&str]); 2] =
            [("$XDSDocumentEntryPatientId", &[patient]), ("$XDSDocumentEntryStatus", &[APPROVED])];
        ask(FindDocuments::ID, &slots)
    };
    let bare = find("'P1^^^&amp;1.2.3&amp;ISO'").unwrap();
    for same in [
        "'P1^^^Hospital&amp;1.2.3&amp;ISO'",
        "'P1^^^&amp;1.2.3&amp;ISO^PI'",
        "'P1^4^M10^&amp;1.2.3&amp;ISO^^&amp;'",
    ] {
        assert_eq!(find(same).unwrap(), bare, "{same}");
    }
    for other in ["'P1'", "'^^^&amp;1.2.3&amp;ISO'", "'P1^^^&amp;1.2.3'", "'P1^^^1.2.3'"] {
        refused(find(other), ErrorCode::Internal);
    }
}

#[test]
fn an_empty_list_is_as_good_as_none() {
    let status: (&str, &[&str]) = ("$XDSDocumentEntryStatus", &[APPROVED]);
    let patient: (&str, &[&str]) = ("$XDSDocumentEntryPatientId", &[PATIENT]);
    let id: (&str, &[&str]) = ("$XDSDocumentEntryUniqueId", &["'1.2.3'"]);
    let reference_id: (&str, &[&str]) = ("$XDSDocumentEntryReferenceIdList", &["()"]);
    let required = [
        ask(FindDocuments::ID, &[("$XDSDocumentEntryPatientId", &["()"]), status]),
        ask(FindDocuments::ID, &[patient, ("$XDSDocumentEntryStatus", &["()"])]),
        ask(FindDocuments::ID, &[patient, ("$XDSDocumentEntryStatus", &["", "  "])]),
        ask(FindDocumentsByReferenceId::ID, &[patient, status, reference_id]),
        ask(GetDocuments::ID, &[("$XDSDocumentEntryUniqueId", &["()"])]),
        ask(GetAssociations::ID, &[("$uuid", &["()", " ( ) "])]),
        ask(GetRelatedDocuments::ID, &[id, ("$AssociationTypes", &["()"])]),
    ];
    for answer in required {
        refused(answer, ErrorCode::StoredQueryMissingParam);
    }
    let optional = find_documents(&[
        ("$XDSDocumentEntryClassCode", &["()"]),
        ("$XDSDocumentEntryEventCodeList", &["()"]),
        ("$XDSDocumentEntryType", &["()"]),
    ]);
    assert_eq!(optional.unwrap().filter, DocumentFilter::default());
    let both: [(&str, &[&str]); 2] = [id, ("$XDSDocumentEntryEntryUUID", &["()"])];
    assert!(ask(GetDocuments::ID, &both).is_ok());
}

#[test]
fn names_every_wrong_parameter_in_one_answer() {
    let errors = ask(GetAll::ID, &[]).unwrap_err();
    let places: Vec<_> = errors.0.iter().filter_map(|error| error.location.as_deref()).collect();
    let all = ["$patientId", "$XDSDocumentEntryStatus", "$XDSSubmissionSetStatus", "$XDSFolderStatus"];
    assert_eq!(places, all);
    let slots = all.map(|name| -> (&str, &[&str]) { (name, &["('urn:oasis:unknown')"]) });
    let errors = ask(GetAll::ID, &slots).unwrap_err();
    let places: Vec<_> = errors.0.iter().filter_map(|error| error.location.as_deref()).collect();
    assert_eq!(places, all, "{errors}");
}

#[test]
fn refuses_two_kinds_of_ids_at_once() {
    let slots: [(&str, &[&str]); 2] = [
        ("$XDSDocumentEntryEntryUUID", &["('urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4')"]),
        ("$XDSDocumentEntryUniqueId", &["('1.2.3')"]),
    ];
    refused(ask(GetDocuments::ID, &slots), ErrorCode::StoredQueryParamNumber);
}

#[test]
fn refuses_several_values_where_one_is_meant() {
    let slots: [(&str, &[&str]); 1] = [("$XDSSubmissionSetUniqueId", &["'1.2.3'", "'1.2.4'"])];
    refused(ask(GetSubmissionSetAndContents::ID, &slots), ErrorCode::StoredQueryParamNumber);
}

#[test]
fn refuses_a_repeated_slot_that_cannot_mean_and() {
    let class: (&str, &[&str]) = ("$XDSDocumentEntryClassCode", &["('a^^1.2')"]);
    refused(find_documents(&[class, class]), ErrorCode::StoredQueryParamNumber);
    let event: (&str, &[&str]) = ("$XDSDocumentEntryEventCodeList", &["('a^^1.2')"]);
    assert_eq!(find_documents(&[event, event]).unwrap().filter.event_code_list.len(), 2);
}

#[test]
fn refuses_a_code_without_its_scheme() {
    for value in ["('X')", "('X^^')"] {
        refused(find_documents(&[("$XDSDocumentEntryClassCode", &[value])]), ErrorCode::Internal);
    }
}

#[test]
fn refuses_values_that_cannot_be_read() {
    refused(find_documents(&[("$XDSDocumentEntryTypeCode", &["('a^^1.2'"])]), ErrorCode::Internal);
    refused(find_documents(&[("$XDSDocumentEntryCreationTimeFrom", &["2024x"])]), ErrorCode::Internal);
    refused(ask(GetAssociations::ID, &[("$uuid", &["('Document01')"])]), ErrorCode::Internal);
}

#[test]
fn ignores_unknown_statuses_unless_none_is_left() {
    let status = |value| {
        let slots: [(&str, &[&str]); 2] =
            [("$XDSDocumentEntryPatientId", &[PATIENT]), ("$XDSDocumentEntryStatus", value)];
        ask(FindDocuments::ID, &slots)
    };
    let approved = "'urn:oasis:names:tc:ebxml-regrep:StatusType:Approved'";
    let list = format!("({approved},'urn:x:Submitted')");
    let values = [list.as_str()];
    let Query::FindDocuments(query) = status(&values).unwrap().query else { panic!("another query") };
    assert_eq!(query.status, [AvailabilityStatus::Approved]);
    assert!(status(&["('Approved','Deprecated')"]).is_ok());
    refused(status(&["('urn:x:Submitted')"]), ErrorCode::StoredQueryMissingParam);
}

#[test]
fn refuses_an_unknown_query() {
    refused(ask("urn:uuid:00000000-0000-0000-0000-000000000000", &[]), ErrorCode::UnknownStoredQuery);
}

#[test]
fn refuses_a_return_type_that_is_not_of_xds() {
    let written = StoredQuery::leaf_class(every_query().remove(0)).request().write();
    assert!(read(&written).is_ok());
    refused(read(&written.replace("LeafClass", "RegistryObject")), ErrorCode::Internal);
    refused(read(&written.replace("returnType=\"LeafClass\"", "")), ErrorCode::Internal);
}

fn answer(response: QueryResponse) -> QueryResponse {
    let (body, _) = response.write(Flavour::Registry);
    let body = Element::parse(body.write().as_bytes(), &Limits::default()).unwrap();
    QueryResponse::read(Message::new(StoredQuery::RESPONSE_ACTION, body, Encoding::Simple)).unwrap()
}

#[test]
fn an_answer_without_objects_still_has_its_list() {
    let (body, _) = QueryResponse::default().write(Flavour::Registry);
    assert_eq!(body.attribute("status"), Some("urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"));
    assert!(body.child(RIM, "RegistryObjectList").is_some());
    let refusal = RegistryError::new(ErrorCode::TooManyResults, "too many");
    let (body, _) = QueryResponse::refusal(refusal.into()).write(Flavour::Registry);
    assert_eq!(body.attribute("status"), Some("urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"));
    assert!(body.child(RIM, "RegistryObjectList").is_some());
}

#[test]
fn written_objects_are_read_like_others() {
    let (id, source, target) = (uuid(1).into(), uuid(2).into(), uuid(3).into());
    let association = metadata::Association {
        availability_status: Some(AvailabilityStatus::Approved),
        ..metadata::Association::new(AssociationType::HasMember, id, source, target)
    };
    let object = Object::Association(association);
    let reference = Found::Reference { id: ObjectId::Uuid(uuid(9)), home: "urn:oid:1.2".parse().ok() };
    let response = QueryResponse::of(vec![Found::Written(object.write().into()), reference.clone()]);
    let read = answer(response.clone());
    assert_eq!(read.found, [Found::Object(Box::new(object.clone())), reference]);
    assert_eq!(read.references().collect::<Vec<_>>(), [&ObjectId::Uuid(uuid(9))]);
    assert_eq!(response.into_objects(), (vec![object.clone()], RegistryErrors::default()));
    assert_eq!(read.into_objects(), (vec![object], RegistryErrors::default()));
}

#[test]
fn a_kept_object_that_is_no_xml_is_a_warning_too() {
    let (objects, errors) = QueryResponse::of(vec![Found::Written("<cut".into())]).into_objects();
    assert!(objects.is_empty());
    assert!(!errors.is_empty() && !errors.is_failure(), "{errors}");
}

#[test]
fn an_object_that_cannot_be_read_is_a_warning_and_not_the_end() {
    let response = QueryResponse::of(vec![Found::Written(
        r#"<ExtrinsicObject xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="urn:uuid:1"/>"#.into(),
    )]);
    let read = answer(response);
    assert!(read.found.is_empty());
    assert!(!read.errors.is_empty() && !read.errors.is_failure(), "{}", read.errors);
}
