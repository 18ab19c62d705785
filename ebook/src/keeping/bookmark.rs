//! Where a long command is, in a file: after an interruption it goes on from there.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::files::{read_json, write_json};
use crate::exit::{Failure, file};

/// How much work an interruption costs at most, in time.
const EVERY: Duration = Duration::from_secs(2);

/// A place in a long work.
#[derive(Debug)]
pub(crate) struct Bookmark {
    path: PathBuf,
    kept: Option<Instant>,
}

impl Bookmark {
    /// The bookmark in a file.
    pub(crate) const fn at(path: PathBuf) -> Self {
        Self { path, kept: None }
    }

    /// Where the work was interrupted; none if it was not.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        if self.path.exists() { read_json(&self.path).map(Some) } else { Ok(None) }
    }

    /// Keeps the place, now and then.
    pub(crate) fn keep(&mut self, place: &impl Serialize) -> Result<(), Failure> {
        if self.kept.is_some_and(|kept| kept.elapsed() < EVERY) {
            return Ok(());
        }
        self.keep_now(place)
    }

    /// Keeps the place.
    pub(crate) fn keep_now(&mut self, place: &impl Serialize) -> Result<(), Failure> {
        write_json(&self.path, place)?;
        self.kept = Some(Instant::now());
        Ok(())
    }

    /// The work is done.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(file(&self.path, "remove it", &error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_until_the_work_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let at = || Bookmark::at(folder.path().join("place.json"));
        assert_eq!(at().read::<u64>().unwrap(), None);
        let mut bookmark = at();
        bookmark.keep(&7_u64).unwrap();
        bookmark.keep(&8_u64).unwrap();
        assert_eq!(at().read::<u64>().unwrap(), Some(7), "not every step is worth a write");
        bookmark.keep_now(&9_u64).unwrap();
        assert_eq!(at().read::<u64>().unwrap(), Some(9));
        bookmark.remove().unwrap();
        assert_eq!(at().read::<u64>().unwrap(), None);
    }
}
