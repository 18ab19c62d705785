//! Gives out all that is registered, submission by submission, so that another registry can take it in.
//!
//! The objects of one submission lie together, its submission set first, and the submissions of a patient lie in the
//! order of their registration: an object's key tells both (design D3).

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Reader};
use metadata::{AvailabilityStatus, EntryUuid, Mutable, Object as Said, PatientId, Submission, Timestamp};

use crate::Registry;
use crate::store::kept::{self, Kept};
use crate::store::{Key, Kind, Patient, PatientNumber, StoreError, patient};

/// Objects that are read at a time; a larger submission is read whole all the same.
const PAGE: i64 = 256;

/// A patient, with those who were merged into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The number of the patient.
    pub number: i64,
    /// The patient.
    pub id: PatientId,
    /// Under which numbers objects were registered, in an order in which they can be registered again.
    pub numbers: Vec<i64>,
    /// The other ids that the patient had.
    pub merged: Vec<PatientId>,
}

/// A submission as it was registered.
#[derive(Debug)]
pub struct Registered {
    /// Where its last object lies.
    pub last: i64,
    /// The patient that it was registered for: another than that of the submission after a merge.
    pub registered_for: PatientId,
    /// What was said, with UUIDs, for the patient as current.
    pub submission: Submission,
    /// What has become of each object since.
    pub states: Vec<State>,
}

/// What a registry says of an object, beside what was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The object.
    pub entry_uuid: EntryUuid,
    /// Whether it is current.
    pub status: AvailabilityStatus,
    /// The id that all its versions share.
    pub logical_id: EntryUuid,
    /// Its version.
    pub version: u32,
    /// When a document was last put into it: folders.
    pub last_update_time: Option<Timestamp>,
}

/// Some submissions of one patient number.
#[derive(Debug, Default)]
pub struct Submissions {
    /// Each, or what is wrong with it.
    pub submissions: Vec<Result<Registered, String>>,
    /// The key after which more follow; none at the end.
    pub next: Option<i64>,
}

impl Registry {
    /// The next patients after a number, without those who were merged into others.
    pub async fn persons(&self, after: i64, limit: u32) -> Result<Vec<Person>, StoreError> {
        self.database
            .read(move |reader| {
                Box::pin(async move {
                    let mut persons = Vec::new();
                    for patient in patient::after(reader, after, i64::from(limit)).await? {
                        persons.push(person(reader, patient).await?);
                    }
                    Ok(persons)
                })
            })
            .await
    }

    /// The patient with an id, or who survived the merge of them.
    pub async fn person(&self, id: &PatientId) -> Result<Option<Person>, StoreError> {
        let id = id.clone();
        self.database
            .read(move |reader| {
                let id = id.clone();
                Box::pin(async move {
                    let Some(found) = patient::find(reader, &id).await? else { return Ok(None) };
                    let current = patient::by_numbers(reader, HashSet::from([found.current()])).await?;
                    match current.into_values().next() {
                        Some(current) => person(reader, current).await.map(Some),
                        None => Ok(None),
                    }
                })
            })
            .await
    }

    /// The next submissions that were registered under a patient number, after a key (0 for the first).
    pub async fn submissions(&self, patient: i64, after: i64) -> Result<Submissions, StoreError> {
        self.database
            .read(move |reader| Box::pin(async move { submissions(reader, patient, after).await }))
            .await
    }
}

async fn person(reader: &mut Reader, patient: Patient) -> Result<Person, StoreError> {
    let merged = patient::merged_into(reader, patient.number).await?;
    let numbers = in_order(reader, patient.number, &merged).await?;
    let merged = patient::by_numbers(reader, merged.into_iter().collect()).await?;
    let mut merged: Vec<PatientId> = merged.into_values().map(|patient| patient.id).collect();
    merged.sort_by_key(ToString::to_string);
    let numbers = numbers.into_iter().map(PatientNumber::column).collect();
    Ok(Person { number: patient.number.column(), id: patient.id, numbers, merged })
}

/// The numbers of a patient in the order of the references between what was registered under them.
async fn in_order(
    reader: &mut Reader,
    survivor: PatientNumber,
    merged: &[PatientNumber],
) -> Result<Vec<PatientNumber>, DatabaseError> {
    if merged.is_empty() {
        return Ok(vec![survivor]);
    }
    let mut waiting: Vec<PatientNumber> = merged.to_vec();
    waiting.sort();
    waiting.push(survivor);
    let mut needs: HashMap<PatientNumber, HashSet<PatientNumber>> = HashMap::new();
    for number in &waiting {
        needs.insert(*number, referred_to(reader, *number).await?);
    }
    let mut ordered: Vec<PatientNumber> = Vec::new();
    while !waiting.is_empty() {
        let ready = |number: &PatientNumber| {
            let needed = needs.get(number).into_iter().flatten();
            needed.filter(|needed| *needed != number).all(|needed| !waiting.contains(needed))
        };
        // Nothing can be registered before what it refers to, so one is always ready.
        let at = waiting.iter().position(ready).unwrap_or_default();
        ordered.push(waiting.remove(at));
    }
    Ok(ordered)
}

/// The patient numbers that associations of a patient number lead to.
async fn referred_to(
    reader: &mut Reader,
    number: PatientNumber,
) -> Result<HashSet<PatientNumber>, DatabaseError> {
    const STATEMENT: &str = "SELECT source, target FROM object WHERE key >= $1 AND key < $2 \
         AND source IS NOT NULL AND (source < $1 OR source >= $2 OR target < $1 OR target >= $2)";
    let (first, end) = Key::range(number);
    let mut numbers = HashSet::new();
    for mut row in reader.rows(STATEMENT, [first.into(), end.into()]).await? {
        for key in [row.take::<Option<i64>>()?, row.take::<Option<i64>>()?].into_iter().flatten() {
            numbers.insert(Key::from_column(key).patient());
        }
    }
    Ok(numbers)
}

async fn submissions(reader: &mut Reader, patient: i64, after: i64) -> Result<Submissions, StoreError> {
    let number = PatientNumber::from_column(patient);
    let (first, end) = Key::range(number);
    let (objects, next) = whole_submissions(reader, after.max(first - 1), end).await?;
    let registered = patient::by_numbers(reader, HashSet::from([number])).await?;
    let current = patient::current(reader, HashSet::from([number])).await?;
    let (Some(registered), Some(current)) = (registered.get(&number), current.get(&number)) else {
        let problem = format!("patient {patient} is not there");
        return Ok(Submissions { submissions: vec![Err(problem)], next: None });
    };
    let is_set = |kept: &Kept| kept.object.kind == Kind::SubmissionSet;
    let groups = objects.chunk_by(|_, next| !is_set(next));
    let submissions = groups.map(|group| gather(group, registered, current)).collect();
    Ok(Submissions { submissions, next })
}

/// The next objects up to the end of a submission, and where the next begins, if there is one.
async fn whole_submissions(
    reader: &mut Reader,
    after: i64,
    end: i64,
) -> Result<(Vec<Kept>, Option<i64>), DatabaseError> {
    let mut objects: Vec<Kept> = Vec::new();
    let mut last = after;
    loop {
        let page = kept::page(reader, last, end, PAGE).await?;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        objects.extend(page);
        if is_last {
            return Ok((objects, None));
        }
        // The last submission may go on; it is for the next time, unless it is all that there is.
        let begins = objects.iter().rposition(|kept| kept.object.kind == Kind::SubmissionSet);
        if let Some(begins) = begins.filter(|begins| *begins > 0) {
            objects.truncate(begins);
            let next = objects.last().map(|kept| kept.object.key.column());
            return Ok((objects, next));
        }
        last = objects.last().map_or(end, |kept| kept.object.key.column());
    }
}

/// Puts a submission together from its objects.
fn gather(objects: &[Kept], registered: &Patient, current: &Patient) -> Result<Registered, String> {
    let last = objects.last().map_or(0, |kept| kept.object.key.column());
    let (mut set, mut entries, mut folders, mut associations) = (None, vec![], vec![], vec![]);
    for kept in objects {
        let key = kept.object.key.column();
        // The status, the version and the logical id are the registry's own, which another gives itself.
        let as_said = Mutable {
            status: AvailabilityStatus::Approved,
            logical_id: None,
            version: None,
            ..kept.current(Some(current))
        };
        let said = kept.said(&as_said).map_err(|error| format!("registry object {key}: {error}"))?;
        match said {
            Said::SubmissionSet(found) => set = Some(found),
            Said::Entry(entry) => entries.push(entry),
            Said::Folder(folder) => folders.push(folder),
            Said::Association(association) => associations.push(association),
        }
    }
    let submission_set =
        set.ok_or_else(|| format!("registry objects up to {last}: they are without a SubmissionSet"))?;
    Ok(Registered {
        last,
        registered_for: registered.id.clone(),
        submission: Submission { submission_set, entries, folders, associations },
        states: objects.iter().map(state).collect(),
    })
}

fn state(kept: &Kept) -> State {
    let current = kept.current(None);
    State {
        entry_uuid: kept.object.uuid,
        status: kept.object.status,
        logical_id: kept.object.lid,
        version: kept.object.version,
        last_update_time: current.last_update_time,
    }
}
