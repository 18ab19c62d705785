//! Fragments in the database: what was said of an object, compressed.

use std::collections::{HashMap, HashSet};

use database::{Reader, Value};
use metadata::Fragment;
use zstd::zstd_safe::get_frame_content_size;

use super::{Key, StoreError};

/// The level at which a fragment shrinks well for what it costs (stack.md 3).
const LEVEL: i32 = 3;

/// The largest fragment that is unpacked: what a message may have at most.
const LARGEST: u64 = 16 << 20;

/// A fragment for the database.
pub(super) fn compress(fragment: &Fragment) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(&fragment.to_bytes(), LEVEL).map_err(StoreError::Compress)
}

/// The fragments of objects.
pub(crate) async fn fragments(
    reader: &mut Reader,
    keys: HashSet<Key>,
) -> Result<HashMap<Key, Fragment>, StoreError> {
    let statement = "SELECT key, fragment FROM object WHERE key IN ($list)";
    let rows = reader.rows_among(statement, [], keys.into_iter().map(Value::from)).await?;
    let mut decompressor = zstd::bulk::Decompressor::new().map_err(StoreError::Compress)?;
    rows.into_iter()
        .map(|mut row| {
            let key = Key::from_column(row.take()?);
            let compressed: Vec<u8> = row.take()?;
            let unreadable = |reason: String| StoreError::Fragment(reason);
            let size = get_frame_content_size(&compressed).ok().flatten();
            let size = size.filter(|size| *size <= LARGEST).and_then(|size| usize::try_from(size).ok());
            let size = size.ok_or_else(|| unreadable("it has no size, or too large a one".to_owned()))?;
            let bytes =
                decompressor.decompress(&compressed, size).map_err(|error| unreadable(error.to_string()))?;
            let fragment = Fragment::from_bytes(&bytes).map_err(|error| unreadable(error.to_string()))?;
            Ok((key, fragment))
        })
        .collect()
}
