//! What the registry knows that bears on a submission, loaded at once before the rules look at it.

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Reader};
use metadata::{AssociationType, EntryUuid, ObjectId, PatientId, Submission};

use crate::store::{
    Key, Object, Patient, PatientNumber, UniqueIdOwner, associations_from, by_uuids, patient,
    unique_id_owners,
};

/// The patients, objects and unique ids that a submission names, as far as the registry has them.
#[derive(Debug)]
pub(crate) struct Known {
    patients: HashMap<PatientId, Patient>,
    objects: HashMap<EntryUuid, Object>,
    unique_ids: HashMap<String, UniqueIdOwner>,
    /// Those of `objects` that something is added to and that are transformations of others.
    transformations: HashSet<Key>,
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
        let transformations = transformations(reader, submission, &objects).await?;
        Ok(Self {
            patients,
            transformations,
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

    /// Whether the object with an id is a transformation of another; asked only of what something is added to.
    pub(crate) fn is_transformation(&self, uuid: EntryUuid) -> bool {
        self.object(uuid).is_some_and(|object| self.transformations.contains(&object.key))
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

/// Where what something is added to lies, as far as it was made of something else.
async fn transformations(
    reader: &mut Reader,
    submission: &Submission,
    objects: &[Object],
) -> Result<HashSet<Key>, DatabaseError> {
    let additions = submission.associations.iter();
    let additions = additions.filter(|one| one.association_type == AssociationType::Append);
    let uuids: HashSet<EntryUuid> = additions.filter_map(|addition| addition.target_object.uuid()).collect();
    let added_to = objects.iter().filter(|object| uuids.contains(&object.uuid));
    let added_to: HashSet<Key> = added_to.map(|object| object.key).collect();
    if added_to.is_empty() {
        return Ok(added_to);
    }
    let from = associations_from(reader, added_to).await?.into_iter();
    let made = from.filter(|association| association.is(&AssociationType::Transform));
    Ok(made.filter_map(|association| association.source).collect())
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
