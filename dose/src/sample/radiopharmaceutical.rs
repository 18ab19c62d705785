//! A sample radiopharmaceutical report: FDG, given before the CT of the same visit (TID 10021).

use super::ct::pet_visit;
use super::header::{self, RADIOPHARMACEUTICAL};
use super::tree::{Is, below, code, container, number, time, uid};
use super::{Expected, Sample};
use crate::concepts;
use crate::quantity::AdministeredActivity;
use crate::report::Modality;

/// 231 MBq of FDG.
pub(super) fn pet() -> Sample {
    let visit = pet_visit("fr-petct-fdg", Modality::NuclearMedicine);
    let nuclide = below(
        code(Is::Property, concepts::RADIONUCLIDE, concepts::FLUORINE_18),
        vec![number(Is::Property, concepts::HALF_LIFE, 6586.2, "s")],
    );
    let administration = container(
        concepts::ADMINISTRATION,
        vec![
            below(code(Is::Contained, concepts::AGENT, concepts::FDG), vec![nuclide]),
            uid(Is::Contained, concepts::ADMINISTRATION_UID, &super::uid("fr-petct-fdg event 0")),
            time(Is::Contained, concepts::ADMINISTRATION_START, &visit.at("092500")),
            number(Is::Contained, concepts::ACTIVITY, 231.0, "MBq"),
            code(Is::Contained, concepts::ROUTE, concepts::INTRAVENOUS),
            header::person(&visit, concepts::ADMINISTERING),
        ],
    );
    // TID 10021 has no observer context: the device stands in the header, the person in the administration.
    let procedure = header::procedure(concepts::ASSOCIATED_PROCEDURE, concepts::PET_WHOLE_BODY);
    let content = vec![procedure, administration];
    let expected = Expected {
        events: 1,
        administered_activity: Some(AdministeredActivity::new(231.0)),
        ..Expected::default()
    };
    visit.sample(&RADIOPHARMACEUTICAL, content, expected)
}
