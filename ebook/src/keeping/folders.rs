//! Folders that are named on the command line: what is in them may be somebody else's.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::exit::{Failure, file};

/// Refuses a folder that holds anything, but none of the files that show whose it is.
pub(crate) fn refuse_others(folder: &Path, own: &[&str], what: &str) -> Result<(), Failure> {
    let names = names(folder)?;
    if names.iter().any(|name| own.contains(&name.as_str())) {
        return Ok(());
    }
    // What file systems put into every disk.
    let other = names.iter().find(|name| !name.starts_with('.') && *name != "lost+found");
    other.map_or(Ok(()), |other| {
        Err(Failure::Usage(format!(
            "{}: is not empty and holds no {what} (there is {other}); name another folder",
            folder.display()
        )))
    })
}

/// What is in a folder; nothing, if there is none yet.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| file(folder, "look through it", &error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    entries.map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned())).collect()
}
