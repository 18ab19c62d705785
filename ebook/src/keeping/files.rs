//! Files that are whole or not there: written beside their place, made durable, then moved.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use actors::integrity::expecting;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use soap::parts::Content;
use tokio::io::AsyncWriteExt;

use crate::exit::{Failure, file};
use crate::file_content::content;

/// A file that is now in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
}

/// Writes a file, whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = beside(path);
    let written = private().open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| file(&beside, "write it", &error))?;
    fs::rename(&beside, path).map_err(|error| file(path, "put it in its place", &error))?;
    sync_folder(path.parent().unwrap_or(path))
}

/// Copies a file into one that we may write, whatever may be done with the first. What a former run has left of the
/// copy is removed.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(to, "remove it", &error)),
        _ => {}
    }
    let mut original = File::open(from).map_err(|error| file(from, "read it", &error))?;
    let copied = private().open(to).and_then(|mut copy| io::copy(&mut original, &mut copy));
    copied.map(drop).map_err(|error| file(to, "write it", &error))
}

/// How files are made here: they have patients' data or private keys, so only we may read them.
pub(crate) fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a value as JSON that people can read, too.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Failure::Refused(format!("{}: cannot be written: {error}", path.display())))?;
    text.push(b'\n');
    write_whole(path, &text)
}

/// Reads a value that was written as JSON.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = fs::read(path).map_err(|error| file(path, "read it", &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::Refused(format!("{}: not what dosebook wrote: {error}", path.display())))
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Failure> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| file(folder, "make it durable", &error))
}

/// Writes content to a file, whole or not at all; its name is durable when its folder has been synced.
pub(crate) async fn write(mut content: Content, path: &Path) -> io::Result<Written> {
    let beside = beside(path);
    let written = async {
        let mut file = tokio::fs::OpenOptions::from(private()).open(&beside).await?;
        let (mut size, mut sha256) = (0, Sha256::new());
        while let Some(chunk) = content.chunk().await? {
            size += chunk.len() as u64;
            sha256.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.sync_all().await?;
        Ok(Written { size, sha256: sha256.finalize().into() })
    };
    let written: io::Result<Written> = written.await;
    match written {
        Ok(written) => tokio::fs::rename(&beside, path).await.map(|()| written),
        Err(error) => {
            // What is left beside is of no use; the first failure says more.
            let _ = tokio::fs::remove_file(&beside).await;
            Err(error)
        }
    }
}

/// Reads a file to its end and compares it with its SHA-256.
pub(crate) async fn is_whole(path: &Path, sha256: &[u8]) -> io::Result<()> {
    let mut checked = expecting::<Sha256>(content(File::open(path)?), sha256.to_vec());
    while checked.chunk().await?.is_some() {}
    Ok(())
}

/// Bytes as people write digests.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[tokio::test]
    async fn a_file_that_does_not_come_whole_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("document");
        let broken = [Ok(Bytes::from_static(b"half")), Err(io::Error::other("cut"))];
        let broken = Content::from_stream(futures_util::stream::iter(broken));
        assert!(write(broken, &path).await.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let written = write(Content::from(b"whole".to_vec()), &path).await.unwrap();
        assert_eq!((written.size, fs::read(&path).unwrap()), (5, b"whole".to_vec()));
        assert_eq!(written.sha256, <[u8; 32]>::from(Sha256::digest(b"whole")));
        let again = content(File::open(&path).unwrap()).collect(100).await.unwrap();
        assert_eq!(again, "whole");
        assert!(is_whole(&path, &written.sha256).await.is_ok());
        fs::write(&path, "whale").unwrap();
        assert!(is_whole(&path, &written.sha256).await.is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_copy_of_what_can_only_be_read_can_be_written() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("saved"), folder.path().join("copy"));
        for text in ["saved", "saved again, and longer"] {
            fs::write(&from, text).unwrap();
            copy_file(&from, &to).unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), text);
            assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
            // As an interrupted run of an earlier release has left it.
            fs::set_permissions(&to, fs::Permissions::from_mode(0o400)).unwrap();
        }
        fs::set_permissions(&from, fs::Permissions::from_mode(0o400)).unwrap();
        copy_file(&from, &to).unwrap();
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
