//! The file around the content of a sample: patient, study, device, and the context that every template wants
//! (PS3.3 A.35.8; PS3.16 TID 1002, 1020).

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use dicom_object::meta::FileMetaTableBuilder;

use super::Examination;
use super::tree::{Is, Item, below, code, code_item, name, put, sequence, text, uid};
use crate::code::Concept;
use crate::concepts;

/// Which kind of report.
pub(super) struct Template {
    pub(super) sop_class_uid: &'static str,
    pub(super) root: Concept,
    pub(super) id: &'static str,
}

pub(super) const CT: Template = Template {
    sop_class_uid: uids::X_RAY_RADIATION_DOSE_SR_STORAGE,
    root: concepts::XRAY_REPORT,
    id: "10011",
};
pub(super) const PROJECTION: Template = Template {
    sop_class_uid: uids::X_RAY_RADIATION_DOSE_SR_STORAGE,
    root: concepts::XRAY_REPORT,
    id: "10001",
};
pub(super) const RADIOPHARMACEUTICAL: Template = Template {
    sop_class_uid: uids::RADIOPHARMACEUTICAL_RADIATION_DOSE_SR_STORAGE,
    root: concepts::RADIOPHARMACEUTICAL_REPORT,
    id: "10021",
};

/// Writes the DICOM file.
pub(super) fn file(
    examination: &Examination,
    template: &Template,
    sop_instance_uid: &str,
    content: Vec<Item>,
) -> Vec<u8> {
    let mut set = Item::new_empty();
    general(&mut set, examination, template, sop_instance_uid);
    patient(&mut set, examination);
    study(&mut set, examination);
    device(&mut set, examination);
    put(&mut set, tags::VALUE_TYPE, VR::CS, "CONTAINER");
    put(&mut set, tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
    sequence(&mut set, tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code_item(template.root)]);
    let mut identified = Item::new_empty();
    put(&mut identified, tags::MAPPING_RESOURCE, VR::CS, "DCMR");
    put(&mut identified, tags::TEMPLATE_IDENTIFIER, VR::CS, template.id);
    sequence(&mut set, tags::CONTENT_TEMPLATE_SEQUENCE, vec![identified]);
    write(below(set, content), template, sop_instance_uid)
}

/// TID 1002: the device observes.
pub(super) fn observer(examination: &Examination) -> Vec<Item> {
    let device = &examination.device;
    vec![
        code(Is::Context, concepts::OBSERVER_TYPE, concepts::DEVICE),
        uid(Is::Context, concepts::DEVICE_UID, &super::uid(device.serial)),
        text(Is::Context, concepts::DEVICE_NAME, device.station),
        text(Is::Context, concepts::DEVICE_MANUFACTURER, device.manufacturer),
        text(Is::Context, concepts::DEVICE_MODEL, device.model),
        text(Is::Context, concepts::DEVICE_SERIAL, device.serial),
        text(Is::Context, concepts::DEVICE_LOCATION, device.location),
    ]
}

/// What is reported, and why it was done.
pub(super) fn procedure(concept: Concept, procedure: Concept) -> Item {
    below(
        code(Is::Modifier, concept, procedure),
        vec![code(Is::Modifier, concepts::HAS_INTENT, concepts::DIAGNOSTIC)],
    )
}

/// The totals are those of the study.
pub(super) fn scope(examination: &Examination) -> Item {
    below(
        code(Is::Context, concepts::SCOPE, concepts::SCOPE_STUDY),
        vec![uid(Is::Property, concepts::STUDY_UID, &super::uid(examination.study))],
    )
}

/// The device counted by itself.
pub(super) fn source() -> Item {
    code(Is::Contained, concepts::SOURCE, concepts::AUTOMATED)
}

/// TID 1020: a person who took part.
pub(super) fn person(examination: &Examination, role: Concept) -> Item {
    below(
        name(Is::Contained, concepts::PERSON_NAME, examination.hospital.physician),
        vec![
            code(Is::Property, concepts::PERSON_ROLE, role),
            text(Is::Property, concepts::PERSON_ORGANIZATION, examination.hospital.name),
        ],
    )
}

fn general(set: &mut Item, examination: &Examination, template: &Template, sop_instance_uid: &str) {
    put(set, tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192");
    put(set, tags::SOP_CLASS_UID, VR::UI, template.sop_class_uid);
    put(set, tags::SOP_INSTANCE_UID, VR::UI, sop_instance_uid);
    put(set, tags::MODALITY, VR::CS, "SR");
    put(set, tags::SERIES_INSTANCE_UID, VR::UI, &super::uid(&format!("{}/series", examination.name)));
    put(set, tags::SERIES_NUMBER, VR::IS, "999");
    put(set, tags::SERIES_DESCRIPTION, VR::LO, "Dose report (sample)");
    put(set, tags::INSTANCE_NUMBER, VR::IS, "1");
    put(set, tags::CONTENT_DATE, VR::DA, examination.date);
    put(set, tags::CONTENT_TIME, VR::TM, examination.content_time);
    put(set, tags::TIMEZONE_OFFSET_FROM_UTC, VR::SH, examination.offset);
    put(set, tags::COMPLETION_FLAG, VR::CS, "COMPLETE");
    put(set, tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED");
    for required_but_empty in
        [tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, tags::PERFORMED_PROCEDURE_CODE_SEQUENCE]
    {
        sequence(set, required_but_empty, Vec::new());
    }
}

fn patient(set: &mut Item, examination: &Examination) {
    let (person, hospital) = (examination.patient, examination.hospital);
    put(set, tags::PATIENT_NAME, VR::PN, person.name);
    put(set, tags::PATIENT_ID, VR::LO, examination.patient_id);
    put(set, tags::ISSUER_OF_PATIENT_ID, VR::LO, hospital.authority);
    let mut authority = Item::new_empty();
    put(&mut authority, tags::UNIVERSAL_ENTITY_ID, VR::UT, hospital.authority_oid);
    put(&mut authority, tags::UNIVERSAL_ENTITY_ID_TYPE, VR::CS, "ISO");
    sequence(set, tags::ISSUER_OF_PATIENT_ID_QUALIFIERS_SEQUENCE, vec![authority]);
    put(set, tags::PATIENT_BIRTH_DATE, VR::DA, person.birth_date);
    put(set, tags::PATIENT_SEX, VR::CS, person.sex);
    put(set, tags::PATIENT_AGE, VR::AS, examination.age);
    put(set, tags::PATIENT_SIZE, VR::DS, person.size_m);
    put(set, tags::PATIENT_WEIGHT, VR::DS, person.weight_kg);
}

fn study(set: &mut Item, examination: &Examination) {
    put(set, tags::STUDY_INSTANCE_UID, VR::UI, &super::uid(examination.study));
    put(set, tags::STUDY_DATE, VR::DA, examination.date);
    put(set, tags::STUDY_TIME, VR::TM, examination.time);
    put(set, tags::STUDY_ID, VR::SH, "1");
    put(set, tags::ACCESSION_NUMBER, VR::SH, examination.accession);
    let mut issuer = Item::new_empty();
    put(&mut issuer, tags::UNIVERSAL_ENTITY_ID, VR::UT, examination.hospital.oid);
    put(&mut issuer, tags::UNIVERSAL_ENTITY_ID_TYPE, VR::CS, "ISO");
    sequence(set, tags::ISSUER_OF_ACCESSION_NUMBER_SEQUENCE, vec![issuer]);
    put(set, tags::REFERRING_PHYSICIAN_NAME, VR::PN, "");
    put(set, tags::STUDY_DESCRIPTION, VR::LO, examination.description);
    sequence(set, tags::PROCEDURE_CODE_SEQUENCE, vec![code_item(examination.procedure)]);
}

fn device(set: &mut Item, examination: &Examination) {
    let device = &examination.device;
    put(set, tags::MANUFACTURER, VR::LO, device.manufacturer);
    put(set, tags::MANUFACTURER_MODEL_NAME, VR::LO, device.model);
    put(set, tags::DEVICE_SERIAL_NUMBER, VR::LO, device.serial);
    put(set, tags::SOFTWARE_VERSIONS, VR::LO, "1.0");
    put(set, tags::STATION_NAME, VR::SH, device.station);
    put(set, tags::INSTITUTION_NAME, VR::LO, examination.hospital.name);
    put(set, tags::INSTITUTION_ADDRESS, VR::ST, examination.hospital.address);
}

#[expect(clippy::expect_used, reason = "all that is written is constant; the tests write each sample")]
fn write(set: Item, template: &Template, sop_instance_uid: &str) -> Vec<u8> {
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(template.sop_class_uid)
        .media_storage_sop_instance_uid(sop_instance_uid)
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .implementation_class_uid(super::uid("implementation"))
        .implementation_version_name("DOSEBOOK");
    let mut bytes = Vec::new();
    let file = set.with_meta(meta).expect("the meta information is whole");
    file.write_all(&mut bytes).expect("a vector takes all bytes");
    bytes
}
