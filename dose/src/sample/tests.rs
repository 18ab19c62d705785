use super::*;
use crate::quantity::{Amount, Kind};
use crate::report::{Measured, Sex};
use crate::{DoseReport, ReadError};

fn amount<K: Kind>(measured: Option<&Measured<Amount<K>>>) -> Option<Amount<K>> {
    measured.map(|measured| measured.amount)
}

fn found(report: &DoseReport) -> Expected {
    let totals = &report.totals;
    Expected {
        events: report.events.len(),
        dose_length_product: amount(totals.dose_length_product.stated.as_ref()),
        dose_area_product: amount(totals.dose_area_product.stated.as_ref()),
        air_kerma: amount(totals.air_kerma.stated.as_ref()),
        fluoroscopy_time: amount(totals.fluoroscopy_time.as_ref()),
        left_breast: amount(totals.left_breast.stated.as_ref()),
        right_breast: amount(totals.right_breast.stated.as_ref()),
        administered_activity: amount(totals.administered_activity.as_ref()),
    }
}

#[test]
fn reads_back_what_was_written() {
    for sample in all() {
        let report = crate::read(&sample.bytes).unwrap();
        assert_eq!(found(&report), sample.expected, "{}", sample.name);
        assert_eq!(report.notes, [], "{}", sample.name);
        assert_eq!(report.modality, sample.modality, "{}", sample.name);
        assert_eq!(report.sop_instance_uid, sample.sop_instance_uid);
        assert_eq!(report.study.uid.as_deref(), Some(sample.study_instance_uid.as_str()));
        assert_eq!(report.study.description.as_deref(), Some(sample.description));
        assert_eq!(report.patient.id.as_deref(), Some(sample.patient_id));
        assert_eq!(report.patient.name.as_deref(), Some(sample.patient.name));
        assert_eq!(report.patient.sex, Some(Sex::Female));
        assert_eq!(report.patient.issuer.universal_id.as_deref(), Some(sample.hospital.authority_oid));
        assert_eq!(report.institution.name.as_deref(), Some(sample.hospital.name));
        assert!(report.events.iter().all(|event| event.uid.is_some()), "{}", sample.name);
    }
}

#[test]
fn states_totals_that_the_events_add_up_to() {
    for sample in all() {
        let totals = crate::read(&sample.bytes).unwrap().totals;
        let same = |stated: Option<f64>, summed: Option<f64>| match (stated, summed) {
            (Some(stated), Some(summed)) => {
                assert!((stated - summed).abs() < 1e-9, "{}: {stated} {summed}", sample.name)
            }
            (stated, summed) => assert_eq!(stated.is_some(), summed.is_some(), "{}", sample.name),
        };
        let of = |total: &crate::Total<DoseLengthProduct>| {
            same(
                total.stated.as_ref().map(|m| m.amount.value()),
                total.summed.as_ref().map(|m| m.amount.value()),
            );
        };
        of(&totals.dose_length_product);
        let dap = &totals.dose_area_product;
        same(dap.stated.as_ref().map(|m| m.amount.value()), dap.summed.as_ref().map(|m| m.amount.value()));
        let rp = &totals.air_kerma;
        same(rp.stated.as_ref().map(|m| m.amount.value()), rp.summed.as_ref().map(|m| m.amount.value()));
        for breast in [&totals.left_breast, &totals.right_breast] {
            same(
                breast.stated.as_ref().map(|m| m.amount.value()),
                breast.summed.as_ref().map(|m| m.amount.value()),
            );
        }
    }
}

#[test]
fn writes_the_same_bytes_again() {
    let bytes = |samples: Vec<Sample>| samples.into_iter().map(|sample| sample.bytes).collect::<Vec<_>>();
    assert_eq!(bytes(all()), bytes(all()));
}

#[test]
fn gives_every_report_a_uid_of_its_own() {
    let mut uids: Vec<_> = all().into_iter().map(|sample| sample.sop_instance_uid).collect();
    assert!(uids.iter().all(|uid| uid.len() <= 64 && uid.starts_with("2.25.")));
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 6);
}

#[test]
fn shares_a_study_between_the_two_reports_of_a_pet_ct() {
    let [ct, fdg] =
        ["fr-petct-ct", "fr-petct-fdg"].map(|name| all().into_iter().find(|s| s.name == name).unwrap());
    assert_eq!(ct.study_instance_uid, fdg.study_instance_uid);
}

#[test]
fn knows_one_patient_in_both_hospitals() {
    let of = |hospital: &'static Hospital| {
        all().into_iter().any(|sample| sample.patient == &CHARLOTTE && sample.hospital == hospital)
    };
    assert!(of(&BELGIAN_HOSPITAL) && of(&FRENCH_HOSPITAL));
}

#[test]
fn has_national_numbers_with_right_check_digits() {
    let check = |number: &str, digits: usize, prefix: &str| {
        let (number, key) = number.split_at(digits);
        let number: u64 = format!("{prefix}{number}").parse().unwrap();
        assert_eq!(97 - number % 97, key.parse::<u64>().unwrap(), "{number}");
    };
    check(CHARLOTTE_IN_BELGIUM, 9, "");
    check(NOOR_IN_BELGIUM, 9, "2");
    check(CHARLOTTE_IN_FRANCE, 13, "");
}

#[test]
fn reads_a_sample_in_every_transfer_syntax() {
    use dicom_object::OpenFileOptions;
    for sample in all() {
        for syntax in ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"] {
            let mut file = OpenFileOptions::new().from_reader(sample.bytes.as_slice()).unwrap();
            file.update_meta(|meta| meta.transfer_syntax = syntax.to_owned());
            let mut bytes = Vec::new();
            file.write_all(&mut bytes).unwrap();
            let report = crate::read(&bytes).unwrap();
            assert_eq!(found(&report), sample.expected, "{} in {syntax}", sample.name);
        }
    }
}

#[test]
fn tells_a_cut_sample_from_a_whole_one() {
    for sample in all() {
        let half = &sample.bytes[..sample.bytes.len() / 2];
        assert!(matches!(crate::read(half), Err(ReadError::Broken { .. })), "{}", sample.name);
    }
}
