//! Doses as people read them: a number in the unit of its kind, with who says it (design D11).
//!
//! Figures are made from typed amounts here and nowhere else; only figures of one kind, and of one part of the
//! body or one agent, are ever added.

use std::collections::{BTreeMap, BTreeSet};

use dose::{Amount, DoseReport, IrradiationEvent, Kind, Measured, Origin, Phantom, Plane, Side, StatedUnit};

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
    /// The phantoms that it refers to (CT), if they are stated.
    pub phantoms: BTreeSet<Part>,
}

impl Figure {
    /// Whether it refers to phantoms of different sizes (D36).
    pub fn mixes_phantoms(&self) -> bool {
        self.phantoms.len() > 1
    }

    /// Whether a sum with others of its kind and part means something; of an unnamed agent it does not.
    fn adds_up(&self) -> bool {
        let is_unnamed = self.quantity == Quantity::AdministeredActivity && self.part.is_none();
        self.quantity.adds_up() && !is_unnamed
    }

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
    /// A phantom of 16 cm, as for heads.
    HeadPhantom,
    /// A phantom of 32 cm, as for bodies.
    BodyPhantom,
    /// Another phantom, by name.
    OtherPhantom(String),
    /// A radiopharmaceutical.
    Agent {
        /// The codes of agent and radionuclide: what makes it the same.
        substance: (String, Option<String>),
        /// Its name.
        name: String,
    },
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
            Self::HeadPhantom => "16 cm phantom",
            Self::BodyPhantom => "32 cm phantom",
            Self::OtherPhantom(name) | Self::Agent { name, .. } => name,
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
    /// Whether it adds what refers to phantoms of different sizes (D36).
    pub mixes_phantoms: bool,
}

/// Adds up the figures of examinations, each kind and part for itself.
pub(super) fn sums<'a>(examinations: impl Iterator<Item = &'a [Figure]>) -> Vec<Sum> {
    let mut sums: BTreeMap<(Quantity, Option<Part>), (Sum, BTreeSet<Part>)> = BTreeMap::new();
    for figure in examinations.flatten().filter(|figure| figure.adds_up()) {
        let Figure { quantity, part, .. } = figure.clone();
        let (sum, phantoms) = sums.entry((quantity, part.clone())).or_insert_with(|| {
            (Sum { quantity, part, value: 0.0, examinations: 0, mixes_phantoms: false }, BTreeSet::new())
        });
        sum.value += figure.value;
        sum.examinations += 1;
        phantoms.extend(figure.phantoms.iter().cloned());
        sum.mixes_phantoms = phantoms.len() > 1;
    }
    sums.into_values().map(|(sum, _)| sum).collect()
}

/// The doses of a whole report: its totals as stated, else as its events add up.
pub(super) fn of_report(report: &DoseReport) -> Vec<Figure> {
    let totals = &report.totals;
    let mut figures = Figures::default();
    figures.add(Quantity::DoseLengthProduct, None, totals.dose_length_product.shown());
    figures.refer_to(&phantoms(report.events.iter()));
    figures.add_highest(report.events.iter());
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
    figures.add_activities(report.events.iter());
    figures.add(Quantity::EffectiveDose, None, totals.effective_dose.as_ref());
    figures.0
}

/// The doses of some events of a report, added up by us.
pub(super) fn of_events<'a>(events: impl Iterator<Item = &'a IrradiationEvent> + Clone) -> Vec<Figure> {
    let mut figures = Figures::default();
    figures.sum(Quantity::DoseLengthProduct, events.clone().map(|e| (None, &e.dose_length_product)));
    figures.refer_to(&phantoms(events.clone()));
    figures.add_highest(events.clone());
    figures.sum(Quantity::DoseAreaProduct, events.clone().map(|e| (None, &e.dose_area_product)));
    figures.sum(Quantity::AirKerma, events.clone().map(|e| (plane_part(e.plane), &e.air_kerma)));
    figures.sum(Quantity::GlandularDose, events.clone().map(|e| (breast(e.side), &e.average_glandular_dose)));
    figures.add_activities(events);
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
            phantoms: BTreeSet::new(),
        }));
    }

    /// What there is so far refers to these phantoms.
    fn refer_to(&mut self, phantoms: &BTreeSet<Part>) {
        self.0.iter_mut().for_each(|figure| figure.phantoms.clone_from(phantoms));
    }

    /// The highest CTDIvol for each phantom: of different ones they do not compare.
    fn add_highest<'a>(&mut self, events: impl Iterator<Item = &'a IrradiationEvent>) {
        let mut highest: BTreeMap<Option<Part>, &Measured<dose::CtdiVol>> = BTreeMap::new();
        for event in events {
            let Some(stated) = &event.ctdi_vol else { continue };
            let highest = highest.entry(event.phantom.as_ref().map(phantom_part)).or_insert(stated);
            if stated.amount > highest.amount {
                *highest = stated;
            }
        }
        highest.into_iter().for_each(|(part, stated)| self.add(Quantity::CtdiVol, part, Some(stated)));
    }

    /// Activities, each agent for itself. Those of an agent that is not named stand alone.
    fn add_activities<'a>(&mut self, events: impl Iterator<Item = &'a IrradiationEvent>) {
        let given = events.filter_map(|event| Some((agent(event), &event.administration.as_ref()?.activity)));
        let (named, unnamed): (Vec<_>, Vec<_>) = given.partition(|(agent, _)| agent.is_some());
        let mut agents: BTreeMap<Option<Part>, Vec<_>> = BTreeMap::new();
        for (agent, activity) in named {
            agents.entry(agent).or_default().push(activity);
        }
        for (agent, activities) in agents {
            match activities.as_slice() {
                [only] => self.add(Quantity::AdministeredActivity, agent, only.as_ref()),
                several => self.sum(
                    Quantity::AdministeredActivity,
                    several.iter().map(|activity| (agent.clone(), *activity)),
                ),
            }
        }
        unnamed
            .into_iter()
            .for_each(|(_, activity)| self.add(Quantity::AdministeredActivity, None, activity.as_ref()));
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

fn phantom_part(phantom: &Phantom) -> Part {
    match phantom {
        Phantom::Head16 => Part::HeadPhantom,
        Phantom::Body32 => Part::BodyPhantom,
        Phantom::Other(code) => Part::OtherPhantom(code.meaning.clone()),
    }
}

/// The phantoms to which dose length products refer.
fn phantoms<'a>(events: impl Iterator<Item = &'a IrradiationEvent>) -> BTreeSet<Part> {
    let has_dose = |event: &&IrradiationEvent| {
        event.dose_length_product.as_ref().is_some_and(|dlp| dlp.amount.value() > 0.0)
    };
    events.filter(has_dose).filter_map(|event| event.phantom.as_ref()).map(phantom_part).collect()
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

/// What was given, with its nuclide unless its name has that already. DICOM writes isotopes with carets, `F^18^`.
fn agent(event: &IrradiationEvent) -> Option<Part> {
    let given = event.administration.as_ref()?;
    let plain = |code: &dose::Code| code.meaning.replace('^', "");
    let name = plain(given.agent.as_ref()?);
    let mass = |nuclide: &String| nuclide.chars().filter(char::is_ascii_digit).collect::<String>();
    let nuclide = given.radionuclide.as_ref().map(plain).filter(|nuclide| !name.contains(&mass(nuclide)));
    let name = nuclide.map_or_else(|| name.clone(), |nuclide| format!("{name}, {nuclide}"));
    Some(Part::Agent { substance: given.substance()?, name })
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

    fn administration(agent: Option<&str>, nuclide: &str, activity: f64) -> IrradiationEvent {
        let code = |value: &str| dose::Code {
            value: value.to_owned(),
            scheme: "SCT".to_owned(),
            meaning: "Sodium iodide".to_owned(),
        };
        let activity = dose::AdministeredActivity::new(activity);
        let measured = Measured { amount: activity, origin: Origin::Event, unit: StatedUnit::Computed };
        let administration = Some(dose::Administration {
            agent: agent.map(code),
            radionuclide: Some(code(nuclide)),
            activity: Some(measured),
            ..dose::Administration::default()
        });
        IrradiationEvent { administration, ..IrradiationEvent::default() }
    }

    #[test]
    fn never_adds_activities_of_different_nuclides_or_unnamed_agents() {
        let events = [
            administration(Some("1"), "123", 1.0),
            administration(Some("1"), "131", 10.0),
            administration(Some("1"), "131", 20.0),
            administration(None, "131", 100.0),
            administration(None, "131", 200.0),
        ];
        let report = report("1.1", events.to_vec());
        let figures = of_report(&report);
        let activities = figures.iter().filter(|figure| figure.quantity == Quantity::AdministeredActivity);
        let mut told: Vec<_> = activities.map(|figure| figure.value).collect();
        told.sort_by(f64::total_cmp);
        assert_eq!(told, [1.0, 30.0, 100.0, 200.0]);
        let sums = sums([figures.as_slice(), figures.as_slice()].into_iter());
        let mut told: Vec<_> = sums.iter().filter(|sum| sum.part.is_some()).map(|sum| sum.value).collect();
        told.sort_by(f64::total_cmp);
        assert_eq!(told, [2.0, 60.0]);
    }

    #[test]
    fn compares_ctdi_only_within_a_phantom_and_says_when_a_sum_mixes_them() {
        let event = |phantom, ctdi| {
            let amount = dose::CtdiVol::new(ctdi);
            let ctdi_vol = Some(Measured { amount, origin: Origin::Event, unit: StatedUnit::Computed });
            IrradiationEvent { ctdi_vol, phantom: Some(phantom), ..ct_event("2.1", 10.0) }
        };
        let head = report("1.1", vec![event(Phantom::Head16, 50.0)]);
        let body = report("1.2", vec![event(Phantom::Body32, 8.0), event(Phantom::Body32, 9.0)]);
        let both = report("1.3", vec![event(Phantom::Head16, 50.0), event(Phantom::Body32, 8.0)]);
        let figures = of_report(&both);
        assert!(figures[0].mixes_phantoms());
        let told: Vec<_> = figures[1..].iter().map(|figure| (figure.part.clone(), figure.value)).collect();
        assert_eq!(told, [(Some(Part::HeadPhantom), 50.0), (Some(Part::BodyPhantom), 8.0)]);
        let (head, body) = (of_report(&head), of_report(&body));
        assert!(!body[0].mixes_phantoms());
        assert_eq!(body[1].value, 9.0);
        assert!(!sums(std::iter::once(body.as_slice()))[0].mixes_phantoms);
        assert!(sums([body.as_slice(), head.as_slice()].into_iter())[0].mixes_phantoms);
    }

    #[test]
    fn adds_up_kinds_and_parts_apart() {
        let figure = |quantity, part, value| Figure {
            quantity,
            part,
            value,
            origin: Origin::Accumulated,
            unit_assumed: false,
            phantoms: BTreeSet::new(),
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
