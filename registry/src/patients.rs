//! Patients as the identity feed tells of them (ITI TF-2 3.8, 3.44).

use actors::transactions::patient_identity_feed::{Identifier, Merge, Unchanged};
use actors::transactions::{Fed, PatientFeed};
use database::{DatabaseError, Writer};
use metadata::domain::Domain;
use metadata::{PatientId, RegistryErrors};

use crate::store::{Patient, patient};
use crate::{PatientPolicy, Refusal, Registry};

/// A subsumed patient and its survivor.
type Pair = (PatientId, PatientId);

impl Registry {
    /// Whether a patient is known, merged or not.
    pub async fn knows(&self, id: &PatientId) -> Result<bool, RegistryErrors> {
        let id = id.clone();
        let find = self.database.read(move |reader| {
            let id = id.clone();
            Box::pin(async move { Ok(patient::find(reader, &id).await?.is_some()) })
        });
        find.await.map_err(|refusal: Refusal| refusal.into_errors("looking for a patient"))
    }

    /// The first patients, by id, whose id begins with a text in either case; those who were merged into others are
    /// left out.
    pub async fn patients(&self, beginning: &str, limit: u32) -> Result<Vec<PatientId>, RegistryErrors> {
        let beginning = beginning.to_owned();
        let list = self.database.read(move |reader| {
            let beginning = beginning.clone();
            Box::pin(async move { Ok(patient::list(reader, &beginning, limit).await?) })
        });
        list.await.map_err(|refusal: Refusal| refusal.into_errors("listing patients"))
    }

    /// Does what a feed tells of, whole or not at all. What it tells of others than the patients of the domain is
    /// passed over.
    pub async fn feed(&self, feed: PatientFeed) -> Result<Fed, RegistryErrors> {
        let terms = self.policy.terms();
        let fed = |patients: Vec<PatientId>| {
            let unchanged = if patients.is_empty() { vec![Unchanged::Foreign] } else { Vec::new() };
            Fed { patients, unchanged, ..Fed::default() }
        };
        match feed {
            PatientFeed::Known(identifiers) => {
                let patients = ours(&identifiers, &terms.domain);
                self.add(patients.clone()).await?;
                Ok(fed(patients))
            }
            // A registry keeps nothing of patients but their ids (ITI TF-2 3.8.4.1.3).
            PatientFeed::Revised(identifiers) => Ok(fed(ours(&identifiers, &terms.domain))),
            PatientFeed::Merged(merges) => self.merge(&merges, &terms.domain, terms.patients).await,
        }
    }

    /// Knows patients from now on. Who was merged into another stays so.
    async fn add(&self, mut patients: Vec<PatientId>) -> Result<(), RegistryErrors> {
        in_order(&mut patients);
        let add = self.database.write(move |writer| {
            let patients = patients.clone();
            Box::pin(async move {
                for id in &patients {
                    patient::add(writer, id).await?;
                }
                Ok(())
            })
        });
        add.await.map_err(|refusal: Refusal| refusal.into_errors("adding patients"))
    }

    /// Merges patients: what was registered for the one is found under the other from now on, and the one is no longer
    /// used. Once merged, a patient stays merged (ITI TF-2 3.8.4.2.3).
    async fn merge(
        &self,
        merges: &[Merge],
        domain: &Domain,
        policy: PatientPolicy,
    ) -> Result<Fed, RegistryErrors> {
        let pairs: Vec<Option<Pair>> =
            merges.iter().map(|merge| merge.within(domain)).collect::<Result<_, _>>()?;
        let mut fed = Fed::default();
        let foreign = pairs.iter().filter(|pair| pair.is_none()).map(|_| Unchanged::Foreign);
        fed.unchanged.extend(foreign);
        let pairs: Vec<Pair> = pairs.into_iter().flatten().collect();
        (fed.subsumed, fed.patients) = pairs.iter().cloned().unzip();
        let merge = self.database.write(move |writer| {
            let pairs = pairs.clone();
            Box::pin(async move { Ok(merge_all(writer, &pairs, policy).await?) })
        });
        let unchanged = merge.await.map_err(|refusal: Refusal| refusal.into_errors("merging patients"))?;
        fed.unchanged.extend(unchanged);
        Ok(fed)
    }
}

/// The identifiers that are of the domain.
fn ours(identifiers: &[Identifier], domain: &Domain) -> Vec<PatientId> {
    identifiers.iter().filter_map(|identifier| identifier.within(domain)).collect()
}

/// In one order, so that two who deal with the same patients do not wait for each other.
fn in_order(patients: &mut Vec<PatientId>) {
    patients.sort_unstable();
    patients.dedup();
}

/// Merges one pair after the other; why some of them changed nothing.
async fn merge_all(
    writer: &mut Writer,
    pairs: &[Pair],
    policy: PatientPolicy,
) -> Result<Vec<Unchanged>, DatabaseError> {
    let mut all: Vec<PatientId> =
        pairs.iter().flat_map(|(one, other)| [one.clone(), other.clone()]).collect();
    in_order(&mut all);
    for id in &all {
        patient::lock(writer, id).await?;
    }
    let mut unchanged = Vec::new();
    for (subsumed, survivor) in pairs {
        unchanged.extend(merge_pair(writer, subsumed, survivor, policy).await?);
    }
    Ok(unchanged)
}

async fn merge_pair(
    writer: &mut Writer,
    subsumed: &PatientId,
    survivor: &PatientId,
    policy: PatientPolicy,
) -> Result<Option<Unchanged>, DatabaseError> {
    if subsumed == survivor {
        return Ok(Some(Unchanged::Same));
    }
    let mut pair = (patient::find(writer, subsumed).await?, patient::find(writer, survivor).await?);
    // Who takes any patient knows all of them: a merge of one without documents is none of an unknown one, and must
    // not be forgotten before its first document comes (docs/decisions/0008).
    if policy == PatientPolicy::Accept && obstacle(&pair).is_some_and(Unchanged::is_of_nobody) {
        for id in [subsumed, survivor] {
            patient::add(writer, id).await?;
        }
        pair = (patient::lock(writer, subsumed).await?, patient::lock(writer, survivor).await?);
    }
    match (obstacle(&pair), pair) {
        (None, (Some(subsumed), Some(survivor))) => {
            patient::merge(writer, subsumed.number, survivor.number).await?;
            Ok(None)
        }
        (obstacle, _) => Ok(obstacle),
    }
}

/// Why a merge changes nothing (ITI TF-2 3.8.4.2.4). A merge that was done cannot be undone by another.
const fn obstacle((subsumed, survivor): &(Option<Patient>, Option<Patient>)) -> Option<Unchanged> {
    match (subsumed, survivor) {
        (Some(Patient { merged_into: Some(_), .. }), _) => Some(Unchanged::SubsumedBefore),
        (_, Some(Patient { merged_into: Some(_), .. })) => Some(Unchanged::SurvivorSubsumed),
        (None, _) => Some(Unchanged::UnknownSubsumed),
        (_, None) => Some(Unchanged::UnknownSurvivor),
        (Some(_), Some(_)) => None,
    }
}
