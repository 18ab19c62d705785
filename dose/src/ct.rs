//! CT radiation dose (PS3.16 TID 10011 to 10014).

use crate::code::{Code, Concept};
use crate::concepts;
use crate::content::{Item, Section};
use crate::quantity::DoseLengthProduct;
use crate::rdsr::{Content, sum};
use crate::report::{EventKind, IrradiationEvent, Measured, Modality, Note, Origin, Phantom, Total, Totals};

const KINDS: [(Concept, EventKind); 6] = [
    (concepts::SEQUENCED, EventKind::Sequenced),
    (concepts::SPIRAL, EventKind::Spiral),
    (concepts::CONSTANT_ANGLE, EventKind::ConstantAngle),
    (concepts::CT_STATIONARY, EventKind::Stationary),
    (concepts::FREE, EventKind::Free),
    (concepts::CONE_BEAM, EventKind::ConeBeam),
];

/// Reads the content tree of a CT report.
pub(crate) fn read(tree: &Item, notes: &mut Vec<Note>) -> Content {
    let events: Vec<_> = tree.every(&concepts::CT_EVENT).into_iter().map(|item| event(item, notes)).collect();
    let mut totals = Totals {
        dose_length_product: Total {
            stated: None,
            summed: sum(events.iter().map(|event| event.dose_length_product.as_ref()), Origin::Summed),
        },
        by_phantom: by_phantom(&events),
        highest_ctdi_vol: events
            .iter()
            .filter_map(|event| Some(event.ctdi_vol.as_ref()?.amount))
            .max_by(|a, b| a.value().total_cmp(&b.value())),
        ..Totals::default()
    };
    if let Some(item) = tree.nearest(&concepts::CT_ACCUMULATED) {
        let mut accumulated = Section::new(item, Origin::Accumulated, notes);
        totals.dose_length_product.stated = accumulated.amount(&concepts::DLP_TOTAL);
        totals.effective_dose = accumulated.amount(&concepts::EFFECTIVE_DOSE_TOTAL);
        totals.effective_dose_authority = item.code(&concepts::REFERENCE_AUTHORITY).cloned();
    }
    Content { modality: Modality::Ct, totals, events }
}

fn event(item: &Item, notes: &mut Vec<Note>) -> IrradiationEvent {
    let kind_code = item.code(&concepts::CT_EVENT_TYPE).cloned();
    let mut section = Section::new(item, Origin::Event, notes);
    IrradiationEvent {
        uid: item.text(&concepts::EVENT_UID),
        start: item.moment(&concepts::EVENT_START),
        duration: section.amount(&concepts::EXPOSURE_TIME),
        kind: kind_code.as_ref().and_then(|code| code.among(&KINDS)),
        kind_code,
        protocol: item.text(&concepts::PROTOCOL),
        target_region: item.code(&concepts::TARGET_REGION).cloned(),
        ctdi_vol: section.amount(&concepts::CTDI_VOL),
        phantom: item.code(&concepts::PHANTOM).map(phantom),
        dose_length_product: section.amount(&concepts::DLP),
        tube_voltages: section.amounts(&concepts::KVP),
        ..IrradiationEvent::default()
    }
}

fn phantom(code: &Code) -> Phantom {
    if code.is(&concepts::HEAD_PHANTOM) {
        Phantom::Head16
    } else if code.is(&concepts::BODY_PHANTOM) {
        Phantom::Body32
    } else {
        Phantom::Other(code.clone())
    }
}

/// D36: one total may mix phantoms, so the events are added up for each.
fn by_phantom(events: &[IrradiationEvent]) -> Vec<(Option<Phantom>, Measured<DoseLengthProduct>)> {
    let mut phantoms: Vec<&Option<Phantom>> = Vec::new();
    for event in events.iter().filter(|event| event.dose_length_product.is_some()) {
        if !phantoms.contains(&&event.phantom) {
            phantoms.push(&event.phantom);
        }
    }
    let of = |phantom: &Option<Phantom>| {
        let same = events.iter().filter(|event| event.phantom == *phantom);
        sum(same.map(|event| event.dose_length_product.as_ref()), Origin::Summed)
    };
    phantoms.into_iter().filter_map(|phantom| Some((phantom.clone(), of(phantom)?))).collect()
}
