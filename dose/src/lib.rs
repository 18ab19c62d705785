//! What a radiation dose report means: pure values, no network.
//!
//! # Shape
//!
//! ```text
//! bytes -> part10 -> text -> content -> rdsr -> ct | projection | radiopharmaceutical | summary -> DoseReport
//!                                         \-> header                                                  |
//!                                                              describe <- show <- json <-------------+
//! ```
//! `part10` takes a file apart within bounds, in all transfer syntaxes that reports come in. `content` is the tree
//! and the rules for reading one; `concepts` holds every code once, `code` knows which codes mean the same. A
//! template is one file, and `rdsr` chooses it by the root concept and the containers, never by the SOP class. To
//! add a template: a file beside `ct`, a line in `rdsr`.
//!
//! # Units and origin
//!
//! A quantity is a type: [`DoseLengthProduct`] (mGy.cm), [`DoseAreaProduct`] (Gy.m2), [`AirKerma`] (Gy),
//! [`AverageGlandularDose`] (mGy), [`CtdiVol`] (mGy), [`AdministeredActivity`] (MBq). It is made from a number and
//! the UCUM unit that stood beside it, kept in the unit of its kind, and adds only to its own kind. A [`Measured`]
//! value remembers who says it ([`Origin`]) and in which unit ([`StatedUnit`]); a [`Total`] keeps what the report
//! states beside what its events add up to, because in real reports the two differ. `None` is "not stated",
//! never zero. What was odd stands in [`DoseReport::notes`]; implausible values are kept.
//!
//! # Deviations of vendors
//!
//! Each that is tolerated is a function with `quirk` in its name, or follows from one of the reading rules R1 to R16
//! that the methods of `content` carry out. `tests/real_reports.rs` holds the reader against 32 real reports of 11
//! vendors and their 611 events.
//!
//! # Source
//!
//! DICOM PS3.3 C.17 (content trees), PS3.5 (encoding), PS3.10 (files), PS3.16 TID 10001 to 10024 (templates);
//! ITI TF-3 4.2.3 (description). [`sample`] writes reports of our own.
//!
//! ```
//! let sample = &dose::sample::all()[0];
//! let report = dose::read(&sample.bytes)?;
//! let total = report.totals.dose_length_product.shown().map(|total| total.amount.to_string());
//! assert_eq!(total.as_deref(), Some("613 mGy.cm"));
//! # Ok::<(), dose::ReadError>(())
//! ```

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
pub use part10::{MAX_DEPTH, MAX_ELEMENTS, MAX_EVENTS, MAX_LENGTH};
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
