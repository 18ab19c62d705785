//! ITI-42: takes a submission in, whole or not at all (ITI TF-2 3.42.4.1.3).

mod effects;

use std::collections::HashSet;
use std::sync::Arc;

use actors::transactions::{Register, RegistryResponse};
use database::Writer;
use metadata::{
    Association, AssociationType, EntryUuid, ErrorCode, Finding, Findings, Identity, ObjectId, RegistryError,
    RegistryErrors, Submission, SubmissionSetStatus, Timestamp,
};
use uuid::Uuid;

use crate::rules::{self, Case, Known, LeftOut};
use crate::store::patient::Reserved;
use crate::store::{self, LARGEST, NewObject, StoreError, patient};
use crate::{PatientPolicy, Refusal, Registry, Terms};

impl Registry {
    /// Registers all objects of a submission, approved and under UUIDs, or says all that is wrong with it.
    pub async fn register(&self, submission: Submission) -> Result<RegistryResponse, RegistryErrors> {
        self.take_in(Register::new(submission)).await
    }

    /// Does so with a submission as it came: what reading it has found is said together with what the rules find.
    pub(crate) async fn take_in(&self, request: Register) -> Result<RegistryResponse, RegistryErrors> {
        const DOING: &str = "registering a submission";
        let prepared = Prepared::of(request, self.policy.terms(), self.left_out);
        let prepared = Arc::new(prepared.map_err(|error| Refusal::Store(error).into_errors(DOING))?);
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
    /// What was wrong with it before the rules looked.
    findings: Findings,
    /// The associations, with UUIDs in place of symbols; and so the id of the submission set.
    associations: Vec<Association>,
    submission_set: ObjectId,
    objects: Vec<NewObject>,
    now: Timestamp,
    /// The domain may change meanwhile: a submission is judged by one.
    terms: Terms,
    left_out: LeftOut,
}

impl Prepared {
    fn of(request: Register, terms: Terms, left_out: LeftOut) -> Result<Self, StoreError> {
        let Register { submission: submitted, mut findings } = request;
        let now = Timestamp::from_unix(jiff::Timestamp::now().as_second());
        let mut resolved = submitted.clone();
        resolved.assign_uuids(new_uuid);
        quirk_missing_status(&mut resolved);
        resolved.folders.iter_mut().for_each(|folder| folder.last_update_time = Some(now));
        let (associations, set) = (resolved.associations.clone(), resolved.submission_set.entry_uuid.clone());
        let mut objects = Vec::new();
        for (said, object) in submitted.identities().zip(resolved.into_objects()) {
            match NewObject::of(object) {
                Ok(new) => objects.extend(new),
                Err(StoreError::TooLarge(bytes)) => findings.errors.push(too_large(said, bytes)),
                Err(error) => return Err(error),
            }
        }
        Ok(Self { submitted, findings, associations, submission_set: set, objects, now, terms, left_out })
    }
}

/// What was taken in can be given back.
fn too_large(object: Identity<'_>, bytes: usize) -> RegistryError {
    let (received, expected) = (format!("{bytes} bytes of ebRIM"), format!("{LARGEST} at most"));
    let finding = Finding::new("its description", &received, &expected, "TF-3 4.2.3.1.6");
    finding.about(ErrorCode::Metadata, object)
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
    let case = Case::new(&prepared.submitted, &prepared.findings, &known, &prepared.terms);
    let mut findings = prepared.findings.errors.clone();
    findings.extend_with(rules::check(&case, prepared.left_out));
    if findings.is_failure() {
        return Err(findings.into());
    }
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
