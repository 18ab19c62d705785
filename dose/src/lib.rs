//! What a radiation dose report means.
#![forbid(unsafe_code)]

mod code;
pub mod concepts;
mod content;
mod ct;
mod describe;
mod error;
mod header;
mod json;
mod moment;
mod part10;
mod projection;
mod quantity;
mod radiopharmaceutical;
mod rdsr;
mod report;
pub mod sample;
mod show;
mod summary;
mod text;

use std::io::Read;
use std::path::Path;

pub use code::{Code, Concept};
pub use describe::{Description, DescriptionCodes, describe};
pub use error::ReadError;
pub use json::json;
pub use moment::{Moment, Precision};
pub use part10::{MAX_DEPTH, MAX_ELEMENTS, MAX_LENGTH};
pub use quantity::{
    AdministeredActivity, AirKerma, Amount, AverageGlandularDose, CtdiVol, DoseAreaProduct,
    DoseLengthProduct, EffectiveDose, Kind, Seconds, TubeVoltage, kind,
};
pub use report::{
    Administration, Completion, Device, DoseReport, EventKind, Institution, IrradiationEvent, Issuer,
    Measured, Modality, Note, Origin, Patient, Phantom, Plane, PlaneTotals, Sex, Side, StatedUnit, Study,
    Template, Total, Totals,
};
pub use show::show;

/// Reads a dose report from the bytes of a DICOM file.
///
/// # Errors
///
/// When the bytes are not a whole DICOM file, not a structured report, or a structured report on something else.
pub fn read(bytes: &[u8]) -> Result<DoseReport, ReadError> {
    rdsr::read(bytes)
}

/// Reads a dose report from a reader, such as an open file; no more than [`MAX_LENGTH`] bytes of it.
///
/// # Errors
///
/// As [`read`], and when the reader fails.
pub fn read_from(reader: impl Read) -> Result<DoseReport, ReadError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_LENGTH).unwrap_or(u64::MAX);
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    read(&bytes)
}

/// Reads a dose report from a file.
///
/// # Errors
///
/// As [`read`], and when the file cannot be read.
pub fn read_file(path: impl AsRef<Path>) -> Result<DoseReport, ReadError> {
    read_from(std::fs::File::open(path)?)
}
