//! From the objects that were found to what is said of them: whole or by reference, within limits.

use std::collections::{BTreeMap, HashMap, HashSet};

use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{Found, Query, ReturnType};
use database::Reader;
use metadata::{ErrorCode, Mutable, RegistryError, RegistryErrors, Timestamp};

use crate::Refusal;
use crate::store::{Key, Kind, Object, Patient, PatientNumber, fragments, patient};

/// Whole objects in one answer at most: some 8 MB of XML.
pub(crate) const LEAF_CLASS_LIMIT: usize = 1_000;

/// References in one answer at most: what is found is asked for in blocks.
const OBJECT_REF_LIMIT: usize = 20_000;

/// What goes into the answer, each object once, in the order of registration.
pub(super) async fn answer(
    reader: &mut Reader,
    objects: Vec<Object>,
    request: &StoredQuery,
) -> Result<Vec<Found>, Refusal> {
    let objects: BTreeMap<Key, Object> = objects.into_iter().map(|object| (object.key, object)).collect();
    refuse_too_many(objects.len(), request.return_type)?;
    if request.return_type == ReturnType::ObjectRef {
        let references =
            objects.values().map(|object| Found::Reference { id: object.uuid.into(), home: None });
        return Ok(references.collect());
    }
    let patients = patients(reader, objects.keys().map(|key| key.patient()).collect()).await?;
    if is_of_one_patient(&request.query) {
        refuse_several_patients(&objects, &patients)?;
    }
    let fragments = fragments(reader, objects.keys().copied().collect()).await?;
    let fragments = fragments.ok_or_else(|| too_many("the objects are larger than an answer may be"))?;
    Ok(objects
        .values()
        .filter_map(|object| {
            let mut markup = String::new();
            fragments.get(&object.key)?.splice(&mutable(object, &patients), &mut markup);
            Some(Found::Written(markup.into()))
        })
        .collect())
}

/// What the registry has changed since the object was registered.
fn mutable(object: &Object, patients: &HashMap<PatientNumber, Patient>) -> Mutable {
    let time = object.time.filter(|_| object.kind == Kind::Folder);
    Mutable {
        status: object.status,
        logical_id: Some(object.lid),
        version: Some(object.version),
        patient_id: patients.get(&object.key.patient()).map(|patient| patient.id.clone()),
        last_update_time: time.map(Timestamp::from_unix),
    }
}

/// For each patient number, the patient as current: the survivor of a merge.
async fn patients(
    reader: &mut Reader,
    numbers: HashSet<PatientNumber>,
) -> Result<HashMap<PatientNumber, Patient>, Refusal> {
    let registered = patient::by_numbers(reader, numbers).await?;
    let survivors: HashSet<_> = registered.values().filter_map(|patient| patient.merged_into).collect();
    let survivors = patient::by_numbers(reader, survivors).await?;
    let current = |patient: Patient| survivors.get(&patient.current()).cloned().unwrap_or(patient);
    Ok(registered.into_iter().map(|(number, patient)| (number, current(patient))).collect())
}

fn refuse_too_many(found: usize, return_type: ReturnType) -> Result<(), RegistryErrors> {
    let limit = match return_type {
        ReturnType::LeafClass => LEAF_CLASS_LIMIT,
        ReturnType::ObjectRef => OBJECT_REF_LIMIT,
    };
    if found <= limit {
        return Ok(());
    }
    Err(too_many(&format!("{found} objects were found, {limit} are returned at most")))
}

fn too_many(problem: &str) -> RegistryErrors {
    let context = format!(
        "{problem}: narrow the query, or ask for ObjectRef and then for the objects in blocks \
         (ITI TF-2 3.18.4.1.3.3)"
    );
    RegistryErrors::from(RegistryError::new(ErrorCode::TooManyResults, context))
}

/// The queries by id whose whole objects must be of one patient (ITI TF-2 3.18.4.1.3.3.1).
const fn is_of_one_patient(query: &Query) -> bool {
    matches!(
        query,
        Query::GetDocuments(_)
            | Query::GetFolders(_)
            | Query::GetDocumentsAndAssociations(_)
            | Query::GetSubmissionSets(_)
            | Query::GetSubmissionSetAndContents(_)
            | Query::GetFolderAndContents(_)
    )
}

fn refuse_several_patients(
    objects: &BTreeMap<Key, Object>,
    patients: &HashMap<PatientNumber, Patient>,
) -> Result<(), RegistryErrors> {
    // Which patient an association belongs to, its ends say.
    let of_patients = objects.values().filter(|object| object.kind != Kind::Association);
    let numbers = of_patients.map(|object| {
        let registered = object.key.patient();
        patients.get(&registered).map_or(registered, |patient| patient.number)
    });
    let found = numbers.collect::<HashSet<_>>().len();
    if found <= 1 {
        return Ok(());
    }
    let context = format!(
        "the objects are of {found} patients, expected one: ask for ObjectRef, or for each patient \
         (ITI TF-2 3.18.4.1.3.3.1)"
    );
    Err(RegistryErrors::from(RegistryError::new(ErrorCode::ResultNotSinglePatient, context)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_a_limit_of_their_own() {
        let refused = |found, return_type| refuse_too_many(found, return_type).is_err();
        assert!(!refused(OBJECT_REF_LIMIT, ReturnType::ObjectRef));
        assert!(refused(OBJECT_REF_LIMIT + 1, ReturnType::ObjectRef));
        assert!(!refused(LEAF_CLASS_LIMIT, ReturnType::LeafClass));
        assert!(refused(LEAF_CLASS_LIMIT + 1, ReturnType::LeafClass));
    }
}
