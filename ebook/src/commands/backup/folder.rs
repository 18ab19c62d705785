//! The folder of a backup: nobody else's, closed to others, and written by one at a time.

use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};

use super::manifest::{self, Manifest};
use crate::config::{Config, DocumentsAt};
use crate::exit::{Failure, file};
use crate::keeping::{names, private, refuse_others};
use crate::node::make_closed;

/// Whoever writes the backup holds it, and whoever restores it shares it. It also says whose the folder is before the
/// first backup is finished.
const LOCK: &str = "backup.lock";

/// Snapshots have names of 32 digits, such as `registry-9f86d081884c7d659a2feaa0c55ad015.sqlite`.
const DIGITS: usize = 32;

/// Makes the folder, if needed, and takes it. A folder with anything but a backup is somebody else's.
pub(super) fn take(folder: &Path, config: &Config) -> Result<File, Failure> {
    refuse_what_is_kept(folder, config)?;
    refuse_others(folder, &[LOCK, manifest::FILE], "backup")?;
    make_closed(folder)?;
    let path = folder.join(LOCK);
    let lock = private().truncate(false).open(&path);
    let lock = lock.map_err(|error| file(&path, "write it", &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!(
            "{}: another backup is being written here, or this one restored; wait until that is finished, or name \
             another folder",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(file(&path, "lock it", &error)),
    }
}

/// Sees to it that no backup is written into the folder meanwhile, where that can be said: not on a medium that is
/// only read.
pub(in crate::commands) fn share(folder: &Path) -> Result<Option<File>, Failure> {
    let Ok(lock) = File::open(folder.join(LOCK)) else { return Ok(None) };
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!(
            "{}: a backup is being written here; wait until it is finished",
            folder.display()
        ))),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(lock)),
    }
}

/// Removes snapshots that the manifest does not name: of an interrupted run, or of the one before.
pub(super) fn remove_unfinished(folder: &Path, manifest: Option<&Manifest>) -> Result<(), Failure> {
    for name in names(folder)? {
        if snapshot_of(&name).is_some_and(|snapshot| !manifest.is_some_and(|named| named.names(snapshot))) {
            let path = folder.join(&name);
            fs::remove_file(&path).map_err(|error| file(&path, "remove it", &error))?;
        }
    }
    Ok(())
}

/// The snapshot that a file is, or belongs to: a crash leaves its log beside it.
fn snapshot_of(name: &str) -> Option<&str> {
    let (keeper, rest) = name.split_once('-')?;
    let (digits, kind) = rest.split_at_checked(DIGITS)?;
    let is_ours = matches!(keeper, "registry" | "repository")
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && matches!(kind, ".sqlite" | ".sqlite-wal" | ".sqlite-shm" | ".sqlite-journal");
    let length = keeper.len() + 1 + DIGITS + ".sqlite".len();
    name.get(..length).filter(|_| is_ours)
}

/// What a backup would be mixed with, or would be lost with.
fn refuse_what_is_kept(folder: &Path, config: &Config) -> Result<(), Failure> {
    let documents = match config.documents() {
        DocumentsAt::Folder(documents) => Some(documents),
        DocumentsAt::Bucket { .. } => None,
    };
    let own = real(folder).map_err(|error| file(folder, "find it", &error))?;
    for kept in [Some(config.node.data.clone()), documents].into_iter().flatten() {
        let there = real(&kept).map_err(|error| file(&kept, "find it", &error))?;
        if own.starts_with(&there) || there.starts_with(&own) {
            return Err(Failure::Usage(format!(
                "{}: {} is what the node keeps; name another folder, which is not in it and does not hold it, and \
                 best is on another disk",
                folder.display(),
                kept.display()
            )));
        }
    }
    Ok(())
}

/// A path without links, of which the end need not exist yet.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut found = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(found.pop()),
            component => found.push(component),
        }
        // Before `..` takes its parent: that of a link is not that of what it leads to.
        found = found.canonicalize().unwrap_or(found);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_backup_has_written_is_taken_for_a_snapshot() {
        let name = format!("registry-{}.sqlite", "0a".repeat(16));
        assert_eq!(snapshot_of(&name), Some(name.as_str()));
        assert_eq!(snapshot_of(&format!("{name}-wal")), Some(name.as_str()));
        let others = [
            "registry.sqlite",
            "registry-notes.sqlite",
            &format!("{name}.gz"),
            &format!("old-{name}"),
            &name.replace("registry", "patients"),
            &name.replace("0a", "0A"),
            &format!("registry-{}é.sqlite", "0".repeat(31)),
        ]
        .map(str::to_owned);
        for other in others {
            assert_eq!(snapshot_of(&other), None, "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_where_it_leads() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("data/deep")).unwrap();
        std::os::unix::fs::symlink(root.join("data/deep"), root.join("link")).unwrap();
        assert_eq!(real(&root.join("link/new")).unwrap(), root.join("data/deep/new"));
        assert_eq!(real(&root.join("link/../new")).unwrap(), root.join("data/new"));
        assert_eq!(real(&root.join("none/../data")).unwrap(), root.join("data"));
    }
}
