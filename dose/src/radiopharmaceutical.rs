//! Radiopharmaceutical radiation dose (PS3.16 TID 10021, 10022).

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
        // Activities of different agents are no one quantity.
        several if is_one_agent(&events) => sum(several.iter().copied(), Origin::Summed),
        _ => None,
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

fn is_one_agent(events: &[IrradiationEvent]) -> bool {
    let mut agents = events.iter().map(|event| event.administration.as_ref()?.substance());
    let Some(Some(first)) = agents.next() else { return false };
    agents.all(|agent| agent.as_ref() == Some(&first))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Concept;

    fn given(agent: Option<Code>) -> IrradiationEvent {
        let administration = Some(Administration { agent, ..Administration::default() });
        IrradiationEvent { administration, ..IrradiationEvent::default() }
    }

    #[test]
    fn takes_only_activities_of_one_agent_together() {
        let old = Code { value: "C-B1031".to_owned(), scheme: "SRT".to_owned(), meaning: String::new() };
        let other = Concept::dcm("1", "Another").code();
        let fdg = || given(Some(concepts::FDG.code()));
        assert!(is_one_agent(&[fdg(), given(Some(old))]));
        assert!(!is_one_agent(&[fdg(), given(Some(other))]));
        assert!(!is_one_agent(&[given(None), given(None)]));
    }
}
