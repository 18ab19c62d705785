//! Dose reports of our own: synthetic, valid, the same bytes on every run; for the demonstration, the
//! documentation and the tests.
//!
//! Two invented hospitals, one Belgian and one French, and two invented patients. One patient was examined in
//! both hospitals, which know her under a national number of their own country. Names, institutions, numbers and
//! authorities are made up: the national numbers have the form and the check digits of real ones, with serial
//! numbers (999) that are not given out, and the OIDs lie under HL7's arc for examples.

mod ct;
mod header;
mod projection;
mod radiopharmaceutical;
mod tree;

use crate::code::Concept;
use crate::quantity::{
    AdministeredActivity, AirKerma, AverageGlandularDose, DoseAreaProduct, DoseLengthProduct, Seconds,
};
use crate::report::Modality;

/// A sample report, and what reading it must give.
#[derive(Debug, Clone)]
pub struct Sample {
    /// A short name, good for a file: `be-ct-adult`.
    pub name: &'static str,
    /// What was done, as the study description says it.
    pub description: &'static str,
    /// Where.
    pub hospital: &'static Hospital,
    /// To whom.
    pub patient: &'static Person,
    /// The patient's number at that hospital.
    pub patient_id: &'static str,
    /// With what kind of equipment.
    pub modality: Modality,
    /// SOP Instance UID of the report.
    pub sop_instance_uid: String,
    /// Study Instance UID; two reports of one visit share it.
    pub study_instance_uid: String,
    /// The totals that the report states.
    pub expected: Expected,
    /// The DICOM file.
    pub bytes: Vec<u8>,
}

/// The totals of a sample; `None` where its kind of report has no such total.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Expected {
    /// Number of irradiation events.
    pub events: usize,
    /// Total dose length product.
    pub dose_length_product: Option<DoseLengthProduct>,
    /// Total dose area product.
    pub dose_area_product: Option<DoseAreaProduct>,
    /// Total air kerma at the reference point.
    pub air_kerma: Option<AirKerma>,
    /// Time of fluoroscopy.
    pub fluoroscopy_time: Option<Seconds>,
    /// Average glandular dose of the left breast.
    pub left_breast: Option<AverageGlandularDose>,
    /// Average glandular dose of the right breast.
    pub right_breast: Option<AverageGlandularDose>,
    /// Activity given.
    pub administered_activity: Option<AdministeredActivity>,
}

/// An invented hospital.
#[derive(Debug, PartialEq, Eq)]
pub struct Hospital {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub address: &'static str,
    /// Its own OID.
    pub oid: &'static str,
    /// Name of the authority whose patient numbers it uses.
    pub authority: &'static str,
    /// OID of that authority.
    pub authority_oid: &'static str,
    /// Who authorises irradiation there, as DICOM writes names.
    pub physician: &'static str,
}

/// An invented patient.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    /// Name, as DICOM writes names.
    pub name: &'static str,
    /// Birth date, `YYYYMMDD`.
    pub birth_date: &'static str,
    /// `F` or `M`.
    pub sex: &'static str,
    /// Height in metres.
    pub size_m: &'static str,
    /// Weight in kilograms.
    pub weight_kg: &'static str,
}

/// The Belgian hospital.
pub static BELGIAN_HOSPITAL: Hospital = Hospital {
    name: "Ziekenhuis Sint-Voorbeeld",
    address: "Voorbeeldstraat 1, 9999 Denkdorp, België",
    oid: "2.16.840.1.113883.19.32.1",
    authority: "INSS-DEMO",
    authority_oid: "2.16.840.1.113883.19.32.2",
    physician: "Modelarts^Imke^^Dr.",
};

/// The French hospital.
pub static FRENCH_HOSPITAL: Hospital = Hospital {
    name: "Centre Hospitalier Sainte-Fictive",
    address: "1 rue de l'Exemple, 99999 Nulle-Part, France",
    oid: "2.16.840.1.113883.19.33.1",
    authority: "INS-DEMO",
    authority_oid: "2.16.840.1.113883.19.33.2",
    physician: "Témoin^Éloïse^^Dr",
};

/// The patient of both hospitals.
pub static CHARLOTTE: Person =
    Person { name: "Specimen^Charlotte", birth_date: "19710401", sex: "F", size_m: "1.68", weight_kg: "66" };

/// A child.
pub static NOOR: Person =
    Person { name: "Voorbeeld^Noor", birth_date: "20180630", sex: "F", size_m: "1.18", weight_kg: "21" };

/// Charlotte's number in the Belgian hospital: 11 digits, the last two 97 - (the first nine mod 97).
pub const CHARLOTTE_IN_BELGIUM: &str = "71040199905";
/// Charlotte's number in the French hospital: 13 digits and their key 97 - (the number mod 97).
pub const CHARLOTTE_IN_FRANCE: &str = "271049999999991";
/// Noor's number in the Belgian hospital; for births from 2000 a 2 is put before the nine digits.
pub const NOOR_IN_BELGIUM: &str = "18063099905";

/// All samples, by date.
#[must_use]
pub fn all() -> Vec<Sample> {
    vec![
        ct::adult(),
        projection::mammography(),
        ct::child(),
        projection::angiography(),
        ct::of_pet(),
        radiopharmaceutical::pet(),
    ]
}

/// What a sample is, before it is written.
struct Examination {
    name: &'static str,
    description: &'static str,
    procedure: Concept,
    hospital: &'static Hospital,
    patient: &'static Person,
    patient_id: &'static str,
    age: &'static str,
    modality: Modality,
    device: Device,
    study: &'static str,
    accession: &'static str,
    date: &'static str,
    time: &'static str,
    content_time: &'static str,
    offset: &'static str,
}

struct Device {
    manufacturer: &'static str,
    model: &'static str,
    serial: &'static str,
    station: &'static str,
    location: &'static str,
}

impl Examination {
    /// A moment of that day.
    fn at(&self, time: &str) -> String {
        format!("{}{time}{}", self.date, self.offset)
    }

    fn sample(&self, template: &header::Template, content: Vec<tree::Item>, expected: Expected) -> Sample {
        let sop_instance_uid = uid(&format!("{}/report", self.name));
        Sample {
            name: self.name,
            description: self.description,
            hospital: self.hospital,
            patient: self.patient,
            patient_id: self.patient_id,
            modality: self.modality,
            study_instance_uid: uid(self.study),
            expected,
            bytes: header::file(self, template, &sop_instance_uid, content),
            sop_instance_uid,
        }
    }
}

/// A UID made from a name: `2.25.` and the number of a UUID (PS3.5 B.2), always the same for the same name.
fn uid(name: &str) -> String {
    let uuid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("dosebook sample {name}").as_bytes());
    format!("2.25.{}", uuid.as_u128())
}

#[cfg(test)]
mod tests;
