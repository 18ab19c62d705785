//! What the header of a report says of patient, study, device and institution (PS3.3 C.7; rule R15).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use jiff::tz::Offset;

use crate::concepts;
use crate::content::{Item, read_code};
use crate::moment::{Moment, Precision, parse_offset};
use crate::part10::DataSet;
use crate::report::{Completion, Device, Institution, Issuer, Note, Patient, Sex, Study};
use crate::text::Charset;

/// Timezone Offset From UTC (0008,0201): holds for every time of the report that states none.
pub(crate) fn offset(set: &DataSet<'_>) -> Option<Offset> {
    parse_offset(&set.ascii(tags::TIMEZONE_OFFSET_FROM_UTC)?)
}

/// Content Date and Time, else those of the instance's creation.
pub(crate) fn content_time(set: &DataSet<'_>) -> Option<Moment> {
    moment(set, tags::CONTENT_DATE, tags::CONTENT_TIME)
        .or_else(|| moment(set, tags::INSTANCE_CREATION_DATE, tags::INSTANCE_CREATION_TIME))
}

pub(crate) fn completion(set: &DataSet<'_>) -> Option<Completion> {
    match set.ascii(tags::COMPLETION_FLAG)?.as_str() {
        "COMPLETE" => Some(Completion::Complete),
        "PARTIAL" => Some(Completion::Partial),
        _ => None,
    }
}

pub(crate) fn patient(set: &DataSet<'_>, charset: &Charset, notes: &mut Vec<Note>) -> Patient {
    let birth = set.ascii(tags::PATIENT_BIRTH_DATE);
    let birth_date = birth.as_deref().and_then(|text| Moment::parse_date_and_time(text, None));
    if let (Some(text), None) = (&birth, birth_date) {
        note(notes, "Patient's Birth Date (0010,0030)", text, "expected YYYYMMDD; the value is ignored");
    }
    Patient {
        id: charset.text(set, tags::PATIENT_ID),
        issuer: Issuer {
            name: charset.text(set, tags::ISSUER_OF_PATIENT_ID),
            ..issuer(set.items(tags::ISSUER_OF_PATIENT_ID_QUALIFIERS_SEQUENCE), charset)
        },
        name: charset.text(set, tags::PATIENT_NAME).map(|name| first_component_group(&name)),
        birth_date: birth_date.map(|moment| moment.clock.date()),
        sex: match set.ascii(tags::PATIENT_SEX).as_deref() {
            Some("F") => Some(Sex::Female),
            Some("M") => Some(Sex::Male),
            Some("O") => Some(Sex::Other),
            _ => None,
        },
        age: set.ascii(tags::PATIENT_AGE),
        size_m: positive(set, tags::PATIENT_SIZE, notes),
        weight_kg: positive(set, tags::PATIENT_WEIGHT, notes),
    }
}

pub(crate) fn study(set: &DataSet<'_>, charset: &Charset) -> Study {
    let request = set.items(tags::REFERENCED_REQUEST_SEQUENCE).first();
    Study {
        uid: set.ascii(tags::STUDY_INSTANCE_UID),
        id: charset.text(set, tags::STUDY_ID),
        time: study_time(set),
        accession: charset
            .text(set, tags::ACCESSION_NUMBER)
            .or_else(|| charset.text(request?, tags::ACCESSION_NUMBER)),
        accession_issuer: issuer(set.items(tags::ISSUER_OF_ACCESSION_NUMBER_SEQUENCE), charset),
        description: charset.text(set, tags::STUDY_DESCRIPTION),
        procedures: set
            .items(tags::PROCEDURE_CODE_SEQUENCE)
            .iter()
            .filter_map(|item| read_code(item, charset))
            .collect(),
    }
}

/// The header's device; where it is empty, the device observer (D43).
pub(crate) fn device(set: &DataSet<'_>, charset: &Charset, tree: &Item) -> Device {
    Device {
        manufacturer: charset
            .text(set, tags::MANUFACTURER)
            .or_else(|| tree.text(&concepts::DEVICE_MANUFACTURER)),
        model: charset
            .text(set, tags::MANUFACTURER_MODEL_NAME)
            .or_else(|| tree.text(&concepts::DEVICE_MODEL)),
        serial: charset.text(set, tags::DEVICE_SERIAL_NUMBER).or_else(|| tree.text(&concepts::DEVICE_SERIAL)),
        station: charset.text(set, tags::STATION_NAME).or_else(|| tree.text(&concepts::DEVICE_NAME)),
        software: charset.text(set, tags::SOFTWARE_VERSIONS),
        uid: tree.text(&concepts::DEVICE_UID),
        location: tree.text(&concepts::DEVICE_LOCATION),
    }
}

pub(crate) fn institution(set: &DataSet<'_>, charset: &Charset) -> Institution {
    Institution {
        name: charset.text(set, tags::INSTITUTION_NAME),
        address: charset.text(set, tags::INSTITUTION_ADDRESS),
        department: charset.text(set, tags::INSTITUTIONAL_DEPARTMENT_NAME),
    }
}

/// D46: without a study date, that of the content, then that of the series.
fn study_time(set: &DataSet<'_>) -> Option<Moment> {
    moment(set, tags::STUDY_DATE, tags::STUDY_TIME)
        .or_else(|| moment(set, tags::CONTENT_DATE, tags::CONTENT_TIME))
        .or_else(|| moment(set, tags::SERIES_DATE, tags::SERIES_TIME))
}

fn moment(set: &DataSet<'_>, date: Tag, time: Tag) -> Option<Moment> {
    let moment = Moment::parse_date_and_time(&set.ascii(date)?, set.ascii(time).as_deref())?;
    // A day has no offset: it would move to the day before.
    Some(if moment.precision > Precision::Day { moment.at_offset(offset(set)) } else { moment })
}

/// HL7v2 Hierarchic Designator Macro (PS3.3 10.14).
fn issuer(items: &[DataSet<'_>], charset: &Charset) -> Issuer {
    let Some(item) = items.first() else { return Issuer::default() };
    Issuer {
        name: charset.text(item, tags::LOCAL_NAMESPACE_ENTITY_ID),
        universal_id: charset.text(item, tags::UNIVERSAL_ENTITY_ID),
        universal_id_type: item.ascii(tags::UNIVERSAL_ENTITY_ID_TYPE),
    }
}

/// A PN may hold alphabetic, ideographic and phonetic groups, parted by `=` (PS3.5 6.2.1, R16).
fn first_component_group(name: &str) -> String {
    name.split('=').find(|group| !group.is_empty()).unwrap_or_default().trim_end_matches('^').to_owned()
}

/// Size and weight: 0 stands for unknown at some vendors (D49).
fn positive(set: &DataSet<'_>, tag: Tag, notes: &mut Vec<Note>) -> Option<f64> {
    let text = set.ascii(tag)?;
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Some(value),
        Ok(0.0) => None,
        _ => {
            note(
                notes,
                &format!("Patient's size or weight {tag}"),
                &text,
                "expected a number; the value is ignored",
            );
            None
        }
    }
}

fn note(notes: &mut Vec<Note>, field: &str, received: &str, expected: &str) {
    notes.push(Note {
        field: field.to_owned(),
        received: received.to_owned(),
        expected: expected.to_owned(),
    });
}
