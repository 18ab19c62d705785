//! Patients as the identity feed tells of them (ITI TF-2 3.8, 3.44).

use database::{DatabaseError, Writer};
use metadata::{ErrorCode, PatientId, RegistryError, RegistryErrors};

use crate::store::{Patient, patient};
use crate::{Refusal, Registry};

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

    /// Knows a patient from now on.
    pub async fn add_patient(&self, id: PatientId) -> Result<(), RegistryErrors> {
        let add = self.database.write(move |writer| {
            let id = id.clone();
            Box::pin(async move { patient::add(writer, &id).await.map(drop).map_err(Refusal::from) })
        });
        add.await.map_err(|refusal| refusal.into_errors("adding a patient"))
    }

    /// Merges `subsumed` into `survivor`: what was registered for the one is found under the other from now
    /// on, and the one is no longer used. Once merged, a patient stays merged (ITI TF-2 3.8.4.2.3).
    pub async fn merge_patients(
        &self,
        subsumed: PatientId,
        survivor: PatientId,
    ) -> Result<(), RegistryErrors> {
        let merge = self.database.write(move |writer| {
            let (subsumed, survivor) = (subsumed.clone(), survivor.clone());
            Box::pin(async move {
                let (subsumed, survivor) = lock_both(writer, &subsumed, &survivor).await?;
                let survivor = survivor.filter(|patient| patient.merged_into.is_none());
                let survivor = survivor.ok_or_else(|| unknown("survivor"))?.number;
                let subsumed = subsumed.filter(|patient| patient.merged_into.is_none());
                let subsumed = subsumed.ok_or_else(|| unknown("subsumed patient"))?.number;
                if subsumed == survivor {
                    return Err(unknown("subsumed patient other than the survivor").into());
                }
                Ok(patient::merge(writer, subsumed, survivor).await?)
            })
        });
        merge.await.map_err(|refusal: Refusal| refusal.into_errors("merging patients"))
    }
}

/// In one order, so that two who merge the same patients do not wait for each other.
async fn lock_both(
    writer: &mut Writer,
    subsumed: &PatientId,
    survivor: &PatientId,
) -> Result<(Option<Patient>, Option<Patient>), DatabaseError> {
    if order(subsumed) <= order(survivor) {
        let subsumed = patient::lock(writer, subsumed).await?;
        Ok((subsumed, patient::lock(writer, survivor).await?))
    } else {
        let survivor = patient::lock(writer, survivor).await?;
        Ok((patient::lock(writer, subsumed).await?, survivor))
    }
}

fn order(id: &PatientId) -> (&str, &str) {
    (id.authority().as_str(), id.id())
}

fn unknown(who: &str) -> RegistryErrors {
    let context = format!("the {who} is not known, or was merged before (ITI TF-2 3.8.4.2.3)");
    RegistryErrors::from(RegistryError::new(ErrorCode::UnknownPatientId, context))
}
