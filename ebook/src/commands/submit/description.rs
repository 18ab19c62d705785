//! What the configuration and the command line add to what a document says of itself.

use dose::{Description, DoseReport};
use jiff::tz::TimeZone;
use metadata::{LanguageCode, Oid, Organization, PatientId, Submission, Timestamp};

use super::metadata::Said;
use super::{Arguments, patient};
use crate::commands::session::Session;
use crate::config::Config;
use crate::exit::Failure;
use crate::node::now;

/// All that is the same for every file of one call.
pub(super) struct Describing {
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
    pub(super) fn new(session: &Session, arguments: &Arguments) -> Result<Self, Failure> {
        let config = session.config.clone();
        let patient = arguments.patient.as_deref().map(|text| session.patient(text)).transpose()?;
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
            said: arguments.metadata.as_deref().map(Said::read).transpose()?,
            config,
        })
    }

    /// The patient of a document whose own Patient ID is `id`.
    pub(super) fn patient(&self, id: Option<&str>) -> Result<PatientId, String> {
        patient(self.patient.as_ref(), id, self.patient_authority.as_ref())
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
