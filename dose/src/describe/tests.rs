use metadata::requirements::{Sender, check};
use metadata::{Hash, RegistryErrors};
use soap::xml::{Element, Limits};

use super::*;
use crate::sample;

fn said() -> Description {
    Description {
        patient_id: "P1^^^&1.2.3.4&ISO".parse().unwrap(),
        source_patient_authority: "1.2.3.5".parse().unwrap(),
        accession_authority: None,
        author_institution: None,
        language: "nl-BE".parse().unwrap(),
        time_zone: TimeZone::fixed(jiff::tz::offset(1)),
        codes: Description::default_codes(),
        source_id: "1.2.3.6".parse().unwrap(),
        submission_unique_id: "1.2.3.7".parse().unwrap(),
        submission_time: "20250101120000".parse().unwrap(),
    }
}

fn report(name: &str) -> DoseReport {
    let sample = sample::all().into_iter().find(|sample| sample.name == name).unwrap();
    crate::read(&sample.bytes).unwrap()
}

fn entry(report: &DoseReport) -> DocumentEntry {
    describe(report, &said()).unwrap().entries.remove(0)
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn codes(codes: &[Code]) -> Vec<&str> {
    codes.iter().map(|code| code.code.as_str()).collect()
}

#[test]
fn describes_every_sample_so_that_a_document_source_may_send_it() {
    for sample in sample::all() {
        let report = crate::read(&sample.bytes).unwrap();
        let submission = describe(&report, &said()).unwrap();
        let mut errors = RegistryErrors::default();
        submission.check(&std::collections::HashSet::new(), &mut errors);
        check(&submission, Sender::DocumentSource, &mut errors);
        assert_eq!(errors.into_result(), Ok(()), "{}", sample.name);
        let written = Element::parse(submission.write().as_bytes(), &Limits::default()).unwrap();
        assert_eq!(Submission::read(&written), Ok(submission), "{}", sample.name);
    }
}

#[test]
fn describes_so_that_a_repository_need_add_only_what_it_alone_knows() {
    let mut submission = describe(&report("be-ct-adult"), &said()).unwrap();
    let entry = &mut submission.entries[0];
    entry.hash = Some("da39a3ee5e6b4b0d3255bfef95601890afd80709".parse::<Hash>().unwrap());
    entry.size = Some(1);
    entry.repository_unique_id = Some("1.2.3.8".parse().unwrap());
    let mut errors = RegistryErrors::default();
    check(&submission, Sender::Repository, &mut errors);
    assert_eq!(errors.into_result(), Ok(()));
}

#[test]
fn says_what_a_ct_report_is() {
    let entry = entry(&report("be-ct-adult"));
    assert_eq!(entry.unique_id.as_str(), report("be-ct-adult").sop_instance_uid);
    assert_eq!(text(entry.format_code).unwrap(), "1.2.840.10008.5.1.4.1.1.88.67^^1.2.840.10008.2.6.1");
    assert_eq!(text(entry.type_code).unwrap(), "73569-6^^2.16.840.1.113883.6.1");
    assert_eq!(
        codes(&entry.event_code_list),
        ["CT", "77477000", "418023006", "38266002", "51185008", "818983003"]
    );
    assert_eq!(entry.title.text(), Some("CT thorax-abdomen"));
    assert_eq!(text(entry.practice_setting_code).unwrap(), "394914008^^2.16.840.1.113883.6.96");
}

#[test]
fn turns_times_into_utc() {
    let entry = entry(&report("be-ct-adult"));
    assert_eq!(text(entry.creation_time).unwrap(), "20240312083100");
    assert_eq!(text(entry.service_start_time).unwrap(), "20240312082104");
    assert_eq!(text(entry.service_stop_time).unwrap(), "20240312082355");
}

#[test]
fn takes_the_zone_of_the_domain_for_times_without_offset() {
    let mut report = report("be-ct-adult");
    report.content_time = Moment::parse("20240312093100");
    assert_eq!(text(entry(&report).creation_time).unwrap(), "20240312083100");
    report.content_time = Moment::parse("20240312");
    assert_eq!(text(entry(&report).creation_time).unwrap(), "20240312");
}

#[test]
fn takes_the_times_of_the_events_where_the_report_states_none_for_the_whole() {
    let entry = entry(&report("fr-angiography"));
    assert_eq!(text(entry.service_start_time).unwrap(), "20250203130712");
    // The last run begins at 14:20:18 and lasts 6.4 s.
    assert_eq!(text(entry.service_stop_time).unwrap(), "20250203132025");
}

#[test]
fn leaves_out_a_stop_before_the_start() {
    let mut report = report("be-ct-adult");
    // The night in which the clocks go back, at a device that does not state its offset.
    report.irradiation_start = Moment::parse("20241027025500");
    report.irradiation_end = Moment::parse("20241027020500");
    let submission = describe(&report, &said()).unwrap();
    let mut errors = RegistryErrors::default();
    submission.check(&std::collections::HashSet::new(), &mut errors);
    assert_eq!(errors.into_result(), Ok(()));
    assert_eq!(submission.entries[0].service_stop_time, None);
    assert!(submission.entries[0].service_start_time.is_some());
}

#[test]
fn says_what_the_source_knows_of_the_patient() {
    let entry = entry(&report("be-ct-adult"));
    assert_eq!(text(entry.patient_id).unwrap(), "P1^^^&1.2.3.4&ISO");
    assert_eq!(
        text(entry.source_patient_id).unwrap(),
        format!("{}^^^&{}&ISO", sample::CHARLOTTE_IN_BELGIUM, sample::BELGIAN_HOSPITAL.authority_oid)
    );
    let info = |field: u8| entry.source_patient_info.values(field).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(info(5), ["Specimen^Charlotte"]);
    assert_eq!(info(7), ["19710401"]);
    assert_eq!(info(8), ["F"]);
}

#[test]
fn takes_the_authority_of_the_source_where_the_report_names_none() {
    let mut report = report("be-ct-adult");
    report.patient.issuer = Issuer::default();
    assert!(text(entry(&report).source_patient_id).unwrap().ends_with("^^^&1.2.3.5&ISO"));
}

#[test]
fn can_be_found_by_accession_and_study() {
    let report = report("be-ct-adult");
    let ids: Vec<_> = entry(&report).reference_id_list.iter().map(ToString::to_string).collect();
    let issuer = sample::BELGIAN_HOSPITAL.oid;
    assert_eq!(ids[0], format!("SV2024-0312^^^&{issuer}&ISO^urn:ihe:iti:xds:2013:accession"));
    assert_eq!(ids[1], format!("{}^^^^urn:ihe:iti:xds:2016:studyInstanceUID", report.study.uid.unwrap()));
}

#[test]
fn names_the_physician_with_prefix_as_hl7_orders_it_and_else_the_device() {
    let mut report = report("be-ct-adult");
    let person = |report: &DoseReport| text(entry(report).author[0].author_person.clone()).unwrap();
    assert_eq!(person(&report), "^Modelarts^Imke^^^Dr.");
    report.authorised_by = None;
    assert_eq!(person(&report), "^Schijf 64^Fictive Imaging");
}

#[test]
fn puts_radiopharmaceutical_reports_under_nuclear_medicine() {
    let entry = entry(&report("fr-petct-fdg"));
    assert_eq!(text(entry.practice_setting_code).unwrap(), "394649004^^2.16.840.1.113883.6.96");
    assert_eq!(codes(&entry.event_code_list)[..2], ["NM", "113502"]);
}

#[test]
fn gives_old_codes_in_their_present_form() {
    let mut report = report("be-ct-adult");
    let old =
        crate::Code { value: "P5-08000".to_owned(), scheme: "SRT".to_owned(), meaning: "CT".to_owned() };
    report.procedure_reported = Some(old.clone());
    report.study.procedures = vec![old];
    report.events.clear();
    assert_eq!(codes(&entry(&report).event_code_list), ["CT", "77477000"]);
}

#[test]
fn refuses_a_report_without_a_uid() {
    let mut report = report("be-ct-adult");
    report.sop_instance_uid = String::new();
    assert!(describe(&report, &said()).is_err());
}
