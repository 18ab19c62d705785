//! Asks one community for a patient's dose reports: ITI-18, then ITI-43 for what was not read before.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actors::CallError;
use actors::consumer::ConsumerError;
use actors::integrity::Altered;
use actors::transactions::stored_query::{ContentFilter, DocumentFilter, FindDocuments, Query};
use actors::transactions::{QueryResponse, StoredQuery};
use bytes::Bytes;
use dose::ReadError;
use futures_util::{StreamExt, stream};
use metadata::{AvailabilityStatus, Code, DocumentEntry, Object, PatientId, UniqueId};

use super::cache::Reading;
use super::{Asked, Community, Counted, Examination, Gap, GapKind, Integrity, Outcome, ReportCache, figure};

/// How many documents of one community are fetched at a time.
const FETCHED_AT_ONCE: usize = 4;

/// What came of asking one community.
pub(super) struct Answer {
    pub(super) asked: Asked,
    pub(super) examinations: Vec<Examination>,
    pub(super) gaps: Vec<Gap>,
}

/// Asks one community; what it gave before the deadline is kept.
pub(super) async fn one(
    community: &Community,
    patients: &[PatientId],
    kind: &Code,
    deadline: Duration,
    cache: &ReportCache,
) -> Answer {
    let known = |patient: &&PatientId| *patient.authority() == community.patient_authority;
    let patients: Vec<&PatientId> = patients.iter().filter(known).collect();
    if patients.is_empty() {
        return not_asked(community);
    }
    let began = Instant::now();
    let mut kinds = vec![dose::Description::default_codes().kind, kind.clone()];
    kinds.dedup_by(|a, b| a.means(b));
    let asking = Asking { community, kinds, cache, so_far: Mutex::default() };
    let in_time = tokio::time::timeout(deadline, asking.ask(&patients)).await.is_ok();
    asking.finish(began.elapsed(), (!in_time).then_some(deadline))
}

fn not_asked(community: &Community) -> Answer {
    let Community { name, patient_authority, .. } = community;
    let reason = format!("no identifier assigned by {patient_authority} is known for this patient");
    Answer {
        asked: Asked {
            community: name.clone(),
            took: Duration::ZERO,
            reached: false,
            outcome: Outcome::NotAsked,
        },
        examinations: Vec::new(),
        gaps: vec![Gap::whole(name, GapKind::NoIdentifier, reason)],
    }
}

struct Asking<'a> {
    community: &'a Community,
    /// The typeCodes of dose reports.
    kinds: Vec<Code>,
    cache: &'a ReportCache,
    so_far: Mutex<SoFar>,
}

#[derive(Default)]
struct SoFar {
    /// Whether anything came back from the registry.
    reached: bool,
    /// How many questions were asked and not answered yet.
    unanswered: usize,
    /// The documents that were found: several questions may find the same.
    found: BTreeSet<UniqueId>,
    /// Entries whose document has not come yet.
    waiting: BTreeMap<UniqueId, DocumentEntry>,
    examinations: Vec<Examination>,
    gaps: Vec<Gap>,
}

impl SoFar {
    /// Awaits the document of an entry that was not found before. What is another patient's, or nobody's, is not
    /// shown, whatever the question.
    fn await_document(
        &mut self,
        community: &Community,
        object: Object,
        patients: &[&PatientId],
    ) -> Option<DocumentEntry> {
        let Object::Entry(entry) = object else { return None };
        let reason = match &entry.patient_id {
            Some(id) if patients.contains(&id) => {
                let is_new = self.found.insert(entry.unique_id.clone());
                return is_new.then(|| {
                    self.waiting.insert(entry.unique_id.clone(), entry.clone());
                    entry
                });
            }
            Some(_) => "it gave an entry of another patient, which is not shown",
            None => "it gave an entry that does not say whose it is, which is not shown",
        };
        self.note(community, GapKind::Incomplete, reason.to_owned());
        None
    }

    /// Notes what is wrong with the community as a whole, once.
    fn note(&mut self, community: &Community, kind: GapKind, reason: String) {
        if self.gaps.iter().all(|gap| gap.reason != reason) {
            self.gaps.push(Gap::whole(&community.name, kind, reason));
        }
    }
}

impl Asking<'_> {
    async fn ask(&self, patients: &[&PatientId]) {
        let queries: Vec<_> = patients.iter().flat_map(|patient| queries(patient, &self.kinds)).collect();
        let together = queries.len();
        self.so_far().unanswered = together;
        // One question that is never answered keeps nothing back of what answers another.
        let entries = stream::iter(queries).map(async |query| {
            let answer = self.community.consumer.query(StoredQuery::leaf_class(query)).await;
            stream::iter(self.note_found(answer, patients))
        });
        let entries = entries.buffer_unordered(together).flatten();
        let fetches = entries.map(|entry| self.take(entry));
        fetches.buffer_unordered(FETCHED_AT_ONCE).collect::<()>().await;
    }

    /// Takes an answer; several may fail for the same reason.
    fn note_found(
        &self,
        answer: Result<QueryResponse, ConsumerError>,
        patients: &[&PatientId],
    ) -> Vec<DocumentEntry> {
        let mut so_far = self.so_far();
        so_far.unanswered -= 1;
        so_far.reached |=
            !matches!(answer, Err(ConsumerError::Call { error: CallError::Unreachable(_), .. }));
        match answer.map(QueryResponse::into_objects) {
            Ok((objects, warnings)) => {
                if !warnings.is_empty() {
                    so_far.note(self.community, GapKind::Incomplete, warnings.to_string());
                }
                let objects = objects.into_iter();
                objects.filter_map(|object| so_far.await_document(self.community, object, patients)).collect()
            }
            Err(error) => {
                so_far.note(self.community, GapKind::DidNotAnswer, error.to_string());
                Vec::new()
            }
        }
    }

    /// Takes in one document: from the cache, or from its repository.
    async fn take(&self, entry: DocumentEntry) {
        let reading = match self.cache.find(&entry) {
            Some(reading) => Ok(reading),
            None => self.fetch(&entry).await,
        };
        let mut so_far = self.so_far();
        so_far.waiting.remove(&entry.unique_id);
        match reading {
            // Only its format made it a candidate.
            Ok(Err((GapKind::NotADoseReport, _))) if !self.is_said_to_be_a_dose_report(&entry) => {
                so_far.found.remove(&entry.unique_id);
            }
            Ok(Ok(report)) if report.sop_instance_uid != entry.unique_id.as_str() => {
                let named = &report.sop_instance_uid;
                let reason =
                    format!("the report that came calls itself {named:?} (SOP Instance UID, 0008,0018)");
                so_far.gaps.push(Gap::document(&self.community.name, GapKind::Altered, reason, entry));
            }
            Ok(Ok(report)) => so_far.examinations.push(Examination {
                community: self.community.name.clone(),
                integrity: if entry.hash.is_some() { Integrity::Verified } else { Integrity::NoHash },
                counted: Counted::Whole,
                figures: figure::of_report(&report),
                entry,
                report,
            }),
            Ok(Err((kind, reason))) => {
                so_far.gaps.push(Gap::document(&self.community.name, kind, &*reason, entry));
            }
            Err((kind, reason)) => so_far.gaps.push(Gap::document(&self.community.name, kind, reason, entry)),
        }
    }

    /// Whether its type says so, or a format that nothing but dose reports has.
    fn is_said_to_be_a_dose_report(&self, entry: &DocumentEntry) -> bool {
        let means = |code: &Option<Code>, known: &[Code]| {
            code.as_ref().is_some_and(|code| known.iter().any(|known| known.means(code)))
        };
        means(&entry.type_code, &self.kinds) || means(&entry.format_code, &formats(DOSE_REPORTS))
    }

    /// The outer error says that the document did not come as it was registered, or that we failed; the inner one
    /// what it is instead.
    async fn fetch(&self, entry: &DocumentEntry) -> Result<Reading, (GapKind, String)> {
        let not_fetched = |error: ConsumerError| (GapKind::NotFetched, error.to_string());
        let content = self.community.consumer.fetch(entry).await.map_err(not_fetched)?;
        let bytes = content.collect(dose::MAX_LENGTH).await.map_err(|error| broken(&error))?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if let Some(registered) = entry.size.filter(|registered| *registered != size) {
            let reason = format!("{size} bytes came, {registered} are registered (ITI TF-3 4.2.3.2.21)");
            return Err((GapKind::Altered, reason));
        }
        let reading = read(bytes).await?;
        self.cache.keep(entry, size, reading.clone());
        Ok(reading)
    }

    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(self, took: Duration, too_late: Option<Duration>) -> Answer {
        let name = &self.community.name;
        let SoFar { reached, unanswered, found, waiting, examinations, mut gaps } =
            self.so_far.into_inner().unwrap_or_else(PoisonError::into_inner);
        let documents = found.len();
        if let Some(deadline) = too_late {
            let late = format!("no answer within {} s", deadline.as_secs_f64());
            if unanswered > 0 {
                gaps.push(Gap::whole(name, GapKind::DidNotAnswer, late.as_str()));
            }
            let missing = waiting.into_values();
            gaps.extend(missing.map(|entry| Gap::document(name, GapKind::NotFetched, late.as_str(), entry)));
        }
        let failed = gaps.iter().any(|gap| gap.document.is_none());
        let outcome = if failed { Outcome::Failed { documents } } else { Outcome::Answered { documents } };
        Answer { asked: Asked { community: name.clone(), took, reached, outcome }, examinations, gaps }
    }
}

/// Reading is work for the processor: it is done beside the tasks that wait for answers.
async fn read(bytes: Bytes) -> Result<Reading, (GapKind, String)> {
    match tokio::task::spawn_blocking(move || dose::read(&bytes)).await {
        Ok(Ok(report)) => Ok(Ok(Arc::new(report))),
        Ok(Err(error)) => {
            let other =
                matches!(error, ReadError::NotDoseReport { .. } | ReadError::NotStructuredReport { .. });
            let kind = if other { GapKind::NotADoseReport } else { GapKind::Unreadable };
            Ok(Err((kind, error.to_string().into())))
        }
        Err(error) => Err((GapKind::Unreadable, format!("the reader stopped: {error}"))),
    }
}

fn broken(error: &io::Error) -> (GapKind, String) {
    let altered = error.get_ref().is_some_and(|error| error.is::<Altered>());
    (if altered { GapKind::Altered } else { GapKind::NotFetched }, error.to_string())
}

/// The questions that find dose reports: by what kind of document it is, and by its format, for not every source
/// gives both.
fn queries(patient: &PatientId, kinds: &[Code]) -> impl Iterator<Item = Query> + use<> {
    let by_type = DocumentFilter { type_code: kinds.to_vec(), ..DocumentFilter::default() };
    let format_code = [formats(DOSE_REPORTS), formats(CARRIERS)].concat();
    let content = ContentFilter { format_code, ..ContentFilter::default() };
    let by_format = DocumentFilter { content, ..DocumentFilter::default() };
    let patient_id = patient.clone();
    [by_type, by_format].into_iter().map(move |filter| {
        let status = vec![AvailabilityStatus::Approved];
        Query::FindDocuments(FindDocuments { patient_id: patient_id.clone(), status, filter })
    })
}

/// The SOP classes of dose reports.
const DOSE_REPORTS: &[&str] =
    &["1.2.840.10008.5.1.4.1.1.88.67", "1.2.840.10008.5.1.4.1.1.88.68", "1.2.840.10008.5.1.4.1.1.88.76"];

/// The SOP classes of reports on anything, in which some devices send doses: Enhanced, Comprehensive,
/// Comprehensive 3D and Extensible SR.
const CARRIERS: &[&str] = &[
    "1.2.840.10008.5.1.4.1.1.88.22",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.34",
    "1.2.840.10008.5.1.4.1.1.88.35",
];

/// SOP classes in the coding scheme of DICOM UIDs.
fn formats(classes: &[&str]) -> Vec<Code> {
    classes.iter().map(|class| Code::new(*class, "1.2.840.10008.2.6.1", "")).collect()
}
