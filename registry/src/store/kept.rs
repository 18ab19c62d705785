//! Objects with all that the database holds of them, in the order of their keys: for who looks at everything.

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Reader, Row};
use metadata::{EntryUuid, Fragment, Mutable, Object as Said, RegistryErrors, Timestamp};
use soap::xml::{Element, Limits};

use super::fragment::unpack;
use super::object::between;
use super::{Key, Kind, NewObject, Object, Patient, StoreError};
use crate::Refusal;

/// An object with the columns that no query looks at.
pub(crate) struct Kept {
    pub(crate) object: Object,
    unique_id: Option<String>,
    dictionary: i64,
    fragment: Vec<u8>,
}

/// The next objects after a key and before an end, at most `limit`.
pub(crate) async fn page(
    reader: &mut Reader,
    last: i64,
    end: i64,
    limit: i64,
) -> Result<Vec<Kept>, DatabaseError> {
    let objects = between(reader, last, end, limit).await?;
    let rows = reader.rows(REST, [last.into(), end.into(), limit.into()]).await?;
    let mut rest = rows.into_iter().map(read_rest).collect::<Result<HashMap<_, _>, _>>()?;
    let whole = objects.into_iter().filter_map(|object| {
        let (unique_id, dictionary, fragment) = rest.remove(&object.key)?;
        Some(Kept { object, unique_id, dictionary, fragment })
    });
    Ok(whole.collect())
}

const REST: &str = "SELECT key, unique_id, dictionary, fragment FROM object \
     WHERE key > $1 AND key < $2 ORDER BY key LIMIT $3";

type Rest = (Option<String>, i64, Vec<u8>);

fn read_rest(mut row: Row) -> Result<(Key, Rest), DatabaseError> {
    Ok((Key::from_column(row.take()?), (row.take()?, row.take()?, row.take()?)))
}

impl Kept {
    /// What was said of the object, with `current` in the place of what has changed since.
    pub(crate) fn said(&self, current: &Mutable) -> Result<Said, StoreError> {
        let fragment: Fragment = unpack(self.dictionary, &self.fragment)?;
        let mut markup = String::new();
        fragment.splice(current, &mut markup);
        let element = Element::parse(markup.as_bytes(), &Limits::default())
            .map_err(|error| StoreError::Fragment(error.to_string()))?;
        let mut errors = RegistryErrors::default();
        let said = Said::read(&element, &mut errors);
        // What is wrong may quote what was said, which is not for logs.
        said.filter(|_| errors.is_empty())
            .ok_or_else(|| StoreError::Fragment(format!("{} problems with its metadata", errors.0.len())))
    }

    /// What has changed since it was registered; `patient` is the one that it is of now.
    pub(crate) fn current(&self, patient: Option<&Patient>) -> Mutable {
        let Object { status, lid, version, time, kind, .. } = &self.object;
        Mutable {
            status: *status,
            logical_id: Some(*lid),
            version: Some(*version),
            patient_id: patient.map(|patient| patient.id.clone()),
            last_update_time: time.filter(|_| *kind == Kind::Folder).map(Timestamp::from_unix),
        }
    }

    /// The columns that are not what follows from the object, by name.
    pub(crate) fn differing(&self, said: Said) -> Result<Vec<&'static str>, Refusal> {
        let rebuilt = NewObject::of(said)?
            .ok_or_else(|| StoreError::Fragment("it has symbolic ids, expected UUIDs".to_owned()))?;
        let Object { uuid, kind, time, service_start, service_stop, facets, .. } = &self.object;
        let columns = [
            ("uuid", *uuid == rebuilt.uuid),
            ("kind", *kind == rebuilt.kind),
            ("unique_id", self.unique_id == rebuilt.unique_id),
            ("time", *time == rebuilt.time),
            ("service_start", *service_start == rebuilt.service_start),
            ("service_stop", *service_stop == rebuilt.service_stop),
            ("facets", *facets == rebuilt.facets),
        ];
        Ok(columns.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect())
    }

    pub(crate) fn unique_id(&self) -> Option<&str> {
        self.unique_id.as_deref()
    }
}

/// Under which keys these entryUUIDs are taken.
pub(crate) async fn keys_of_uuids(
    reader: &mut Reader,
    uuids: impl IntoIterator<Item = EntryUuid>,
) -> Result<HashMap<EntryUuid, Key>, DatabaseError> {
    let statement = "SELECT uuid, object FROM entry_uuid WHERE uuid IN ($list)";
    let list = uuids.into_iter().map(|uuid| uuid.as_bytes().as_slice().into());
    let rows = reader.rows_among(statement, [], list).await?;
    let read = |mut row: Row| Ok((EntryUuid::from_bytes(row.take()?), Key::from_column(row.take()?)));
    rows.into_iter().map(read).collect()
}

/// The entryUUIDs at these keys.
pub(crate) async fn uuids_of_keys(
    reader: &mut Reader,
    keys: HashSet<Key>,
) -> Result<HashMap<Key, EntryUuid>, DatabaseError> {
    let statement = "SELECT key, uuid FROM object WHERE key IN ($list)";
    let rows = reader.rows_among(statement, [], keys.into_iter().map(Into::into)).await?;
    let read = |mut row: Row| Ok((Key::from_column(row.take()?), EntryUuid::from_bytes(row.take()?)));
    rows.into_iter().map(read).collect()
}
