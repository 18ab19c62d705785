//! Real vendors' reports, read and held against what an independent reader found in them.
//!
//! The reports lie outside of the repository (their licence wants it so), in `rdsr/` below the folder that
//! `DOSEBOOK_SHARED` names. Columns of `expected.csv` that are not checked here:
//! `object_kind` and `template_id` (hints, not used), `character_set` (seen through the names it decodes),
//! `raw_units` (kept per value as [`dose::StatedUnit`]), and the four columns on how the truth was found
//! (`truth_source`, `cross_check`, `notes`, and `file` itself). Of `events.csv`: `index`, which counts in document
//! order, while we count by start time (rule R11); events are matched by their UID.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use dose::{
    Completion, Description, DoseReport, EventKind, IrradiationEvent, Phantom, Plane, ReadError, Sex,
    Template,
};

use metadata::requirements::{Sender, check};
use soap::xml::{Element, Limits};

#[path = "real_reports/csv.rs"]
mod csv;
use csv::Row;

/// Numbers of the truth carry ten significant digits.
const TOLERANCE: f64 = 1e-6;

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("DOSEBOOK_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("data/rdsr");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing, and CI must have it", folder.display());
    eprintln!("SKIPPED: no real dose reports at {}; set DOSEBOOK_SHARED", folder.display());
    None
}

#[test]
fn reads_the_totals_of_every_report() {
    let Some(folder) = folder() else { return };
    let rows = csv::read(&folder.join("expected.csv"));
    let mut wrong = Vec::new();
    for row in &rows {
        let file = row.text("file");
        match dose::read_file(folder.join(file)) {
            Ok(report) => check_report(&report, row, &mut wrong),
            Err(ReadError::NotDoseReport { root: Some(root), .. }) if row.text("event_count") == "0" => {
                assert_eq!(
                    format!("{}|{}|{}", root.value, root.scheme, root.meaning),
                    row.text("root_concept")
                );
            }
            Err(error) => wrong.push(format!("{file}: {error}")),
        }
    }
    assert_eq!(rows.len(), 32);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn reads_every_event() {
    let Some(folder) = folder() else { return };
    let rows = csv::read(&folder.join("events.csv"));
    let mut wrong = Vec::new();
    let mut by_file: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        by_file.entry(row.text("file")).or_default().push(row);
    }
    for (file, rows) in by_file {
        let report = dose::read_file(folder.join(file)).unwrap();
        assert_eq!(report.events.len(), rows.len(), "{file}");
        for row in rows {
            let uid = row.text("irradiation_event_uid");
            let event = report.events.iter().find(|event| event.uid.as_deref() == Some(uid));
            check_event(event.unwrap_or_else(|| panic!("{file}: no event {uid}")), row, &mut wrong);
        }
    }
    assert_eq!(rows.len(), 611);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn describes_every_report_so_that_a_document_source_may_send_it() {
    let Some(folder) = folder() else { return };
    let said = Description {
        patient_id: "P1^^^&1.2.3.4&ISO".parse().unwrap(),
        source_patient_authority: "1.2.3.5".parse().unwrap(),
        accession_authority: Some("1.2.3.5.1".parse().unwrap()),
        author_institution: None,
        language: "en-US".parse().unwrap(),
        time_zone: jiff::tz::TimeZone::UTC,
        codes: Description::default_codes(),
        source_id: "1.2.3.6".parse().unwrap(),
        submission_unique_id: "1.2.3.7".parse().unwrap(),
        submission_time: "20250101120000".parse().unwrap(),
    };
    let mut described = 0;
    for row in csv::read(&folder.join("expected.csv")) {
        let Ok(report) = dose::read_file(folder.join(row.text("file"))) else { continue };
        let submission = dose::describe(&report, &said).unwrap();
        let mut errors = metadata::RegistryErrors::default();
        submission.check(&std::collections::HashSet::new(), &mut errors);
        check(&submission, Sender::DocumentSource, &mut errors);
        assert_eq!(errors.into_result(), Ok(()), "{}", row.text("file"));
        let written = Element::parse(submission.write().as_bytes(), &Limits::default()).unwrap();
        let again = metadata::Submission::read(&written);
        assert_eq!(again.as_ref(), Ok(&submission), "{}", row.text("file"));
        described += 1;
    }
    assert_eq!(described, 31);
}

#[test]
fn shows_no_zero_that_the_events_contradict() {
    let Some(folder) = folder() else { return };
    let report = dose::read_file(folder.join("Dual-RDSR-DX.dcm")).unwrap();
    let kerma = &report.totals.air_kerma;
    let shown = kerma.shown().unwrap();
    assert_eq!((shown.origin, shown.amount.value()), (dose::Origin::Summed, 3.5e-5));
    assert_eq!(kerma.stated.as_ref().unwrap().amount.value(), 0.0);
    assert!(dose::show(&report).contains("sum of the events; stated as total: 0 mGy"));
    let report = dose::read_file(folder.join("MG-RDSR-GEPristina-2D.dcm")).unwrap();
    assert_eq!(report.totals.left_breast.shown(), None);
    assert!(report.notes.iter().any(|note| note.expected.contains("not examined")));
}

#[test]
fn refuses_images_and_screens() {
    let Some(folder) = folder() else { return };
    let mut refused = 0;
    for entry in std::fs::read_dir(folder.join("nonsr")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "dcm") {
            let error = dose::read_file(&path).unwrap_err();
            assert!(matches!(error, ReadError::NotStructuredReport { .. }), "{}: {error}", path.display());
            refused += 1;
        }
    }
    assert_eq!(refused, 18);
}

#[test]
fn survives_every_report_cut_anywhere() {
    let Some(folder) = folder() else { return };
    for row in csv::read(&folder.join("expected.csv")) {
        let bytes = std::fs::read(folder.join(row.text("file"))).unwrap();
        for cut in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
            let read = dose::read(&bytes[..cut]);
            assert!(read.is_err(), "{} cut at {cut} of {} was read", row.text("file"), bytes.len());
        }
    }
}

fn check_report(report: &DoseReport, row: &Row, wrong: &mut Vec<String>) {
    let mut check = Check { file: row.text("file").to_owned(), row, wrong };
    check_identity(report, &mut check);
    check_events_together(report, &mut check);
    check_ct(report, &mut check);
    check_projection(report, &mut check);
    check_radiopharmaceutical(report, &mut check);
}

fn check_identity(report: &DoseReport, check: &mut Check<'_>) {
    let patient = &report.patient;
    let study = &report.study;
    check.text("sop_class_uid", Some(&report.sop_class_uid));
    check.text("sop_instance_uid", Some(&report.sop_instance_uid));
    check.text("transfer_syntax_uid", Some(&report.transfer_syntax_uid));
    check.code("root_concept", Some(&report.root));
    check.text("patient_id", patient.id.as_deref());
    check.text("patient_name", patient.name.as_deref());
    check.text("accession", study.accession.as_deref());
    check.text("study_instance_uid", study.uid.as_deref());
    check.code(
        "procedure_reported",
        report.procedure_reported.as_ref().filter(|_| report.template != Template::Radiopharmaceutical),
    );
    check.code("acquisition_device_type", report.device_type.as_ref());
    let sex = patient.sex.map(|sex| match sex {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Other => "O",
    });
    check.text("sex", sex);
    let completion = report.completion.map(|completion| match completion {
        Completion::Complete => "COMPLETE",
        Completion::Partial => "PARTIAL",
    });
    check.text("completion_flag", completion);
    // One scanner sends the birth date "0", which is none.
    let birth = patient.birth_date.map(|date| date.strftime("%Y%m%d").to_string());
    if check.row.text("birth_date") != "0" {
        check.text("birth_date", birth.as_deref());
    } else {
        assert_eq!(birth, None);
    }
    let time = study.time.map(|time| time.clock.strftime("%Y%m%d %H%M%S%.f").to_string());
    let stated = check.row.text("study_time");
    let stated =
        if stated.contains('.') { stated.trim_end_matches('0').trim_end_matches('.') } else { stated };
    let expected = format!("{} {stated}", check.row.text("study_date"));
    check.equal("study_date and study_time", &expected, &time.unwrap_or_default());
    // A room that reports four fluoroscopy events without fluoroscopy time may be called RF or DX (notes column).
    if check.file != "RF-RDSR-Eurocolumbus.dcm" {
        check.text("modality_class", Some(report.modality.code()));
    }
}

fn check_events_together(report: &DoseReport, check: &mut Check<'_>) {
    check.text("event_count", Some(&report.events.len().to_string()));
    let uids: BTreeSet<_> = report.events.iter().filter_map(|event| event.uid.as_deref()).collect();
    check.text("distinct_event_uids", Some(&uids.len().to_string()));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &report.events {
        *kinds.entry(event.kind.map_or("", label)).or_default() += 1;
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{kind}={count}")).collect();
    check.text("events_by_type", Some(&kinds.join(";")));
}

fn check_ct(report: &DoseReport, check: &mut Check<'_>) {
    let totals = &report.totals;
    check.number("total_dlp_mGycm", totals.dose_length_product.stated.as_ref().map(|dlp| dlp.amount.value()));
    check.number(
        "sum_event_dlp_mGycm",
        totals.dose_length_product.summed.as_ref().map(|dlp| dlp.amount.value()),
    );
    check.number("max_ctdivol_mGy", totals.highest_ctdi_vol.map(dose::Amount::value));
    let ctdi: Vec<_> =
        report.events.iter().filter_map(|event| Some(event.ctdi_vol.as_ref()?.amount.value())).collect();
    let count = (report.template == Template::Ct).then(|| ctdi.len().to_string());
    check.text("events_with_ctdivol", count.as_deref());
    let mean = (!ctdi.is_empty()).then(|| ctdi.iter().sum::<f64>() / ctdi.len() as f64);
    check.number("mean_ctdivol_mGy", mean);
    match totals.by_phantom.as_slice() {
        [] => check.text("dlp_by_phantom_mGycm", None),
        [(Some(Phantom::Body32), dlp)] => {
            let expected =
                check.row.text("dlp_by_phantom_mGycm").strip_prefix("body32=").unwrap_or_default().to_owned();
            check.near("dlp_by_phantom_mGycm", &expected, Some(dlp.amount.value()));
        }
        other => check.wrong.push(format!("{}: phantoms {other:?}", check.file)),
    }
}

fn check_projection(report: &DoseReport, check: &mut Check<'_>) {
    let totals = &report.totals;
    let plane = |wanted: &[Option<Plane>]| totals.planes.iter().find(|plane| wanted.contains(&plane.plane));
    let (a, b) = (plane(&[None, Some(Plane::A), Some(Plane::Single)]), plane(&[Some(Plane::B)]));
    let events = &report.events;
    check.number("total_dap_Gym2", totals.dose_area_product.stated.as_ref().map(|dap| dap.amount.value()));
    check
        .number("sum_event_dap_Gym2", totals.dose_area_product.summed.as_ref().map(|dap| dap.amount.value()));
    check.number("sum_event_rp_Gy", totals.air_kerma.summed.as_ref().map(|rp| rp.amount.value()));
    let private_summary = report.template == Template::Summary;
    let of = |value: Option<f64>| value.filter(|_| !private_summary);
    check.number("dap_plane_a_Gym2", of(a.and_then(|a| Some(a.dose_area_product.as_ref()?.amount.value()))));
    check.number("dap_plane_b_Gym2", b.and_then(|b| Some(b.dose_area_product.as_ref()?.amount.value())));
    check.number("rp_dose_a_Gy", a.and_then(|a| Some(a.air_kerma.as_ref()?.amount.value())));
    check.number("rp_dose_b_Gy", b.and_then(|b| Some(b.air_kerma.as_ref()?.amount.value())));
    let sum = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>());
    let fluoro = totals
        .planes
        .iter()
        .filter_map(|plane| Some(plane.fluoroscopy_dose_area_product.as_ref()?.amount.value()));
    check.number("fluoro_dap_Gym2", sum(fluoro.collect()));
    let acquisition = totals
        .planes
        .iter()
        .filter_map(|plane| Some(plane.acquisition_dose_area_product.as_ref()?.amount.value()));
    check.number("acquisition_dap_Gym2", sum(acquisition.collect()));
    check.number("fluoro_time_s", totals.fluoroscopy_time.as_ref().map(|time| time.amount.value()));
    check.number("acquisition_time_s", totals.acquisition_time.as_ref().map(|time| time.amount.value()));
    // A breast that is stated as zero and has no event is none (D39): read elsewhere than in the truth.
    let unexamined = check.file == "MG-RDSR-GEPristina-2D.dcm";
    assert!(!unexamined || totals.left_breast == dose::Total::default());
    if !unexamined {
        check.number("agd_left_mGy", totals.left_breast.stated.as_ref().map(|agd| agd.amount.value()));
    }
    check.number("agd_right_mGy", totals.right_breast.stated.as_ref().map(|agd| agd.amount.value()));
    check.number("agd_both_mGy", totals.both_breasts.as_ref().map(|agd| agd.amount.value()));
    let glandular =
        events.iter().filter_map(|event| Some(event.average_glandular_dose.as_ref()?.amount.value()));
    check.number("sum_event_agd_mGy", sum(glandular.collect()));
}

fn check_radiopharmaceutical(report: &DoseReport, check: &mut Check<'_>) {
    let totals = &report.totals;
    check.number(
        "administered_activity_MBq",
        totals.administered_activity.as_ref().map(|activity| activity.amount.value()),
    );
    check.number("nm_effective_dose_mSv", totals.effective_dose.as_ref().map(|dose| dose.amount.value()));
    let event = report.events.iter().find(|event| event.administration.is_some());
    let given = event.and_then(|event| event.administration.as_ref());
    check.code("radiopharmaceutical", given.and_then(|given| given.agent.as_ref()));
    check.code("radionuclide", given.and_then(|given| given.radionuclide.as_ref()));
    check.code("route", given.and_then(|given| given.route.as_ref()));
    check.number("half_life_s", given.and_then(|given| Some(given.half_life.as_ref()?.amount.value())));
    let start = event.and_then(|event| Some(event.start?.clock.strftime("%Y%m%d%H%M%S.000000").to_string()));
    check.text("administration_start", start.as_deref());
}

fn check_event(event: &IrradiationEvent, row: &Row, wrong: &mut Vec<String>) {
    let file = format!("{} {}", row.text("file"), row.text("irradiation_event_uid"));
    let mut check = Check { file, row, wrong };
    check.text("event_type", event.kind.map(label));
    check.text("acquisition_protocol", event.protocol.as_deref());
    check.number("mean_ctdivol_mGy", event.ctdi_vol.as_ref().map(|value| value.amount.value()));
    check.text(
        "phantom",
        event.phantom.as_ref().map(|phantom| if *phantom == Phantom::Body32 { "body32" } else { "?" }),
    );
    check.number("dlp_mGycm", event.dose_length_product.as_ref().map(|value| value.amount.value()));
    check.number("dap_Gym2", event.dose_area_product.as_ref().map(|value| value.amount.value()));
    check.number("rp_dose_Gy", event.air_kerma.as_ref().map(|value| value.amount.value()));
    check.number("agd_mGy", event.average_glandular_dose.as_ref().map(|value| value.amount.value()));
    let given = event.administration.as_ref();
    check.number("activity_MBq", given.and_then(|given| Some(given.activity.as_ref()?.amount.value())));
    // Of dual-source scanners the truth lists the first tube only, we list both.
    let stated: Vec<f64> =
        row.text("kvp_raw").split('\\').filter_map(|part| part.trim().parse().ok()).collect();
    let voltages: Vec<f64> = event.tube_voltages.iter().map(|voltage| voltage.value()).collect();
    let voltages = if event.phantom.is_some() { &voltages[..stated.len()] } else { &voltages[..] };
    check.equal("kvp_raw", &format!("{stated:?}"), &format!("{voltages:?}"));
}

fn label(kind: EventKind) -> &'static str {
    match kind {
        EventKind::ConstantAngle => "constant_angle",
        EventKind::ConeBeam => "cone_beam",
        EventKind::Administration => "radiopharmaceutical_administration",
        other => other.name(),
    }
}

/// Holds one row against what was read, and gathers all that differs.
struct Check<'a> {
    file: String,
    row: &'a Row,
    wrong: &'a mut Vec<String>,
}

impl Check<'_> {
    fn text(&mut self, column: &str, found: Option<&str>) {
        self.equal(column, self.row.text(column), found.unwrap_or_default());
    }

    fn code(&mut self, column: &str, found: Option<&dose::Code>) {
        let found = found.map(|code| format!("{}|{}|{}", code.value, code.scheme, code.meaning));
        self.text(column, found.as_deref());
    }

    fn number(&mut self, column: &str, found: Option<f64>) {
        self.near(column, self.row.text(column), found);
    }

    fn near(&mut self, column: &str, expected: &str, found: Option<f64>) {
        let near = match (expected.parse::<f64>(), found) {
            (Ok(expected), Some(found)) => {
                (expected - found).abs() <= TOLERANCE * expected.abs().max(found.abs())
            }
            (Err(_), None) => expected.is_empty(),
            _ => false,
        };
        if !near {
            self.wrong.push(format!("{}: {column}: expected {expected:?}, found {found:?}", self.file));
        }
    }

    fn equal(&mut self, column: &str, expected: &str, found: &str) {
        if expected != found {
            self.wrong.push(format!("{}: {column}: expected {expected:?}, found {found:?}", self.file));
        }
    }
}
