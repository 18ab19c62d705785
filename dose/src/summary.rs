//! The summary that a vendor's mobile C-arms send as Enhanced SR instead of a dose report (D19): totals, no events.

use crate::concepts;
use crate::content::{Item, Section};
use crate::rdsr::Content;
use crate::report::{Modality, Note, Origin, PlaneTotals, Total, Totals};

/// Reads the content tree of a summary.
pub(crate) fn read(tree: &Item, notes: &mut Vec<Note>) -> Content {
    let mut section = Section::new(tree, Origin::Accumulated, notes);
    let plane = PlaneTotals {
        dose_area_product: section.amount(&concepts::SUMMARY_DAP),
        air_kerma: section.amount(&concepts::SUMMARY_RP),
        fluoroscopy_time: section.amount(&concepts::SUMMARY_FLUORO_TIME),
        ..PlaneTotals::default()
    };
    let totals = Totals {
        dose_area_product: Total { stated: plane.dose_area_product.clone(), summed: None },
        air_kerma: Total { stated: plane.air_kerma.clone(), summed: None },
        fluoroscopy_time: plane.fluoroscopy_time.clone(),
        planes: vec![plane],
        ..Totals::default()
    };
    Content { modality: Modality::Fluoroscopy, totals, events: Vec::new() }
}
