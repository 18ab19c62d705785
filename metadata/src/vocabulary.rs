//! Every UUID, URN and namespace of XDS metadata, written once.
//!
//! ITI TF-3 4.2.2 (associations), 4.2.4 (errors, status) and 4.2.5 (the UUIDs).

use soap::xml::Namespace;

/// ebRIM 3.0: the objects and their parts.
pub const RIM: Namespace = Namespace { uri: "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0", prefix: "rim" };
/// ebRS 3.0: responses and their errors.
pub const RS: Namespace = Namespace { uri: "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0", prefix: "rs" };
/// ebRS 3.0, life cycle management: submit, remove.
pub const LCM: Namespace = Namespace { uri: "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0", prefix: "lcm" };
/// ebRS 3.0, queries.
pub const QUERY: Namespace =
    Namespace { uri: "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0", prefix: "query" };
/// IHE: documents provided and retrieved.
pub const IHE: Namespace = Namespace { uri: "urn:ihe:iti:xds-b:2007", prefix: "ihe" };

/// What a DocumentEntry is recognised by, and the schemes of its parts (ITI TF-3 4.2.5).
pub mod document_entry {
    /// objectType of an entry whose document exists.
    pub const STABLE: &str = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1";
    /// objectType of an entry whose document is made when it is asked for.
    pub const ON_DEMAND: &str = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248";
    /// Classification scheme of author.
    pub const AUTHOR: &str = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d";
    /// Classification scheme of classCode.
    pub const CLASS_CODE: &str = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a";
    /// Classification scheme of confidentialityCode.
    pub const CONFIDENTIALITY_CODE: &str = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f";
    /// Classification scheme of eventCodeList.
    pub const EVENT_CODE_LIST: &str = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4";
    /// Classification scheme of formatCode.
    pub const FORMAT_CODE: &str = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d";
    /// Classification scheme of healthcareFacilityTypeCode.
    pub const HEALTHCARE_FACILITY_TYPE_CODE: &str = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1";
    /// Classification scheme of practiceSettingCode.
    pub const PRACTICE_SETTING_CODE: &str = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead";
    /// Classification scheme of typeCode.
    pub const TYPE_CODE: &str = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983";
    /// Classification node that marks limited metadata.
    pub const LIMITED_METADATA: &str = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85";
    /// Identification scheme of patientId.
    pub const PATIENT_ID: &str = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427";
    /// Identification scheme of uniqueId.
    pub const UNIQUE_ID: &str = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab";
    /// Slot name of referenceIdList.
    pub const REFERENCE_ID_LIST: &str = "urn:ihe:iti:xds:2013:referenceIdList";
}

/// What a SubmissionSet is recognised by, and the schemes of its parts (ITI TF-3 4.2.5).
pub mod submission_set {
    /// Classification node that makes a package a SubmissionSet.
    pub const MARKER: &str = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd";
    /// Classification scheme of author.
    pub const AUTHOR: &str = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d";
    /// Classification scheme of contentTypeCode.
    pub const CONTENT_TYPE_CODE: &str = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500";
    /// Classification node that marks limited metadata.
    pub const LIMITED_METADATA: &str = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707";
    /// Identification scheme of patientId.
    pub const PATIENT_ID: &str = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446";
    /// Identification scheme of uniqueId.
    pub const UNIQUE_ID: &str = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8";
    /// Identification scheme of sourceId.
    pub const SOURCE_ID: &str = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832";
}

/// What a Folder is recognised by, and the schemes of its parts (ITI TF-3 4.2.5).
pub mod folder {
    /// Classification node that makes a package a Folder.
    pub const MARKER: &str = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2";
    /// Classification scheme of codeList.
    pub const CODE_LIST: &str = "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5";
    /// Classification node that marks limited metadata.
    pub const LIMITED_METADATA: &str = "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03";
    /// Identification scheme of patientId.
    pub const PATIENT_ID: &str = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a";
    /// Identification scheme of uniqueId.
    pub const UNIQUE_ID: &str = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a";
}

/// The types of associations and the scheme of their documentation (ITI TF-3 4.2.2.2, 4.2.5).
pub mod association {
    /// A submission set or folder has a member.
    pub const HAS_MEMBER: &str = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember";
    /// The source replaces the target.
    pub const REPLACE: &str = "urn:ihe:iti:2007:AssociationType:RPLC";
    /// The source is a transformation of the target.
    pub const TRANSFORM: &str = "urn:ihe:iti:2007:AssociationType:XFRM";
    /// The source adds to the target.
    pub const APPEND: &str = "urn:ihe:iti:2007:AssociationType:APND";
    /// The source is a transformation of the target and replaces it.
    pub const TRANSFORM_AND_REPLACE: &str = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC";
    /// The source is a signature of the target.
    pub const SIGNS: &str = "urn:ihe:iti:2007:AssociationType:signs";
    /// The source is what the on-demand target was at one time.
    pub const IS_SNAPSHOT_OF: &str = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf";
    /// Metadata update: the status of the target changes.
    pub const UPDATE_AVAILABILITY_STATUS: &str = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus";
    /// Metadata update: an association is submitted.
    pub const SUBMIT_ASSOCIATION: &str = "urn:ihe:iti:2010:AssociationType:SubmitAssociation";
    /// Classification scheme of the documentation of a relationship.
    pub const DOCUMENTATION: &str = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3";
}

/// objectType of the parts of an object, required when they are returned (ITI TF-3 4.2.3.1.2).
pub mod part {
    /// Of a Classification.
    pub const CLASSIFICATION: &str =
        "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification";
    /// Of an ExternalIdentifier.
    pub const EXTERNAL_IDENTIFIER: &str =
        "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier";
    /// Of an Association.
    pub const ASSOCIATION: &str = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association";
    /// Of a RegistryPackage.
    pub const REGISTRY_PACKAGE: &str =
        "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage";
}

/// Statuses of objects, documents and responses, and severities of errors (ITI TF-3 4.2.3.2.2, 4.2.4).
pub mod status {
    /// An object that is current.
    pub const APPROVED: &str = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved";
    /// An object that is no longer current.
    pub const DEPRECATED: &str = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated";
    /// A document that can be retrieved.
    pub const ONLINE: &str = "urn:ihe:iti:2010:DocumentAvailability:Online";
    /// A document that cannot be retrieved now.
    pub const OFFLINE: &str = "urn:ihe:iti:2010:DocumentAvailability:Offline";
    /// A request that was carried out.
    pub const SUCCESS: &str = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success";
    /// A request of which a part was carried out.
    pub const PARTIAL_SUCCESS: &str = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess";
    /// A request that was not carried out.
    pub const FAILURE: &str = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure";
    /// Something that makes a request fail.
    pub const ERROR: &str = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error";
    /// Something that does not.
    pub const WARNING: &str = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning";
}

/// What kind of thing a reference id identifies, CXi.5 (ITI TF-3 4.2.3.2.28).
pub mod reference {
    /// Another document or object, by its unique id.
    pub const UNIQUE_ID: &str = "urn:ihe:iti:xds:2013:uniqueId";
    /// An imaging request, by its accession number.
    pub const ACCESSION: &str = "urn:ihe:iti:xds:2013:accession";
    /// A referral.
    pub const REFERRAL: &str = "urn:ihe:iti:xds:2013:referral";
    /// An order.
    pub const ORDER: &str = "urn:ihe:iti:xds:2013:order";
    /// A workflow instance (XDW).
    pub const WORKFLOW_INSTANCE: &str = "urn:ihe:iti:xdw:2013:workflowInstanceId";
    /// An encounter.
    pub const ENCOUNTER: &str = "urn:ihe:iti:xds:2015:encounterId";
    /// A DICOM study, by its Study Instance UID.
    pub const STUDY_INSTANCE_UID: &str = "urn:ihe:iti:xds:2016:studyInstanceUID";
}
