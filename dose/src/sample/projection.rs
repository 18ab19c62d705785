//! Sample projection reports: an angiography and a mammography (TID 10001).

use super::header::{self, PROJECTION};
use super::tree::{Is, Item, below, code, container, number, text, time, uid};
use super::{
    BELGIAN_HOSPITAL, CHARLOTTE, CHARLOTTE_IN_BELGIUM, CHARLOTTE_IN_FRANCE, Device, Examination, Expected,
    FRENCH_HOSPITAL, Sample,
};
use crate::code::Concept;
use crate::concepts;
use crate::quantity::{AirKerma, AverageGlandularDose, DoseAreaProduct, Seconds};
use crate::report::Modality;

/// A coronary angiography: fluoroscopy, cine runs, one plane.
pub(super) fn angiography() -> Sample {
    let examination = Examination {
        name: "fr-angiography",
        description: "Coronarographie",
        procedure: Concept::snomed("33367005", "Coronary angiography", &[]),
        hospital: &FRENCH_HOSPITAL,
        patient: &CHARLOTTE,
        patient_id: CHARLOTTE_IN_FRANCE,
        age: "053Y",
        modality: Modality::Fluoroscopy,
        device: Device {
            manufacturer: "Imagerie Inventée",
            model: "Arc 20",
            serial: "SAMPLE-XA-01",
            station: "ARCNULLE1",
            location: "Cardiologie, salle 3",
        },
        study: "study 3",
        accession: "SF2025-0203",
        date: "20250203",
        time: "140000",
        content_time: "144000",
        offset: "+0100",
    };
    let runs = [
        Run { start: "140712", fluoroscopy: true, seconds: 84.0, dap: 0.000_42, rp: 0.071 },
        Run { start: "141203", fluoroscopy: false, seconds: 5.2, dap: 0.000_31, rp: 0.058 },
        Run { start: "141530", fluoroscopy: true, seconds: 132.0, dap: 0.000_66, rp: 0.112 },
        Run { start: "142018", fluoroscopy: false, seconds: 6.4, dap: 0.000_37, rp: 0.069 },
    ];
    let mut content = vec![header::procedure(concepts::PROCEDURE_REPORTED, concepts::PROJECTION)];
    content.push(code(Is::Contained, concepts::DEVICE_TYPE, concepts::FLUOROSCOPY_SYSTEM));
    content.extend(header::observer(&examination));
    content.push(header::scope(&examination));
    content.push(container(concepts::ACCUMULATED, angiography_totals()));
    content.extend(runs.iter().enumerate().map(|(at, run)| run.event(&examination, at)));
    content.extend([header::person(&examination, concepts::AUTHORISING), header::source()]);
    let expected = Expected {
        events: runs.len(),
        dose_area_product: Some(DoseAreaProduct::new(0.001_76)),
        air_kerma: Some(AirKerma::new(0.31)),
        fluoroscopy_time: Some(Seconds::new(216.0)),
        ..Expected::default()
    };
    examination.sample(&PROJECTION, content, expected)
}

/// Both breasts, two views each.
pub(super) fn mammography() -> Sample {
    let examination = Examination {
        name: "be-mammography",
        description: "Mammografie beiderzijds",
        procedure: concepts::MAMMOGRAPHY,
        hospital: &BELGIAN_HOSPITAL,
        patient: &CHARLOTTE,
        patient_id: CHARLOTTE_IN_BELGIUM,
        age: "053Y",
        modality: Modality::Mammography,
        device: Device {
            manufacturer: "Fictive Imaging",
            model: "Blad 2D",
            serial: "SAMPLE-MG-01",
            station: "MGDENK1",
            location: "Senologie",
        },
        study: "study 5",
        accession: "SV2024-1008",
        date: "20241008",
        time: "103000",
        content_time: "104500",
        offset: "+0200",
    };
    let views = [
        View { start: "103402", side: concepts::RIGHT, view: concepts::CRANIO_CAUDAL, agd: 1.31 },
        View { start: "103511", side: concepts::LEFT, view: concepts::CRANIO_CAUDAL, agd: 1.27 },
        View { start: "103640", side: concepts::RIGHT, view: concepts::MEDIO_LATERAL_OBLIQUE, agd: 1.46 },
        View { start: "103755", side: concepts::LEFT, view: concepts::MEDIO_LATERAL_OBLIQUE, agd: 1.42 },
    ];
    let breast = |side, agd| {
        let total = number(Is::Contained, concepts::AGD_TOTAL, agd, "mGy");
        below(total, vec![code(Is::Modifier, concepts::LATERALITY, side)])
    };
    let totals = vec![plane(), breast(concepts::LEFT_BREAST, 2.69), breast(concepts::RIGHT_BREAST, 2.77)];
    let mut content = vec![header::procedure(concepts::PROCEDURE_REPORTED, concepts::MAMMOGRAPHY)];
    content.extend(header::observer(&examination));
    content.push(header::scope(&examination));
    content.push(container(concepts::ACCUMULATED, totals));
    content.extend(views.iter().enumerate().map(|(at, view)| view.event(&examination, at)));
    content.extend([header::person(&examination, concepts::AUTHORISING), header::source()]);
    let expected = Expected {
        events: views.len(),
        left_breast: Some(AverageGlandularDose::new(2.69)),
        right_breast: Some(AverageGlandularDose::new(2.77)),
        ..Expected::default()
    };
    examination.sample(&PROJECTION, content, expected)
}

/// The sums of the four runs.
fn angiography_totals() -> Vec<Item> {
    let contained = |concept, value, unit| number(Is::Contained, concept, value, unit);
    vec![
        plane(),
        contained(concepts::DAP_TOTAL, 0.001_76, "Gy.m2"),
        contained(concepts::RP_TOTAL, 0.31, "Gy"),
        contained(concepts::FLUORO_DAP, 0.001_08, "Gy.m2"),
        contained(concepts::FLUORO_RP, 0.183, "Gy"),
        contained(concepts::FLUORO_TIME, 216.0, "s"),
        contained(concepts::ACQUISITION_DAP, 0.000_68, "Gy.m2"),
        contained(concepts::ACQUISITION_RP, 0.127, "Gy"),
        contained(concepts::ACQUISITION_TIME, 11.6, "s"),
        code(Is::Contained, concepts::RP_DEFINITION, concepts::RP_15CM),
    ]
}

struct Run {
    start: &'static str,
    fluoroscopy: bool,
    seconds: f64,
    dap: f64,
    rp: f64,
}

impl Run {
    fn event(&self, examination: &Examination, at: usize) -> Item {
        let contained = |concept, value, unit| number(Is::Contained, concept, value, unit);
        let (kind, protocol) = match self.fluoroscopy {
            true => (concepts::FLUOROSCOPY, "Scopie 15 i/s"),
            false => (concepts::STATIONARY, "Ciné 15 i/s"),
        };
        let mut items = common(examination, at, self.start, kind);
        items.extend([
            text(Is::Contained, concepts::PROTOCOL, protocol),
            code(Is::Contained, concepts::TARGET_REGION, Concept::snomed("80891009", "Heart", &["T-32000"])),
            contained(concepts::DAP, self.dap, "Gy.m2"),
            contained(concepts::RP, self.rp, "Gy"),
            code(Is::Contained, concepts::RP_DEFINITION, concepts::RP_15CM),
            contained(concepts::DURATION, self.seconds, "s"),
            contained(concepts::KVP, 82.0, "kV"),
        ]);
        container(concepts::EVENT, items)
    }
}

struct View {
    start: &'static str,
    side: Concept,
    view: Concept,
    agd: f64,
}

impl View {
    fn event(&self, examination: &Examination, at: usize) -> Item {
        let contained = |concept, value, unit| number(Is::Contained, concept, value, unit);
        let anatomy = code(Is::Contained, concepts::ANATOMY, concepts::BREAST);
        let mut items = common(examination, at, self.start, concepts::STATIONARY);
        items.extend([
            text(Is::Contained, concepts::PROTOCOL, "Standaard 2D"),
            below(anatomy, vec![code(Is::Modifier, concepts::LATERALITY, self.side)]),
            code(Is::Contained, concepts::VIEW, self.view),
            code(Is::Contained, concepts::TARGET_REGION, concepts::BREAST),
            contained(concepts::HALF_VALUE_LAYER, 0.55, "mm"),
            contained(concepts::ENTRANCE_EXPOSURE, 4.8, "mGy"),
            contained(concepts::AGD, self.agd, "mGy"),
            contained(concepts::KVP, 29.0, "kV"),
            contained(concepts::COMPRESSION_THICKNESS, 54.0, "mm"),
        ]);
        container(concepts::EVENT, items)
    }
}

/// What every event of TID 10003 starts with.
fn common(examination: &Examination, at: usize, start: &str, kind: Concept) -> Vec<Item> {
    vec![
        plane(),
        uid(Is::Contained, concepts::EVENT_UID, &super::uid(&format!("{} event {at}", examination.name))),
        time(Is::Contained, concepts::EVENT_START, &examination.at(start)),
        code(Is::Contained, concepts::EVENT_TYPE, kind),
    ]
}

fn plane() -> Item {
    code(Is::Modifier, concepts::PLANE, concepts::SINGLE_PLANE)
}
