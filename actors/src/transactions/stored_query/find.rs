//! The queries that find the objects of one patient (ITI TF-2 3.18.4.1.2.3.7.1 to 7.4 and 7.14).

use metadata::{AvailabilityStatus, Code, Oid, PatientId};

use super::Question;
use super::filter::{ContentFilter, Pattern, Period};
use super::parameters::{Parameters, Slots};

/// Finds document entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindDocuments {
    /// Whose.
    pub patient_id: PatientId,
    /// Any of these.
    pub status: Vec<AvailabilityStatus>,
    /// What else must hold.
    pub filter: DocumentFilter,
}

/// Finds document entries that refer to something, a study or an order for example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindDocumentsByReferenceId {
    /// As for any documents.
    pub documents: FindDocuments,
    /// `referenceIdList`, as CXi: one of each group.
    pub reference_id: Vec<Vec<Pattern>>,
}

/// What must hold of a document entry; an empty list asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentFilter {
    /// `classCode`.
    pub class_code: Vec<Code>,
    /// `typeCode`.
    pub type_code: Vec<Code>,
    /// `practiceSettingCode`.
    pub practice_setting_code: Vec<Code>,
    /// `creationTime`.
    pub creation_time: Period,
    /// `serviceStartTime`.
    pub service_start_time: Period,
    /// `serviceStopTime`.
    pub service_stop_time: Period,
    /// `healthcareFacilityTypeCode`.
    pub healthcare_facility_type_code: Vec<Code>,
    /// `eventCodeList`: one of each group.
    pub event_code_list: Vec<Vec<Code>>,
    /// `authorPerson` of any author.
    pub author_person: Vec<Pattern>,
    /// `formatCode`, `confidentialityCode`, `objectType`.
    pub content: ContentFilter,
}

/// Finds submission sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindSubmissionSets {
    /// Whose.
    pub patient_id: PatientId,
    /// `sourceId`: any of these.
    pub source_id: Vec<Oid>,
    /// `submissionTime`.
    pub submission_time: Period,
    /// `authorPerson` of any author.
    pub author_person: Option<Pattern>,
    /// `contentTypeCode`: any of these.
    pub content_type_code: Vec<Code>,
    /// Any of these.
    pub status: Vec<AvailabilityStatus>,
}

/// Finds folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindFolders {
    /// Whose.
    pub patient_id: PatientId,
    /// `lastUpdateTime`.
    pub last_update_time: Period,
    /// `codeList`: one of each group.
    pub code_list: Vec<Vec<Code>>,
    /// Any of these.
    pub status: Vec<AvailabilityStatus>,
}

/// Finds everything of a patient, with all associations that touch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAll {
    /// Whose.
    pub patient_id: PatientId,
    /// Status of document entries.
    pub document_status: Vec<AvailabilityStatus>,
    /// Status of submission sets.
    pub submission_set_status: Vec<AvailabilityStatus>,
    /// Status of folders.
    pub folder_status: Vec<AvailabilityStatus>,
    /// What must hold of document entries.
    pub content: ContentFilter,
}

const DOCUMENT_PATIENT: &str = "$XDSDocumentEntryPatientId";
const DOCUMENT_STATUS: &str = "$XDSDocumentEntryStatus";
const CLASS_CODE: &str = "$XDSDocumentEntryClassCode";
const TYPE_CODE: &str = "$XDSDocumentEntryTypeCode";
const PRACTICE_SETTING_CODE: &str = "$XDSDocumentEntryPracticeSettingCode";
const CREATION_TIME: &str = "$XDSDocumentEntryCreationTime";
const SERVICE_START_TIME: &str = "$XDSDocumentEntryServiceStartTime";
const SERVICE_STOP_TIME: &str = "$XDSDocumentEntryServiceStopTime";
const FACILITY_CODE: &str = "$XDSDocumentEntryHealthcareFacilityTypeCode";
const EVENT_CODE_LIST: &str = "$XDSDocumentEntryEventCodeList";
const DOCUMENT_AUTHOR: &str = "$XDSDocumentEntryAuthorPerson";
const REFERENCE_ID: &str = "$XDSDocumentEntryReferenceIdList";
const SET_PATIENT: &str = "$XDSSubmissionSetPatientId";
const SOURCE_ID: &str = "$XDSSubmissionSetSourceId";
const SUBMISSION_TIME: &str = "$XDSSubmissionSetSubmissionTime";
const SET_AUTHOR: &str = "$XDSSubmissionSetAuthorPerson";
const CONTENT_TYPE: &str = "$XDSSubmissionSetContentType";
const SET_STATUS: &str = "$XDSSubmissionSetStatus";
const FOLDER_PATIENT: &str = "$XDSFolderPatientId";
const LAST_UPDATE_TIME: &str = "$XDSFolderLastUpdateTime";
const CODE_LIST: &str = "$XDSFolderCodeList";
const FOLDER_STATUS: &str = "$XDSFolderStatus";
/// Unlike all others it starts with a small letter and has no prefix (ITI TF-2 3.18.4.1.2.3.7.4).
const PATIENT: &str = "$patientId";

impl Question for FindDocuments {
    const ID: &'static str = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let patient_id = parameters.patient(DOCUMENT_PATIENT);
        let status = parameters.statuses(DOCUMENT_STATUS);
        let filter = DocumentFilter::read(parameters);
        Some(Self { patient_id: patient_id?, status, filter })
    }

    fn write(&self, slots: &mut Slots) {
        slots.one(DOCUMENT_PATIENT, &self.patient_id);
        slots.statuses(DOCUMENT_STATUS, &self.status);
        self.filter.write(slots);
    }
}

impl Question for FindDocumentsByReferenceId {
    const ID: &'static str = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let documents = FindDocuments::read(parameters);
        parameters.require(REFERENCE_ID);
        let reference_id = parameters.groups(REFERENCE_ID);
        Some(Self { documents: documents?, reference_id })
    }

    fn write(&self, slots: &mut Slots) {
        self.documents.write(slots);
        slots.groups(REFERENCE_ID, &self.reference_id);
    }
}

impl DocumentFilter {
    fn read(parameters: &mut Parameters) -> Self {
        Self {
            class_code: parameters.list(CLASS_CODE),
            type_code: parameters.list(TYPE_CODE),
            practice_setting_code: parameters.list(PRACTICE_SETTING_CODE),
            creation_time: Period::read(parameters, CREATION_TIME),
            service_start_time: Period::read(parameters, SERVICE_START_TIME),
            service_stop_time: Period::read(parameters, SERVICE_STOP_TIME),
            healthcare_facility_type_code: parameters.list(FACILITY_CODE),
            event_code_list: parameters.groups(EVENT_CODE_LIST),
            author_person: parameters.list(DOCUMENT_AUTHOR),
            content: ContentFilter::read(parameters),
        }
    }

    fn write(&self, slots: &mut Slots) {
        slots.list(CLASS_CODE, &self.class_code);
        slots.list(TYPE_CODE, &self.type_code);
        slots.list(PRACTICE_SETTING_CODE, &self.practice_setting_code);
        self.creation_time.write(slots, CREATION_TIME);
        self.service_start_time.write(slots, SERVICE_START_TIME);
        self.service_stop_time.write(slots, SERVICE_STOP_TIME);
        slots.list(FACILITY_CODE, &self.healthcare_facility_type_code);
        slots.groups(EVENT_CODE_LIST, &self.event_code_list);
        slots.list(DOCUMENT_AUTHOR, &self.author_person);
        self.content.write(slots);
    }
}

impl Question for FindSubmissionSets {
    const ID: &'static str = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let patient_id = parameters.patient(SET_PATIENT);
        let source_id = parameters.list(SOURCE_ID);
        let submission_time = Period::read(parameters, SUBMISSION_TIME);
        let author_person = parameters.one(SET_AUTHOR);
        let content_type_code = parameters.list(CONTENT_TYPE);
        let status = parameters.statuses(SET_STATUS);
        Some(Self {
            patient_id: patient_id?,
            source_id,
            submission_time,
            author_person,
            content_type_code,
            status,
        })
    }

    fn write(&self, slots: &mut Slots) {
        slots.one(SET_PATIENT, &self.patient_id);
        slots.list(SOURCE_ID, &self.source_id);
        self.submission_time.write(slots, SUBMISSION_TIME);
        if let Some(author) = &self.author_person {
            slots.one(SET_AUTHOR, author);
        }
        slots.list(CONTENT_TYPE, &self.content_type_code);
        slots.statuses(SET_STATUS, &self.status);
    }
}

impl Question for FindFolders {
    const ID: &'static str = "urn:uuid:958f3006-baad-4929-a4de-ff1114824431";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let patient_id = parameters.patient(FOLDER_PATIENT);
        let last_update_time = Period::read(parameters, LAST_UPDATE_TIME);
        let code_list = parameters.groups(CODE_LIST);
        let status = parameters.statuses(FOLDER_STATUS);
        Some(Self { patient_id: patient_id?, last_update_time, code_list, status })
    }

    fn write(&self, slots: &mut Slots) {
        slots.one(FOLDER_PATIENT, &self.patient_id);
        self.last_update_time.write(slots, LAST_UPDATE_TIME);
        slots.groups(CODE_LIST, &self.code_list);
        slots.statuses(FOLDER_STATUS, &self.status);
    }
}

impl Question for GetAll {
    const ID: &'static str = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3";

    fn read(parameters: &mut Parameters) -> Option<Self> {
        let patient_id = parameters.patient(PATIENT);
        let document_status = parameters.statuses(DOCUMENT_STATUS);
        let submission_set_status = parameters.statuses(SET_STATUS);
        let folder_status = parameters.statuses(FOLDER_STATUS);
        let content = ContentFilter::read(parameters);
        Some(Self { patient_id: patient_id?, document_status, submission_set_status, folder_status, content })
    }

    fn write(&self, slots: &mut Slots) {
        slots.one(PATIENT, &self.patient_id);
        slots.statuses(DOCUMENT_STATUS, &self.document_status);
        slots.statuses(SET_STATUS, &self.submission_set_status);
        slots.statuses(FOLDER_STATUS, &self.folder_status);
        self.content.write(slots);
    }
}
