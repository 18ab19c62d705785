//! Patients in the database: their numbers, and who was merged into whom.

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Reader, Row, Value, Writer};
use metadata::PatientId;

use super::{Key, StoreError};

/// The number under which the objects of a patient lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PatientNumber(pub(super) i64);

impl PatientNumber {
    pub(crate) const fn from_column(number: i64) -> Self {
        Self(number)
    }

    /// As the database has it.
    pub(crate) const fn column(self) -> i64 {
        self.0
    }
}

/// A patient that the registry knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patient {
    pub(crate) number: PatientNumber,
    pub(crate) id: PatientId,
    /// The survivor, if this patient was merged into another.
    pub(crate) merged_into: Option<PatientNumber>,
}

impl Patient {
    /// The number under which this patient is current.
    pub(crate) fn current(&self) -> PatientNumber {
        self.merged_into.unwrap_or(self.number)
    }
}

/// The patient with an id, merged or not.
pub(crate) async fn find(reader: &mut Reader, id: &PatientId) -> Result<Option<Patient>, DatabaseError> {
    let statement = "SELECT no, authority, id, merged_into FROM patient WHERE authority = $1 AND id = $2";
    let row = reader.row(statement, [id.authority().as_str().into(), id.id().into()]).await?;
    row.and_then(|row| read(row).transpose()).transpose()
}

/// The patient with an id, merged or not. Nobody changes it, or registers objects for it, before we are done.
pub(crate) async fn lock(writer: &mut Writer, id: &PatientId) -> Result<Option<Patient>, DatabaseError> {
    let statement =
        "SELECT no, authority, id, merged_into FROM patient WHERE authority = $1 AND id = $2 $lock";
    let row = writer.row(statement, [id.authority().as_str().into(), id.id().into()]).await?;
    row.and_then(|row| read(row).transpose()).transpose()
}

/// Gives room for more objects to the patient with an id, and [locks](lock) it.
pub(crate) async fn reserve(
    writer: &mut Writer,
    id: &PatientId,
    count: usize,
) -> Result<Option<Reserved>, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let statement = "UPDATE patient SET objects = objects + $1 WHERE authority = $2 AND id = $3 \
                     RETURNING objects - $1, no, authority, id, merged_into";
    let values = [count.into(), id.authority().as_str().into(), id.id().into()];
    let Some(mut row) = writer.row(statement, values).await? else { return Ok(None) };
    let before: i64 = row.take()?;
    let Some(patient) = read(row)? else { return Ok(None) };
    let first = Key::nth(patient.number, before, count)?;
    Ok(Some(Reserved { patient, first }))
}

/// Room for objects.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) patient: Patient,
    /// The key of the first.
    pub(crate) first: Key,
}

/// The patients with these numbers.
pub(crate) async fn by_numbers(
    reader: &mut Reader,
    numbers: HashSet<PatientNumber>,
) -> Result<HashMap<PatientNumber, Patient>, DatabaseError> {
    let statement = "SELECT no, authority, id, merged_into FROM patient WHERE no IN ($list)";
    let rows = reader.rows_among(statement, [], numbers.into_iter().map(|number| number.0.into())).await?;
    let patients = rows.into_iter().filter_map(|row| read(row).transpose());
    patients.map(|patient| patient.map(|patient| (patient.number, patient))).collect()
}

/// For each patient number, the patient as current: the survivor of a merge.
pub(crate) async fn current(
    reader: &mut Reader,
    numbers: HashSet<PatientNumber>,
) -> Result<HashMap<PatientNumber, Patient>, DatabaseError> {
    let statement = "SELECT p.no, s.no, s.authority, s.id, s.merged_into \
         FROM patient p JOIN patient s ON s.no = COALESCE(p.merged_into, p.no) WHERE p.no IN ($list)";
    let rows = reader.rows_among(statement, [], numbers.into_iter().map(|number| number.0.into())).await?;
    let survivor = |mut row: Row| {
        let number = PatientNumber(row.take()?);
        Ok(read(row)?.map(|patient| (number, patient)))
    };
    rows.into_iter().filter_map(|row| survivor(row).transpose()).collect()
}

/// The numbers under which the objects of a patient lie: its own, then those of all who were merged into it. None
/// of who is unknown or was merged itself.
pub(crate) async fn numbers(
    reader: &mut Reader,
    id: &PatientId,
) -> Result<Vec<PatientNumber>, DatabaseError> {
    let statement = "SELECT no FROM patient WHERE authority = $1 AND id = $2 AND merged_into IS NULL \
         UNION ALL SELECT m.no FROM patient p JOIN patient m ON m.merged_into = p.no \
         WHERE p.authority = $1 AND p.id = $2";
    let rows = reader.rows(statement, [id.authority().as_str().into(), id.id().into()]).await?;
    rows.into_iter().map(|mut row| row.take().map(PatientNumber)).collect()
}

/// The next patients after a number, without those who were merged.
pub(crate) async fn after(
    reader: &mut Reader,
    number: i64,
    limit: i64,
) -> Result<Vec<Patient>, DatabaseError> {
    let statement = "SELECT no, authority, id, merged_into FROM patient \
         WHERE merged_into IS NULL AND no > $1 ORDER BY no LIMIT $2";
    let rows = reader.rows(statement, [number.into(), limit.into()]).await?;
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// The numbers of all who were merged into a patient.
pub(crate) async fn merged_into(
    reader: &mut Reader,
    survivor: PatientNumber,
) -> Result<Vec<PatientNumber>, DatabaseError> {
    let rows = reader.rows("SELECT no FROM patient WHERE merged_into = $1", [survivor.0.into()]).await?;
    rows.into_iter().map(|mut row| row.take().map(PatientNumber)).collect()
}

/// The ids of the first patients whose id begins with a text, in either case, without those who were merged.
pub(crate) async fn list(
    reader: &mut Reader,
    beginning: &str,
    limit: u32,
) -> Result<Vec<PatientId>, DatabaseError> {
    let statement = "SELECT no, authority, id, merged_into FROM patient \
         WHERE merged_into IS NULL AND LOWER(id) >= $1 AND LOWER(id) < $2 \
         ORDER BY LOWER(id), id, authority LIMIT $3";
    // As both engines write ids in small letters; nothing that begins so comes after the last of all characters.
    let first = beginning.to_ascii_lowercase();
    let end = format!("{first}{}", char::MAX);
    let rows = reader.rows(statement, [first.into(), end.into(), i64::from(limit).into()]).await?;
    rows.into_iter().filter_map(|row| read(row).transpose()).map(|read| Ok(read?.id)).collect()
}

/// The patient with an id, added if unknown.
pub(crate) async fn add(writer: &mut Writer, id: &PatientId) -> Result<Patient, DatabaseError> {
    let statement =
        "INSERT INTO patient (authority, id) VALUES ($1, $2) ON CONFLICT (authority, id) DO NOTHING";
    writer.execute(statement, [id.authority().as_str().into(), id.id().into()]).await?;
    find(writer, id).await?.ok_or(DatabaseError::Stopped)
}

/// Merges a patient, and all who were merged into it before, into another.
pub(crate) async fn merge(
    writer: &mut Writer,
    subsumed: PatientNumber,
    survivor: PatientNumber,
) -> Result<(), DatabaseError> {
    let values: [Value; 2] = [survivor.0.into(), subsumed.0.into()];
    writer.execute("UPDATE patient SET merged_into = $1 WHERE no = $2 OR merged_into = $2", values).await?;
    Ok(())
}

/// None only if an id was stored that is none, which [`add`] cannot do.
fn read(mut row: Row) -> Result<Option<Patient>, DatabaseError> {
    let number = PatientNumber(row.take()?);
    let authority: String = row.take()?;
    let id: String = row.take()?;
    let merged_into = row.take::<Option<i64>>()?.map(PatientNumber);
    let id = authority.parse().ok().and_then(|authority| PatientId::new(&id, authority).ok());
    Ok(id.map(|id| Patient { number, id, merged_into }))
}
