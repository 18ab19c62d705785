//! Radiopharmaceutical radiation dose (PS3.16 TID 10021, 10022; rem-dose 9).

use crate::code::Code;
use crate::concepts;
use crate::content::{Item, Section};
use crate::rdsr::{Content, sum};
use crate::report::{Administration, EventKind, IrradiationEvent, Modality, Note, Origin, Totals};

/// Reads the content tree of a radiopharmaceutical report: one administration, and more at vendors who know no better.
pub(crate) fn read(tree: &Item, notes: &mut Vec<Note>) -> Content {
    let containers = tree.every(&concepts::ADMINISTRATION);
    let events: Vec<_> = containers.iter().map(|item| event(item, notes)).collect();
    let activities: Vec<_> =
        events.iter().map(|event| event.administration.as_ref()?.activity.as_ref()).collect();
    let administered_activity = match activities.as_slice() {
        [only] => only.cloned(),
        several => sum(several.iter().copied(), Origin::Summed),
    };
    let effective_dose = Section::new(tree, Origin::Event, notes).amount(&concepts::EFFECTIVE_DOSE);
    let totals = Totals {
        administered_activity,
        effective_dose_authority: effective_dose.as_ref().and_then(|_| authority(tree)),
        effective_dose,
        ..Totals::default()
    };
    Content { modality: Modality::NuclearMedicine, totals, events }
}

/// It stands below the dose, also where one vendor puts a container of its own around that (D25).
fn authority(tree: &Item) -> Option<Code> {
    let dose = tree.nearest(&concepts::EFFECTIVE_DOSE)?;
    dose.code(&concepts::REFERENCE_AUTHORITY).cloned()
}

fn event(item: &Item, notes: &mut Vec<Note>) -> IrradiationEvent {
    let mut section = Section::new(item, Origin::Event, notes);
    let administration = Administration {
        agent: item.code(&concepts::AGENT).cloned(),
        radionuclide: item.code(&concepts::RADIONUCLIDE).cloned(),
        half_life: section.amount(&concepts::HALF_LIFE),
        activity: section.amount(&concepts::ACTIVITY),
        route: item.code(&concepts::ROUTE).cloned(),
        stop: item.moment(&concepts::ADMINISTRATION_STOP),
    };
    IrradiationEvent {
        uid: item.text(&concepts::ADMINISTRATION_UID),
        start: item.moment(&concepts::ADMINISTRATION_START),
        kind: Some(EventKind::Administration),
        administration: Some(administration),
        ..IrradiationEvent::default()
    }
}
