//! Fragments in the database: what was said of an object, compressed.

use std::collections::HashMap;
use std::fmt::Display;

use database::{DatabaseError, Reader, Value};
use metadata::{Fragment, Mutable};
use zstd::zstd_safe::get_frame_content_size;

use super::{Key, StoreError, dictionary};

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
#[derive(Debug)]
pub(crate) struct Packed {
    dictionary: i64,
    bytes: Vec<u8>,
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

/// The fragments of objects; none if they are more than one answer may hold.
pub(crate) async fn fragments(reader: &mut Reader, keys: &[Key]) -> Result<Option<Fragments>, DatabaseError> {
    let statement = "SELECT key, dictionary, fragment FROM object WHERE key IN ($list)";
    let mut fragments = Fragments { held: HashMap::with_capacity(keys.len()), damaged: Vec::new() };
    let mut room = Room { held: HELD, answer: LARGEST_ANSWER };
    let mut unpacked = UNPACKED;
    for block in keys.chunks(BLOCK) {
        for mut row in reader.rows_among(statement, [], block.iter().copied().map(Value::from)).await? {
            let key = Key::from_column(row.take()?);
            let read =
                Packed::new(row.take()?, row.take()?).and_then(|packed| Ok((packed.unpack()?, packed)));
            let (fragment, packed) = match read {
                Ok(read) => read,
                Err(error) => {
                    fragments.damaged.push((key, error));
                    continue;
                }
            };
            if !room.takes(packed.bytes.len(), packed.size) {
                return Ok(None);
            }
            let left = unpacked.checked_sub(packed.size);
            unpacked = left.unwrap_or_default();
            let held = if left.is_some() { Held::Unpacked(fragment) } else { Held::Packed(packed) };
            fragments.held.insert(key, held);
        }
    }
    Ok(Some(fragments))
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
    fn new(dictionary: i64, bytes: Vec<u8>) -> Result<Self, StoreError> {
        let size = size(&bytes)?;
        Ok(Self { dictionary, bytes, size })
    }

    fn unpack(&self) -> Result<Fragment, StoreError> {
        unpack(self.dictionary, &self.bytes)
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
