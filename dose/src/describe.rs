//! A dose report as a registry knows it: DocumentEntry, SubmissionSet and the link between them
//! (ITI TF-3 4.2.3).
//!
//! Pure: ids and the time of submission come from the caller, hash and size from the repository.

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use metadata::vocabulary::reference;
use metadata::{
    Association, AssociationType, Author, Code, DocumentEntry, Extra, Invalid, LanguageCode,
    LocalizedStrings, ObjectId, ObjectType, Oid, Organization, PatientId, Person, ReferenceId,
    SourcePatientInfo, Submission, SubmissionSet, SubmissionSetStatus, Timestamp, UniqueId, hl7,
};

use crate::code::Concept;
use crate::concepts;
use crate::moment::{Moment, Precision};
use crate::report::{DoseReport, Issuer, Modality, Sex};

/// LOINC.
const LOINC: &str = "2.16.840.1.113883.6.1";
/// SNOMED CT.
const SNOMED_CT: &str = "2.16.840.1.113883.6.96";
/// DICOM's own codes, and those of acquisition modalities (CID 29).
const DCM: &str = "1.2.840.10008.2.16.4";
/// DICOM UIDs as codes: a format is named by its SOP class.
const DICOM_UIDS: &str = "1.2.840.10008.2.6.1";
/// HL7 Confidentiality.
const CONFIDENTIALITY: &str = "2.16.840.1.113883.5.25";

/// What the affinity domain and the submitter add to what the report says.
#[derive(Debug, Clone)]
pub struct Description {
    /// The patient as the affinity domain knows them.
    pub patient_id: PatientId,
    /// Who issued the patient's id in the report, if the report does not say it with an OID.
    pub source_patient_authority: Oid,
    /// Who issued the accession number, if the report does not say it with an OID.
    pub accession_authority: Option<Oid>,
    /// Where the report was made, if it is not to be the institution that the report names.
    pub author_institution: Option<Organization>,
    /// The language of the report's texts.
    pub language: LanguageCode,
    /// The zone of times that state no offset.
    pub time_zone: TimeZone,
    /// The codes that do not come from the report.
    pub codes: DescriptionCodes,
    /// The Document Source.
    pub source_id: Oid,
    /// A fresh id for the submission.
    pub submission_unique_id: Oid,
    /// Now.
    pub submission_time: Timestamp,
}

/// The codes that an affinity domain chooses.
#[derive(Debug, Clone)]
pub struct DescriptionCodes {
    /// classCode of the document.
    pub class: Code,
    /// typeCode of the document.
    pub kind: Code,
    /// How confidential it is.
    pub confidentiality: Code,
    /// The kind of facility.
    pub facility: Code,
    /// The specialty of X-ray reports.
    pub radiology: Code,
    /// The specialty of radiopharmaceutical reports.
    pub nuclear_medicine: Code,
    /// contentTypeCode of the submission.
    pub content: Code,
}

impl Description {
    /// Codes that are good where the affinity domain prescribes no others.
    #[must_use]
    pub fn default_codes() -> DescriptionCodes {
        DescriptionCodes {
            class: Code::new("18748-4", LOINC, "Diagnostic imaging study"),
            kind: Code::new("73569-6", LOINC, "Radiation exposure and protection information"),
            confidentiality: Code::new("N", CONFIDENTIALITY, "normal"),
            facility: Code::new("22232009", SNOMED_CT, "Hospital"),
            radiology: Code::new("394914008", SNOMED_CT, "Radiology"),
            nuclear_medicine: Code::new("394649004", SNOMED_CT, "Nuclear medicine"),
            content: Code::new("18748-4", LOINC, "Diagnostic imaging study"),
        }
    }
}

/// Describes a report for ITI-41: one document in one submission.
///
/// # Errors
///
/// When the report has no valid SOP Instance UID, for a document must have an id.
pub fn describe(report: &DoseReport, said: &Description) -> Result<Submission, Invalid> {
    const SET: &str = "submission";
    const DOCUMENT: &str = "report";
    Ok(Submission {
        submission_set: submission_set(report, said, symbol(SET)),
        entries: vec![document_entry(report, said, symbol(DOCUMENT))?],
        folders: Vec::new(),
        associations: vec![Association {
            submission_set_status: Some(SubmissionSetStatus::Original),
            ..Association::new(AssociationType::HasMember, symbol("member"), symbol(SET), symbol(DOCUMENT))
        }],
    })
}

fn document_entry(report: &DoseReport, said: &Description, id: ObjectId) -> Result<DocumentEntry, Invalid> {
    let time = |moment: Option<Moment>| timestamp(moment?, &said.time_zone);
    let start = time(service_start(report));
    // A registry refuses a stop before the start (a clock set back); the report is shared nevertheless.
    let stop = time(service_stop(report)).filter(|stop| start.is_none_or(|start| stop.end() > start.start()));
    let uid: Oid = report.sop_instance_uid.parse()?;
    Ok(DocumentEntry {
        author: vec![author(report, said)],
        availability_status: None,
        class_code: Some(said.codes.class.clone()),
        comments: LocalizedStrings::default(),
        confidentiality_code: vec![said.codes.confidentiality.clone()],
        creation_time: time(report.content_time)
            .or_else(|| time(report.irradiation_end))
            .or_else(|| time(report.study.time)),
        document_availability: None,
        entry_uuid: id,
        event_code_list: event_codes(report),
        format_code: Some(Code::new(
            &report.sop_class_uid,
            DICOM_UIDS,
            &crate::error::sop_class_name(&report.sop_class_uid),
        )),
        hash: None,
        healthcare_facility_type_code: Some(said.codes.facility.clone()),
        home_community_id: None,
        language_code: Some(said.language.clone()),
        legal_authenticator: None,
        limited_metadata: false,
        logical_id: None,
        mime_type: "application/dicom".parse()?,
        object_type: ObjectType::Stable,
        patient_id: Some(said.patient_id.clone()),
        practice_setting_code: Some(match report.modality {
            Modality::NuclearMedicine => said.codes.nuclear_medicine.clone(),
            _ => said.codes.radiology.clone(),
        }),
        reference_id_list: reference_ids(report, said),
        repository_unique_id: None,
        service_start_time: start,
        service_stop_time: stop,
        size: None,
        source_patient_id: source_patient_id(report, said).map(Into::into),
        source_patient_info: source_patient_info(report, said),
        title: title(report).as_str().into(),
        type_code: Some(said.codes.kind.clone()),
        unique_id: UniqueId::from(uid),
        uri: None,
        version: None,
        extra: Extra::default(),
    })
}

fn submission_set(report: &DoseReport, said: &Description, id: ObjectId) -> SubmissionSet {
    SubmissionSet {
        author: vec![author(report, said)],
        availability_status: None,
        comments: LocalizedStrings::default(),
        content_type_code: Some(said.codes.content.clone()),
        entry_uuid: id,
        home_community_id: None,
        intended_recipient: Vec::new(),
        limited_metadata: false,
        patient_id: Some(said.patient_id.clone()),
        source_id: said.source_id.clone(),
        submission_time: said.submission_time,
        title: title(report).as_str().into(),
        unique_id: said.submission_unique_id.clone(),
        extra: Extra::default(),
    }
}

fn symbol(name: &str) -> ObjectId {
    ObjectId::Symbolic(name.to_owned())
}

fn title(report: &DoseReport) -> String {
    let modality = report.modality.meaning();
    report.study.description.clone().unwrap_or_else(|| format!("{modality} radiation dose report"))
}

/// Who authorised the irradiation; where the report names nobody, the device, which made the report.
fn author(report: &DoseReport, said: &Description) -> Author {
    let physician = report.authorised_by.as_deref().and_then(person);
    let device = &report.device;
    let device = Person::named(
        device.model.as_deref().or(device.station.as_deref()).unwrap_or_default(),
        device.manufacturer.as_deref().unwrap_or_default(),
    );
    let role = if physician.is_some() { concepts::AUTHORISING } else { concepts::IRRADIATING_DEVICE };
    let institution =
        report.institution.name.as_deref().and_then(|name| Organization::named(name, None).ok());
    Author {
        author_person: physician.or(device.ok()),
        author_institution: said.author_institution.clone().or(institution).into_iter().collect(),
        author_role: vec![format!("{}^^^&{DCM}&ISO", role.value)],
        ..Author::default()
    }
}

/// A DICOM name as XCN. DICOM ends in prefix and suffix, HL7 in suffix and prefix.
fn person(name: &str) -> Option<Person> {
    let [family, given, middle, prefix, suffix] = name_parts(name);
    format!("^{family}^{given}^{middle}^{suffix}^{prefix}").trim_end_matches('^').parse().ok()
}

fn name_parts(name: &str) -> [String; 5] {
    let mut parts = name.split('^').map(|part| hl7::escape(part.trim()));
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// The modality (never SR), what was reported, what was asked for, and which regions were irradiated.
fn event_codes(report: &DoseReport) -> Vec<Code> {
    const REPORTED: [(Concept, Concept); 5] = [
        (concepts::CT, concepts::CT),
        (concepts::MAMMOGRAPHY, concepts::MAMMOGRAPHY),
        (concepts::PROJECTION, concepts::PROJECTION),
        (concepts::FLUOROSCOPY, concepts::FLUOROSCOPY),
        (concepts::FLUOROSCOPY_RADIOGRAPHY, concepts::FLUOROSCOPY_RADIOGRAPHY),
    ];
    let reported = match report.modality {
        Modality::NuclearMedicine => Some(concepts::ADMINISTRATION.code()),
        // Old reports say it in SNOMED RT; the registry gets the present code.
        _ => report
            .procedure_reported
            .as_ref()
            .and_then(|code| code.among(&REPORTED))
            .map(|concept| concept.code()),
    };
    let regions = report.events.iter().filter_map(|event| event.target_region.clone());
    let mut codes = vec![Code::new(report.modality.code(), DCM, report.modality.meaning())];
    for code in reported.into_iter().chain(report.study.procedures.iter().cloned()).chain(regions) {
        codes.extend(public_code(&code).filter(|code| !codes.iter().any(|known| known.means(code))));
    }
    codes
}

/// A code of the systems that other institutions know.
fn public_code(code: &crate::Code) -> Option<Code> {
    let scheme = match code.scheme.as_str() {
        "SCT" => SNOMED_CT,
        "DCM" => DCM,
        "LN" => LOINC,
        _ => return None,
    };
    Some(Code::new(&code.value, scheme, &code.meaning))
}

/// Accession number and study: what joins the parts of one visit.
fn reference_ids(report: &DoseReport, said: &Description) -> Vec<ReferenceId> {
    let study = &report.study;
    let issuer = oid_of(&study.accession_issuer).or_else(|| said.accession_authority.clone());
    let accession = study.accession.as_deref();
    let accession = accession.and_then(|id| ReferenceId::new(id, issuer.as_ref(), reference::ACCESSION).ok());
    let uid = study.uid.as_ref().and_then(|uid| uid.parse().ok()).map(|uid| ReferenceId::study(&uid));
    accession.into_iter().chain(uid).collect()
}

fn oid_of(issuer: &Issuer) -> Option<Oid> {
    issuer.universal_id.as_ref()?.parse().ok()
}

fn source_patient_id(report: &DoseReport, said: &Description) -> Option<PatientId> {
    let patient = &report.patient;
    let authority = oid_of(&patient.issuer).unwrap_or_else(|| said.source_patient_authority.clone());
    PatientId::new(patient.id.as_deref()?, authority).ok()
}

/// What the source says of the patient, not corrected.
fn source_patient_info(report: &DoseReport, said: &Description) -> SourcePatientInfo {
    let patient = &report.patient;
    let id = source_patient_id(report, said).map(|id| id.to_string()).unwrap_or_default();
    let [family, given, middle, prefix, suffix] = name_parts(patient.name.as_deref().unwrap_or_default());
    let name = format!("{family}^{given}^{middle}^{suffix}^{prefix}");
    let sex = patient.sex.map_or("", |sex| match sex {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Other => "O",
    });
    SourcePatientInfo::default()
        .with(3, id)
        .with(5, name.trim_end_matches('^'))
        .with(7, patient.birth_date.map(|date| date.strftime("%Y%m%d").to_string()).unwrap_or_default())
        .with(8, sex)
}

/// The stated start of irradiation, else that of the first event, else that of the study.
fn service_start(report: &DoseReport) -> Option<Moment> {
    let first = report.events.iter().filter_map(|event| event.start).min_by_key(|start| start.clock);
    report.irradiation_start.or(first).or(report.study.time)
}

/// The stated end of irradiation, else that of the last event.
fn service_stop(report: &DoseReport) -> Option<Moment> {
    let ends = report.events.iter().filter_map(|event| {
        let start = event.start?;
        let seconds = event.duration.as_ref().map_or(0.0, |duration| duration.amount.value());
        let whole = seconds.ceil().clamp(0.0, 86_400.0) as i64;
        Some(Moment { clock: start.clock.checked_add(whole.seconds()).ok()?, ..start })
    });
    report.irradiation_end.or_else(|| ends.max_by_key(|end| end.clock))
}

/// UTC, as precise as it was stated. A day alone is left as it is: it has no zone.
fn timestamp(moment: Moment, zone: &TimeZone) -> Option<Timestamp> {
    let (clock, pattern) = match moment.precision {
        Precision::Year => (moment.clock, "%Y"),
        Precision::Month => (moment.clock, "%Y%m"),
        Precision::Day => (moment.clock, "%Y%m%d"),
        Precision::Hour => (moment.in_utc(zone)?, "%Y%m%d%H"),
        Precision::Minute => (moment.in_utc(zone)?, "%Y%m%d%H%M"),
        Precision::Second => (moment.in_utc(zone)?, "%Y%m%d%H%M%S"),
    };
    clock.strftime(pattern).to_string().parse().ok()
}

#[cfg(test)]
mod tests;
