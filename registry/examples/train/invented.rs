//! Submissions of invented patients, as various as those of a regional exchange; the same ones on every run.

use std::fmt::Write as _;

use dose::{Description, DoseReport, describe};
use jiff::tz::TimeZone;
use metadata::{
    AssociationType, Author, Code, DocumentEntry, EntryUuid, LanguageCode, ObjectId, Oid, Organization,
    PatientId, Person, ReferenceId, SourcePatientInfo, Submission, Timestamp, sample, sample_with_folder,
};
use uuid::Uuid;

use super::words::{
    CLASSES, CONFIDENTIALITY, DEVICES, EVENTS, FACILITIES, FAMILY, FORMATS, GIVEN, HOSPITALS, LANGUAGES,
    MIME, PRACTICES, ROLES, SPECIALTIES, STUDIES, TYPES,
};

/// LOINC, in which documents are classified.
const LOINC: &str = "2.16.840.1.113883.6.1";
const SNOMED_CT: &str = "2.16.840.1.113883.6.96";

/// Draws submissions.
pub(crate) struct Invention {
    random: u64,
    reports: Vec<DoseReport>,
}

impl Invention {
    /// Begins with the sample reports of `dose`.
    pub(crate) fn new() -> Result<Self, dose::ReadError> {
        let reports = dose::sample::all().into_iter().map(|sample| dose::read(&sample.bytes));
        Ok(Self { random: 20_260_101, reports: reports.collect::<Result<_, _>>()? })
    }

    /// The next submission: half of them dose reports.
    pub(crate) fn submission(&mut self) -> Submission {
        let submission = match self.below(2) {
            0 => self.dose_report(),
            _ => Some(self.document()),
        };
        let mut submission = submission.unwrap_or_else(sample);
        submission.assign_uuids(|| EntryUuid::from(self.uuid()));
        for entry in &mut submission.entries {
            let hash: String = (0..5).fold(String::new(), |mut hash, _| {
                let _ = write!(hash, "{:08x}", self.next() as u32);
                hash
            });
            entry.hash = hash.parse().ok();
            entry.size = Some(self.below(2_000_000));
            entry.repository_unique_id = self.oid(40);
        }
        submission
    }

    /// A report as `dose` describes it.
    fn dose_report(&mut self) -> Option<Submission> {
        let at = self.below(self.reports.len() as u64) as usize;
        let mut report = self.reports.get(at)?.clone();
        report.sop_instance_uid = self.oid(1_000_000)?.to_string();
        report.study.uid = self.oid(1_000_000).map(|uid| uid.to_string());
        report.study.accession = Some(format!("A{:08}", self.below(100_000_000)));
        report.study.description = Some(self.one_of(&STUDIES).to_owned());
        report.patient.name = Some(format!("{}^{}", self.one_of(&FAMILY), self.one_of(&GIVEN)));
        report.patient.id = Some(self.below(1_000_000_000).to_string());
        report.institution.name = Some(self.one_of(&HOSPITALS).to_owned());
        let (manufacturer, model) = self.one_of(&DEVICES);
        (report.device.manufacturer, report.device.model) = (Some(manufacturer.into()), Some(model.into()));
        if self.below(3) > 0 {
            report.authorised_by = Some(format!("{}^{}^^Dr.", self.one_of(&FAMILY), self.one_of(&GIVEN)));
        }
        let shift =
            jiff::Span::new().days(self.below(3_000) as i64 - 1_500).seconds(self.below(86_400) as i64);
        for moment in [&mut report.content_time, &mut report.irradiation_start, &mut report.irradiation_end] {
            *moment = moment.and_then(|moment| {
                Some(dose::Moment { clock: moment.clock.checked_add(shift).ok()?, ..moment })
            });
        }
        describe(&report, &self.description()?).ok()
    }

    fn description(&mut self) -> Option<Description> {
        let institution = self.organization();
        Some(Description {
            patient_id: self.patient()?,
            source_patient_authority: self.oid(40)?,
            accession_authority: self.oid(40),
            author_institution: institution.filter(|_| self.below(2) == 0),
            language: self.language()?,
            time_zone: TimeZone::fixed(jiff::tz::offset(1)),
            codes: Description::default_codes(),
            source_id: self.oid(40)?,
            submission_unique_id: self.oid(1_000_000)?,
            submission_time: self.time(),
        })
    }

    /// Some other document.
    fn document(&mut self) -> Submission {
        let mut submission = if self.below(4) == 0 { sample_with_folder() } else { sample() };
        let patient = self.patient();
        let author = (0..=self.below(2)).map(|_| self.author()).collect::<Vec<_>>();
        let set = &mut submission.submission_set;
        set.patient_id.clone_from(&patient);
        set.author = author.iter().take(1).cloned().collect();
        set.content_type_code = Some(self.code(&CLASSES, LOINC));
        set.submission_time = self.time();
        set.title = self.one_of(&TYPES).1.into();
        set.unique_id = self.oid(1_000_000).unwrap_or_else(|| set.unique_id.clone());
        set.source_id = self.oid(40).unwrap_or_else(|| set.source_id.clone());
        for entry in &mut submission.entries {
            entry.patient_id.clone_from(&patient);
            entry.author.clone_from(&author);
            self.vary(entry);
        }
        for folder in &mut submission.folders {
            folder.patient_id.clone_from(&patient);
            folder.unique_id = self.oid(1_000_000).unwrap_or_else(|| folder.unique_id.clone());
        }
        if self.below(5) == 0 {
            self.replace(&mut submission);
        }
        submission
    }

    fn vary(&mut self, entry: &mut DocumentEntry) {
        entry.class_code = Some(self.code(&CLASSES, LOINC));
        entry.type_code = Some(self.code(&TYPES, LOINC));
        entry.practice_setting_code = Some(self.code(&PRACTICES, SNOMED_CT));
        entry.healthcare_facility_type_code = Some(self.code(&FACILITIES, SNOMED_CT));
        entry.confidentiality_code = vec![self.code(&CONFIDENTIALITY, "2.16.840.1.113883.5.25")];
        entry.event_code_list =
            (0..self.below(4)).map(|_| self.code(&EVENTS, "1.2.840.10008.2.16.4")).collect();
        let (format, scheme, name) = self.one_of(&FORMATS);
        entry.format_code = Some(Code::new(format, scheme, name));
        entry.mime_type = self.one_of(&MIME).parse().unwrap_or_else(|_| entry.mime_type.clone());
        entry.language_code = self.language();
        entry.title = self.one_of(&TYPES).1.into();
        if self.below(3) == 0 {
            entry.comments = format!("{} {}", self.one_of(&STUDIES), self.below(100)).as_str().into();
        }
        entry.creation_time = Some(self.time());
        entry.service_start_time = Some(self.time());
        entry.service_stop_time = entry.service_start_time.filter(|_| self.below(2) == 0);
        if self.below(2) == 0 {
            entry.legal_authenticator = entry.author.first().and_then(|author| author.author_person.clone());
        }
        entry.unique_id = self.oid(1_000_000).map_or_else(|| entry.unique_id.clone(), Into::into);
        let study = self.oid(1_000_000).map(|uid| ReferenceId::study(&uid));
        entry.reference_id_list = study.into_iter().filter(|_| self.below(2) == 0).collect();
        entry.source_patient_id = self.patient().map(Into::into);
        let id = entry.source_patient_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let birth = format!("{}{:02}{:02}", 1920 + self.below(105), 1 + self.below(12), 1 + self.below(28));
        entry.source_patient_info = SourcePatientInfo::default()
            .with(3, id)
            .with(5, format!("{}^{}^^^", self.one_of(&FAMILY), self.one_of(&GIVEN)))
            .with(7, birth)
            .with(8, self.one_of(&["F", "M"]));
    }

    /// The document takes the place of another.
    fn replace(&mut self, submission: &mut Submission) {
        let (Some(member), Some(entry)) = (submission.associations.first(), submission.entries.first())
        else {
            return;
        };
        let mut relationship = member.clone();
        relationship.association_type =
            if self.below(4) == 0 { AssociationType::Append } else { AssociationType::Replace };
        relationship.submission_set_status = None;
        relationship.entry_uuid = ObjectId::Symbolic("relationship".to_owned());
        relationship.source_object = entry.entry_uuid.clone();
        relationship.target_object = EntryUuid::from(self.uuid()).into();
        submission.associations.push(relationship);
    }

    fn author(&mut self) -> Author {
        let person = Person::named(self.one_of(&FAMILY), self.one_of(&GIVEN)).ok();
        let id = format!(
            "{}^{}^{}^^^Dr^^^&2.16.840.1.113883.2.9&ISO",
            self.below(100_000_000),
            self.one_of(&FAMILY),
            self.one_of(&GIVEN)
        );
        Author {
            author_person: if self.below(2) == 0 { person } else { id.parse().ok() },
            author_institution: self.organization().into_iter().collect(),
            author_role: vec![self.one_of(&ROLES).to_owned()],
            author_specialty: vec![self.one_of(&SPECIALTIES).to_owned()],
            ..Author::default()
        }
    }

    fn organization(&mut self) -> Option<Organization> {
        let oid = self.oid(40).filter(|_| self.below(3) > 0);
        Organization::named(self.one_of(&HOSPITALS), oid.as_ref()).ok()
    }

    fn patient(&mut self) -> Option<PatientId> {
        PatientId::new(&self.below(100_000_000_000).to_string(), self.oid(20)?).ok()
    }

    fn language(&mut self) -> Option<LanguageCode> {
        self.one_of(&LANGUAGES).parse().ok()
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_unix(1_400_000_000 + self.below(600_000_000) as i64)
    }

    fn code(&mut self, codes: &[(&str, &str)], scheme: &str) -> Code {
        let (code, name) = self.one_of(codes);
        Code::new(code, scheme, name)
    }

    /// One of so many OIDs, in one of the forms that are given out.
    fn oid(&mut self, many: u64) -> Option<Oid> {
        let number = self.below(many);
        let text = match self.below(4) {
            0 => format!("2.25.{}", self.uuid().as_u128()),
            1 => format!(
                "1.2.840.113619.2.{}.{}.{}.{number}",
                self.below(500),
                self.next() as u32,
                self.below(90_000)
            ),
            2 => format!(
                "1.3.12.2.1107.5.1.4.{}.30000{}{number}",
                self.below(99_999),
                14_010_100_000 + self.below(9_999_999)
            ),
            _ => format!("1.3.6.1.4.1.{}.{}.{number}", 10_000 + self.below(50_000), self.below(20)),
        };
        text.parse().ok()
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.next(), self.next())
    }

    fn one_of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len() as u64) as usize]
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// SplitMix64: a good sequence in three lines.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
