//! Sample CT reports (TID 10011).

use super::header::{self, CT};
use super::tree::{Is, Item, code, container, number, text, time, uid};
use super::{
    BELGIAN_HOSPITAL, CHARLOTTE, CHARLOTTE_IN_BELGIUM, CHARLOTTE_IN_FRANCE, Device, Examination, Expected,
    FRENCH_HOSPITAL, NOOR, NOOR_IN_BELGIUM, Sample,
};
use crate::code::Concept;
use crate::concepts;
use crate::quantity::DoseLengthProduct;
use crate::report::Modality;

/// Thorax and abdomen of an adult: a localiser and two spirals.
pub(super) fn adult() -> Sample {
    let examination = Examination {
        name: "be-ct-adult",
        description: "CT thorax-abdomen",
        procedure: Concept::snomed("418023006", "CT of thorax, abdomen and pelvis", &[]),
        hospital: &BELGIAN_HOSPITAL,
        patient: &CHARLOTTE,
        patient_id: CHARLOTTE_IN_BELGIUM,
        age: "052Y",
        modality: Modality::Ct,
        device: Device {
            manufacturer: "Fictive Imaging",
            model: "Schijf 64",
            serial: "SAMPLE-CT-01",
            station: "CTDENK1",
            location: "Radiologie, zaal 1",
        },
        study: "study 1",
        accession: "SV2024-0312",
        date: "20240312",
        time: "091500",
        content_time: "093100",
        offset: "+0100",
    };
    let chest = Concept::snomed("51185008", "Chest", &["T-D3000"]);
    let abdomen = Concept::snomed("818983003", "Abdomen", &["T-D4000"]);
    let scans = [
        Scan {
            protocol: "Topogram",
            kind: concepts::CONSTANT_ANGLE,
            ctdi_vol: 0.12,
            dlp: 6.2,
            length: 512.0,
            ..BODY
        },
        Scan {
            protocol: "Thorax 1.5 Br40",
            region: chest,
            ctdi_vol: 5.85,
            dlp: 214.3,
            length: 366.0,
            ..BODY
        },
        Scan {
            protocol: "Abdomen 3.0 Br40",
            region: abdomen,
            ctdi_vol: 8.4,
            dlp: 392.5,
            length: 467.0,
            ..BODY
        },
    ];
    report(&examination, &scans, ("092104", "092355"), 613.0)
}

/// Head of a child of six, on the 16 cm phantom.
pub(super) fn child() -> Sample {
    let examination = Examination {
        name: "be-ct-child",
        description: "CT schedel kind",
        procedure: Concept::snomed("303653007", "CT of head", &[]),
        hospital: &BELGIAN_HOSPITAL,
        patient: &NOOR,
        patient_id: NOOR_IN_BELGIUM,
        age: "006Y",
        modality: Modality::Ct,
        device: Device {
            manufacturer: "Fictive Imaging",
            model: "Schijf 64",
            serial: "SAMPLE-CT-01",
            station: "CTDENK1",
            location: "Radiologie, zaal 1",
        },
        study: "study 2",
        accession: "SV2025-0120",
        date: "20250120",
        time: "183000",
        content_time: "184500",
        offset: "+0100",
    };
    let scans = [
        Scan {
            protocol: "Topogram schedel",
            kind: concepts::CONSTANT_ANGLE,
            dlp: 1.1,
            ctdi_vol: 0.05,
            ..HEAD
        },
        Scan {
            protocol: "Schedel kind sequentieel",
            kind: concepts::SEQUENCED,
            dlp: 297.6,
            ctdi_vol: 20.1,
            ..HEAD
        },
    ];
    report(&examination, &scans, ("183611", "183702"), 298.7)
}

/// The CT part of a PET/CT: low dose, for attenuation and anatomy.
pub(super) fn of_pet() -> Sample {
    let scans = [
        Scan { protocol: "Repérage", kind: concepts::CONSTANT_ANGLE, dlp: 9.4, ctdi_vol: 0.09, ..BODY },
        Scan { protocol: "TEP corps entier", dlp: 318.9, ctdi_vol: 3.1, length: 1024.0, ..BODY },
    ];
    report(&pet_visit("fr-petct-ct", Modality::Ct), &scans, ("103512", "103541"), 328.3)
}

/// The visit that the CT report and the radiopharmaceutical report of a PET/CT share.
pub(super) fn pet_visit(name: &'static str, modality: Modality) -> Examination {
    Examination {
        name,
        description: "TEP-TDM corps entier au FDG",
        procedure: concepts::PET_WHOLE_BODY,
        hospital: &FRENCH_HOSPITAL,
        patient: &CHARLOTTE,
        patient_id: CHARLOTTE_IN_FRANCE,
        age: "054Y",
        modality,
        device: Device {
            manufacturer: "Imagerie Inventée",
            model: "Duo TEP 128",
            serial: "SAMPLE-PT-01",
            station: "TEPNULLE1",
            location: "Médecine nucléaire, salle 2",
        },
        study: "study 4",
        accession: "SF2025-0617",
        date: "20250617",
        time: "091000",
        content_time: "110500",
        offset: "+0200",
    }
}

struct Scan {
    protocol: &'static str,
    kind: Concept,
    region: Concept,
    phantom: Concept,
    ctdi_vol: f64,
    dlp: f64,
    length: f64,
}

const BODY: Scan = Scan {
    protocol: "",
    kind: concepts::SPIRAL,
    region: Concept::snomed("38266002", "Entire body", &["T-D0010"]),
    phantom: concepts::BODY_PHANTOM,
    ctdi_vol: 0.0,
    dlp: 0.0,
    length: 512.0,
};

const HEAD: Scan = Scan {
    region: Concept::snomed("69536005", "Head", &["T-D1100"]),
    phantom: concepts::HEAD_PHANTOM,
    length: 148.0,
    ..BODY
};

fn report(examination: &Examination, scans: &[Scan], (start, end): (&str, &str), total: f64) -> Sample {
    let count = u32::try_from(scans.len()).map_or(0.0, f64::from);
    let mut content = vec![header::procedure(concepts::PROCEDURE_REPORTED, concepts::CT)];
    content.extend(header::observer(examination));
    content.extend([
        time(Is::Context, concepts::IRRADIATION_START, &examination.at(start)),
        time(Is::Context, concepts::IRRADIATION_END, &examination.at(end)),
        header::scope(examination),
        container(
            concepts::CT_ACCUMULATED,
            vec![
                number(Is::Contained, concepts::CT_EVENT_COUNT, count, "{events}"),
                number(Is::Contained, concepts::DLP_TOTAL, total, "mGy.cm"),
            ],
        ),
    ]);
    content.extend(scans.iter().enumerate().map(|(at, scan)| event(examination, at, scan)));
    content.extend([header::source(), header::person(examination, concepts::AUTHORISING)]);
    let expected = Expected {
        events: scans.len(),
        dose_length_product: Some(DoseLengthProduct::new(total)),
        ..Expected::default()
    };
    examination.sample(&CT, content, expected)
}

fn event(examination: &Examination, at: usize, scan: &Scan) -> Item {
    let dose = vec![
        number(Is::Contained, concepts::CTDI_VOL, scan.ctdi_vol, "mGy"),
        code(Is::Contained, concepts::PHANTOM, scan.phantom),
        number(Is::Contained, concepts::DLP, scan.dlp, "mGy.cm"),
    ];
    container(
        concepts::CT_EVENT,
        vec![
            text(Is::Contained, concepts::PROTOCOL, scan.protocol),
            code(Is::Contained, concepts::TARGET_REGION, scan.region),
            code(Is::Contained, concepts::CT_EVENT_TYPE, scan.kind),
            uid(Is::Contained, concepts::EVENT_UID, &super::uid(&format!("{} event {at}", examination.name))),
            container(concepts::CT_PARAMETERS, parameters(scan)),
            container(concepts::CT_DOSE, dose),
        ],
    )
}

fn parameters(scan: &Scan) -> Vec<Item> {
    let contained = |concept, value, unit| number(Is::Contained, concept, value, unit);
    let mut tube = vec![
        text(Is::Contained, concepts::CT_SOURCE_ID, "A"),
        contained(concepts::KVP, 120.0, "kV"),
        contained(concepts::TUBE_CURRENT_MAXIMUM, 310.0, "mA"),
        contained(concepts::TUBE_CURRENT, 180.0, "mA"),
    ];
    let mut parameters = vec![
        contained(concepts::EXPOSURE_TIME, 5.4, "s"),
        contained(concepts::SCANNING_LENGTH, scan.length, "mm"),
        contained(concepts::SINGLE_COLLIMATION, 0.6, "mm"),
        contained(concepts::TOTAL_COLLIMATION, 38.4, "mm"),
    ];
    if scan.kind == concepts::SPIRAL {
        parameters.push(contained(concepts::PITCH, 1.2, "{ratio}"));
    }
    if scan.kind != concepts::CONSTANT_ANGLE {
        tube.push(contained(concepts::ROTATION_TIME, 0.5, "s"));
    }
    parameters.push(contained(concepts::SOURCE_COUNT, 1.0, "{X-Ray sources}"));
    parameters.push(container(concepts::CT_SOURCE_PARAMETERS, tube));
    parameters
}
