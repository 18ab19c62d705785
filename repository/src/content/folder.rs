//! A local folder of documents: `documents/` with its 256 shelves, and `incoming/` for those that are not whole yet.
//!
//! A document is written under a temporary name, synced, renamed, and its folder synced (design D2). All folders
//! are made and synced when the store is opened, so that no document has to wait for that, or rely on another's.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use object_store::local::LocalFileSystem;

use super::{DOCUMENTS, INCOMING};
use crate::store::StoreError;

/// Makes what is missing of a folder of documents; its absolute path.
pub(super) fn make(folder: &Path) -> Result<PathBuf, StoreError> {
    let failed = |error| StoreError::Folder { path: folder.display().to_string(), error };
    let folder = std::path::absolute(folder).map_err(failed)?;
    let documents = folder.join(DOCUMENTS);
    for shelf in 0..=u8::MAX {
        fs::create_dir_all(documents.join(format!("{shelf:02x}"))).map_err(failed)?;
    }
    fs::create_dir_all(folder.join(INCOMING)).map_err(failed)?;
    sync(&documents).and_then(|()| sync(&folder)).map_err(failed)?;
    for above in folder.ancestors().skip(1) {
        // One that we may not open we did not make.
        if sync(above).is_err() {
            break;
        }
    }
    Ok(folder)
}

/// Makes a folder where documents wait on their way to a bucket. It need not be durable.
pub(super) fn make_spool(folder: &Path) -> Result<LocalFileSystem, StoreError> {
    let failed = |error| StoreError::Folder { path: folder.display().to_string(), error };
    fs::create_dir_all(folder).map_err(failed)?;
    Ok(LocalFileSystem::new_with_prefix(folder)?)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes what an upload that failed has left of a file. The object store names a file `path#number` until it is
/// whole, and every path of ours is used once.
pub(super) async fn remove_unfinished(mut file: PathBuf) {
    file.as_mut_os_string().push("#1");
    let removed = tokio::task::spawn_blocking(move || match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "a file that was not finished stays until it is swept");
        }
        _ => {}
    });
    // A panic there leaves the file to the sweeper.
    drop(removed.await);
}

/// Removes files that a crash has left unfinished on a shelf, and all that it has left in another folder; how many.
pub(super) async fn sweep_unfinished(shelf: PathBuf, incoming: Option<PathBuf>, before: i64) -> usize {
    let swept = tokio::task::spawn_blocking(move || {
        let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
        let unfinished = entries(shelf).filter(is_unfinished);
        let unfinished = unfinished.chain(incoming.into_iter().flat_map(entries));
        let old = unfinished.filter(|entry| changed_before(entry, before));
        old.filter(|entry| fs::remove_file(entry.path()).is_ok()).count()
    });
    swept.await.unwrap_or_default()
}

fn is_unfinished(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

fn changed_before(entry: &fs::DirEntry, second: i64) -> bool {
    let limit = u64::try_from(second)
        .ok()
        .and_then(|second| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(second)));
    let changed = entry.metadata().and_then(|metadata| metadata.modified());
    limit.zip(changed.ok()).is_some_and(|(limit, changed)| changed < limit)
}
