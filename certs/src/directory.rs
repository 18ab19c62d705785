//! A directory with a CA and what it issued: `ca.pem`, `ca.key`, and `NAME.pem`, `NAME.key` for each identity.
//!
//! Keys are readable by their owner only and never replaced unasked. `ca.pem` is what peers have to trust;
//! `ca.key` should leave a machine that others can reach.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::authority::{Authority, Identity, Request};
use crate::error::Error;

/// A directory that holds a CA.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    authority: Authority,
}

/// What happens to files that are already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They stay, and the call is refused.
    Keep,
    /// They are replaced.
    Replace,
}

/// Where an identity was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate and the intermediate CAs, `NAME.pem`.
    pub certificate: PathBuf,
    /// The private key, `NAME.key`.
    pub key: PathBuf,
}

impl Directory {
    /// Makes the directory, if needed, and a new CA in it; refuses where a CA is already.
    pub fn init(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        create_directory(&path)?;
        let authority = Authority::create(AUTHORITY_NAME)?;
        let identity = Identity { certificates: authority.certificate().to_owned(), key: authority.key() };
        write_pair(&files(&path, AUTHORITY), &identity, Existing::Keep)?;
        Ok(Self { path, authority })
    }

    /// The directory with the CA that `init` made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let identity = read_pair(&files(&path, AUTHORITY))?;
        let identity = identity.ok_or_else(|| Error::NoAuthority { path: path.clone() })?;
        let authority = Authority::load(&identity.certificates, &identity.key)?;
        Ok(Self { path, authority })
    }

    /// The CA.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Where the CA's certificate is: the file that peers have to trust.
    pub fn authority_file(&self) -> PathBuf {
        files(&self.path, AUTHORITY).certificate
    }

    /// Issues an identity to a node that is reached under `hosts`, into `NAME.pem` and `NAME.key`.
    pub fn issue(&self, name: &str, hosts: &[String]) -> Result<Files, Error> {
        self.keep(&Request::node(name, hosts.iter().cloned()), name, Existing::Keep)
    }

    /// Issues any identity into files of that name.
    pub fn keep(&self, request: &Request, file_name: &str, existing: Existing) -> Result<Files, Error> {
        let files = self.files(file_name)?;
        refuse_existing(&files, existing)?;
        write_pair(&files, &self.authority.issue(request)?, existing)?;
        Ok(files)
    }

    /// The identity kept under that name; `None` if there is none.
    pub fn identity(&self, name: &str) -> Result<Option<Identity>, Error> {
        read_pair(&self.files(name)?)
    }

    /// Where an identity of that name is, or would be.
    pub fn files(&self, name: &str) -> Result<Files, Error> {
        if is_file_name(name) {
            Ok(files(&self.path, name))
        } else {
            Err(Error::Name { name: name.to_owned() })
        }
    }
}

/// A name that stays inside the directory, is not hidden, and is not the CA's own on any file system.
fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&name.len())
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.eq_ignore_ascii_case(AUTHORITY)
}

fn files(directory: &Path, name: &str) -> Files {
    let file = |extension: &str| directory.join(format!("{name}.{extension}"));
    Files { certificate: file("pem"), key: file("key") }
}

fn refuse_existing(files: &Files, existing: Existing) -> Result<(), Error> {
    let occupied = [&files.key, &files.certificate].into_iter().find(|path| path.exists());
    match occupied {
        Some(path) if existing == Existing::Keep => Err(Error::Exists { path: path.clone() }),
        _ => Ok(()),
    }
}

/// The key first: a key without certificate is noticed, a certificate without key would look complete.
fn write_pair(files: &Files, identity: &Identity, existing: Existing) -> Result<(), Error> {
    refuse_existing(files, existing)?;
    write(&files.key, identity.key.as_bytes(), SECRET, existing)?;
    write(&files.certificate, identity.certificates.as_bytes(), PUBLIC, existing)
}

fn read_pair(files: &Files) -> Result<Option<Identity>, Error> {
    if !files.key.exists() && !files.certificate.exists() {
        return Ok(None);
    }
    let read = |path: &Path| fs::read_to_string(path).map_err(at(path, "read it"));
    Ok(Some(Identity { certificates: read(&files.certificate)?, key: read(&files.key)? }))
}

/// Whole or not at all: beside the place, synced, then moved into it.
fn write(path: &Path, content: &[u8], mode: u32, existing: Existing) -> Result<(), Error> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let written = create(&beside, mode).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| match existing {
        Existing::Replace => fs::rename(&beside, path),
        // Unlike a rename, a link refuses to take the place of a file that came meanwhile.
        Existing::Keep => fs::hard_link(&beside, path).and_then(|()| fs::remove_file(&beside)),
    });
    placed.map_err(|error| {
        // What is left beside is of no use; that it could not be removed is less than the first error.
        let _ = fs::remove_file(&beside);
        match error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path: path.to_owned() },
            _ => at(path, "write it")(error),
        }
    })
}

#[cfg(unix)]
fn create(path: &Path, mode: u32) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _mode: u32) -> io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn create_directory(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(at(path, "make the directory"))
}

fn at(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { path, action, source }
}

const AUTHORITY: &str = "ca";
const AUTHORITY_NAME: &str = "dosebook development CA";
const SECRET: u32 = 0o600;
const PUBLIC: u32 = 0o644;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe;

    fn hosts() -> Vec<String> {
        crate::LOOPBACK.map(str::to_owned).to_vec()
    }

    #[test]
    fn a_directory_keeps_its_ca_and_what_it_issued() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new/certs");
        let issued = Directory::init(&path).unwrap().issue("hospital-a", &hosts()).unwrap();
        assert_eq!(issued.certificate, path.join("hospital-a.pem"));

        let again = Directory::open(&path).unwrap();
        let identity = again.identity("hospital-a").unwrap().unwrap();
        assert_eq!(describe(&identity.certificates).unwrap().remove(0).names, hosts());
        assert!(again.identity("hospital-b").unwrap().is_none());
        assert_eq!(fs::read_to_string(again.authority_file()).unwrap(), again.authority().certificate());
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let directory = Directory::init(root.path()).unwrap();
        let issued = directory.issue("a", &[]).unwrap();
        for key in [issued.key, root.path().join("ca.key")] {
            assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn never_replaces_a_key_unless_asked() {
        let root = tempfile::tempdir().unwrap();
        let directory = Directory::init(root.path()).unwrap();
        assert!(matches!(Directory::init(root.path()), Err(Error::Exists { .. })));
        let first = directory.issue("a", &[]).unwrap();
        let key = fs::read(&first.key).unwrap();
        assert!(matches!(directory.issue("a", &[]), Err(Error::Exists { .. })));
        assert_eq!(fs::read(&first.key).unwrap(), key);
        directory.keep(&Request::person("a"), "a", Existing::Replace).unwrap();
        assert_ne!(fs::read(&first.key).unwrap(), key);
        let left: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 4, "{left:?}");
    }

    #[test]
    fn refuses_names_that_leave_the_directory() {
        let root = tempfile::tempdir().unwrap();
        let directory = Directory::init(root.path()).unwrap();
        for name in ["", "../a", "a/b", ".a", "ca", "CA", "a b", "é"] {
            assert!(matches!(directory.issue(name, &[]), Err(Error::Name { .. })), "{name:?} was accepted");
        }
    }

    #[test]
    fn says_where_no_ca_is() {
        let root = tempfile::tempdir().unwrap();
        let error = Directory::open(root.path()).unwrap_err();
        assert!(matches!(&error, Error::NoAuthority { path } if path == root.path()));
    }
}
