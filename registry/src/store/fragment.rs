//! Fragments in the database: what was said of an object, compressed.

use std::collections::HashMap;
use std::fmt::Display;

use database::{DatabaseError, Reader, Row, Value};
use metadata::{Fragment, Mutable};
use zstd::zstd_safe::get_frame_content_size;

use super::{Key, Object, StoreError, dictionary};

/// Bytes of the largest fragment that is kept. A large description has some 20 KB.
pub(crate) const LARGEST: usize = 1 << 20;

/// Bytes of ebRIM in one answer. Ten thousand ordinary objects have a third of that.
pub(crate) const LARGEST_ANSWER: usize = 256 << 20;

/// Bytes of fragments that one answer holds while it goes out. Ten thousand ordinary objects have a third of that.
pub(crate) const HELD: usize = 32 << 20;

/// Bytes of ebRIM that one answer holds unpacked: about what goes out at once.
const UNPACKED: usize = 256 << 10;

/// Fragments that are read before it is looked at how large they are.
const BLOCK: usize = 64;

/// A fragment as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(super) dictionary: i64,
    pub(super) bytes: Vec<u8>,
}

impl Stored {
    /// What is in the last two columns, if the statement has them.
    pub(super) fn read_along(row: &mut Row) -> Result<Option<Self>, DatabaseError> {
        let (dictionary, bytes) = (row.take::<Option<i64>>()?, row.take::<Option<Vec<u8>>>()?);
        Ok(dictionary.zip(bytes).map(|(dictionary, bytes)| Self { dictionary, bytes }))
    }
}

/// A fragment that tells its size.
#[derive(Debug)]
pub(crate) struct Packed {
    stored: Stored,
    size: usize,
}

/// Fragments for one answer.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    /// By their objects. All were unpacked once: those that are packed again come out whole.
    pub(crate) held: HashMap<Key, Held>,
    /// Objects whose fragment is not what was stored.
    pub(crate) damaged: Vec<(Key, StoreError)>,
}

/// A fragment while it waits for its turn in an answer.
#[derive(Debug)]
pub(crate) enum Held {
    Unpacked(Fragment),
    Packed(Packed),
}

/// A fragment for the database, and the number of the dictionary that it needs.
pub(super) fn pack(fragment: &Fragment) -> Result<(i64, Vec<u8>), StoreError> {
    let bytes = dictionary::compress(fragment.as_bytes()).map_err(StoreError::Compress)?;
    Ok((dictionary::CURRENT, bytes))
}

/// A fragment from the database.
pub(super) fn unpack(dictionary: i64, bytes: &[u8]) -> Result<Fragment, StoreError> {
    let bytes =
        dictionary::decompress(dictionary, bytes, size(bytes)?).map_err(|error| unreadable(&error))?;
    Fragment::from_bytes(bytes).map_err(|error| unreadable(&error))
}

fn size(bytes: &[u8]) -> Result<usize, StoreError> {
    let size = get_frame_content_size(bytes).ok().flatten().and_then(|size| usize::try_from(size).ok());
    size.filter(|size| *size <= LARGEST).ok_or_else(|| unreadable(&"it does not tell its size"))
}

fn unreadable(reason: &dyn Display) -> StoreError {
    StoreError::Fragment(reason.to_string())
}

/// The fragments of objects, read where they were not read along; none if they are more than one answer may hold.
pub(crate) async fn fragments(
    reader: &mut Reader,
    objects: &mut [Object],
) -> Result<Option<Fragments>, DatabaseError> {
    let mut gathered = Gathered::default();
    let mut missing = Vec::new();
    for object in objects {
        let Some(stored) = object.stored.take() else {
            missing.push(object.key);
            continue;
        };
        if !gathered.takes(object.key, stored) {
            return Ok(None);
        }
    }
    let statement = "SELECT key, dictionary, fragment FROM object WHERE key IN ($list)";
    for block in missing.chunks(BLOCK) {
        for mut row in reader.rows_among(statement, [], block.iter().copied().map(Value::from)).await? {
            let key = Key::from_column(row.take()?);
            if !gathered.takes(key, Stored { dictionary: row.take()?, bytes: row.take()? }) {
                return Ok(None);
            }
        }
    }
    Ok(Some(gathered.fragments))
}

struct Gathered {
    fragments: Fragments,
    room: Room,
    /// Bytes that may still be held unpacked.
    unpacked: usize,
}

impl Default for Gathered {
    fn default() -> Self {
        let room = Room { held: HELD, answer: LARGEST_ANSWER };
        Self { fragments: Fragments::default(), room, unpacked: UNPACKED }
    }
}

impl Gathered {
    /// Whether there was room for the fragment of an object, which is verified.
    fn takes(&mut self, key: Key, stored: Stored) -> bool {
        let read = Packed::new(stored).and_then(|packed| Ok((packed.unpack()?, packed)));
        let (fragment, packed) = match read {
            Ok(read) => read,
            Err(error) => {
                self.fragments.damaged.push((key, error));
                return true;
            }
        };
        if !self.room.takes(packed.stored.bytes.len(), packed.size) {
            return false;
        }
        let left = self.unpacked.checked_sub(packed.size);
        self.unpacked = left.unwrap_or_default();
        let held = if left.is_some() { Held::Unpacked(fragment) } else { Held::Packed(packed) };
        self.fragments.held.insert(key, held);
        true
    }
}

/// What is left of an answer.
struct Room {
    held: usize,
    answer: usize,
}

impl Room {
    /// Whether there is room for a fragment of so many bytes, and so many once it is unpacked.
    fn takes(&mut self, bytes: usize, size: usize) -> bool {
        let left = self.held.checked_sub(bytes).zip(self.answer.checked_sub(size));
        (self.held, self.answer) = left.unwrap_or_default();
        left.is_some()
    }
}

impl Packed {
    fn new(stored: Stored) -> Result<Self, StoreError> {
        let size = size(&stored.bytes)?;
        Ok(Self { stored, size })
    }

    fn unpack(&self) -> Result<Fragment, StoreError> {
        unpack(self.stored.dictionary, &self.stored.bytes)
    }
}

impl Held {
    /// Its bytes once it is unpacked.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Unpacked(fragment) => fragment.as_bytes().len(),
            Self::Packed(packed) => packed.size,
        }
    }

    /// Writes the object as it is now.
    pub(crate) fn splice(&self, current: &Mutable, out: &mut String) -> Result<(), StoreError> {
        match self {
            Self::Unpacked(fragment) => fragment.splice(current, out),
            Self::Packed(packed) => packed.unpack()?.splice(current, out),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_room_for_so_much_at_rest_and_so_much_on_its_way() {
        let room = || Room { held: HELD, answer: LARGEST_ANSWER };
        assert!(room().takes(HELD, LARGEST_ANSWER));
        assert!(!room().takes(HELD + 1, 0));
        assert!(!room().takes(0, LARGEST_ANSWER + 1));
        let mut filled = room();
        assert!(filled.takes(HELD, 0) && filled.takes(0, LARGEST_ANSWER));
        assert!(!filled.takes(1, 0) && !filled.takes(0, 1));
    }
}
