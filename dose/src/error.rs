//! Why a file is no dose report: what came, and what was expected.

use crate::code::Code;
use crate::part10::MAX_LENGTH;

/// Why a file could not be read as a dose report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file could not be read from where it lies.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The bytes are not a DICOM file.
    #[error("not DICOM: this is {found}; a DICOM file has the letters DICM after 128 bytes (PS3.10 7.1)")]
    NotDicom {
        /// What the bytes look like.
        found: String,
    },
    /// A DICOM file that ends too early, or whose structure does not hold.
    #[error(
        "cut short or damaged at byte {offset}: {problem}; send the file again from its source (PS3.5 7)"
    )]
    Broken {
        /// Where, in bytes from the start of the file (of the unfolded data set, if the file is deflated).
        offset: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Longer than a dose report may be.
    #[error("too large: {length} bytes; a dose report may have {} MiB", MAX_LENGTH / (1024 * 1024))]
    TooLarge {
        /// How long it is, or at least is.
        length: usize,
    },
    /// DICOM, but an image or something else that holds no content tree.
    #[error("not a structured report: this is {}; expected a radiation dose structured report (PS3.4 B.5)", sop_class(.sop_class_uid))]
    NotStructuredReport {
        /// Its SOP Class UID, empty if none is stated.
        sop_class_uid: String,
    },
    /// A dose report whose doses stand where this version does not look: the enhanced report, above all.
    #[error("a dose report of a layout that this version cannot read ({}); expected 113702, 113706, 113811 or 113819 of DCM in it (PS3.16 TID 10001, 10011)", sop_class(.sop_class_uid))]
    UnknownTemplate {
        /// Its SOP Class UID.
        sop_class_uid: String,
    },
    /// A structured report on something else than dose.
    #[error("a structured report, but not a dose report: its root concept is {}; expected 113701 (X-ray) or 113500 (radiopharmaceutical) of DCM (PS3.16 TID 10001, 10011, 10021)", root_concept(.root))]
    NotDoseReport {
        /// The concept name of its root, if it has one.
        root: Option<Code>,
        /// Its SOP Class UID.
        sop_class_uid: String,
    },
}

/// The name of a SOP class, or its UID where it has none that we know.
pub(crate) fn sop_class_name(uid: &str) -> String {
    use dicom_core::dictionary::{UidDictionary as _, UidDictionaryEntry as _};
    let entry = dicom_dictionary_std::StandardSopClassDictionary.by_uid(uid);
    entry.map_or_else(|| format!("SOP class {}", printable(uid)), |entry| entry.name().to_owned())
}

fn sop_class(uid: &str) -> String {
    if uid.is_empty() { "an object without SOP class".to_owned() } else { sop_class_name(uid) }
}

fn root_concept(root: &Option<Code>) -> String {
    match root {
        Some(code) => printable(&code.to_string()),
        None => "not stated, or the report has no content".to_owned(),
    }
}

/// What a file says may be long, and may steer a terminal.
fn printable(text: &str) -> String {
    const LONGEST: usize = 120;
    text.chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}
