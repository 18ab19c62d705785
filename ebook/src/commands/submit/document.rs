//! A file, read and described: ready to be submitted, or refused with a reason.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use metadata::{DocumentEntry, Hash, Submission};
use sha1::{Digest, Sha1};
use soap::parts::Content;

use super::description::Describing;
use crate::file_content::{CHUNK, content};

/// A document with what is said of it.
pub(super) struct Document {
    pub(super) submission: Submission,
    /// Its entry, as it stands in the submission.
    pub(super) entry: DocumentEntry,
    pub(super) content: Content,
}

/// Reads a file; what is wrong with it is for a person.
pub(super) fn read(path: &Path, describing: &Describing) -> Result<Document, String> {
    let mut file = File::open(path).map_err(|error| format!("cannot open it: {error}"))?;
    if describing.said.is_some() {
        return described(file, path, describing);
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(dose::MAX_LENGTH).unwrap_or(u64::MAX);
    // One byte more than may be, so that the reader sees that it is too long.
    (&mut file)
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read it: {error}"))?;
    Document::report(bytes, describing)
}

/// A document of any kind and size: hashed first, and then sent as it is read.
fn described(mut file: File, path: &Path, describing: &Describing) -> Result<Document, String> {
    let unreadable = |error: io::Error| format!("cannot read it: {error}");
    let (hash, size) = digest(&mut file).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let said = describing.said.as_ref().ok_or("no metadata")?;
    let submission = said.submission(path, hash, describing)?;
    Document::new(submission, hash, size, content(file))
}

/// The SHA-1 and the size of what is left of a file.
fn digest(file: &mut File) -> io::Result<(Hash, u64)> {
    let mut reader = BufReader::with_capacity(CHUNK, file);
    let (mut hash, mut size) = (Sha1::new(), 0);
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok((Hash::from_bytes(hash.finalize().into()), size));
        }
        hash.update(chunk);
        let length = chunk.len();
        size += u64::try_from(length).unwrap_or(u64::MAX);
        reader.consume(length);
    }
}

impl Document {
    /// A dose report.
    pub(super) fn report(bytes: Vec<u8>, describing: &Describing) -> Result<Self, String> {
        let report = dose::read(&bytes).map_err(|error| error.to_string())?;
        let hash = Hash::from_bytes(Sha1::digest(&bytes).into());
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self::new(describing.report(&report)?, hash, size, Content::from(bytes))
    }

    /// With hash and size in its entry, so that the repository can tell whether all of it arrived.
    fn new(mut submission: Submission, hash: Hash, size: u64, content: Content) -> Result<Self, String> {
        let entry = submission.entries.first_mut().ok_or("nothing is said of it")?;
        entry.hash = Some(hash);
        entry.size = Some(size);
        let entry = entry.clone();
        Ok(Self { submission, entry, content })
    }
}
