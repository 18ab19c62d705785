//! What the configuration and the command line add to what a document says of itself.

use std::path::Path;

use dose::{Description, DoseReport, Issuer};
use jiff::tz::TimeZone;
use metadata::{LanguageCode, Oid, Organization, PatientId, Submission, Timestamp};

use super::metadata::Said;
use crate::commands::session::Session;
use crate::config::Config;
use crate::exit::Failure;
use crate::node::{Identifiers, now};

/// All that is the same for every file of one call.
pub(crate) struct Describing {
    config: Config,
    patient: Option<PatientId>,
    patient_authority: Option<Oid>,
    language: LanguageCode,
    institution: Option<Organization>,
    source_id: Oid,
    /// What a metadata file says, if there is one.
    pub(super) said: Option<Said>,
}

impl Describing {
    /// For a patient and with metadata, where the command line names them.
    pub(crate) fn new(
        session: &Session,
        patient: Option<&str>,
        said: Option<&Path>,
    ) -> Result<Self, Failure> {
        let config = session.config.clone();
        let patient = patient.map(|text| session.patient(text)).transpose()?;
        let language = match &config.domain.language {
            Some(language) => LanguageCode::clone(language),
            None => "en-US".parse().map_err(|error| Failure::Refused(format!("domain.language: {error}")))?,
        };
        let institution = &config.institution;
        let oid = institution.oid.as_deref();
        let institution = institution.name.as_deref().map(|name| Organization::named(name, oid)).transpose();
        Ok(Self {
            patient,
            patient_authority: session.patient_authority(),
            language,
            institution: institution.map_err(|error| Failure::Usage(format!("institution.name: {error}")))?,
            source_id: Identifiers::source(&config).map_err(Failure::Refused)?,
            said: said.map(Said::read).transpose()?,
            config,
        })
    }

    /// The patient of a document whose own Patient ID is `id`.
    pub(super) fn patient(&self, id: Option<&str>) -> Result<PatientId, String> {
        if let Some(given) = &self.patient {
            return Ok(given.clone());
        }
        let id = id.ok_or("it states no Patient ID; name the patient with --patient")?;
        let unknown = "no authority is known that assigned its Patient ID; name the patient with --patient";
        let authority = self.patient_authority.clone().ok_or(unknown)?;
        PatientId::new(id, authority)
            .map_err(|error| format!("Patient ID: {error}; name the patient with --patient"))
    }

    /// An id that someone else assigned is not one of our domain: it may be another person's here.
    fn check_issuer(&self, issuer: &Issuer) -> Result<(), String> {
        let stated: Option<Oid> = issuer.universal_id.as_deref().and_then(|id| id.parse().ok());
        match (stated, &self.patient_authority) {
            (Some(stated), Some(ours)) if stated != *ours => Err(format!(
                "its Patient ID was assigned by {stated} (Issuer of Patient ID Qualifiers), the patients of this domain \
                 have ids of {ours} (domain.patient_authority); name the patient of this domain with --patient"
            )),
            _ => Ok(()),
        }
    }

    /// A dose report as a submission.
    pub(super) fn report(&self, report: &DoseReport) -> Result<Submission, String> {
        if self.patient.is_none() {
            self.check_issuer(&report.patient.issuer)?;
        }
        let patient_id = self.patient(report.patient.id.as_deref())?;
        let authority = self.patient_authority.clone();
        let description = Description {
            source_patient_authority: authority.unwrap_or_else(|| patient_id.authority().clone()),
            patient_id,
            accession_authority: self.config.institution.oid.as_deref().cloned(),
            author_institution: self.institution.clone().filter(|_| report.institution.name.is_none()),
            language: self.language.clone(),
            time_zone: self
                .config
                .domain
                .time_zone
                .as_ref()
                .map_or_else(TimeZone::system, |zone| zone.zone()),
            codes: (&self.config.codes).into(),
            source_id: self.source_id.clone(),
            submission_unique_id: fresh(),
            submission_time: Timestamp::from_unix(now()),
        };
        dose::describe(report, &description).map_err(|error| format!("SOP Instance UID: {error}"))
    }

    /// The language of what does not say its own.
    pub(super) const fn language(&self) -> &LanguageCode {
        &self.language
    }

    /// The codes of what does not say its own.
    pub(super) const fn codes(&self) -> &crate::config::Codes {
        &self.config.codes
    }

    /// The institution of what does not say its own.
    pub(super) const fn institution(&self) -> Option<&Organization> {
        self.institution.as_ref()
    }

    /// The Document Source.
    pub(super) const fn source_id(&self) -> &Oid {
        &self.source_id
    }
}

/// A new OID.
pub(super) fn fresh() -> Oid {
    Oid::from_uuid(uuid::Uuid::new_v4())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describing(patient: Option<&str>, authority: &str) -> Describing {
        Describing {
            config: Config::default(),
            patient: patient.map(|patient| patient.parse().unwrap()),
            patient_authority: Some(authority.parse().unwrap()),
            language: "en-US".parse().unwrap(),
            institution: None,
            source_id: fresh(),
            said: None,
        }
    }

    fn patient_of(describing: &Describing) -> Result<String, String> {
        let samples = dose::sample::all();
        let sample = samples.iter().find(|sample| sample.name == "fr-petct-ct").unwrap();
        let submission = describing.report(&dose::read(&sample.bytes).unwrap())?;
        Ok(submission.entries[0].patient_id.as_ref().unwrap().to_string())
    }

    #[test]
    fn an_id_of_another_authority_is_not_filed_under_ours() {
        let refused = patient_of(&describing(None, "1.2.3")).unwrap_err();
        for part in ["2.16.840.1.113883.19.33.2", " 1.2.3 ", "--patient"] {
            assert!(refused.contains(part), "{part} in {refused}");
        }
    }

    #[test]
    fn an_id_of_our_authority_or_a_patient_that_is_named_is_taken() {
        let ours = "271049999999991^^^&2.16.840.1.113883.19.33.2&ISO";
        assert_eq!(patient_of(&describing(None, "2.16.840.1.113883.19.33.2")).unwrap(), ours);
        assert_eq!(patient_of(&describing(Some("7^^^&1.2.3&ISO"), "1.2.3")).unwrap(), "7^^^&1.2.3&ISO");
    }
}
