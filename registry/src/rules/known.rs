//! What the registry knows that bears on a submission, loaded at once before the rules look at it.

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Reader};
use metadata::{EntryUuid, ObjectId, PatientId, Submission};

use crate::store::{Key, Object, Patient, PatientNumber, UniqueIdOwner, by_uuids, patient, unique_id_owners};

/// The patients, objects and unique ids that a submission names, as far as the registry has them.
#[derive(Debug)]
pub(crate) struct Known {
    patients: HashMap<PatientId, Patient>,
    objects: HashMap<EntryUuid, Object>,
    unique_ids: HashMap<String, UniqueIdOwner>,
    /// Under which number the patients of `objects` are current.
    current: HashMap<PatientNumber, PatientNumber>,
}

impl Known {
    /// Loads all but the patient of the submission, which is `locked` so that nothing of this changes.
    pub(crate) async fn load(
        reader: &mut Reader,
        submission: &Submission,
        locked: Option<&Patient>,
    ) -> Result<Self, DatabaseError> {
        let mut patients: HashMap<_, _> =
            locked.map(|patient| (patient.id.clone(), patient.clone())).into_iter().collect();
        for id in
            patient_ids(submission).filter(|id| Some(*id) != submission.submission_set.patient_id.as_ref())
        {
            let found = patient::find(reader, id).await?;
            patients.extend(found.map(|patient| (id.clone(), patient)));
        }
        let objects = by_uuids(reader, &uuids(submission)).await?;
        let numbers: HashSet<_> = objects.iter().map(|object| object.key.patient()).collect();
        let current = patient::by_numbers(reader, numbers).await?;
        let unique_ids: Vec<&str> = submission.identities().filter_map(|object| object.unique_id).collect();
        Ok(Self {
            patients,
            unique_ids: unique_id_owners(reader, &unique_ids).await?,
            objects: objects.into_iter().map(|object| (object.uuid, object)).collect(),
            current: current.into_iter().map(|(number, patient)| (number, patient.current())).collect(),
        })
    }

    /// The patient with an id.
    pub(crate) fn patient(&self, id: &PatientId) -> Option<&Patient> {
        self.patients.get(id)
    }

    /// The object with an id.
    pub(crate) fn object(&self, uuid: EntryUuid) -> Option<&Object> {
        self.objects.get(&uuid)
    }

    /// Who has a unique id.
    pub(crate) fn owner(&self, unique_id: &str) -> Option<&UniqueIdOwner> {
        self.unique_ids.get(unique_id)
    }

    /// The number under which a patient is current.
    pub(crate) fn current(&self, id: &PatientId) -> Option<PatientNumber> {
        self.patient(id).map(Patient::current)
    }

    /// The number under which the patient of an object is current.
    pub(crate) fn current_of(&self, object: &Object) -> PatientNumber {
        let registered = object.key.patient();
        self.current.get(&registered).copied().unwrap_or(registered)
    }

    /// Where the objects lie.
    pub(crate) fn keys(&self) -> HashMap<EntryUuid, Key> {
        self.objects.iter().map(|(uuid, object)| (*uuid, object.key)).collect()
    }
}

fn patient_ids(submission: &Submission) -> impl Iterator<Item = &PatientId> {
    let all: HashSet<_> = submission.identities().filter_map(|object| object.patient_id).collect();
    all.into_iter()
}

/// Every UUID that the submission names: ids of its own objects, and ends of its associations.
fn uuids(submission: &Submission) -> Vec<EntryUuid> {
    let own = submission.identities().map(|object| object.id);
    let ends = submission.associations.iter();
    let ends = ends.flat_map(|association| [&association.source_object, &association.target_object]);
    let all: HashSet<EntryUuid> = own.chain(ends).filter_map(ObjectId::uuid).collect();
    all.into_iter().collect()
}
