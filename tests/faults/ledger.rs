//! What was said to a node and what it answered: all that a judge needs to tell what must be there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use metadata::{Association, AssociationType, EntryUuid, PatientId, Submission};

use crate::random::Bytes;

/// A submission, and what came of it.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// All of its objects under UUIDs.
    pub(crate) submission: Submission,
    /// What its documents hold, in the order of its entries; none if they lie in another repository.
    pub(crate) documents: Option<Vec<Bytes>>,
    /// When it was sent.
    pub(crate) sent: Instant,
    outcome: Mutex<(Outcome, Option<Instant>)>,
    seen: AtomicBool,
}

/// Why an attempt is not there that nobody answered, in place of a code.
pub(crate) const GONE: &str = "no answer, and not there";

/// What is known of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It may be there or not, but never in part.
    Unknown,
    /// It was acknowledged, or seen after a crash: it is there.
    Kept,
    /// It was refused with these codes, or was not there after a crash: it is not there.
    Refused(Vec<String>),
}

impl Attempt {
    /// A submission that is about to be sent.
    pub(crate) fn new(submission: Submission, documents: Option<Vec<Bytes>>) -> Self {
        let outcome = Mutex::new((Outcome::Unknown, None));
        Self { submission, documents, sent: Instant::now(), outcome, seen: AtomicBool::new(false) }
    }

    /// What is known of it.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.lock().unwrap().0.clone()
    }

    /// When it became known.
    pub(crate) fn settled(&self) -> Option<Instant> {
        self.outcome.lock().unwrap().1
    }

    /// Notes what became known.
    pub(crate) fn settle(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap() = (outcome, Some(Instant::now()));
    }

    /// Whether it is known to be there.
    pub(crate) fn is_kept(&self) -> bool {
        self.outcome() == Outcome::Kept
    }

    /// Notes that somebody has seen something of it: then it must not be refused any more.
    pub(crate) fn see(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has.
    pub(crate) fn was_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    /// The ids of all its objects.
    pub(crate) fn ids(&self) -> Vec<EntryUuid> {
        self.submission.identities().map(|object| object.id.uuid().unwrap()).collect()
    }

    /// The ids of its entries.
    pub(crate) fn entries(&self) -> Vec<EntryUuid> {
        self.submission.entries.iter().map(|entry| entry.entry_uuid.uuid().unwrap()).collect()
    }

    /// Its associations of a kind.
    pub(crate) fn associations(&self, kind: AssociationType) -> impl Iterator<Item = &Association> {
        self.submission.associations.iter().filter(move |said| said.association_type == kind)
    }

    /// What it puts in the place of what: the new entries by the old ones.
    pub(crate) fn replaces(&self) -> impl Iterator<Item = EntryUuid> {
        self.associations(AssociationType::Replace).map(|said| said.target_object.uuid().unwrap())
    }

    /// Which registered entries it needs to be current: those that it replaces, adds to or puts into folders.
    pub(crate) fn needs(&self) -> Vec<EntryUuid> {
        let own = self.ids();
        let targets = self.submission.associations.iter().filter_map(|said| said.target_object.uuid());
        targets.filter(|target| !own.contains(target)).collect()
    }
}

/// All that was said of one patient.
#[derive(Debug)]
pub(crate) struct Page {
    /// The patient.
    pub(crate) patient: PatientId,
    attempts: Mutex<Vec<Arc<Attempt>>>,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(patient: &str) -> Self {
        let patient = tests::Document::of(patient, "").patient();
        Self { patient, attempts: Mutex::default() }
    }

    /// Notes what is about to be sent.
    pub(crate) fn note(&self, attempt: Attempt) -> Arc<Attempt> {
        let attempt = Arc::new(attempt);
        self.attempts.lock().unwrap().push(Arc::clone(&attempt));
        attempt
    }

    /// All that was said so far.
    pub(crate) fn attempts(&self) -> Vec<Arc<Attempt>> {
        self.attempts.lock().unwrap().clone()
    }

    /// Entries and folders that may be referred to.
    pub(crate) fn known(&self) -> Known {
        let attempts = self.attempts();
        let mut replaced: HashMap<EntryUuid, bool> = HashMap::new();
        for attempt in &attempts {
            let kept = attempt.is_kept();
            attempt.replaces().for_each(|old| *replaced.entry(old).or_default() |= kept);
        }
        let mut known = Known::default();
        for attempt in attempts.iter().filter(|attempt| attempt.is_kept()) {
            for entry in attempt.entries() {
                let gone = replaced.get(&entry).copied().unwrap_or_default();
                if gone { known.replaced.push(entry) } else { known.current.push(entry) }
            }
            let folders = attempt.submission.folders.iter();
            known.folders.extend(folders.map(|folder| folder.entry_uuid.uuid().unwrap()));
        }
        known
    }
}

/// What clients refer to.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Entries that nobody is known to have replaced.
    pub(crate) current: Vec<EntryUuid>,
    /// Entries that somebody has replaced.
    pub(crate) replaced: Vec<EntryUuid>,
    /// Folders.
    pub(crate) folders: Vec<EntryUuid>,
}
