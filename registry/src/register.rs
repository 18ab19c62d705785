//! ITI-42: takes a submission in, whole or not at all (ITI TF-2 3.42.4.1.3).

mod effects;

use std::collections::HashSet;
use std::sync::Arc;

use actors::transactions::RegistryResponse;
use database::Writer;
use metadata::{
    Association, AssociationType, EntryUuid, ObjectId, RegistryErrors, Submission, SubmissionSetStatus,
    Timestamp,
};
use uuid::Uuid;

use crate::rules::{self, Case, Known};
use crate::store::patient::Reserved;
use crate::store::{self, NewObject, StoreError, patient};
use crate::{PatientPolicy, Refusal, Registry, Terms};

impl Registry {
    /// Registers all objects of a submission, approved and under UUIDs, or says all that is wrong with it.
    pub async fn register(&self, submission: Submission) -> Result<RegistryResponse, RegistryErrors> {
        const DOING: &str = "registering a submission";
        let prepared =
            Prepared::of(submission, self.policy.terms()).map_err(|refusal| refusal.into_errors(DOING))?;
        let prepared = Arc::new(prepared);
        let lent = Arc::clone(&prepared);
        let outcome = self.database.write(move |writer| {
            let prepared = Arc::clone(&lent);
            Box::pin(async move { carry_out(writer, &prepared).await })
        });
        let outcome = outcome.await;
        // Here and not before: the one thread that writes has better things to do.
        drop(prepared);
        let errors = outcome.map_err(|refusal| refusal.into_errors(DOING))?;
        Ok(RegistryResponse { errors })
    }
}

/// A submission with all that can be done before the database is asked.
struct Prepared {
    /// As it came, so that errors name what the source named.
    submitted: Submission,
    /// The associations, with UUIDs in place of symbols; and so the id of the submission set.
    associations: Vec<Association>,
    submission_set: ObjectId,
    objects: Vec<NewObject>,
    now: Timestamp,
    /// The domain may change meanwhile: a submission is judged by one.
    terms: Terms,
}

impl Prepared {
    fn of(submitted: Submission, terms: Terms) -> Result<Self, Refusal> {
        let now = Timestamp::from_unix(jiff::Timestamp::now().as_second());
        let mut resolved = submitted.clone();
        resolved.assign_uuids(new_uuid);
        quirk_missing_status(&mut resolved);
        resolved.folders.iter_mut().for_each(|folder| folder.last_update_time = Some(now));
        let (associations, set) = (resolved.associations.clone(), resolved.submission_set.entry_uuid.clone());
        let objects = resolved.into_objects().filter_map(|object| NewObject::of(object).transpose());
        let objects = objects.collect::<Result<_, _>>()?;
        Ok(Self { submitted, associations, submission_set: set, objects, now, terms })
    }
}

/// Some sources do not say that a document which comes along is an original (ITI TF-3 4.2.2.1.2).
fn quirk_missing_status(submission: &mut Submission) {
    let set = &submission.submission_set.entry_uuid;
    let brought: HashSet<&ObjectId> = submission.entries.iter().map(|entry| &entry.entry_uuid).collect();
    for association in &mut submission.associations {
        if association.association_type == AssociationType::HasMember
            && association.source_object == *set
            && brought.contains(&association.target_object)
        {
            association.submission_set_status.get_or_insert(SubmissionSetStatus::Original);
        }
    }
}

/// A fresh id. Those that are given one after the other lie together in the index.
fn new_uuid() -> EntryUuid {
    EntryUuid::from(Uuid::now_v7())
}

/// The whole transaction; the warnings, if it is to be kept.
async fn carry_out(writer: &mut Writer, prepared: &Prepared) -> Result<RegistryErrors, Refusal> {
    // First, so that whoever registers for the patient, or merges it, waits for us or we for them.
    let reserved = reserve(writer, prepared).await?;
    let patient = reserved.as_ref().map(|reserved| &reserved.patient);
    let known = Known::load(writer, &prepared.submitted, patient).await?;
    let mut findings = RegistryErrors::default();
    rules::check(&Case::new(&prepared.submitted, &known, &prepared.terms), &mut findings);
    findings.clone().into_result()?;
    let Some(Reserved { patient, first }) = reserved else {
        return Ok(findings); // Its absence was a finding.
    };
    let mut keys = known.keys();
    let mut objects = prepared.objects.clone();
    let added = effects::apply(writer, prepared, &known, &mut keys).await?;
    if !added.is_empty() {
        patient::reserve(writer, &patient.id, added.len()).await?;
        objects.extend(added);
    }
    store::insert(writer, first, objects, &keys, |id| known.owner(id).is_some()).await?;
    Ok(findings)
}

/// Room for the objects, and the patient locked; none for a patient that is not known and must be.
async fn reserve(writer: &mut Writer, prepared: &Prepared) -> Result<Option<Reserved>, StoreError> {
    let Some(id) = &prepared.submitted.submission_set.patient_id else { return Ok(None) };
    let reserved = patient::reserve(writer, id, prepared.objects.len()).await?;
    if reserved.is_some() || prepared.terms.patients == PatientPolicy::Feed {
        return Ok(reserved);
    }
    patient::add(writer, id).await?;
    patient::reserve(writer, id, prepared.objects.len()).await
}
