//! Reports that were read before, by the hash of their document: derived data that can be thrown away (design D12).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dose::DoseReport;
use metadata::{DocumentEntry, Hash, UniqueId};

use super::GapKind;

/// How many bytes of documents the kept reports may come from, in total.
pub(super) const MAX_CACHED_BYTES: u64 = 64 * 1024 * 1024;

/// What a reading takes at least, however short its document is.
const SMALLEST: u64 = 4096;

/// What reading a document gave: a report, or why it is none.
pub(super) type Reading = Result<Arc<DoseReport>, (GapKind, Arc<str>)>;

/// Keeps what was read of documents whose hash was verified; forgets what was not used for longest.
#[derive(Debug, Default)]
pub struct ReportCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    readings: HashMap<Key, Entry>,
    bytes: u64,
    uses: u64,
}

/// The document id belongs to the key so that an entry cannot borrow the report of another document by naming
/// its hash.
type Key = (Hash, UniqueId);

#[derive(Debug)]
struct Entry {
    reading: Reading,
    size: u64,
    used: u64,
}

impl ReportCache {
    pub(super) fn find(&self, entry: &DocumentEntry) -> Option<Reading> {
        let key = (entry.hash?, entry.unique_id.clone());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let found = kept.readings.get_mut(&key)?;
        found.used = now;
        Some(found.reading.clone())
    }

    /// Keeps what was read of a document of `size` bytes whose hash is that of its entry.
    pub(super) fn keep(&self, entry: &DocumentEntry, size: u64, reading: Reading) {
        let Some(hash) = entry.hash else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let (used, size) = (kept.uses, size_in_memory(size, &reading));
        let before = kept.readings.insert((hash, entry.unique_id.clone()), Entry { reading, size, used });
        kept.bytes = kept.bytes + size - before.map_or(0, |before| before.size);
        while kept.bytes > MAX_CACHED_BYTES && kept.forget_one() {}
    }
}

/// About what a reading takes: a document may say in few bytes what takes many.
fn size_in_memory(document: u64, reading: &Reading) -> u64 {
    let events = reading.as_ref().map_or(0, |report| report.events.len());
    let events = u64::try_from(events * size_of::<dose::IrradiationEvent>()).unwrap_or(u64::MAX);
    document.max(SMALLEST + events)
}

impl Kept {
    fn forget_one(&mut self) -> bool {
        let oldest = self.readings.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
        let forgotten = oldest.and_then(|key| self.readings.remove(&key));
        self.bytes -= forgotten.as_ref().map_or(0, |entry| entry.size);
        forgotten.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::entry;

    fn nothing() -> Reading {
        Err((GapKind::Unreadable, "empty".into()))
    }

    fn hashed(id: &str, hash: u8) -> DocumentEntry {
        DocumentEntry { hash: Some(Hash::from_bytes([hash; 20])), ..entry(id) }
    }

    #[test]
    fn forgets_what_was_not_used_for_longest() {
        let cache = ReportCache::default();
        let third = MAX_CACHED_BYTES / 3;
        for (id, hash) in [("1.1", 1), ("1.2", 2), ("1.3", 3)] {
            cache.keep(&hashed(id, hash), third, nothing());
        }
        assert!(cache.find(&hashed("1.1", 1)).is_some());
        cache.keep(&hashed("1.4", 4), third, nothing());
        assert!(cache.find(&hashed("1.2", 2)).is_none());
        assert!(cache.find(&hashed("1.1", 1)).is_some());
        assert!(cache.find(&hashed("1.4", 4)).is_some());
    }

    #[test]
    fn keeps_nothing_that_is_larger_than_itself() {
        let cache = ReportCache::default();
        cache.keep(&hashed("1.1", 1), MAX_CACHED_BYTES + 1, nothing());
        assert!(cache.find(&hashed("1.1", 1)).is_none());
        assert_eq!(cache.kept.lock().unwrap().bytes, 0);
    }

    #[test]
    fn counts_what_a_reading_takes_however_short_its_document() {
        let cache = ReportCache::default();
        cache.keep(&hashed("1.1", 1), 1, nothing());
        assert_eq!(cache.kept.lock().unwrap().bytes, SMALLEST);
        let report = crate::history::tests::report("1.2", vec![dose::IrradiationEvent::default(); 1000]);
        cache.keep(&hashed("1.2", 2), 1, Ok(Arc::new(report)));
        assert!(cache.kept.lock().unwrap().bytes > 100_000);
    }

    #[test]
    fn lends_no_report_to_another_document_of_the_same_hash() {
        let cache = ReportCache::default();
        cache.keep(&hashed("1.1", 1), 10, nothing());
        assert!(cache.find(&hashed("1.2", 1)).is_none());
        assert!(cache.find(&entry("1.1")).is_none());
    }
}
