//! The folder of a domain: which files are in it, whether they have changed, what they say.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use metadata::domain::Files;

/// The largest file.
const LARGEST: u64 = 64 << 20;
/// The most files, also of other kinds.
const MOST: usize = 1_000;
/// Where the ValueSets lie.
const VALUE_SETS: &str = "valuesets";

/// When each file was changed and how long it is: what is read again when it is another one.
pub(crate) type Fingerprint = BTreeMap<String, (SystemTime, u64)>;

/// The files that may be of a domain, as they are now.
pub(crate) fn fingerprint(folder: &Path) -> Result<Fingerprint, String> {
    let paths = list(folder)?;
    let state = |(name, path): (String, PathBuf)| {
        let about = fs::metadata(&path).map_err(|error| cannot(&path, "look at it", &error))?;
        let changed = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        Ok((name, (changed, about.len())))
    };
    paths.into_iter().map(state).collect()
}

/// What they say.
pub(crate) fn read(folder: &Path) -> Result<Files, String> {
    list(folder)?.into_iter().map(|(name, path)| Ok((name, content(&path)?))).collect()
}

/// One file, unless it is too large to be part of a domain.
pub(crate) fn content(path: &Path) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let file = fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content));
    match file {
        Ok(_) if content.len() as u64 > LARGEST => {
            Err(format!("{}: larger than {LARGEST} bytes, which no file of a domain is", path.display()))
        }
        Ok(_) => Ok(content),
        Err(error) => Err(cannot(path, "read it", &error)),
    }
}

/// Files of the folder and of its ValueSets, by what a domain calls them; hidden ones and what editors leave excepted.
fn list(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut found = files_of(folder, "")?;
    let sets = folder.join(VALUE_SETS);
    if sets.is_dir() {
        found.extend(files_of(&sets, "valuesets/")?);
    }
    match found.len() {
        0..=MOST => Ok(found),
        more => Err(format!("{}: {more} files, at most {MOST} are read", folder.display())),
    }
}

fn files_of(folder: &Path, prefix: &str) -> Result<Vec<(String, PathBuf)>, String> {
    let failed = |error: io::Error| cannot(folder, "look into it", &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let is_ours = [".toml", ".xml", ".json"].iter().any(|kind| name.ends_with(kind));
        if is_ours && !name.starts_with('.') && path.is_file() {
            found.push((format!("{prefix}{name}"), path));
        }
    }
    Ok(found)
}

fn cannot(path: &Path, action: &str, error: &io::Error) -> String {
    format!("{}: cannot {action}: {error}", path.display())
}
