//! Projection X-ray radiation dose: fluoroscopy, angiography, radiography, mammography (PS3.16 TID 10001 to 10007).

use crate::code::{Code, Concept};
use crate::concepts;
use crate::content::{Item, Section};
use crate::quantity::AverageGlandularDose;
use crate::rdsr::{Content, sum};
use crate::report::{
    EventKind, IrradiationEvent, Measured, Modality, Note, Origin, Plane, PlaneTotals, Side, Total, Totals,
};

const KINDS: [(Concept, EventKind); 4] = [
    (concepts::FLUOROSCOPY, EventKind::Fluoroscopy),
    (concepts::STATIONARY, EventKind::Stationary),
    (concepts::STEPPING, EventKind::Stepping),
    (concepts::ROTATIONAL, EventKind::Rotational),
];

const PLANES: [(Concept, Plane); 4] = [
    (concepts::PLANE_A, Plane::A),
    (concepts::PLANE_B, Plane::B),
    (concepts::SINGLE_PLANE, Plane::Single),
    (concepts::ALL_PLANES, Plane::All),
];

const SIDES: [(Concept, Side); 6] = [
    (concepts::LEFT, Side::Left),
    (concepts::RIGHT, Side::Right),
    (concepts::BILATERAL, Side::Both),
    (concepts::LEFT_BREAST, Side::Left),
    (concepts::RIGHT_BREAST, Side::Right),
    (concepts::BOTH_BREASTS, Side::Both),
];

/// Reads the content tree of a projection report.
pub(crate) fn read(tree: &Item, notes: &mut Vec<Note>) -> Content {
    let events: Vec<_> = tree.every(&concepts::EVENT).into_iter().map(|item| event(item, notes)).collect();
    let containers = tree.every(&concepts::ACCUMULATED);
    let planes: Vec<_> = containers.iter().map(|item| plane_totals(item, notes)).collect();
    let glandular: Vec<_> = containers.iter().flat_map(|item| glandular_doses(item, notes)).collect();
    let mut breast = |side: Side| Total {
        stated: glandular
            .iter()
            .find(|(of, _)| *of == Some(side))
            .filter(|(_, dose)| was_examined(side, dose, &events, notes))
            .map(|(_, dose)| dose.clone()),
        summed: sum(
            events
                .iter()
                .filter(|event| event.side == Some(side))
                .map(|event| event.average_glandular_dose.as_ref()),
            Origin::Summed,
        ),
    };
    let [left_breast, right_breast] = [Side::Left, Side::Right].map(&mut breast);
    let both_breasts = breast(Side::Both).stated;
    let counted = counted(&planes);
    let totals = Totals {
        dose_area_product: Total {
            stated: sum(counted.iter().map(|plane| plane.dose_area_product.as_ref()), Origin::Accumulated),
            summed: sum(events.iter().map(|event| event.dose_area_product.as_ref()), Origin::Summed),
        },
        air_kerma: Total {
            stated: sum(counted.iter().map(|plane| plane.air_kerma.as_ref()), Origin::Accumulated),
            summed: sum(events.iter().map(|event| event.air_kerma.as_ref()), Origin::Summed),
        },
        fluoroscopy_time: sum(
            counted.iter().map(|plane| plane.fluoroscopy_time.as_ref()),
            Origin::Accumulated,
        ),
        acquisition_time: sum(
            counted.iter().map(|plane| plane.acquisition_time.as_ref()),
            Origin::Accumulated,
        ),
        left_breast,
        right_breast,
        both_breasts,
        planes,
        ..Totals::default()
    };
    Content { modality: modality(tree, &totals, &events, !glandular.is_empty()), totals, events }
}

fn plane_totals(item: &Item, notes: &mut Vec<Note>) -> PlaneTotals {
    let mut section = Section::new(item, Origin::Accumulated, notes);
    PlaneTotals {
        plane: item.code(&concepts::PLANE).and_then(|code| code.among(&PLANES)),
        dose_area_product: section.amount(&concepts::DAP_TOTAL),
        air_kerma: section.amount(&concepts::RP_TOTAL),
        fluoroscopy_dose_area_product: section.amount(&concepts::FLUORO_DAP),
        fluoroscopy_air_kerma: section.amount(&concepts::FLUORO_RP),
        fluoroscopy_time: section.amount(&concepts::FLUORO_TIME),
        acquisition_dose_area_product: section.amount(&concepts::ACQUISITION_DAP),
        acquisition_air_kerma: section.amount(&concepts::ACQUISITION_RP),
        acquisition_time: section.amount(&concepts::ACQUISITION_TIME),
        reference_point: item.text(&concepts::RP_DEFINITION),
    }
}

/// The planes to add up: those of single tubes; a container for all planes counts only if it stands alone.
fn counted(planes: &[PlaneTotals]) -> Vec<&PlaneTotals> {
    let single: Vec<_> = planes.iter().filter(|plane| plane.plane != Some(Plane::All)).collect();
    if single.is_empty() { planes.iter().collect() } else { single }
}

/// TID 10005: one value for each breast, or one for both.
fn glandular_doses(
    item: &Item,
    notes: &mut Vec<Note>,
) -> Vec<(Option<Side>, Measured<AverageGlandularDose>)> {
    let mut section = Section::new(item, Origin::Accumulated, notes);
    let stated = item.every(&concepts::AGD_TOTAL).into_iter();
    stated.filter_map(|dose| Some((side(dose), section.amount_of(dose, &concepts::AGD_TOTAL)?))).collect()
}

/// D39: some devices state zero for a breast that was not examined. An event that does not say its side may have
/// been on any.
fn was_examined(
    side: Side,
    stated: &Measured<AverageGlandularDose>,
    events: &[IrradiationEvent],
    notes: &mut Vec<Note>,
) -> bool {
    let there = |of: Side| side == Side::Both || of == side || of == Side::Both;
    if stated.amount.value() != 0.0 || events.iter().any(|event| event.side.is_none_or(there)) {
        return true;
    }
    notes.push(Note {
        field: format!("total average glandular dose, {side:?}").to_lowercase(),
        received: stated.amount.to_string(),
        expected: "no event was on that side: it is taken as not examined".to_owned(),
    });
    false
}

fn event(item: &Item, notes: &mut Vec<Note>) -> IrradiationEvent {
    let kind_code = item.code(&concepts::EVENT_TYPE).cloned();
    let mut section = Section::new(item, Origin::Event, notes);
    IrradiationEvent {
        uid: item.text(&concepts::EVENT_UID),
        start: item.moment(&concepts::EVENT_START),
        duration: section.amount(&concepts::DURATION),
        kind: kind_code.as_ref().and_then(|code| code.among(&KINDS)),
        kind_code,
        protocol: item.text(&concepts::PROTOCOL),
        target_region: item.code(&concepts::TARGET_REGION).cloned(),
        anatomy: item.code(&concepts::ANATOMY).cloned(),
        side: [&concepts::ANATOMY, &concepts::TARGET_REGION]
            .into_iter()
            .find_map(|of| side(item.nearest(of)?)),
        view: item.code(&concepts::VIEW).cloned(),
        plane: item.code(&concepts::PLANE).and_then(|code| code.among(&PLANES)),
        dose_area_product: section.amount(&concepts::DAP),
        air_kerma: section.amount(&concepts::RP),
        average_glandular_dose: section.amount(&concepts::AGD),
        tube_voltages: section.amounts(&concepts::KVP),
        ..IrradiationEvent::default()
    }
}

/// Laterality stands below the anatomical structure, or below the target region (D61), or below a total.
fn side(item: &Item) -> Option<Side> {
    item.code(&concepts::LATERALITY)?.among(&SIDES)
}

/// D40, D41: the device type is sometimes wrong and one layout serves every modality, so the content decides.
fn modality(tree: &Item, totals: &Totals, events: &[IrradiationEvent], states_glandular: bool) -> Modality {
    let procedure = tree.code(&concepts::PROCEDURE_REPORTED);
    let says = |concept: &Concept| procedure.is_some_and(|code: &Code| code.is(concept));
    let breast = states_glandular
        || [&totals.left_breast, &totals.right_breast].into_iter().any(|breast| breast.shown().is_some());
    let fluoroscopy = says(&concepts::FLUOROSCOPY)
        || says(&concepts::FLUOROSCOPY_RADIOGRAPHY)
        || tree.code(&concepts::DEVICE_TYPE).is_some_and(|code| code.is(&concepts::FLUOROSCOPY_SYSTEM))
        || totals.fluoroscopy_time.as_ref().is_some_and(|time| time.amount.value() > 0.0)
        || events.iter().any(|event| event.kind == Some(EventKind::Fluoroscopy));
    if says(&concepts::MAMMOGRAPHY) || breast {
        Modality::Mammography
    } else if fluoroscopy {
        Modality::Fluoroscopy
    } else {
        Modality::Radiography
    }
}
