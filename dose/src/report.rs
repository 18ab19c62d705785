//! What a dose report says, whatever template and vendor it came from.
//!
//! `None` means that the report does not state a value: an empty value is not zero (rule R5).

use crate::code::Code;
use crate::moment::Moment;
use crate::quantity::{
    AdministeredActivity, AirKerma, AverageGlandularDose, CtdiVol, DoseAreaProduct, DoseLengthProduct,
    EffectiveDose, Seconds, TubeVoltage,
};

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

/// A value of a report, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured<Q> {
    /// How much.
    pub amount: Q,
    /// Who says so.
    pub origin: Origin,
    /// The unit that stood beside it.
    pub unit: StatedUnit,
}

/// Who says a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The report, in its totals.
    Accumulated,
    /// The report, in an event.
    Event,
    /// We, by adding what the events state.
    Summed,
}

/// The unit of a value in its report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatedUnit {
    /// As it stood there.
    Stated(String),
    /// There was none, or none that is known: the template's unit was assumed (R7, D10).
    Assumed,
    /// The value was computed from others.
    Computed,
}

/// A total, as stated and as the events add up (R14). Both are kept: they differ in real reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Total<Q> {
    /// What the report states.
    pub stated: Option<Measured<Q>>,
    /// What the events that state a value add up to.
    pub summed: Option<Measured<Q>>,
}

impl<Q> Default for Total<Q> {
    fn default() -> Self {
        Self { stated: None, summed: None }
    }
}

impl<Q> Total<Q> {
    /// The value to show: the stated one, else the sum.
    #[must_use]
    pub fn shown(&self) -> Option<&Measured<Q>> {
        self.stated.as_ref().or(self.summed.as_ref())
    }
}

/// The totals of a report. Quantities of different kinds stand side by side and are never added.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Dose length product (CT). Mixes phantoms if the scanner does (D36).
    pub dose_length_product: Total<DoseLengthProduct>,
    /// The events' dose length products, by the phantom that they refer to.
    pub by_phantom: Vec<(Option<Phantom>, Measured<DoseLengthProduct>)>,
    /// Highest CTDIvol of an event (CT).
    pub highest_ctdi_vol: Option<CtdiVol>,
    /// Dose area product, over all planes.
    pub dose_area_product: Total<DoseAreaProduct>,
    /// Air kerma at the reference point, over all planes: secondary to that of each plane, for planes irradiate
    /// different skin.
    pub air_kerma: Total<AirKerma>,
    /// Each plane of a projection system.
    pub planes: Vec<PlaneTotals>,
    /// Time of fluoroscopy, over all planes.
    pub fluoroscopy_time: Option<Measured<Seconds>>,
    /// Time of acquisitions, over all planes.
    pub acquisition_time: Option<Measured<Seconds>>,
    /// Average glandular dose of the left breast.
    pub left_breast: Total<AverageGlandularDose>,
    /// Average glandular dose of the right breast.
    pub right_breast: Total<AverageGlandularDose>,
    /// Average glandular dose stated for both breasts together.
    pub both_breasts: Option<Measured<AverageGlandularDose>>,
    /// Activity given (radiopharmaceutical).
    pub administered_activity: Option<Measured<AdministeredActivity>>,
    /// Effective dose, only if the report itself states one.
    pub effective_dose: Option<Measured<EffectiveDose>>,
    /// By whose method that effective dose was computed.
    pub effective_dose_authority: Option<Code>,
}

/// What the report states for one plane of a projection system (TID 10002).
#[derive(Debug, Clone, Default)]
pub struct PlaneTotals {
    /// Which plane.
    pub plane: Option<Plane>,
    /// Dose area product.
    pub dose_area_product: Option<Measured<DoseAreaProduct>>,
    /// Air kerma at the reference point.
    pub air_kerma: Option<Measured<AirKerma>>,
    /// Dose area product of fluoroscopy.
    pub fluoroscopy_dose_area_product: Option<Measured<DoseAreaProduct>>,
    /// Air kerma of fluoroscopy.
    pub fluoroscopy_air_kerma: Option<Measured<AirKerma>>,
    /// Time of fluoroscopy.
    pub fluoroscopy_time: Option<Measured<Seconds>>,
    /// Dose area product of acquisitions.
    pub acquisition_dose_area_product: Option<Measured<DoseAreaProduct>>,
    /// Air kerma of acquisitions.
    pub acquisition_air_kerma: Option<Measured<AirKerma>>,
    /// Time of acquisitions.
    pub acquisition_time: Option<Measured<Seconds>>,
    /// Where the reference point is.
    pub reference_point: Option<String>,
}

/// A plane of a projection system (113764).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// Plane A of a biplane system.
    A,
    /// Plane B of a biplane system.
    B,
    /// The only plane.
    Single,
    /// All planes together.
    All,
}

/// The phantom that a CTDIvol refers to (113835).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phantom {
    /// Head, 16 cm.
    Head16,
    /// Body, 32 cm.
    Body32,
    /// Another one.
    Other(Code),
}

/// One irradiation, or one administration of a radiopharmaceutical.
#[derive(Debug, Clone, Default)]
pub struct IrradiationEvent {
    /// Irradiation Event UID (113769), or that of the administration (113503): what de-duplicates (rem-dose 14).
    pub uid: Option<String>,
    /// When it began. CT events do not say.
    pub start: Option<Moment>,
    /// How long it lasted.
    pub duration: Option<Measured<Seconds>>,
    /// Its type, if it is one we know.
    pub kind: Option<EventKind>,
    /// Its type as stated.
    pub kind_code: Option<Code>,
    /// Acquisition protocol.
    pub protocol: Option<String>,
    /// Target region.
    pub target_region: Option<Code>,
    /// Anatomy.
    pub anatomy: Option<Code>,
    /// Side of the body.
    pub side: Option<Side>,
    /// View of a mammogram or radiograph.
    pub view: Option<Code>,
    /// Plane.
    pub plane: Option<Plane>,
    /// Mean CTDIvol.
    pub ctdi_vol: Option<Measured<CtdiVol>>,
    /// Phantom that CTDIvol and dose length product refer to.
    pub phantom: Option<Phantom>,
    /// Dose length product.
    pub dose_length_product: Option<Measured<DoseLengthProduct>>,
    /// Dose area product.
    pub dose_area_product: Option<Measured<DoseAreaProduct>>,
    /// Air kerma at the reference point.
    pub air_kerma: Option<Measured<AirKerma>>,
    /// Average glandular dose.
    pub average_glandular_dose: Option<Measured<AverageGlandularDose>>,
    /// Tube voltages: one, or one per tube or pulse (R6).
    pub tube_voltages: Vec<TubeVoltage>,
    /// What was given, if this is an administration.
    pub administration: Option<Administration>,
}

/// A radiopharmaceutical that was given (TID 10022).
#[derive(Debug, Clone, Default)]
pub struct Administration {
    /// The agent.
    pub agent: Option<Code>,
    /// Its radionuclide.
    pub radionuclide: Option<Code>,
    /// Half life of the radionuclide.
    pub half_life: Option<Measured<Seconds>>,
    /// How much was given.
    pub activity: Option<Measured<AdministeredActivity>>,
    /// By which route.
    pub route: Option<Code>,
    /// Until when.
    pub stop: Option<Moment>,
}

/// The types of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// CT, table moves between rotations.
    Sequenced,
    /// CT, table moves while the tube rotates.
    Spiral,
    /// CT localiser.
    ConstantAngle,
    /// CT on one spot, or a single projection exposure.
    Stationary,
    /// CT with the table moved by hand.
    Free,
    /// Cone beam CT.
    ConeBeam,
    /// Fluoroscopy.
    Fluoroscopy,
    /// Projection, stepping along the body.
    Stepping,
    /// Projection, rotating; tomosynthesis too.
    Rotational,
    /// A radiopharmaceutical was given.
    Administration,
}

impl EventKind {
    /// A short name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequenced => "sequenced",
            Self::Spiral => "spiral",
            Self::ConstantAngle => "constant angle",
            Self::Stationary => "stationary",
            Self::Free => "free",
            Self::ConeBeam => "cone beam",
            Self::Fluoroscopy => "fluoroscopy",
            Self::Stepping => "stepping",
            Self::Rotational => "rotational",
            Self::Administration => "administration",
        }
    }
}

/// A side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
    /// Both.
    Both,
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
