//! What the configuration and the command line add to what a document says of itself.

use std::path::Path;

use dose::{Description, DoseReport};
use jiff::tz::TimeZone;
use metadata::{LanguageCode, Oid, Organization, PatientId, Submission, Timestamp};

use super::metadata::Said;
use crate::commands::session::Session;
use crate::config::Config;
use crate::exit::Failure;
use crate::node::now;

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
        let source_id = session.identifiers.as_ref().map(|identifiers| Oid::clone(&identifiers.source_id));
        Ok(Self {
            patient,
            patient_authority: session.patient_authority(),
            language,
            institution: institution.map_err(|error| Failure::Usage(format!("institution.name: {error}")))?,
            source_id: source_id.unwrap_or_else(fresh),
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

    /// A dose report as a submission.
    pub(super) fn report(&self, report: &DoseReport) -> Result<Submission, String> {
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
