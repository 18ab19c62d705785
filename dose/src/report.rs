//! What a dose report says, whatever template and vendor it came from.
//!
//! `None` means that the report does not state a value: an empty value is not zero (rule R5).

mod event;
mod totals;

use crate::code::Code;
use crate::moment::Moment;

pub use event::{Administration, EventKind, IrradiationEvent, Side};
pub use totals::{Measured, Origin, Phantom, Plane, PlaneTotals, StatedUnit, Total, Totals};

/// A radiation dose report.
#[derive(Debug, Clone)]
pub struct DoseReport {
    /// SOP Class UID (0008,0016).
    pub sop_class_uid: String,
    /// SOP Instance UID (0008,0018): the name of this object everywhere.
    pub sop_instance_uid: String,
    /// Transfer syntax of the file.
    pub transfer_syntax_uid: String,
    /// Content Date and Time (0008,0023 and 0033): when the report was made.
    pub content_time: Option<Moment>,
    /// Whether the report says that it is complete (0040,A491).
    pub completion: Option<Completion>,
    /// What kind of equipment irradiated, decided from the content (D40, D41).
    pub modality: Modality,
    /// The layout of the report.
    pub template: Template,
    /// Concept name of the root.
    pub root: Code,
    /// Who was irradiated, by the header.
    pub patient: Patient,
    /// In which study, by the header (R15).
    pub study: Study,
    /// By which device.
    pub device: Device,
    /// Where.
    pub institution: Institution,
    /// What kind of procedure is reported.
    pub procedure_reported: Option<Code>,
    /// Why it was done.
    pub intent: Option<Code>,
    /// Kind of device, as stated; sometimes wrong (D40).
    pub device_type: Option<Code>,
    /// What the totals add up: a study, a step, an event.
    pub scope: Option<Code>,
    /// Where the numbers come from: the device, a screen, a person.
    pub source: Option<Code>,
    /// Who authorised the irradiation, as DICOM writes names.
    pub authorised_by: Option<String>,
    /// Start of irradiation, as the report states it for the whole.
    pub irradiation_start: Option<Moment>,
    /// End of irradiation, as the report states it for the whole.
    pub irradiation_end: Option<Moment>,
    /// The totals.
    pub totals: Totals,
    /// The irradiation events (administrations, in a radiopharmaceutical report), by start time (R11).
    pub events: Vec<IrradiationEvent>,
    /// What was odd: values ignored, units assumed, totals that differ from their events.
    pub notes: Vec<Note>,
}

/// The layout of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// CT: TID 10011.
    Ct,
    /// Projection X-ray: TID 10001.
    Projection,
    /// Radiopharmaceutical: TID 10021.
    Radiopharmaceutical,
    /// The summary of a mobile C-arm vendor (D19): totals only.
    Summary,
}

/// What kind of equipment irradiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Modality {
    /// Computed tomography.
    Ct,
    /// Fluoroscopy and angiography.
    Fluoroscopy,
    /// Radiography.
    Radiography,
    /// Mammography.
    Mammography,
    /// Nuclear medicine and PET.
    NuclearMedicine,
}

impl Modality {
    /// Its code in DICOM CID 29.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ct => "CT",
            Self::Fluoroscopy => "RF",
            Self::Radiography => "DX",
            Self::Mammography => "MG",
            Self::NuclearMedicine => "NM",
        }
    }

    /// Its meaning in DICOM CID 29.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ct => "Computed Tomography",
            Self::Fluoroscopy => "Radio Fluoroscopy",
            Self::Radiography => "Digital Radiography",
            Self::Mammography => "Mammography",
            Self::NuclearMedicine => "Nuclear Medicine",
        }
    }
}

/// Completion Flag (0040,A491).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// All that there is to say is said.
    Complete,
    /// More may follow.
    Partial,
}

/// Who was irradiated: data of the source at that time, not corrected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patient {
    /// Patient ID (0010,0020).
    pub id: Option<String>,
    /// Who issued it.
    pub issuer: Issuer,
    /// Name as DICOM writes it: `Family^Given^Middle^Prefix^Suffix`, first component group.
    pub name: Option<String>,
    /// Birth date (0010,0030).
    pub birth_date: Option<jiff::civil::Date>,
    /// Sex (0010,0040).
    pub sex: Option<Sex>,
    /// Age (0010,1010) as DICOM writes it: `045Y`, `003M`.
    pub age: Option<String>,
    /// Height in metres (0010,1020).
    pub size_m: Option<f64>,
    /// Weight in kilograms (0010,1030).
    pub weight_kg: Option<f64>,
}

/// Who issued an identifier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issuer {
    /// A name, meaningful at the source: Issuer of Patient ID (0010,0021), or Local Namespace Entity ID (0040,0031).
    pub name: Option<String>,
    /// A universal identifier (0040,0032).
    pub universal_id: Option<String>,
    /// Its type (0040,0033); `ISO` for an OID.
    pub universal_id_type: Option<String>,
}

/// Patient's Sex (0010,0040).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// `F`
    Female,
    /// `M`
    Male,
    /// `O`
    Other,
}

/// The study that a report belongs to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// Study Instance UID (0020,000D).
    pub uid: Option<String>,
    /// Study ID (0020,0010).
    pub id: Option<String>,
    /// When it began: Study Date and Time, else those of the content or the series (D46).
    pub time: Option<Moment>,
    /// Accession Number (0008,0050).
    pub accession: Option<String>,
    /// Who issued the accession number (0008,0051).
    pub accession_issuer: Issuer,
    /// Study Description (0008,1030).
    pub description: Option<String>,
    /// Procedure Code Sequence (0008,1032).
    pub procedures: Vec<Code>,
}

/// The device that irradiated: the header's words, else those of the device observer (D43).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Model name.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Station name.
    pub station: Option<String>,
    /// Software versions.
    pub software: Option<String>,
    /// Device Observer UID. Shared by all systems of some vendors (D44): not an identity.
    pub uid: Option<String>,
    /// Where it stands.
    pub location: Option<String>,
}

/// Where the patient was irradiated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Institution {
    /// Institution Name (0008,0080).
    pub name: Option<String>,
    /// Institution Address (0008,0081).
    pub address: Option<String>,
    /// Institutional Department Name (0008,1040).
    pub department: Option<String>,
}

/// Something odd in a report that did not keep it from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The attribute or concept.
    pub field: String,
    /// What stood there.
    pub received: String,
    /// What was expected, and what was done instead.
    pub expected: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}; {}", self.field, self.received, self.expected)
    }
}
