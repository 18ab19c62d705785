//! Histories of invented communities: partners on the same node that answer from a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::audit::Audit;
use actors::transactions::documents::Outgoing;
use actors::transactions::stored_query::{Found, Query};
use actors::transactions::{QueryResponse, Retrieve, RetrieveResponse, Retrieved, StoredQuery};
use actors::{Endpoint, Partner};
use dose::{
    Code, DoseLengthProduct, DoseReport, IrradiationEvent, Measured, Modality, Moment, Origin, Patient,
    StatedUnit, Study, Template, Totals,
};
use metadata::{DocumentEntry, ErrorCode, Hash, Object, RegistryError, RegistryErrors};
use sha1::{Digest, Sha1};
use soap::parts::Content;
use soap::peer::Peer;

use super::*;

pub(crate) const REPOSITORY: &str = "1.2.3.9";
const BELGIUM: &str = "1.2.3.4";
const FRANCE: &str = "1.2.3.5";

pub(crate) fn entry(id: &str) -> DocumentEntry {
    DocumentEntry {
        unique_id: id.parse().unwrap(),
        repository_unique_id: Some(REPOSITORY.parse().unwrap()),
        hash: None,
        size: None,
        patient_id: None,
        type_code: Some(kind()),
        ..metadata::sample().entries.remove(0)
    }
}

fn kind() -> metadata::Code {
    dose::Description::default_codes().kind
}

pub(crate) fn moment(text: &str) -> Option<Moment> {
    Some(Moment::parse(text).unwrap())
}

pub(crate) fn ct_event(uid: &str, dlp: f64) -> IrradiationEvent {
    let unit = StatedUnit::Stated("mGy.cm".to_owned());
    let measured = Measured { amount: DoseLengthProduct::new(dlp), origin: Origin::Event, unit };
    IrradiationEvent {
        uid: Some(uid.to_owned()),
        dose_length_product: Some(measured),
        ..IrradiationEvent::default()
    }
}

/// A CT report whose total is what its events add up to.
pub(crate) fn report(id: &str, events: Vec<IrradiationEvent>) -> DoseReport {
    let mut totals = Totals::default();
    let sum = events.iter().filter_map(|event| Some(event.dose_length_product.as_ref()?.amount)).sum();
    totals.dose_length_product.stated = Some(Measured {
        amount: sum,
        origin: Origin::Accumulated,
        unit: StatedUnit::Stated("mGy.cm".to_owned()),
    });
    DoseReport {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.88.67".to_owned(),
        sop_instance_uid: id.to_owned(),
        transfer_syntax_uid: "1.2.840.10008.1.2.1".to_owned(),
        content_time: moment("20240305101500"),
        completion: None,
        modality: Modality::Ct,
        template: Template::Ct,
        root: Code { value: "113701".to_owned(), scheme: "DCM".to_owned(), meaning: String::new() },
        patient: Patient { name: Some("Peeters^An".to_owned()), ..Patient::default() },
        study: Study { uid: Some("1.2.3.4.5.7".to_owned()), ..Study::default() },
        device: dose::Device::default(),
        institution: dose::Institution::default(),
        procedure_reported: None,
        intent: None,
        device_type: None,
        scope: None,
        source: None,
        authorised_by: None,
        irradiation_start: moment("20240305101000"),
        irradiation_end: None,
        totals,
        events,
        notes: Vec::new(),
    }
}

pub(crate) fn examination(community: &str, report: DoseReport) -> Examination {
    Examination {
        community: community.to_owned(),
        entry: entry(&report.sop_instance_uid),
        integrity: Integrity::Verified,
        counted: Counted::Whole,
        figures: figure::of_report(&report),
        report: Arc::new(report),
    }
}

/// What an invented community holds.
#[derive(Default)]
pub(crate) struct Shelf {
    entries: Vec<DocumentEntry>,
    documents: BTreeMap<String, Vec<u8>>,
    refusal: Option<RegistryErrors>,
    nonsense: Option<&'static str>,
    registry_is_silent: bool,
    repository_is_silent: bool,
    /// Whether it never answers a question for formats.
    knows_no_formats: bool,
    /// Whether its entries do not say whose they are.
    is_anonymous: bool,
}

impl Shelf {
    /// Registers a document as it is.
    fn with(mut self, id: &str, document: &[u8]) -> Self {
        let size = u64::try_from(document.len()).unwrap();
        let hash = Some(Hash::from_bytes(Sha1::digest(document).into()));
        self.entries.push(DocumentEntry { hash, size: Some(size), ..entry(id) });
        self.documents.insert(id.to_owned(), document.to_vec());
        self
    }

    fn community(self, name: &str, authority: &str) -> Community {
        let shelf = Arc::new(self);
        let endpoint = || Endpoint::new(Audit::none());
        let registry = endpoint().answers(&shelf, answer_query);
        let repository = endpoint().answers(&shelf, answer_retrieve);
        let partner = |endpoint| Partner::local(Arc::new(endpoint), Audit::none());
        Community {
            name: name.to_owned(),
            patient_authority: authority.parse().unwrap(),
            consumer: Consumer::new(partner(registry)).with_repository(REPOSITORY, partner(repository)),
        }
    }
}

async fn answer_query(
    shelf: Arc<Shelf>,
    asked: StoredQuery,
    _: Peer,
) -> Result<QueryResponse, RegistryErrors> {
    let Query::FindDocuments(question) = asked.query else { panic!("another question") };
    let filter = question.filter;
    if shelf.registry_is_silent || shelf.knows_no_formats && filter.type_code.is_empty() {
        std::future::pending::<()>().await;
    }
    if let Some(errors) = &shelf.refusal {
        return Err(errors.clone());
    }
    let object = |entry: &DocumentEntry| {
        let whose = Some(question.patient_id.clone()).filter(|_| !shelf.is_anonymous);
        let entry = DocumentEntry { patient_id: entry.patient_id.clone().or(whose), ..entry.clone() };
        Found::Object(Box::new(Object::Entry(entry)))
    };
    let means = |wanted: &[metadata::Code], code: &Option<metadata::Code>| {
        wanted.is_empty() || wanted.iter().any(|wanted| code.as_ref().is_some_and(|code| code.means(wanted)))
    };
    let wanted = |entry: &&DocumentEntry| {
        means(&filter.type_code, &entry.type_code) && means(&filter.content.format_code, &entry.format_code)
    };
    let mut found: Vec<_> = shelf.entries.iter().filter(wanted).map(object).collect();
    found.extend(shelf.nonsense.map(|markup| Found::Written(markup.into())));
    Ok(QueryResponse::of(found))
}

async fn answer_retrieve(
    shelf: Arc<Shelf>,
    asked: Retrieve,
    _: Peer,
) -> Result<RetrieveResponse, RegistryErrors> {
    if shelf.repository_is_silent {
        std::future::pending::<()>().await;
    }
    let documents = asked.documents.into_iter().filter_map(|request| {
        let content = Content::from(shelf.documents.get(&request.document_unique_id)?.clone());
        let mime_type = "application/dicom".to_owned();
        let outgoing = Outgoing { media_type: mime_type.clone(), content };
        let retrieved =
            Retrieved { request, new_repository_unique_id: None, new_document_unique_id: None, mime_type };
        Some((retrieved, outgoing))
    });
    Ok(RetrieveResponse::new(RegistryErrors::default(), documents.collect::<Vec<_>>()))
}

fn patient(authority: &str) -> PatientId {
    PatientId::new("P1", authority.parse().unwrap()).unwrap()
}

/// Time is paused in tests that await it: only a partner that never answers lets it pass.
const DEADLINE: Duration = Duration::from_secs(5);

async fn history(communities: &[Community]) -> History {
    ask(communities, &[patient(BELGIUM), patient(FRANCE)], &kind(), DEADLINE, &ReportCache::default()).await
}

fn kinds(history: &History) -> Vec<GapKind> {
    history.gaps.iter().map(|gap| gap.kind).collect()
}

#[tokio::test(start_paused = true)]
async fn shows_the_others_when_a_community_never_answers() {
    let silent = Shelf { registry_is_silent: true, ..Shelf::default() };
    let communities =
        [Shelf::default().community("Hospital A", BELGIUM), silent.community("Hospital B", FRANCE)];
    let history = history(&communities).await;
    assert_eq!(history.asked[0].outcome, Outcome::Answered { documents: 0 });
    assert_eq!(history.asked[1].outcome, Outcome::Failed { documents: 0 });
    assert!(history.asked[0].reached && !history.asked[1].reached);
    assert_eq!(kinds(&history), [GapKind::DidNotAnswer]);
    assert_eq!(history.gaps[0].community, "Hospital B");
    assert_eq!(history.gaps[0].reason, "no answer within 5 s");
}

#[tokio::test(start_paused = true)]
async fn names_each_document_that_the_deadline_cut_off() {
    let slow = Shelf { repository_is_silent: true, ..Shelf::default() }.with("1.1", b"a").with("1.2", b"b");
    let history = history(&[slow.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::NotFetched, GapKind::NotFetched]);
    let documents: Vec<_> =
        history.gaps.iter().map(|gap| gap.document.as_ref().unwrap().unique_id.as_str()).collect();
    assert_eq!(documents, ["1.1", "1.2"]);
}

#[tokio::test]
async fn does_not_ask_where_no_identifier_is_known() {
    let elsewhere = Shelf::default().with("1.1", b"a").community("Hospital C", "1.2.3.6");
    let history = history(&[elsewhere]).await;
    assert_eq!(kinds(&history), [GapKind::NoIdentifier]);
    assert_eq!(history.asked[0].outcome, Outcome::NotAsked);
}

#[tokio::test]
async fn names_what_is_wrong_with_each_document() {
    let mut shelf = Shelf::default().with("1.1", b"plain text").with("1.2", b"right").with("1.3", b"gone");
    shelf.documents.insert("1.2".to_owned(), b"wrong".to_vec());
    shelf.documents.remove("1.3");
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    let mut told: Vec<_> = history
        .gaps
        .iter()
        .map(|gap| (gap.document.as_ref().unwrap().unique_id.as_str(), gap.kind))
        .collect();
    told.sort_by_key(|(document, _)| *document);
    let expected = [("1.1", GapKind::Unreadable), ("1.2", GapKind::Altered), ("1.3", GapKind::NotFetched)];
    assert_eq!(told, expected);
    assert_eq!(history.asked[0].outcome, Outcome::Answered { documents: 3 });
}

#[tokio::test]
async fn gives_the_reason_of_a_registry_that_refuses() {
    let error = RegistryError::new(ErrorCode::Internal, "the archive is closed for stocktaking");
    let shelf = Shelf { refusal: Some(RegistryErrors::from(error)), ..Shelf::default() };
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::DidNotAnswer]);
    assert!(history.gaps[0].reason.contains("closed for stocktaking"), "{}", history.gaps[0].reason);
    assert!(history.asked[0].reached);
}

#[tokio::test]
async fn tells_of_an_entry_that_cannot_be_read() {
    let markup =
        r#"<rim:ExtrinsicObject xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="urn:uuid:1"/>"#;
    let shelf = Shelf { nonsense: Some(markup), ..Shelf::default() };
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::Incomplete]);
}

#[tokio::test]
async fn shows_nothing_of_another_patient() {
    let mut shelf = Shelf::default().with("1.1", b"a").with("1.2", b"b");
    shelf.entries[0].patient_id = Some(patient("1.2.3.99"));
    shelf.entries[1].patient_id = Some(patient(BELGIUM));
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::Incomplete, GapKind::Unreadable]);
    assert_eq!(history.gaps[1].document.as_ref().unwrap().unique_id.as_str(), "1.2");
}

#[tokio::test]
async fn shows_nothing_that_does_not_say_whose_it_is() {
    let shelf = Shelf { is_anonymous: true, ..Shelf::default() }.with("1.1", b"a");
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::Incomplete]);
    assert!(history.gaps[0].reason.contains("does not say whose"), "{}", history.gaps[0].reason);
}

#[tokio::test]
async fn shows_no_report_under_the_name_of_another() {
    let sample = dose::sample::all().remove(0);
    let shelf = Shelf::default().with("1.1", &sample.bytes);
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::Altered]);
    assert!(history.gaps[0].reason.contains(&sample.sop_instance_uid), "{}", history.gaps[0].reason);
}

#[tokio::test]
async fn keeps_what_answers_one_question_when_another_is_never_answered() {
    let shelf = Shelf { knows_no_formats: true, ..shelf_of_one_ct() };
    let community = shelf.community("Hospital A", BELGIUM);
    let deadline = Duration::from_millis(500);
    let history = ask(&[community], &[patient(BELGIUM)], &kind(), deadline, &ReportCache::default()).await;
    assert_eq!(history.examinations.len(), 1);
    assert_eq!(kinds(&history), [GapKind::DidNotAnswer]);
}

#[tokio::test]
async fn finds_reports_by_the_type_of_our_own_domain() {
    let ours = metadata::Code::new("dose", "1.2.3", "Dose report");
    let mut shelf = shelf_of_one_ct();
    shelf.entries[0].type_code = Some(ours.clone());
    shelf.entries[0].format_code = Some(metadata::Code::new("dose", "1.2.3", "Dose report"));
    let communities = [shelf.community("Hospital A", BELGIUM)];
    assert!(history(&communities).await.examinations.is_empty());
    let found = ask(&communities, &[patient(BELGIUM)], &ours, DEADLINE, &ReportCache::default()).await;
    assert_eq!(found.examinations.len(), 1);
    assert!(found.is_complete());
}

#[tokio::test]
async fn finds_doses_in_enhanced_reports_and_passes_over_what_else_they_hold() {
    let mut shelf = shelf_of_one_ct().with("1.9", &report_on_something_else());
    for entry in &mut shelf.entries {
        entry.type_code = Some(metadata::Code::new("other", "1.2.3", "Something else"));
        entry.format_code = Some(metadata::Code::new(ENHANCED_SR, "1.2.840.10008.2.6.1", ""));
    }
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(history.examinations.len(), 1);
    assert_eq!(kinds(&history), []);
    assert_eq!(history.asked[0].outcome, Outcome::Answered { documents: 1 });
}

#[tokio::test]
async fn tells_of_what_is_said_to_be_a_dose_report_and_is_none() {
    let shelf = Shelf::default().with("1.9", &report_on_something_else());
    let history = history(&[shelf.community("Hospital A", BELGIUM)]).await;
    assert_eq!(kinds(&history), [GapKind::NotADoseReport]);
}

#[tokio::test]
async fn is_not_complete_when_nobody_was_asked() {
    assert!(!history(&[]).await.is_complete());
}

fn shelf_of_one_ct() -> Shelf {
    let sample = dose::sample::all().remove(0);
    Shelf::default().with(&sample.sop_instance_uid, &sample.bytes)
}

const ENHANCED_SR: &str = "1.2.840.10008.5.1.4.1.1.88.22";

/// A whole DICOM file, an Enhanced SR without content.
fn report_on_something_else() -> Vec<u8> {
    let element = |tag: [u8; 4], value: &str| {
        let value = if value.len().is_multiple_of(2) { value.to_owned() } else { format!("{value}\0") };
        let length = u16::try_from(value.len()).unwrap().to_le_bytes();
        [&tag[..], b"UI", &length, value.as_bytes()].concat()
    };
    let meta = [element([2, 0, 2, 0], ENHANCED_SR), element([2, 0, 0x10, 0], "1.2.840.10008.1.2.1")];
    [vec![0; 128], b"DICM".to_vec(), meta.concat(), element([8, 0, 0x16, 0], ENHANCED_SR)].concat()
}

/// Charlotte's reports of one hospital, as it shares them.
fn shelf_of(hospital: &dose::sample::Hospital, patient: &str) -> Shelf {
    let samples = dose::sample::all();
    let hers = samples.iter().filter(|sample| sample.hospital == hospital && sample.patient_id == patient);
    hers.fold(Shelf::default(), |shelf, sample| shelf.with(&sample.sop_instance_uid, &sample.bytes))
}

/// What Charlotte is called in Belgium and in France.
pub(crate) fn charlottes_ids() -> [PatientId; 2] {
    use dose::sample::{BELGIAN_HOSPITAL, CHARLOTTE_IN_BELGIUM, CHARLOTTE_IN_FRANCE, FRENCH_HOSPITAL};
    let id = |id, authority: &str| PatientId::new(id, authority.parse().unwrap()).unwrap();
    [
        id(CHARLOTTE_IN_BELGIUM, BELGIAN_HOSPITAL.authority_oid),
        id(CHARLOTTE_IN_FRANCE, FRENCH_HOSPITAL.authority_oid),
    ]
}

/// Both hospitals, one with a document that is cut short, and one that never answers.
pub(crate) fn charlottes_communities() -> Vec<Community> {
    use dose::sample::{BELGIAN_HOSPITAL, CHARLOTTE_IN_BELGIUM, CHARLOTTE_IN_FRANCE, FRENCH_HOSPITAL};
    let belgian = shelf_of(&BELGIAN_HOSPITAL, CHARLOTTE_IN_BELGIUM).with("1.2.3.4.99", b"cut short");
    let french = shelf_of(&FRENCH_HOSPITAL, CHARLOTTE_IN_FRANCE);
    let silent = Shelf { registry_is_silent: true, ..Shelf::default() };
    vec![
        belgian.community(BELGIAN_HOSPITAL.name, BELGIAN_HOSPITAL.authority_oid),
        french.community(FRENCH_HOSPITAL.name, FRENCH_HOSPITAL.authority_oid),
        silent.community("Clinique du Silence", BELGIAN_HOSPITAL.authority_oid),
    ]
}

/// A Belgian community with two reports of which the later states the events of the earlier again, and more, and
/// another sex; both were read before.
pub(crate) fn two_reports_of_one_event() -> (Community, ReportCache) {
    let (mut shelf, cache) = (Shelf::default(), ReportCache::default());
    let mut later = report("1.2", vec![ct_event("2.1", 10.0), ct_event("2.2", 20.0)]);
    let mut earlier = report("1.1", vec![ct_event("2.1", 10.0)]);
    later.patient.sex = Some(dose::Sex::Male);
    earlier.patient.sex = Some(dose::Sex::Female);
    for (report, hash) in [(earlier, 1), (later, 2)] {
        let hash = Some(Hash::from_bytes([hash; 20]));
        let entry = DocumentEntry { hash, ..entry(&report.sop_instance_uid) };
        cache.keep(&entry, 1, Ok(Arc::new(report)));
        shelf.entries.push(entry);
    }
    (shelf.community("Hospital A", dose::sample::BELGIAN_HOSPITAL.authority_oid), cache)
}

async fn charlotte() -> History {
    let deadline = Duration::from_millis(300);
    ask(&charlottes_communities(), &charlottes_ids(), &kind(), deadline, &ReportCache::default()).await
}

#[tokio::test]
async fn tells_the_doses_of_two_hospitals_latest_first() {
    let history = charlotte().await;
    let clocks: Vec<_> = history.examinations.iter().map(Examination::clock).collect();
    assert!(clocks.is_sorted_by(|a, b| a >= b), "{clocks:?}");
    let hospitals: std::collections::BTreeSet<_> =
        history.examinations.iter().map(|examination| examination.community.as_str()).collect();
    assert_eq!(hospitals.len(), 2);
    let mut missing = kinds(&history);
    missing.sort_by_key(|kind| kind.name());
    assert_eq!(missing, [GapKind::DidNotAnswer, GapKind::Unreadable]);
}

#[tokio::test]
async fn says_in_text_and_json_what_is_known_and_what_is_missing() {
    let history = charlotte().await;
    let (text, json) = (history.to_string(), history.to_json());
    for said in
        ["Centre Hospitalier Sainte-Fictive", "dose length product", "Missing", "no answer within 0.3 s"]
    {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    assert_eq!(json["complete"], false);
    assert_eq!(json["examinations"].as_array().unwrap().len(), history.examinations.len());
    assert_eq!(json["gaps"].as_array().unwrap().len(), 2);
    let sum =
        json["sums"].as_array().unwrap().iter().find(|sum| sum["quantity"] == "dose-length-product").unwrap();
    let stated: f64 = dose::sample::all()
        .iter()
        .filter(|sample| sample.patient == &dose::sample::CHARLOTTE)
        .filter_map(|sample| Some(sample.expected.dose_length_product?.value()))
        .sum();
    assert!((sum["value"].as_f64().unwrap() - stated).abs() < 1e-6, "{sum}");
}
