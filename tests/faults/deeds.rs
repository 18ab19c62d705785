//! What clients do: submit, replace, add to, file in folders (ITI-41 and ITI-42).

use std::sync::Arc;

use actors::source::{provide, replace};
use actors::transactions::documents::Outgoing;
use actors::transactions::{Register, RegistryResponse};
use actors::{CallError, Partner};
use metadata::{
    Association, AssociationType, DocumentEntry, EntryUuid, Flavour, Folder, ObjectId, PatientId, Submission,
    SubmissionSetStatus, UniqueId, sample_with_folder,
};
use soap::parts::Content;
use tests::Node;

use crate::ledger::{Attempt, Known, Outcome, Page};
use crate::random::{Bytes, Random};

/// Documents are smaller, or larger by [`LARGE`].
const USUAL: u64 = 64 << 10;
/// What a large document has more: it is written in pieces, under another name at first.
const LARGE: usize = 2 << 20;

/// Someone who submits to a node.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    registry: Partner,
    repository: Partner,
    random: Random,
}

impl Client {
    /// One of several who share a seed.
    pub(crate) fn new(node: &Node, seed: u64, number: u64) -> Self {
        let random = Random::new(seed, number);
        Self { registry: node.registry(), repository: node.repository(), random }
    }

    /// What it decides by.
    pub(crate) const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Submits something of a patient. The error is that no answer came.
    pub(crate) async fn submit(&mut self, page: &Page) -> Result<Arc<Attempt>, CallError> {
        let attempt = self.attempt(page);
        let attempt = page.note(attempt);
        self.send(&attempt).await.map(|()| attempt)
    }

    /// Submits the same thing twice at once.
    pub(crate) async fn submit_twice(&mut self, page: &Page) -> Result<[Arc<Attempt>; 2], CallError> {
        let first = page.note(self.attempt(page));
        // The same uniqueIds, so that one excludes the other; other entryUUIDs, so that we see which it was.
        let mut again = first.submission.clone();
        rename(&mut again, &mut self.random);
        let second = page.note(Attempt::new(again, first.documents.clone()));
        let (one, two) = tokio::join!(self.send(&first), self.send(&second));
        one.and(two).map(|()| [first, second])
    }

    fn attempt(&mut self, page: &Page) -> Attempt {
        let known = page.known();
        let patient = &page.patient;
        if let Some((folder, entry)) = self.filing(&known) {
            return Attempt::new(filed(patient, folder, entry, &mut self.random), None);
        }
        let entries = if self.random.percent(15) { 3 } else { 1 };
        let mut submission = documents(patient, entries, &mut self.random);
        self.relate(&mut submission, &known);
        if self.random.percent(20) {
            into_new_folder(&mut submission, &mut self.random);
        }
        let elsewhere = self.random.percent(30);
        let documents = (!elsewhere).then(|| self.contents(&mut submission));
        let random = &mut self.random;
        submission.assign_uuids(|| EntryUuid::from(random.uuid()));
        Attempt::new(submission, documents)
    }

    /// A folder and a document to put into it, now and then.
    fn filing(&mut self, known: &Known) -> Option<(EntryUuid, EntryUuid)> {
        let often = self.random.percent(12);
        let (folder, entry) = (self.random.one_of(&known.folders), self.random.one_of(&known.current));
        folder.copied().zip(entry.copied()).filter(|_| often)
    }

    /// Lets the first entry replace another, or add to one; now and then one that is replaced already.
    fn relate(&mut self, submission: &mut Submission, known: &Known) {
        let id = submission.entries.first().unwrap().entry_uuid.clone();
        let late = self.random.percent(5);
        let targets = if late { &known.replaced } else { &known.current };
        // The youngest, so that several choose the same.
        let youngest = targets.get(targets.len().saturating_sub(3)..).unwrap_or_default();
        let Some(target) = self.random.one_of(youngest).copied() else { return };
        match self.random.below(100) {
            0..35 => replace(submission, &id, target),
            35..50 => {
                let association = association(AssociationType::Append, "append-1", id, target.into());
                submission.associations.push(association);
            }
            _ => {}
        }
    }

    /// What the documents of our own repository hold; it fills in their hash and size.
    fn contents(&mut self, submission: &mut Submission) -> Vec<Bytes> {
        let random = &mut self.random;
        let contents = submission.entries.iter_mut().map(|entry| {
            (entry.hash, entry.size, entry.repository_unique_id) = (None, None, None);
            let more = if random.percent(3) { LARGE } else { 0 };
            Bytes { seed: random.next(), length: usize::try_from(random.below(USUAL)).unwrap() + more }
        });
        contents.collect()
    }

    /// Sends it and notes the answer.
    async fn send(&self, attempt: &Attempt) -> Result<(), CallError> {
        let submission = attempt.submission.clone();
        let (answer, flavour) = match &attempt.documents {
            None => (self.registry.ask(Register::new(submission)).await?, Flavour::Registry),
            Some(documents) => {
                let ids = submission.entries.iter().map(|entry| entry.entry_uuid.clone());
                let outgoing =
                    ids.zip(documents).map(|(id, bytes)| (id, outgoing(*bytes))).collect::<Vec<_>>();
                (provide(&self.repository, submission, outgoing).await?, Flavour::Repository)
            }
        };
        attempt.settle(outcome(&answer, flavour));
        Ok(())
    }
}

fn outgoing(bytes: Bytes) -> Outgoing {
    Outgoing { media_type: "application/dicom".to_owned(), content: Content::from(bytes.make()) }
}

fn outcome(answer: &RegistryResponse, flavour: Flavour) -> Outcome {
    if answer.is_success() {
        return Outcome::Kept;
    }
    let codes = answer.errors.0.iter().map(|error| error.code.name(flavour).to_owned());
    Outcome::Refused(codes.collect())
}

/// A submission set with so many fresh entries.
fn documents(patient: &PatientId, count: usize, random: &mut Random) -> Submission {
    let mut submission = empty(patient, random);
    let entry = sample_with_folder().entries.remove(0);
    for number in 0..count {
        let id = ObjectId::Symbolic(format!("Document{number}"));
        let brought = Association {
            submission_set_status: Some(SubmissionSetStatus::Original),
            ..member(&format!("brings-{number}"), &submission.submission_set.entry_uuid, &id)
        };
        submission.associations.push(brought);
        submission.entries.push(DocumentEntry {
            entry_uuid: id,
            unique_id: UniqueId::from(random.oid()),
            patient_id: Some(patient.clone()),
            ..entry.clone()
        });
    }
    submission
}

/// A submission set that brings nothing yet.
fn empty(patient: &PatientId, random: &mut Random) -> Submission {
    let mut set = sample_with_folder().submission_set;
    set.unique_id = random.oid();
    set.patient_id = Some(patient.clone());
    Submission { submission_set: set, entries: Vec::new(), folders: Vec::new(), associations: Vec::new() }
}

/// Puts the entries of a submission into a folder that comes with it.
fn into_new_folder(submission: &mut Submission, random: &mut Random) {
    let folder = Folder {
        unique_id: random.oid(),
        patient_id: submission.submission_set.patient_id.clone(),
        ..sample_with_folder().folders.remove(0)
    };
    let set = submission.submission_set.entry_uuid.clone();
    submission.associations.push(member("brings-folder", &set, &folder.entry_uuid));
    let entries: Vec<ObjectId> = submission.entries.iter().map(|entry| entry.entry_uuid.clone()).collect();
    for (number, entry) in entries.iter().enumerate() {
        put_into(submission, number, &folder.entry_uuid, entry);
    }
    submission.folders.push(folder);
}

/// A submission set that puts a registered document into a registered folder.
fn filed(patient: &PatientId, folder: EntryUuid, entry: EntryUuid, random: &mut Random) -> Submission {
    let mut submission = empty(patient, random);
    put_into(&mut submission, 0, &folder.into(), &entry.into());
    submission.assign_uuids(|| EntryUuid::from(random.uuid()));
    submission
}

fn put_into(submission: &mut Submission, number: usize, folder: &ObjectId, entry: &ObjectId) {
    let content = member(&format!("content-{number}"), folder, entry);
    let set = &submission.submission_set.entry_uuid;
    let brought = member(&format!("brings-content-{number}"), set, &content.entry_uuid);
    submission.associations.extend([content, brought]);
}

fn member(id: &str, source: &ObjectId, target: &ObjectId) -> Association {
    association(AssociationType::HasMember, id, source.clone(), target.clone())
}

fn association(kind: AssociationType, id: &str, source: ObjectId, target: ObjectId) -> Association {
    Association::new(kind, ObjectId::Symbolic(id.to_owned()), source, target)
}

/// Gives all of its objects other entryUUIDs.
fn rename(submission: &mut Submission, random: &mut Random) {
    let own: Vec<ObjectId> = submission.identities().map(|object| object.id.clone()).collect();
    let symbol = |id: &mut ObjectId| {
        if own.contains(id) {
            *id = ObjectId::Symbolic(id.to_string().replace("urn:uuid:", "again-"));
        }
    };
    symbol(&mut submission.submission_set.entry_uuid);
    submission.entries.iter_mut().for_each(|entry| symbol(&mut entry.entry_uuid));
    submission.folders.iter_mut().for_each(|folder| symbol(&mut folder.entry_uuid));
    for said in &mut submission.associations {
        [&mut said.entry_uuid, &mut said.source_object, &mut said.target_object].into_iter().for_each(symbol);
    }
    submission.assign_uuids(|| EntryUuid::from(random.uuid()));
}
