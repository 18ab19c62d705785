//! The files that the command line names: folders stand for all files in them and below.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::{Failure, file};

/// How deep folders may lie in each other; symbolic links to folders are not followed.
const DEPTH: usize = 32;

/// All files, in the order of the command line; those of a folder by name.
pub(super) fn all(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            walk(path, DEPTH, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| file(folder, "list it", &error);
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(failed)?.collect();
    let mut entries = entries.map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && depth > 0 {
            walk(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_its_files_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["c", "b/2", "b/1", "a"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), folder.path().join("b/loop")).unwrap();
        let missing = PathBuf::from("missing.dcm");
        let files = all(&[missing.clone(), folder.path().to_owned()]).unwrap();
        let expected: Vec<_> = ["a", "b/1", "b/2", "c"].map(|name| folder.path().join(name)).into();
        assert_eq!(files[0], missing);
        assert_eq!(files[1..], expected);
    }
}
