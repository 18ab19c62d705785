//! Files that are broken, cut, hostile or something else: each is refused with a reason, and none stops the reader.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::panic::catch_unwind;

use dose::{MAX_DEPTH, MAX_ELEMENTS, MAX_EVENTS, MAX_LENGTH, ReadError};
use proptest::prelude::*;

const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
const DOSE_REPORT: &str = "1.2.840.10008.5.1.4.1.1.88.67";
const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";

fn samples() -> Vec<Vec<u8>> {
    dose::sample::all().into_iter().map(|sample| sample.bytes).collect()
}

fn refusal(bytes: &[u8]) -> String {
    dose::read(bytes).unwrap_err().to_string()
}

/// An element in explicit little endian with a short length.
fn element(group: u16, number: u16, vr: &str, value: &str) -> Vec<u8> {
    let padding = if vr == "UI" { "\0" } else { " " };
    let value = if value.len().is_multiple_of(2) { value.to_owned() } else { format!("{value}{padding}") };
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr.bytes());
    bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend(value.bytes());
    bytes
}

fn file(sop_class: &str, transfer_syntax: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(element(0x0002, 0x0002, "UI", sop_class));
    bytes.extend(element(0x0002, 0x0010, "UI", transfer_syntax));
    bytes.extend(body);
    bytes
}

/// Content sequences in one another, each of undefined length, not closed.
fn nested(depth: usize) -> Vec<u8> {
    let mut body = element(0x0008, 0x0016, "UI", DOSE_REPORT);
    for _ in 0..depth {
        body.extend([0x40, 0x00, 0x30, 0xA7, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        body.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
    body
}

#[test]
fn says_what_came_instead_of_dicom() {
    assert!(refusal(b"").contains("an empty file"));
    assert!(refusal(b"%PDF-1.7 and so on").contains("a PDF"));
    assert!(refusal(b"Dear colleague").contains("14 bytes of plain text"));
    assert!(refusal(&[7; 500]).contains("500 bytes of something else"));
    assert!(matches!(dose::read(b"Dear colleague"), Err(ReadError::NotDicom { .. })));
}

#[test]
fn says_where_a_file_is_cut_short() {
    for bytes in samples() {
        let half = bytes.len() / 2;
        let Err(ReadError::Broken { offset, .. }) = dose::read(&bytes[..half]) else { panic!("was read") };
        assert!(offset <= half, "{offset} of {half}");
    }
}

#[test]
fn refuses_an_image_by_name() {
    let error = refusal(&file(CT_IMAGE, EXPLICIT_LITTLE_ENDIAN, &[]));
    assert!(error.contains("CT Image Storage"), "{error}");
}

/// A sequence of items in explicit little endian.
fn sequence(group: u16, number: u16, items: &[Vec<u8>]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let item = |item: &Vec<u8>| [&[0xFE, 0xFF, 0x00, 0xE0], length(item).as_slice(), item].concat();
    let items = items.iter().flat_map(item).collect::<Vec<_>>();
    [group.to_le_bytes().as_slice(), &number.to_le_bytes(), b"SQ\0\0", &length(&items), &items].concat()
}

fn concept(code: &str, scheme: &str, meaning: &str) -> Vec<u8> {
    let parts = [(0x0100, code), (0x0102, scheme), (0x0104, meaning)];
    let item = parts.map(|(number, text)| element(0x0008, number, "SH", text)).concat();
    sequence(0x0040, 0xA043, &[item])
}

#[test]
fn refuses_a_report_on_something_else_by_its_root_concept() {
    let sop_class = "1.2.840.10008.5.1.4.1.1.88.22";
    let body = [element(8, 0x16, "UI", sop_class), concept("18748-4", "LN", "Imaging Report")].concat();
    let bytes = file(sop_class, EXPLICIT_LITTLE_ENDIAN, &body);
    assert!(matches!(dose::read(&bytes), Err(ReadError::NotDoseReport { root: Some(_), .. })));
    assert!(refusal(&bytes).contains("18748-4 LN \"Imaging Report\""), "{}", refusal(&bytes));
}

#[test]
fn refuses_an_enhanced_report_rather_than_find_no_dose_in_it() {
    const ENHANCED: &str = "1.2.840.10008.5.1.4.1.1.88.76";
    let containers = [("130500", "Total X-Ray Dose"), ("130501", "Irradiation Event Summary Data")];
    let content = containers.map(|(code, meaning)| concept(code, "DCM", meaning));
    let head = [element(8, 0x16, "UI", ENHANCED), concept("113701", "DCM", "X-Ray Radiation Dose Report")];
    let body = [head.concat(), sequence(0x0040, 0xA730, &content)].concat();
    let bytes = file(ENHANCED, EXPLICIT_LITTLE_ENDIAN, &body);
    assert!(matches!(dose::read(&bytes), Err(ReadError::UnknownTemplate { .. })));
    assert!(refusal(&bytes).contains("a layout that this version cannot read"), "{}", refusal(&bytes));
}

#[test]
fn refuses_more_events_than_a_report_has() {
    let head = [element(8, 0x16, "UI", DOSE_REPORT), concept("113701", "DCM", "Report")].concat();
    let report = |events: usize| {
        let content = sequence(0x0040, 0xA730, &vec![concept("113819", "DCM", "CT Acquisition"); events]);
        file(DOSE_REPORT, EXPLICIT_LITTLE_ENDIAN, &[head.clone(), content].concat())
    };
    assert_eq!(dose::read(&report(MAX_EVENTS)).unwrap().events.len(), MAX_EVENTS);
    assert!(refusal(&report(MAX_EVENTS + 1)).contains("10001 irradiation events, more than 10000"));
}

#[test]
fn refuses_a_dose_report_without_content() {
    let body = [element(8, 0x16, "UI", DOSE_REPORT), concept("113701", "DCM", "Report")].concat();
    let bytes = file(DOSE_REPORT, EXPLICIT_LITTLE_ENDIAN, &body);
    assert!(refusal(&bytes).contains("the dose report has no content"));
}

#[test]
fn reads_on_past_zeros_after_the_last_element() {
    let mut bytes = samples().swap_remove(0);
    bytes.extend([0; 100]);
    assert!(dose::read(&bytes).is_ok());
    bytes.push(1);
    assert!(matches!(dose::read(&bytes), Err(ReadError::Broken { .. })));
}

#[test]
fn refuses_content_nested_too_deep_before_the_stack_ends() {
    let error = refusal(&file(DOSE_REPORT, EXPLICIT_LITTLE_ENDIAN, &nested(MAX_DEPTH + 1)));
    assert!(error.contains(&format!("deeper than {MAX_DEPTH}")), "{error}");
    let hostile = refusal(&file(DOSE_REPORT, EXPLICIT_LITTLE_ENDIAN, &nested(1_000_000)));
    assert!(hostile.contains("deeper"), "{hostile}");
}

#[test]
fn refuses_more_elements_than_a_report_has() {
    let body = element(0x0008, 0x0060, "CS", "").repeat(MAX_ELEMENTS + 1);
    let error = refusal(&file(DOSE_REPORT, EXPLICIT_LITTLE_ENDIAN, &body));
    assert!(error.contains(&format!("more than {MAX_ELEMENTS} elements")), "{error}");
}

#[test]
fn refuses_a_file_longer_than_a_report_may_be() {
    let bytes = vec![0; MAX_LENGTH + 1];
    assert!(matches!(dose::read(&bytes), Err(ReadError::TooLarge { .. })));
    assert!(matches!(dose::read_from(std::io::repeat(0)), Err(ReadError::TooLarge { .. })));
}

#[test]
fn refuses_a_length_that_nothing_stands_behind() {
    let mut body = element(0x0008, 0x0016, "UI", DOSE_REPORT);
    body.extend([0x40, 0x00, 0x60, 0xA1, b'U', b'T', 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]);
    let error = refusal(&file(DOSE_REPORT, EXPLICIT_LITTLE_ENDIAN, &body));
    assert!(error.contains("4294967294 bytes was announced, 0 are there"), "{error}");
}

#[test]
fn refuses_deflated_data_that_unfolds_without_end() {
    let mut file = dicom_object::OpenFileOptions::new().from_reader(samples()[0].as_slice()).unwrap();
    let zeros = dicom_core::PrimitiveValue::from(vec![0_u8; MAX_LENGTH]);
    file.put(dicom_core::DataElement::new(dicom_core::Tag(0x7FE0, 0x0010), dicom_core::VR::OB, zeros));
    file.update_meta(|meta| meta.transfer_syntax = "1.2.840.10008.1.2.1.99".to_owned());
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).unwrap();
    assert!(bytes.len() < MAX_LENGTH / 100);
    assert!(matches!(dose::read(&bytes), Err(ReadError::TooLarge { .. })));
}

#[test]
fn refuses_a_file_that_is_not_there() {
    assert!(matches!(dose::read_file("no such file"), Err(ReadError::Unreadable(_))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn survives_changed_bytes(which in 0..6_usize, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = samples().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert!(catch_unwind(|| dose::read(&bytes).is_ok()).is_ok());
    }

    #[test]
    fn survives_changed_lengths(which in 0..6_usize, at in any::<prop::sample::Index>(), length in any::<u32>()) {
        let mut bytes = samples().swap_remove(which);
        let at = at.index(bytes.len() - 4);
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        prop_assert!(catch_unwind(|| dose::read(&bytes).is_ok()).is_ok());
    }

    #[test]
    fn refuses_every_file_cut_short(which in 0..6_usize, at in any::<prop::sample::Index>()) {
        let bytes = samples().swap_remove(which);
        prop_assert!(dose::read(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn survives_arbitrary_bodies(body in prop::collection::vec(any::<u8>(), 0..2000), implicit in any::<bool>()) {
        let syntax = if implicit { "1.2.840.10008.1.2" } else { EXPLICIT_LITTLE_ENDIAN };
        let bytes = file(DOSE_REPORT, syntax, &body);
        prop_assert!(catch_unwind(|| dose::read(&bytes).is_ok()).is_ok());
    }
}
