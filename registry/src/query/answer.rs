//! From the objects that were found to what is said of them: whole or by reference, within limits.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

use actors::endpoint::internal;
use actors::transactions::stored_query::{Found, Query, ReturnType};
use actors::transactions::{QueryResponse, StoredQuery};
use database::Reader;
use metadata::{ErrorCode, Mutable, PatientId, RegistryError, RegistryErrors, Severity, Timestamp};
use soap::xml::{Markup, WriteLate};

use crate::Refusal;
use crate::store::{Fragments, Held, Kind, Object, Patient, PatientNumber, StoreError, fragments, patient};

/// Whole objects in one answer at most: some 80 MB of XML, which are written while they go out. A monitored patient
/// of a lifetime has fewer.
pub const MAX_RESULTS: usize = 10_000;

/// References in one answer at most: some 4 MB of XML. What is found is asked for in blocks.
pub(crate) const OBJECT_REF_LIMIT: usize = 50_000;

/// How much goes into one answer at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    leaf_class: usize,
    object_ref: usize,
}

impl Limits {
    /// So many whole objects, but not more than we can, and five times as many references.
    pub(crate) fn of(results: usize) -> Self {
        let leaf_class = results.min(MAX_RESULTS);
        Self { leaf_class, object_ref: leaf_class * (OBJECT_REF_LIMIT / MAX_RESULTS) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(MAX_RESULTS)
    }
}

/// What goes into the answer, each object once, in the order of registration.
pub(super) async fn answer(
    reader: &mut Reader,
    mut objects: Vec<Object>,
    request: &StoredQuery,
    limits: Limits,
) -> Result<QueryResponse, Refusal> {
    objects.sort_unstable_by_key(|object| object.key);
    objects.dedup_by_key(|object| object.key);
    refuse_too_many(objects.len(), request.return_type, limits)?;
    if request.return_type == ReturnType::ObjectRef {
        let reference = |object: &Object| Found::Reference { id: object.uuid.into(), home: None };
        return Ok(QueryResponse::of(objects.iter().map(reference).collect()));
    }
    let patients = match request.query.patient_id() {
        Some(id) => Patients::One(id.clone()),
        None => {
            let numbers = objects.iter().map(|object| object.key.patient()).collect();
            Patients::Each(patient::current(reader, numbers).await?)
        }
    };
    if is_of_one_patient(&request.query) {
        refuse_several_patients(&objects, &patients)?;
    }
    let fragments = fragments(reader, &mut objects).await?;
    let Fragments { mut held, damaged } =
        fragments.ok_or_else(|| too_many("the objects are larger than an answer may be"))?;
    let damaged = objects.iter().filter_map(|object| {
        let (_, error) = damaged.iter().find(|(key, _)| *key == object.key)?;
        Some(missing(object, error))
    });
    let mut errors = RegistryErrors(damaged.flatten().collect());
    let found = objects.iter().filter_map(|object| {
        let said = held.remove(&object.key)?;
        Some(Found::Written(Markup::Late(Arc::new(Kept { said, current: mutable(object, &patients) }))))
    });
    let found: Vec<Found> = found.collect();
    if found.is_empty() {
        errors.clone().into_result()?;
    }
    errors.0.iter_mut().for_each(|error| error.severity = Severity::Warning);
    Ok(QueryResponse { errors, found })
}

/// Whose the objects of an answer are now.
enum Patients {
    /// All of them: those of a current patient were asked for.
    One(PatientId),
    /// By the numbers under which they were registered.
    Each(HashMap<PatientNumber, Patient>),
}

impl Patients {
    fn of(&self, object: &Object) -> Option<&PatientId> {
        match self {
            Self::One(id) => Some(id),
            Self::Each(patients) => patients.get(&object.key.patient()).map(|patient| &patient.id),
        }
    }
}

/// What is said in the place of an object that is not any more what was stored. The others are given, with a warning:
/// a registry has no partial success (docs/decisions/0006-a-damaged-object-is-a-warning.md).
fn missing(object: &Object, error: &StoreError) -> RegistryErrors {
    metrics::counter!("dosebook_storage_errors_total", "kind" => "integrity").increment(1);
    internal(&format!("reading {} {}", object.kind, object.uuid), error)
}

/// An object as it was said, and what has changed since. Nothing more is needed to write it: whoever reads the
/// answer slowly keeps nobody waiting.
#[derive(Debug)]
struct Kept {
    said: Held,
    current: Mutable,
}

/// Bytes that are spliced into an object at most, but for long ids.
const SPLICED: usize = 300;

impl WriteLate for Kept {
    fn size(&self) -> usize {
        self.said.size() + SPLICED
    }

    fn write(&self, out: &mut String) -> io::Result<()> {
        self.said.splice(&self.current, out).map_err(io::Error::other)
    }
}

/// What the registry has changed since the object was registered.
fn mutable(object: &Object, patients: &Patients) -> Mutable {
    let time = object.time.filter(|_| object.kind == Kind::Folder);
    Mutable {
        status: object.status,
        logical_id: Some(object.lid),
        version: Some(object.version),
        patient_id: patients.of(object).cloned(),
        last_update_time: time.map(Timestamp::from_unix),
    }
}

fn refuse_too_many(found: usize, return_type: ReturnType, limits: Limits) -> Result<(), RegistryErrors> {
    let limit = match return_type {
        ReturnType::LeafClass => limits.leaf_class,
        ReturnType::ObjectRef => limits.object_ref,
    };
    if found <= limit {
        return Ok(());
    }
    Err(too_many(&format!("{found} objects or more were found, {limit} are returned at most")))
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

fn refuse_several_patients(objects: &[Object], patients: &Patients) -> Result<(), RegistryErrors> {
    // Which patient an association belongs to, its ends say.
    let of_patients = objects.iter().filter(|object| object.kind != Kind::Association);
    let found = of_patients.filter_map(|object| patients.of(object)).collect::<HashSet<_>>().len();
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
        let limits = Limits::default();
        let refused = |found, return_type| refuse_too_many(found, return_type, limits).is_err();
        assert!(!refused(OBJECT_REF_LIMIT, ReturnType::ObjectRef));
        assert!(refused(OBJECT_REF_LIMIT + 1, ReturnType::ObjectRef));
        assert!(!refused(MAX_RESULTS, ReturnType::LeafClass));
        assert!(refused(MAX_RESULTS + 1, ReturnType::LeafClass));
    }
}
