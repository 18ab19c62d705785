//! The attributes whose values a domain chooses, and where they stand in a submission.

use std::fmt;

use crate::object::Identity;
use crate::registry_object::Attribute;
use crate::{
    Association, Code, DocumentEntry, Folder, Submission, SubmissionSet, association,
    document_entry as entry, folder, submission_set as set,
};

/// An attribute whose values a domain chooses (ITI TF-3 4.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodedAttribute {
    /// Of document entries.
    ClassCode,
    /// Of document entries.
    TypeCode,
    /// Of document entries.
    FormatCode,
    /// Of document entries.
    HealthcareFacilityTypeCode,
    /// Of document entries.
    PracticeSettingCode,
    /// Of document entries.
    ConfidentialityCode,
    /// Of document entries.
    EventCodeList,
    /// Of document entries; its values have no scheme.
    LanguageCode,
    /// Of document entries; its values have no scheme.
    MimeType,
    /// Of submission sets.
    ContentTypeCode,
    /// Of folders.
    FolderCodeList,
    /// Of relationships: why a document was replaced, say.
    AssociationDocumentation,
}

/// Each with what it is called in the files of a domain, and as an attribute of its object.
static ALL: [(CodedAttribute, &str, Attribute); 12] = [
    (CodedAttribute::ClassCode, "classCode", entry::CLASS_CODE),
    (CodedAttribute::TypeCode, "typeCode", entry::TYPE_CODE),
    (CodedAttribute::FormatCode, "formatCode", entry::FORMAT_CODE),
    (
        CodedAttribute::HealthcareFacilityTypeCode,
        "healthcareFacilityTypeCode",
        entry::HEALTHCARE_FACILITY_TYPE_CODE,
    ),
    (CodedAttribute::PracticeSettingCode, "practiceSettingCode", entry::PRACTICE_SETTING_CODE),
    (CodedAttribute::ConfidentialityCode, "confidentialityCode", entry::CONFIDENTIALITY_CODE),
    (CodedAttribute::EventCodeList, "eventCodeList", entry::EVENT_CODE_LIST),
    (CodedAttribute::LanguageCode, "languageCode", entry::LANGUAGE_CODE),
    (CodedAttribute::MimeType, "mimeType", entry::MIME_TYPE),
    (CodedAttribute::ContentTypeCode, "contentTypeCode", set::CONTENT_TYPE_CODE),
    (CodedAttribute::FolderCodeList, "folderCodeList", folder::CODE_LIST),
    (CodedAttribute::AssociationDocumentation, "associationDocumentation", association::DOCUMENTATION),
];

impl CodedAttribute {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(attribute, ..)| *attribute)
    }

    /// What it is called in the files of a domain, such as `folderCodeList`.
    pub fn key(self) -> &'static str {
        self.row().map_or("", |(_, key, _)| key)
    }

    /// What its object calls it, such as `codeList`.
    pub fn name(self) -> &'static str {
        self.row().map_or("", |(_, _, attribute)| attribute.name)
    }

    /// Its section of ITI TF-3.
    pub fn clause(self) -> &'static str {
        self.row().map_or("", |(_, _, attribute)| attribute.clause)
    }

    /// The one that the files of a domain call that, in any case.
    pub fn from_key(key: &str) -> Option<Self> {
        let found = ALL.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(key));
        found.map(|(attribute, ..)| *attribute)
    }

    /// The one of a classification scheme.
    pub(super) fn from_scheme(urn: &str) -> Option<Self> {
        let found = ALL.iter().find(|(.., attribute)| attribute.key == urn && urn.starts_with("urn:uuid:"));
        found.map(|(attribute, ..)| *attribute)
    }

    /// Whether its values are of a coding scheme.
    pub const fn has_scheme(self) -> bool {
        !matches!(self, Self::LanguageCode | Self::MimeType)
    }

    fn row(self) -> Option<&'static (Self, &'static str, Attribute)> {
        ALL.iter().find(|(attribute, ..)| *attribute == self)
    }
}

impl fmt::Display for CodedAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A value of such an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodedValue<'a> {
    /// Whose it is.
    pub object: Identity<'a>,
    /// The attribute.
    pub attribute: CodedAttribute,
    /// The code.
    pub code: &'a str,
    /// Its coding scheme; empty where the attribute has none.
    pub scheme: &'a str,
}

/// `code^^scheme`, or the code alone.
impl fmt::Display for CodedValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.code, self.scheme)
    }
}

pub(super) fn write(f: &mut fmt::Formatter<'_>, code: &str, scheme: &str) -> fmt::Result {
    match scheme {
        "" => f.write_str(code),
        scheme => write!(f, "{code}^^{scheme}"),
    }
}

impl Submission {
    /// Every value that the affinity domain has a say in.
    pub fn coded_values(&self) -> impl Iterator<Item = CodedValue<'_>> {
        let of_entries = self.entries.iter().flat_map(of_entry);
        let of_folders = self.folders.iter().flat_map(of_folder);
        let of_associations = self.associations.iter().filter_map(of_association);
        of_entries.chain(of_set(&self.submission_set)).chain(of_folders).chain(of_associations)
    }
}

fn of_entry(entry: &DocumentEntry) -> impl Iterator<Item = CodedValue<'_>> {
    use CodedAttribute as A;
    let object = entry.identity();
    let single = [
        (A::ClassCode, &entry.class_code),
        (A::TypeCode, &entry.type_code),
        (A::FormatCode, &entry.format_code),
        (A::HealthcareFacilityTypeCode, &entry.healthcare_facility_type_code),
        (A::PracticeSettingCode, &entry.practice_setting_code),
    ];
    let single = single.into_iter().filter_map(|(attribute, code)| Some((attribute, code.as_ref()?)));
    let confidentiality = entry.confidentiality_code.iter().map(|code| (A::ConfidentialityCode, code));
    let events = entry.event_code_list.iter().map(|code| (A::EventCodeList, code));
    let coded = single.chain(confidentiality).chain(events);
    let coded = coded.map(move |(attribute, code)| value(object, attribute, code));
    let language = entry.language_code.as_ref().map(|language| (A::LanguageCode, language.as_str()));
    let bare = language.into_iter().chain([(A::MimeType, entry.mime_type.as_str())]);
    coded.chain(bare.map(move |(attribute, code)| CodedValue { object, attribute, code, scheme: "" }))
}

fn of_set(set: &SubmissionSet) -> Option<CodedValue<'_>> {
    let code = set.content_type_code.as_ref()?;
    Some(value(set.identity(), CodedAttribute::ContentTypeCode, code))
}

fn of_folder(folder: &Folder) -> impl Iterator<Item = CodedValue<'_>> {
    let object = folder.identity();
    folder.code_list.iter().map(move |code| value(object, CodedAttribute::FolderCodeList, code))
}

fn of_association(association: &Association) -> Option<CodedValue<'_>> {
    let code = association.documentation.as_ref()?;
    Some(value(association.identity(), CodedAttribute::AssociationDocumentation, code))
}

fn value<'a>(object: Identity<'a>, attribute: CodedAttribute, code: &'a Code) -> CodedValue<'a> {
    CodedValue { object, attribute, code: &code.code, scheme: &code.scheme }
}
