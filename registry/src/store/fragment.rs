//! Fragments in the database: what was said of an object, compressed.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use database::{Reader, Row, Value};
use metadata::Fragment;
use soap::limits::ENVELOPE;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

use super::{Key, StoreError};

/// The level at which a fragment shrinks well for what it costs.
const LEVEL: i32 = 3;

/// Bytes of the largest fragment that is kept. A large description has some 20 KB.
pub(crate) const LARGEST: usize = 1 << 20;

/// A fragment for the database.
pub(super) fn compress(fragment: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(fragment, LEVEL).map_err(StoreError::Compress)
}

/// Bytes of the fragments that are unpacked for one answer. Whoever asked reads no larger message, and what is
/// spliced in and put around them takes room too.
pub(crate) const LARGEST_ANSWER: u64 = (ENVELOPE as u64) / 4 * 3;

/// The fragments of objects; none if they are larger than one answer may be.
pub(crate) async fn fragments(
    reader: &mut Reader,
    keys: HashSet<Key>,
) -> Result<Option<HashMap<Key, Fragment>>, StoreError> {
    let statement = "SELECT key, fragment FROM object WHERE key IN ($list)";
    let rows = reader.rows_among(statement, [], keys.into_iter().map(Value::from)).await?;
    let packed = rows.into_iter().map(Packed::read).collect::<Result<Vec<_>, _>>()?;
    if packed.iter().map(|packed| packed.size).fold(0, u64::saturating_add) > LARGEST_ANSWER {
        return Ok(None);
    }
    let mut decompressor = Decompressor::new().map_err(StoreError::Compress)?;
    let fragments = packed.into_iter().map(|packed| Ok((packed.key, packed.unpack(&mut decompressor)?)));
    fragments.collect::<Result<_, _>>().map(Some)
}

/// A fragment as it lies in the database.
struct Packed {
    key: Key,
    bytes: Vec<u8>,
    /// Its bytes once it is unpacked.
    size: u64,
}

impl Packed {
    fn read(mut row: Row) -> Result<Self, StoreError> {
        let (key, bytes) = (Key::from_column(row.take()?), row.take::<Vec<u8>>()?);
        let size = get_frame_content_size(&bytes).ok().flatten();
        let size = size.ok_or_else(|| StoreError::Fragment("it does not tell its size".to_owned()))?;
        Ok(Self { key, bytes, size })
    }

    fn unpack(&self, decompressor: &mut Decompressor<'_>) -> Result<Fragment, StoreError> {
        let unreadable = |reason: &dyn Display| StoreError::Fragment(reason.to_string());
        let size = usize::try_from(self.size).map_err(|error| unreadable(&error))?;
        let bytes = decompressor.decompress(&self.bytes, size).map_err(|error| unreadable(&error))?;
        Fragment::from_bytes(&bytes).map_err(|error| unreadable(&error))
    }
}
