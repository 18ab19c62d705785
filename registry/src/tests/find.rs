//! The queries that find, and each of their parameters (ITI TF-2 3.18.4.1.2.3.7.1 to 7.4 and 7.14).

use actors::transactions::stored_query::{
    ContentFilter, DocumentFilter, FindDocuments, FindDocumentsByReferenceId, FindFolders,
    FindSubmissionSets, GetAll, GetDocuments, Ids, Pattern, Period, Query,
};
use metadata::{Code, ObjectType, Slot};

use super::*;
use crate::query::{MAX_RESULTS, OBJECT_REF_LIMIT};
use crate::store::{LARGEST, LARGEST_ANSWER};

const BOTH: [AvailabilityStatus; 2] = [AvailabilityStatus::Approved, AvailabilityStatus::Deprecated];

fn documents(filter: DocumentFilter) -> FindDocuments {
    FindDocuments { patient_id: PATIENT.parse().unwrap(), status: vec![AvailabilityStatus::Approved], filter }
}

/// Whether the sample document passes.
async fn passes(house: &House, filter: DocumentFilter) -> bool {
    !house.get(Query::FindDocuments(documents(filter))).await.is_empty()
}

async fn with_sample() -> House {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    house
}

fn code(code: &str, scheme: &str) -> Vec<Code> {
    vec![Code::new("other", "1.1", ""), Code::new(code, scheme, "not compared")]
}

fn period(from: &str, to: &str) -> Period {
    Period { from: from.parse().ok(), to: to.parse().ok() }
}

#[tokio::test]
async fn finds_documents_by_each_code() {
    let house = with_sample().await;
    let none = DocumentFilter::default;
    let event = || code("CT", "1.2.840.10008.2.16.4");
    let matching = [
        none(),
        DocumentFilter { class_code: code("IMAGES", "1.3.6.1.4.1.19376.1.2.6.1"), ..none() },
        DocumentFilter { type_code: code("73569-6", "2.16.840.1.113883.6.1"), ..none() },
        DocumentFilter { practice_setting_code: code("394914008", "2.16.840.1.113883.6.96"), ..none() },
        DocumentFilter { healthcare_facility_type_code: code("HOSP", "2.16.840.1.113883.5.111"), ..none() },
        DocumentFilter { event_code_list: vec![event(), event()], ..none() },
    ];
    for filter in matching {
        assert!(passes(&house, filter.clone()).await, "{filter:?}");
    }
    let others = [
        DocumentFilter { class_code: code("IMAGES", "1.2"), ..none() },
        DocumentFilter { type_code: code("IMAGES", "1.3.6.1.4.1.19376.1.2.6.1"), ..none() },
        DocumentFilter { practice_setting_code: code("x", "1.2"), ..none() },
        DocumentFilter { healthcare_facility_type_code: code("x", "1.2"), ..none() },
        DocumentFilter { event_code_list: vec![event(), code("x", "1.2")], ..none() },
    ];
    for filter in others {
        assert!(!passes(&house, filter.clone()).await, "{filter:?}");
    }
}

#[tokio::test]
async fn finds_documents_by_what_they_contain() {
    let house = with_sample().await;
    let format = || code("1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.2.6.1");
    let normal = || code("N", "2.16.840.1.113883.5.25");
    let content = |content| DocumentFilter { content, ..DocumentFilter::default() };
    let none = ContentFilter::default;
    assert!(passes(&house, content(ContentFilter { format_code: format(), ..none() })).await);
    assert!(!passes(&house, content(ContentFilter { format_code: normal(), ..none() })).await);
    let confidentiality_code = vec![normal()];
    assert!(passes(&house, content(ContentFilter { confidentiality_code, ..none() })).await);
    let confidentiality_code = vec![normal(), format()];
    assert!(!passes(&house, content(ContentFilter { confidentiality_code, ..none() })).await);
    let types = |object_type| content(ContentFilter { object_type, ..none() });
    assert!(passes(&house, types(vec![ObjectType::Stable, ObjectType::OnDemand])).await);
    assert!(!passes(&house, types(vec![ObjectType::OnDemand])).await);
}

#[tokio::test]
async fn finds_documents_by_their_times() {
    let house = with_sample().await;
    let created = |creation_time| DocumentFilter { creation_time, ..DocumentFilter::default() };
    assert!(passes(&house, created(period("20240305101500", "20240305101501"))).await);
    assert!(passes(&house, created(period("2024", "2025"))).await);
    assert!(passes(&house, created(period("", "2025"))).await);
    assert!(!passes(&house, created(period("20240305101501", ""))).await);
    assert!(!passes(&house, created(period("", "20240305101500"))).await);
    let started = |service_start_time| DocumentFilter { service_start_time, ..DocumentFilter::default() };
    assert!(passes(&house, started(period("202403051000", "202403051001"))).await);
    assert!(!passes(&house, started(period("202403051001", ""))).await);
    // The sample has no stop time, so that is not asked of it.
    let stopped = |service_stop_time| DocumentFilter { service_stop_time, ..DocumentFilter::default() };
    assert!(passes(&house, stopped(period("2030", "2031"))).await);
}

#[tokio::test]
async fn finds_documents_by_their_authors() {
    let house = with_sample().await;
    let by = |pattern: &str| DocumentFilter {
        author_person: vec![pattern.parse().unwrap()],
        ..Default::default()
    };
    for fits in ["%Peeters%", "^Peeters^A_", "^Peeters^An", "%"] {
        assert!(passes(&house, by(fits)).await, "{fits}");
    }
    for other in ["Peeters", "%peeters%", "%Welby%", "^Peeters^_"] {
        assert!(!passes(&house, by(other)).await, "{other}");
    }
}

#[tokio::test]
async fn finds_documents_by_status_and_patient() {
    let house = with_sample().await;
    house.register(related(2, AssociationType::Replace, house.uuid(&document_id(1)).await)).await;
    let find = |status: &[AvailabilityStatus], patient: &str| {
        let query = documents(DocumentFilter::default());
        Query::FindDocuments(FindDocuments {
            status: status.to_vec(),
            patient_id: patient.parse().unwrap(),
            ..query
        })
    };
    for (status, expected) in [(&BOTH[..1], "1.6.2"), (&BOTH[1..], "1.6.1")] {
        let found = house.get(find(status, PATIENT)).await;
        assert_eq!(
            found.iter().map(|object| object.identity().unique_id).collect::<Vec<_>>(),
            [Some(expected)]
        );
    }
    assert_eq!(house.get(find(&BOTH, PATIENT)).await.len(), 2);
    assert!(house.get(find(&BOTH, OTHER_PATIENT)).await.is_empty());
}

#[tokio::test]
async fn finds_documents_by_what_they_refer_to() {
    let house = with_sample().await;
    let study = "1.2.3.4.5.7^^^^urn:ihe:iti:xds:2016:studyInstanceUID";
    let pattern = |text: &str| -> Pattern { text.parse().unwrap() };
    let find = |groups: &[&[&str]]| {
        let groups = groups.iter().map(|group| group.iter().map(|text| pattern(text)).collect());
        Query::FindDocumentsByReferenceId(FindDocumentsByReferenceId {
            documents: documents(DocumentFilter::default()),
            reference_id: groups.collect(),
        })
    };
    let with_namespace = "1.2.3.4.5.7^^^Hospital^urn:ihe:iti:xds:2016:studyInstanceUID";
    for groups in [
        &[&[study][..]][..],
        &[&["x", study]],
        &[&[with_namespace]],
        &[&["1.2.3.4.5.7%"], &[study]],
        &[&["1.2.3.4.5__^^^^%"]],
    ] {
        assert_eq!(house.get(find(groups)).await.len(), 1, "{groups:?}");
    }
    for groups in [
        &[&["1.2.3.4.5.7"][..]][..],
        &[&[study], &["x"]],
        &[&["1.2.3^^^^urn:ihe:iti:xds:2016:studyInstanceUID"]],
        &[&["1.2.3.4.5__^^^^urn:ihe:iti:xds:2016:studyInstanceUID"]],
    ] {
        assert!(house.get(find(groups)).await.is_empty(), "{groups:?}");
    }
}

#[tokio::test]
async fn finds_submission_sets_by_each_parameter() {
    let house = with_sample().await;
    let any = || FindSubmissionSets {
        patient_id: PATIENT.parse().unwrap(),
        source_id: Vec::new(),
        submission_time: Period::default(),
        author_person: None,
        content_type_code: Vec::new(),
        status: BOTH.to_vec(),
    };
    let matching = [
        any(),
        FindSubmissionSets { source_id: vec!["1.2.3.4.5.4".parse().unwrap()], ..any() },
        FindSubmissionSets { submission_time: period("20240305102000", "20240305102001"), ..any() },
        FindSubmissionSets { author_person: "%Peeters%".parse().ok(), ..any() },
        FindSubmissionSets { content_type_code: code("DI", "2.16.840.1.113883.4.642.3.1"), ..any() },
    ];
    for query in matching {
        let found = house.get(Query::FindSubmissionSets(query.clone())).await;
        assert!(matches!(found[..], [Object::SubmissionSet(_)]), "{query:?}");
    }
    let others = [
        FindSubmissionSets { source_id: vec!["1.2".parse().unwrap()], ..any() },
        FindSubmissionSets { submission_time: period("", "20240305102000"), ..any() },
        FindSubmissionSets { author_person: "%Welby%".parse().ok(), ..any() },
        FindSubmissionSets { content_type_code: code("DI", "1.2"), ..any() },
        FindSubmissionSets { status: vec![AvailabilityStatus::Deprecated], ..any() },
        FindSubmissionSets { patient_id: OTHER_PATIENT.parse().unwrap(), ..any() },
    ];
    for query in others {
        assert!(house.get(Query::FindSubmissionSets(query.clone())).await.is_empty(), "{query:?}");
    }
}

#[tokio::test]
async fn finds_folders_by_each_parameter() {
    let house = with_sample().await;
    let any = || FindFolders {
        patient_id: PATIENT.parse().unwrap(),
        last_update_time: Period::default(),
        code_list: Vec::new(),
        status: BOTH.to_vec(),
    };
    let dose = || code("DOSE", "1.2.3.4.5.10");
    let matching = [
        any(),
        FindFolders { last_update_time: period("2020", "9999"), ..any() },
        FindFolders { code_list: vec![dose(), dose()], ..any() },
    ];
    for query in matching {
        let found = house.get(Query::FindFolders(query.clone())).await;
        assert!(matches!(found[..], [Object::Folder(_)]), "{query:?}");
    }
    let others = [
        FindFolders { last_update_time: period("", "2020"), ..any() },
        FindFolders { code_list: vec![dose(), code("x", "1.2")], ..any() },
        FindFolders { status: vec![AvailabilityStatus::Deprecated], ..any() },
    ];
    for query in others {
        assert!(house.get(Query::FindFolders(query.clone())).await.is_empty(), "{query:?}");
    }
}

#[tokio::test]
async fn gets_all_of_a_patient() {
    let house = with_sample().await;
    house.register(with_patient(document(2), OTHER_PATIENT)).await;
    let all = || GetAll {
        patient_id: PATIENT.parse().unwrap(),
        document_status: BOTH.to_vec(),
        submission_set_status: BOTH.to_vec(),
        folder_status: BOTH.to_vec(),
        content: ContentFilter::default(),
    };
    // A document, a set, a folder and four memberships.
    assert_eq!(house.get(Query::GetAll(all())).await.len(), 7);
    let without_documents = GetAll { document_status: vec![AvailabilityStatus::Deprecated], ..all() };
    assert_eq!(house.get(Query::GetAll(without_documents)).await.len(), 6);
    let content = ContentFilter { format_code: code("x", "1.2"), ..ContentFilter::default() };
    assert_eq!(house.get(Query::GetAll(GetAll { content, ..all() })).await.len(), 6);
}

#[tokio::test]
async fn answers_with_references_when_asked_for_them() {
    let house = with_sample().await;
    let query = StoredQuery::object_ref(Query::FindDocuments(documents(DocumentFilter::default())));
    let response = house.registry.query(&query).await.unwrap();
    let expected = ObjectId::from(house.uuid(&document_id(1)).await);
    assert_eq!(response.references().collect::<Vec<_>>(), [&expected]);
}

/// Keeps the entries that there are so many times more, where registering them would take too long.
async fn copy_entries(house: &House, times: usize) {
    const COPY: &str = "WITH RECURSIVE copy (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copy \
         WHERE number < $1) INSERT INTO object (key, uuid, kind, status, version, lid, unique_id, time, \
         service_start, service_stop, source, target, facets, dictionary, fragment) \
         SELECT key + 1000 + number, uuid, kind, status, version, lid, unique_id, time, service_start, \
         service_stop, source, target, facets, dictionary, fragment FROM object, copy WHERE kind = 1 $walk";
    let times = i64::try_from(times).unwrap();
    let copied = house
        .registry
        .database
        .write(move |writer| Box::pin(async move { writer.execute(COPY, [times.into()]).await }));
    copied.await.map_err(|error: DatabaseError| error).unwrap();
}

#[tokio::test]
async fn answers_ten_thousand_results_without_holding_them_and_refuses_more() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    copy_entries(&house, MAX_RESULTS - 1).await;
    let query = || Query::FindDocuments(documents(DocumentFilter::default()));
    let mut response = house.registry.query(&StoredQuery::leaf_class(query())).await.unwrap();
    assert_eq!(response.found.len(), MAX_RESULTS);
    response.found.truncate(2);
    let [one, other] = response.into_documents().try_into().unwrap();
    assert_eq!(one, other);
    house.register(document(2)).await;
    assert_eq!(house.refused_query(StoredQuery::leaf_class(query())).await, ErrorCode::TooManyResults);
    let response = house.registry.query(&StoredQuery::object_ref(query())).await.unwrap();
    assert_eq!(response.references().count(), MAX_RESULTS + 1);
    let old = DocumentFilter { creation_time: period("", "1990"), ..DocumentFilter::default() };
    assert!(house.get(Query::FindDocuments(documents(old))).await.is_empty());
}

#[tokio::test]
async fn gives_no_more_at_once_than_it_was_told_to() {
    let mut house = House::accepting().await;
    house.registry = house.registry.returning_at_most(1);
    for number in 1..=5 {
        house.register(document(number)).await;
    }
    let query = || Query::FindDocuments(documents(DocumentFilter::default()));
    assert_eq!(house.refused_query(StoredQuery::leaf_class(query())).await, ErrorCode::TooManyResults);
    let response = house.registry.query(&StoredQuery::object_ref(query())).await.unwrap();
    assert_eq!(response.references().count(), 5);
    house.register(document(6)).await;
    assert_eq!(house.refused_query(StoredQuery::object_ref(query())).await, ErrorCode::TooManyResults);
}

#[tokio::test]
async fn refuses_more_references_than_an_answer_may_hold() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    copy_entries(&house, OBJECT_REF_LIMIT).await;
    let query = Query::FindDocuments(documents(DocumentFilter::default()));
    assert_eq!(house.refused_query(StoredQuery::object_ref(query)).await, ErrorCode::TooManyResults);
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_needs_no_database() {
    let house = with_sample().await;
    let query = StoredQuery::leaf_class(Query::FindDocuments(documents(DocumentFilter::default())));
    let response = house.registry.query(&query).await.unwrap();
    drop(house);
    let (objects, errors) = response.into_objects();
    assert!(matches!(objects[..], [Object::Entry(_)]) && errors.is_empty(), "{errors}");
}

/// The sample with so much more said of its document.
fn heavy(number: u32, bytes: usize) -> Submission {
    let mut submission = document(number);
    submission.entries[0].extra.slots.push(Slot::new("urn:example:heavy", "x".repeat(bytes)));
    submission
}

#[tokio::test]
async fn refuses_larger_objects_than_an_answer_may_hold() {
    let house = House::accepting().await;
    assert_eq!(house.refusal(heavy(0, LARGEST)).await, [ErrorCode::Metadata]);
    let one = LARGEST - (16 << 10);
    house.register(heavy(0, one)).await;
    let entry = house.entry(&document_id(0)).await;
    assert_eq!(entry.extra.slots[0].values[0].len(), one);
    copy_entries(&house, LARGEST_ANSWER / one).await;
    let query = Query::FindDocuments(documents(DocumentFilter::default()));
    assert_eq!(house.refused_query(StoredQuery::leaf_class(query.clone())).await, ErrorCode::TooManyResults);
    let response = house.registry.query(&StoredQuery::object_ref(query)).await.unwrap();
    assert_eq!(response.references().count(), LARGEST_ANSWER / one + 1);
}

#[tokio::test]
async fn a_damaged_object_costs_itself_and_not_the_others_of_the_patient() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    house.register(document(2)).await;
    let uuid = house.uuid(&document_id(2)).await;
    let newest = "UPDATE object SET dictionary = 99 WHERE key = (SELECT MAX(key) FROM object WHERE kind = 1)";
    house.meddle(newest).await;
    let query = Query::FindDocuments(documents(DocumentFilter::default()));
    let response = house.registry.query(&StoredQuery::leaf_class(query)).await.unwrap();
    let [ref error] = response.errors.0[..] else { panic!("{}", response.errors) };
    assert_eq!((error.code.clone(), error.severity), (ErrorCode::Internal, metadata::Severity::Warning));
    assert!(error.context.contains(&uuid.to_string()), "{}", error.context);
    let [entry] = response.into_documents().try_into().unwrap();
    assert_eq!(entry.unique_id.as_str(), document_id(1));
    let alone = Query::GetDocuments(GetDocuments { ids: Ids::EntryUuids(vec![uuid]) });
    assert_eq!(house.refused_query(StoredQuery::leaf_class(alone)).await, ErrorCode::Internal);
}
