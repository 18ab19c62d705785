//! The totals of a report, each with who says it and in which unit (design D11; rule R14).

use crate::code::Code;
use crate::quantity::{
    AdministeredActivity, AirKerma, Amount, AverageGlandularDose, CtdiVol, DoseAreaProduct,
    DoseLengthProduct, EffectiveDose, Kind, Seconds,
};

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
    /// There was none: the template's unit was assumed (R7, D10).
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

impl<K: Kind> Total<Amount<K>> {
    /// The value to show: the stated one, else the sum.
    #[must_use]
    pub fn shown(&self) -> Option<&Measured<Amount<K>>> {
        if self.shows_the_sum() { self.summed.as_ref() } else { self.stated.as_ref() }
    }

    /// Whether the sum is shown: where no total is stated, or zero although the events had some (D35).
    #[must_use]
    pub fn shows_the_sum(&self) -> bool {
        let value = |measured: &Measured<Amount<K>>| measured.amount.value();
        self.stated.as_ref().is_none_or(|stated| {
            value(stated) == 0.0 && self.summed.as_ref().is_some_and(|sum| value(sum) > 0.0)
        })
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
