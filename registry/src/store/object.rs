//! Objects: their keys, their index columns, and the statements that read and change them.

use std::collections::{BTreeMap, HashMap, HashSet};

use database::{DatabaseError, Reader, Row, Value, Writer};
use metadata::{AssociationType, AvailabilityStatus, EntryUuid, Hash};

use super::{Facet, Facets, NewObject, PatientNumber, StoreError, Stored};

/// Bits of a key that count the objects of one patient.
const ORDINAL_BITS: u32 = 24;

/// Where an object lies: its patient and its place among the patient's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(i64);

impl Key {
    /// The patient that the object was registered for.
    pub(crate) const fn patient(self) -> PatientNumber {
        PatientNumber(self.0 >> ORDINAL_BITS)
    }

    pub(crate) const fn from_column(key: i64) -> Self {
        Self(key)
    }

    /// As the database has it.
    pub(crate) const fn column(self) -> i64 {
        self.0
    }

    /// The first key of a patient, and the first that is none of theirs any more.
    pub(crate) const fn range(patient: PatientNumber) -> (i64, i64) {
        (Self::first(patient), Self::first(PatientNumber(patient.0 + 1)))
    }

    /// The key of object `ordinal` of a patient, behind which `count` must find room.
    pub(super) fn nth(patient: PatientNumber, ordinal: i64, count: i64) -> Result<Self, StoreError> {
        let most: i64 = 1 << ORDINAL_BITS;
        if ordinal > most - count {
            return Err(StoreError::Full(most));
        }
        Ok(Self(Self::first(patient) + ordinal))
    }

    const fn first(patient: PatientNumber) -> i64 {
        patient.0 << ORDINAL_BITS
    }
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        key.0.into()
    }
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    StableEntry = 1,
    OnDemandEntry = 2,
    SubmissionSet = 3,
    Folder = 4,
    Association = 5,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::StableEntry, Self::OnDemandEntry, Self::SubmissionSet, Self::Folder, Self::Association];

    /// Whether it is a document entry.
    pub(crate) const fn is_entry(self) -> bool {
        matches!(self, Self::StableEntry | Self::OnDemandEntry)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::StableEntry | Self::OnDemandEntry => "DocumentEntry",
            Self::SubmissionSet => "SubmissionSet",
            Self::Folder => "Folder",
            Self::Association => "Association",
        })
    }
}

/// An object as rules and queries look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: Key,
    pub(crate) uuid: EntryUuid,
    pub(crate) kind: Kind,
    pub(crate) status: AvailabilityStatus,
    pub(crate) version: u32,
    pub(crate) lid: EntryUuid,
    /// creationTime, submissionTime or lastUpdateTime, in Unix seconds.
    pub(crate) time: Option<i64>,
    pub(crate) service_start: Option<i64>,
    pub(crate) service_stop: Option<i64>,
    /// The ends of an association.
    pub(crate) source: Option<Key>,
    pub(crate) target: Option<Key>,
    pub(crate) facets: Facets,
    /// What was said of it, where that was read along.
    pub(crate) stored: Option<Stored>,
}

/// A statement for the columns of [`Object`], in its order, with its fragment or without. A macro, for statements are
/// constant text.
macro_rules! select {
    (with $more:literal, $rest:literal) => {
        concat!(
            "SELECT o.key, o.uuid, o.kind, o.status, o.version, o.lid, o.time, o.service_start, ",
            "o.service_stop, o.source, o.target, o.facets",
            $more,
            " FROM object o ",
            $rest
        )
    };
    ($rest:literal) => {
        select!(with "", $rest)
    };
}

impl Object {
    /// Whether this is an association of that type.
    pub(crate) fn is(&self, association_type: &AssociationType) -> bool {
        self.facets.values(Facet::AssociationType).any(|urn| urn == association_type.urn())
    }

    /// Whether it has not been deprecated.
    pub(crate) fn is_approved(&self) -> bool {
        self.status == AvailabilityStatus::Approved
    }

    fn read(mut row: Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            key: Key(row.take()?),
            uuid: EntryUuid::from_bytes(row.take()?),
            kind: read_kind(row.take()?),
            status: read_status(row.take()?),
            version: u32::try_from(row.take::<i64>()?).unwrap_or(u32::MAX),
            lid: EntryUuid::from_bytes(row.take()?),
            time: row.take()?,
            service_start: row.take()?,
            service_stop: row.take()?,
            source: row.take::<Option<i64>>()?.map(Key),
            target: row.take::<Option<i64>>()?.map(Key),
            facets: row.take::<String>()?.into(),
            stored: Stored::read_along(&mut row)?,
        })
    }

    fn read_all(rows: Vec<Row>) -> Result<Vec<Self>, DatabaseError> {
        rows.into_iter().map(Self::read).collect()
    }
}

fn read_kind(number: i64) -> Kind {
    Kind::ALL.into_iter().find(|kind| *kind as i64 == number).unwrap_or(Kind::Association)
}

const fn read_status(number: i64) -> AvailabilityStatus {
    if number == APPROVED { AvailabilityStatus::Approved } else { AvailabilityStatus::Deprecated }
}

const APPROVED: i64 = 1;
const DEPRECATED: i64 = 2;

/// The objects with these entryUUIDs.
pub(crate) async fn by_uuids(reader: &mut Reader, uuids: &[EntryUuid]) -> Result<Vec<Object>, DatabaseError> {
    let list = uuids.iter().map(|uuid| uuid.as_bytes().as_slice().into());
    let statement = select!("JOIN entry_uuid u ON u.object = o.key WHERE u.uuid IN ($list)");
    Object::read_all(reader.rows_among(statement, [], list).await?)
}

/// The objects with these unique ids: several document entries may share one.
pub(crate) async fn by_unique_ids(
    reader: &mut Reader,
    unique_ids: &[&str],
) -> Result<Vec<Object>, DatabaseError> {
    let list = unique_ids.iter().map(|id| Value::from(*id));
    Object::read_all(reader.rows_among(select!("WHERE o.unique_id IN ($list)"), [], list).await?)
}

/// The objects at these keys.
pub(crate) async fn by_keys(reader: &mut Reader, keys: HashSet<Key>) -> Result<Vec<Object>, DatabaseError> {
    let list = keys.into_iter().map(Value::from);
    Object::read_all(reader.rows_among(select!("WHERE o.key IN ($list)"), [], list).await?)
}

/// The objects after one key and before another, in their order, at most `limit`.
pub(super) async fn between(
    reader: &mut Reader,
    after: i64,
    end: i64,
    limit: i64,
) -> Result<Vec<Object>, DatabaseError> {
    let statement = select!("WHERE o.key > $1 AND o.key < $2 ORDER BY o.key LIMIT $3");
    Object::read_all(reader.rows(statement, [after.into(), end.into(), limit.into()]).await?)
}

/// The associations that start at one of these objects.
pub(crate) async fn associations_from(
    reader: &mut Reader,
    sources: HashSet<Key>,
) -> Result<Vec<Object>, DatabaseError> {
    let list = sources.into_iter().map(Value::from);
    Object::read_all(reader.rows_among(select!("WHERE o.source IN ($list)"), [], list).await?)
}

/// The associations that end at one of these objects.
pub(crate) async fn associations_to(
    reader: &mut Reader,
    targets: HashSet<Key>,
) -> Result<Vec<Object>, DatabaseError> {
    let list = targets.into_iter().map(Value::from);
    Object::read_all(reader.rows_among(select!("WHERE o.target IN ($list)"), [], list).await?)
}

/// Objects of a patient that are read at a time, some 2 MB, and those that are read first and with their fragments:
/// all, of most patients.
const PAGE: usize = 4_096;
const FIRST_PAGE: usize = if cfg!(test) { 4 } else { 64 };

/// Objects in the order of their keys, and whether there are none after them.
pub(crate) struct Page {
    pub(crate) objects: Vec<Object>,
    pub(crate) is_last: bool,
}

/// The next objects of some kinds that were registered for a patient, after the last one that was read.
pub(crate) async fn of_patient(
    reader: &mut Reader,
    patient: PatientNumber,
    kinds: &[Kind],
    last: Option<Key>,
) -> Result<Page, DatabaseError> {
    let (first, statement, limit) = match last {
        None => (Key::first(patient), OF_PATIENT_WHOLE, FIRST_PAGE),
        Some(last) => (last.0 + 1, OF_PATIENT, PAGE),
    };
    let values = [first.into(), Key::first(PatientNumber(patient.0 + 1)).into(), (limit as i64).into()];
    let list = kinds.iter().map(|kind| Value::from(*kind as i64));
    let objects = Object::read_all(reader.rows_among(statement, values, list).await?)?;
    Ok(Page { is_last: objects.len() < limit, objects })
}

const OF_PATIENT: &str =
    select!("WHERE o.key >= $1 AND o.key < $2 AND o.kind IN ($list) ORDER BY o.key LIMIT $3");
const OF_PATIENT_WHOLE: &str = select!(
    with ", o.dictionary, o.fragment",
    "WHERE o.key >= $1 AND o.key < $2 AND o.kind IN ($list) ORDER BY o.key LIMIT $3"
);

/// Who has a unique id, and what the document under it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueIdOwner {
    pub(crate) kind: Kind,
    hash: Option<Vec<u8>>,
    size: Option<i64>,
}

impl UniqueIdOwner {
    /// Whether the document under the id has this hash.
    pub(crate) fn has_hash(&self, hash: &Hash) -> bool {
        self.hash.as_deref() == Some(hash.as_bytes())
    }

    /// The hash of the document under the id.
    pub(crate) fn hash(&self) -> String {
        let bytes = self.hash.as_deref().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Hash::from_bytes(bytes).to_string()).unwrap_or_default()
    }

    /// Its size.
    pub(crate) fn size(&self) -> i64 {
        self.size.unwrap_or_default()
    }

    /// Whether the document under the id has this size.
    pub(crate) fn has_size(&self, bytes: u64) -> bool {
        self.size == Some(size(bytes))
    }
}

/// Those of the unique ids that are taken.
pub(crate) async fn unique_id_owners(
    reader: &mut Reader,
    unique_ids: &[&str],
) -> Result<HashMap<String, UniqueIdOwner>, DatabaseError> {
    let statement = "SELECT value, kind, hash, size FROM unique_id WHERE value IN ($list)";
    let rows = reader.rows_among(statement, [], unique_ids.iter().map(|id| Value::from(*id))).await?;
    rows.into_iter()
        .map(|mut row| {
            let value = row.take()?;
            let owner = UniqueIdOwner { kind: read_kind(row.take()?), hash: row.take()?, size: row.take()? };
            Ok((value, owner))
        })
        .collect()
}

/// Stores approved first versions of new objects at the keys from `first` on. Ends that are not among them are in
/// `known`; `owned` are the unique ids that are taken, rightly so, by the same document.
///
/// An id that somebody else takes meanwhile is an error of the database, after which all is done again and the
/// rules see it: so there is no `ON CONFLICT` here.
pub(crate) async fn insert(
    writer: &mut Writer,
    first: Key,
    objects: Vec<NewObject>,
    known: &HashMap<EntryUuid, Key>,
    owned: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    let keys: BTreeMap<EntryUuid, Key> =
        (first.0..).zip(&objects).map(|(key, new)| (new.uuid, Key(key))).collect();
    let key_of = |uuid: &EntryUuid| keys.get(uuid).or_else(|| known.get(uuid)).copied();
    // In order, here and below, so that two who take the same ids do not wait for each other.
    let taken = keys.iter().map(|(uuid, key)| vec![uuid.as_bytes().as_slice().into(), (*key).into()]);
    writer.insert("INSERT INTO entry_uuid (uuid, object) VALUES $rows", taken).await?;
    let named = objects.iter().filter_map(|new| Some((new.unique_id.as_deref()?, new)));
    let named: BTreeMap<&str, &NewObject> = named.filter(|(id, _)| !owned(id)).collect();
    let unique_ids = named.into_iter().map(|(id, new)| {
        let hash = new.hash.map(|hash| hash.as_bytes().to_vec());
        vec![id.into(), (new.kind as i64).into(), hash.into(), new.size.map(size).into()]
    });
    writer.insert("INSERT INTO unique_id (value, kind, hash, size) VALUES $rows", unique_ids).await?;
    let rows: Vec<Vec<Value>> = objects
        .into_iter()
        .map(|new| {
            let uuid = new.uuid.as_bytes().as_slice();
            vec![
                key_of(&new.uuid).into(),
                uuid.into(),
                (new.kind as i64).into(),
                APPROVED.into(),
                FIRST_VERSION.into(),
                uuid.into(),
                new.unique_id.into(),
                new.time.into(),
                new.service_start.into(),
                new.service_stop.into(),
                new.ends.and_then(|(source, _)| key_of(&source)).into(),
                new.ends.and_then(|(_, target)| key_of(&target)).into(),
                new.facets.as_str().into(),
                new.dictionary.into(),
                new.fragment.into(),
            ]
        })
        .collect();
    Ok(writer.insert(INSERT_OBJECT, rows).await?)
}

/// A size as a column has it.
fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

const FIRST_VERSION: i64 = 1;

const INSERT_OBJECT: &str = "INSERT INTO object (key, uuid, kind, status, version, lid, unique_id, time, \
     service_start, service_stop, source, target, facets, dictionary, fragment) VALUES $rows";

/// Deprecates what is still approved; tells how many were.
pub(crate) async fn deprecate(writer: &mut Writer, keys: &HashSet<Key>) -> Result<u64, DatabaseError> {
    let mut changed = 0;
    for key in keys {
        let values = [DEPRECATED.into(), (*key).into(), APPROVED.into()];
        changed +=
            writer.execute("UPDATE object SET status = $1 WHERE key = $2 AND status = $3", values).await?;
    }
    Ok(changed)
}

/// Sets lastUpdateTime of a folder, in Unix seconds; it never goes back, as clocks of several nodes may.
pub(crate) async fn touch_folder(writer: &mut Writer, folder: Key, now: i64) -> Result<(), DatabaseError> {
    let values = [now.into(), folder.into(), now.into()];
    writer
        .execute("UPDATE object SET time = $1 WHERE key = $2 AND (time IS NULL OR time < $3)", values)
        .await?;
    Ok(())
}
