//! Doses as people read them: a number in the unit of its kind, with who says it (design D11).
//!
//! Figures are made from typed amounts here and nowhere else; only figures of one kind, and of one part of the
//! body or one agent, are ever added.

use std::collections::BTreeMap;

use dose::{Amount, DoseReport, IrradiationEvent, Kind, Measured, Origin, Plane, Side, StatedUnit};

/// A dose of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its kind.
    pub quantity: Quantity,
    /// What it is the dose of, where one examination has several of a kind.
    pub part: Option<Part>,
    /// How much, in [`Quantity::unit`].
    pub value: f64,
    /// Who says so.
    pub origin: Origin,
    /// Whether the report stated no unit that is known, so that its template's was assumed.
    pub unit_assumed: bool,
}

impl Figure {
    /// The doses of one irradiation event.
    pub fn of_event(event: &IrradiationEvent) -> Vec<Self> {
        of_events(std::iter::once(event))
    }
}

/// The kinds of doses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Dose length product (CT).
    DoseLengthProduct,
    /// Highest CTDIvol of an event (CT).
    CtdiVol,
    /// Dose area product (projection).
    DoseAreaProduct,
    /// Air kerma at the reference point (projection).
    AirKerma,
    /// Average glandular dose (mammography).
    GlandularDose,
    /// Administered activity (nuclear medicine).
    AdministeredActivity,
    /// Effective dose, where a report states one.
    EffectiveDose,
}

/// What a figure is the dose of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The left breast.
    LeftBreast,
    /// The right breast.
    RightBreast,
    /// Both breasts.
    BothBreasts,
    /// The skin that plane A irradiates.
    PlaneA,
    /// The skin that plane B irradiates.
    PlaneB,
    /// A radiopharmaceutical, by name.
    Agent(String),
}

impl Quantity {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::DoseLengthProduct,
        Self::CtdiVol,
        Self::DoseAreaProduct,
        Self::AirKerma,
        Self::GlandularDose,
        Self::AdministeredActivity,
        Self::EffectiveDose,
    ];

    /// Its name for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DoseLengthProduct => "dose-length-product",
            Self::CtdiVol => "highest-ctdi-vol",
            Self::DoseAreaProduct => "dose-area-product",
            Self::AirKerma => "reference-point-air-kerma",
            Self::GlandularDose => "average-glandular-dose",
            Self::AdministeredActivity => "administered-activity",
            Self::EffectiveDose => "effective-dose",
        }
    }

    /// The UCUM unit in which clinicians read it.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::DoseLengthProduct => "mGy.cm",
            Self::DoseAreaProduct => "Gy.cm2",
            Self::CtdiVol | Self::AirKerma | Self::GlandularDose => "mGy",
            Self::AdministeredActivity => "MBq",
            Self::EffectiveDose => "mSv",
        }
    }

    /// Whether a sum over examinations means something. CTDIvol is no dose to the patient, air kerma at the
    /// reference point falls on different skin, and effective doses come from different methods.
    pub const fn adds_up(self) -> bool {
        !matches!(self, Self::CtdiVol | Self::AirKerma | Self::EffectiveDose)
    }
}

impl Part {
    /// Its name for machines, and for people who read English.
    pub fn name(&self) -> &str {
        match self {
            Self::LeftBreast => "left breast",
            Self::RightBreast => "right breast",
            Self::BothBreasts => "both breasts",
            Self::PlaneA => "plane A",
            Self::PlaneB => "plane B",
            Self::Agent(name) => name,
        }
    }
}

/// What figures of one kind add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// The kind.
    pub quantity: Quantity,
    /// The part or the agent.
    pub part: Option<Part>,
    /// How much, in [`Quantity::unit`].
    pub value: f64,
    /// Of how many examinations.
    pub examinations: usize,
}

/// Adds up the figures of examinations, each kind and part for itself.
pub(super) fn sums<'a>(examinations: impl Iterator<Item = &'a [Figure]>) -> Vec<Sum> {
    let mut sums: BTreeMap<(Quantity, Option<Part>), (f64, usize)> = BTreeMap::new();
    for figure in examinations.flatten().filter(|figure| figure.quantity.adds_up()) {
        let sum = sums.entry((figure.quantity, figure.part.clone())).or_default();
        *sum = (sum.0 + figure.value, sum.1 + 1);
    }
    let sum = |((quantity, part), (value, examinations))| Sum { quantity, part, value, examinations };
    sums.into_iter().map(sum).collect()
}

/// The doses of a whole report: its totals as stated, else as its events add up.
pub(super) fn of_report(report: &DoseReport) -> Vec<Figure> {
    let totals = &report.totals;
    let mut figures = Figures::default();
    figures.add(Quantity::DoseLengthProduct, None, totals.dose_length_product.shown());
    figures.add(Quantity::CtdiVol, None, highest(&report.events).as_ref());
    figures.add(Quantity::DoseAreaProduct, None, totals.dose_area_product.shown());
    let planes =
        totals.planes.iter().filter_map(|plane| Some((plane_part(plane.plane)?, plane.air_kerma.as_ref()?)));
    let planes: Vec<_> = planes.collect();
    if planes.len() > 1 {
        planes.into_iter().for_each(|(part, kerma)| figures.add(Quantity::AirKerma, Some(part), Some(kerma)));
    } else {
        figures.add(Quantity::AirKerma, None, totals.air_kerma.shown());
    }
    figures.add(Quantity::GlandularDose, Some(Part::LeftBreast), totals.left_breast.shown());
    figures.add(Quantity::GlandularDose, Some(Part::RightBreast), totals.right_breast.shown());
    figures.add(Quantity::GlandularDose, Some(Part::BothBreasts), totals.both_breasts.as_ref());
    let mut agents: Vec<_> = report.events.iter().filter_map(agent).collect();
    agents.dedup();
    let only_agent = if agents.len() == 1 { agents.pop() } else { None };
    figures.add(Quantity::AdministeredActivity, only_agent, totals.administered_activity.as_ref());
    figures.add(Quantity::EffectiveDose, None, totals.effective_dose.as_ref());
    figures.0
}

/// The doses of some events of a report, added up by us.
pub(super) fn of_events<'a>(events: impl Iterator<Item = &'a IrradiationEvent> + Clone) -> Vec<Figure> {
    let mut figures = Figures::default();
    figures.sum(Quantity::DoseLengthProduct, events.clone().map(|e| (None, &e.dose_length_product)));
    figures.add(Quantity::CtdiVol, None, highest(events.clone()).as_ref());
    figures.sum(Quantity::DoseAreaProduct, events.clone().map(|e| (None, &e.dose_area_product)));
    figures.sum(Quantity::AirKerma, events.clone().map(|e| (plane_part(e.plane), &e.air_kerma)));
    figures.sum(Quantity::GlandularDose, events.clone().map(|e| (breast(e.side), &e.average_glandular_dose)));
    let given = events.filter_map(|e| Some((agent(e), &e.administration.as_ref()?.activity)));
    figures.sum(Quantity::AdministeredActivity, given);
    figures.0
}

#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    fn add<K: Kind>(
        &mut self,
        quantity: Quantity,
        part: Option<Part>,
        measured: Option<&Measured<Amount<K>>>,
    ) {
        self.0.extend(measured.map(|measured| Figure {
            quantity,
            part,
            value: in_unit(measured.amount, quantity.unit()),
            origin: measured.origin,
            unit_assumed: measured.unit == StatedUnit::Assumed,
        }));
    }

    fn sum<'a, K: Kind + 'a>(
        &mut self,
        quantity: Quantity,
        amounts: impl Iterator<Item = (Option<Part>, &'a Option<Measured<Amount<K>>>)>,
    ) {
        let mut sums: BTreeMap<Option<Part>, Measured<Amount<K>>> = BTreeMap::new();
        for (part, measured) in amounts {
            let Some(measured) = measured else { continue };
            let unit = measured.unit.clone();
            let sum = sums.entry(part).or_insert(Measured {
                amount: Amount::new(0.0),
                origin: Origin::Summed,
                unit,
            });
            sum.amount = sum.amount + measured.amount;
            if measured.unit == StatedUnit::Assumed {
                sum.unit = StatedUnit::Assumed;
            }
        }
        sums.into_iter().for_each(|(part, sum)| self.add(quantity, part, Some(&sum)));
    }
}

/// The number in another unit of the same kind.
fn in_unit<K: Kind>(amount: Amount<K>, unit: &str) -> f64 {
    Amount::<K>::in_unit(1.0, unit).map_or(f64::NAN, |one| amount.value() / one.value())
}

fn highest<'a>(events: impl IntoIterator<Item = &'a IrradiationEvent>) -> Option<Measured<dose::CtdiVol>> {
    let stated = events.into_iter().filter_map(|event| event.ctdi_vol.clone());
    stated.reduce(|highest, next| if next.amount > highest.amount { next } else { highest })
}

fn plane_part(plane: Option<Plane>) -> Option<Part> {
    match plane? {
        Plane::A => Some(Part::PlaneA),
        Plane::B => Some(Part::PlaneB),
        Plane::Single | Plane::All => None,
    }
}

fn breast(side: Option<Side>) -> Option<Part> {
    Some(match side? {
        Side::Left => Part::LeftBreast,
        Side::Right => Part::RightBreast,
        Side::Both => Part::BothBreasts,
    })
}

/// The agent by name; DICOM writes isotopes with carets, `F^18^`.
fn agent(event: &IrradiationEvent) -> Option<Part> {
    let agent = event.administration.as_ref()?.agent.as_ref()?;
    Some(Part::Agent(agent.meaning.replace('^', "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{ct_event, report};
    use dose::{DoseAreaProduct, DoseLengthProduct, Total};

    #[test]
    fn every_quantity_can_be_told_in_its_unit() {
        let told = in_unit(DoseAreaProduct::new(1.6e-5), Quantity::DoseAreaProduct.unit());
        assert!((told - 0.16).abs() < 1e-12, "{told}");
        assert_eq!(in_unit(dose::AirKerma::new(0.5), Quantity::AirKerma.unit()), 500.0);
        assert_eq!(in_unit(DoseLengthProduct::new(7.0), Quantity::DoseLengthProduct.unit()), 7.0);
        assert_eq!(in_unit(dose::CtdiVol::new(7.0), Quantity::CtdiVol.unit()), 7.0);
        assert_eq!(in_unit(dose::AverageGlandularDose::new(7.0), Quantity::GlandularDose.unit()), 7.0);
        assert_eq!(in_unit(dose::AdministeredActivity::new(7.0), Quantity::AdministeredActivity.unit()), 7.0);
        assert_eq!(in_unit(dose::EffectiveDose::new(7.0), Quantity::EffectiveDose.unit()), 7.0);
    }

    #[test]
    fn tells_the_stated_total_before_the_sum_of_the_events() {
        let mut report = report("1.1", vec![ct_event("2.1", 10.0), ct_event("2.2", 20.0)]);
        let measured = |value, origin| {
            Some(Measured { amount: DoseLengthProduct::new(value), origin, unit: StatedUnit::Computed })
        };
        report.totals.dose_length_product =
            Total { stated: measured(31.0, Origin::Accumulated), summed: measured(30.0, Origin::Summed) };
        let figures = of_report(&report);
        assert_eq!((figures[0].value, figures[0].origin), (31.0, Origin::Accumulated));
        assert_eq!(of_events(report.events.iter())[0].value, 30.0);
    }

    #[test]
    fn adds_up_kinds_and_parts_apart() {
        let figure = |quantity, part, value| Figure {
            quantity,
            part,
            value,
            origin: Origin::Accumulated,
            unit_assumed: false,
        };
        let left = || Some(Part::LeftBreast);
        let first = [
            figure(Quantity::GlandularDose, left(), 1.0),
            figure(Quantity::GlandularDose, Some(Part::RightBreast), 2.0),
            figure(Quantity::CtdiVol, None, 3.0),
        ];
        let second =
            [figure(Quantity::GlandularDose, left(), 4.0), figure(Quantity::DoseLengthProduct, None, 5.0)];
        let sums = sums([first.as_slice(), second.as_slice()].into_iter());
        let told: Vec<_> = sums.iter().map(|sum| (sum.quantity, sum.value, sum.examinations)).collect();
        let expected = [
            (Quantity::DoseLengthProduct, 5.0, 1),
            (Quantity::GlandularDose, 5.0, 2),
            (Quantity::GlandularDose, 2.0, 1),
        ];
        assert_eq!(told, expected);
    }
}
