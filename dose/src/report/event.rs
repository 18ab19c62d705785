//! One irradiation event (PS3.16 TID 10003, 10013, 10022).

use super::{Measured, Phantom, Plane};
use crate::code::{Code, Concept};
use crate::concepts;
use crate::moment::Moment;
use crate::quantity::{
    AdministeredActivity, AirKerma, AverageGlandularDose, CtdiVol, DoseAreaProduct, DoseLengthProduct,
    Seconds, TubeVoltage,
};

/// One irradiation, or one administration of a radiopharmaceutical.
#[derive(Debug, Clone, Default)]
pub struct IrradiationEvent {
    /// Irradiation Event UID (113769), or that of the administration (113503): what de-duplicates.
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

impl Administration {
    /// The codes of agent and radionuclide: only activities of the same may be added. `None` if no agent is stated.
    #[must_use]
    pub fn substance(&self) -> Option<(String, Option<String>)> {
        const TWINS: [(Concept, Concept); 2] =
            [(concepts::FDG, concepts::FDG), (concepts::FLUORINE_18, concepts::FLUORINE_18)];
        let name = |code: &Code| {
            let present = code.among(&TWINS).map_or_else(|| code.clone(), |concept| concept.code());
            format!("{} {}", present.value, present.scheme)
        };
        Some((name(self.agent.as_ref()?), self.radionuclide.as_ref().map(name)))
    }
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
