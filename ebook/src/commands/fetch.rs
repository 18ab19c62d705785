//! `dosebook fetch`: Document Consumer. Documents, checked against what their entries say (ITI-18, ITI-43).

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use actors::consumer::Consumer;
use actors::transactions::stored_query::{DocumentFilter, FindDocuments, GetDocuments, Ids, Query};
use metadata::{AvailabilityStatus, DocumentEntry, MimeType, Oid, UniqueId};
use serde_json::json;
use sha2::{Digest, Sha256};
use soap::parts::Content;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::session::{Session, SessionArguments};
use crate::exit::{Failure, file};
use crate::output::{Output, complain};

/// Fetches documents into a folder
///
/// What arrives is compared with the size and the SHA-1 of the document's entry; a document that is not what its
/// entry says is not kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook fetch 1.2.3.4 --out reports
  dosebook fetch --patient '4711^^^&1.2.3&ISO' --out reports")]
pub(crate) struct Arguments {
    /// The uniqueIds of the documents
    #[arg(value_name = "UNIQUE-ID", required_unless_present = "patient")]
    unique_ids: Vec<UniqueId>,
    /// Only documents of this patient, all of them if no uniqueId is given; id^^^&OID&ISO or a bare id of the domain
    #[arg(long, value_name = "CX")]
    patient: Option<String>,
    /// The folder to put them in; made if needed
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Ask this community of the configuration instead of the node
    #[arg(long, value_name = "NAME")]
    community: Option<String>,
    #[command(flatten)]
    session: SessionArguments,
}

/// What a file is read in, at a time.
const CHUNK: usize = 256 << 10;

/// A document that is now in the folder.
struct Fetched {
    path: PathBuf,
    size: u64,
    sha256: String,
    /// It was there before, with these bytes.
    before: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let session = Session::open(&arguments.session)?;
    let consumer = session.consumer(arguments.community.as_deref())?;
    let entries = entries(&session, &consumer, &arguments).await?;
    let consumer = session.reaching(consumer, &entries);
    std::fs::create_dir_all(&arguments.out)
        .map_err(|error| file(&arguments.out, "make the folder", &error))?;
    let mut missing = Missing::default();
    let found: HashSet<&UniqueId> = entries.iter().map(|entry| &entry.unique_id).collect();
    for id in arguments.unique_ids.iter().filter(|id| !found.contains(id)) {
        missing.refused += 1;
        refused(id, "the registry knows no such document", output);
    }
    fetch_all(&consumer, &entries, &arguments.out, &mut missing, output).await;
    if entries.is_empty() && missing.refused == 0 {
        output.line("no documents");
    }
    missing.ended()
}

/// What did not come.
#[derive(Debug, Default)]
struct Missing {
    refused: usize,
    unreachable: usize,
    /// Repositories that could not be reached, with the reason: they are not tried again.
    repositories: HashMap<Option<Oid>, String>,
}

impl Missing {
    fn ended(&self) -> Result<(), Failure> {
        match self {
            Self { unreachable: 0, refused: 0, .. } => Ok(()),
            Self { unreachable: 0, .. } => Err(Failure::Said),
            Self { unreachable, .. } => Err(Failure::Unreachable(format!(
                "{unreachable} documents are in repositories that could not be reached; fetch them again later"
            ))),
        }
    }
}

/// One that does not come is in no other's way.
async fn fetch_all(
    consumer: &Consumer,
    entries: &[DocumentEntry],
    folder: &Path,
    missing: &mut Missing,
    output: Output,
) {
    for entry in entries {
        let fetched = match missing.repositories.get(&entry.repository_unique_id) {
            Some(reason) => Err(Failure::Unreachable(reason.clone())),
            None => fetch(consumer, entry, folder).await,
        };
        match fetched {
            Ok(fetched) => say(entry, &fetched, output),
            Err(Failure::Unreachable(reason)) => {
                missing.unreachable += 1;
                refused(&entry.unique_id, &reason, output);
                missing.repositories.insert(entry.repository_unique_id.clone(), reason);
            }
            Err(failure) => {
                missing.refused += 1;
                refused(&entry.unique_id, &failure.to_string(), output);
            }
        }
    }
}

/// The entries of the documents that are wanted, each once.
async fn entries(
    session: &Session,
    consumer: &Consumer,
    arguments: &Arguments,
) -> Result<Vec<DocumentEntry>, Failure> {
    let patient = arguments.patient.as_deref().map(|text| session.patient(text)).transpose()?;
    let query = match &patient {
        Some(patient) if arguments.unique_ids.is_empty() => Query::FindDocuments(FindDocuments {
            patient_id: patient.clone(),
            status: vec![AvailabilityStatus::Approved],
            filter: DocumentFilter::default(),
        }),
        _ => Query::GetDocuments(GetDocuments { ids: Ids::UniqueIds(arguments.unique_ids.clone()) }),
    };
    let mut entries = consumer.entries(query).await?;
    entries.retain(|entry| patient.is_none() || entry.patient_id == patient);
    entries.sort_by(|a, b| a.unique_id.cmp(&b.unique_id));
    entries.dedup_by(|a, b| a.unique_id == b.unique_id);
    Ok(entries)
}

/// Beside its place first, so that nothing stands there that is not whole and right.
async fn fetch(consumer: &Consumer, entry: &DocumentEntry, folder: &Path) -> Result<Fetched, Failure> {
    let path = folder.join(file_name(&entry.unique_id, &entry.mime_type));
    let beside = path.with_extension(format!("part-{}", std::process::id()));
    let content = consumer.fetch(entry).await?;
    let written = write(content, entry, &beside).await;
    let placed = match written {
        Ok((size, sha256)) => place(&beside, &path, sha256).await.map(|before| Fetched {
            path,
            size,
            sha256: hex(&sha256),
            before,
        }),
        Err(failure) => Err(failure),
    };
    if placed.is_err() {
        // What is left beside is of no use; that it cannot be removed is less than the first failure.
        let _ = std::fs::remove_file(&beside);
    }
    placed
}

async fn write(mut content: Content, entry: &DocumentEntry, path: &Path) -> Result<(u64, [u8; 32]), Failure> {
    let failed = |error: std::io::Error| file(path, "write it", &error);
    let broken = |error: std::io::Error| Failure::Refused(format!("{}: {error}", entry.unique_id));
    let mut file = File::create(path).await.map_err(failed)?;
    let (mut size, mut sha256) = (0, Sha256::new());
    while let Some(chunk) = content.chunk().await.map_err(broken)? {
        size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        sha256.update(&chunk);
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.sync_all().await.map_err(failed)?;
    match entry.size {
        Some(expected) if expected != size => Err(Failure::Refused(format!(
            "{}: {size} bytes arrived, its entry says {expected}; it was not kept",
            entry.unique_id
        ))),
        _ => Ok((size, sha256.finalize().into())),
    }
}

/// Puts a whole file in its place; true if it was there before. Other bytes are never replaced.
async fn place(beside: &Path, path: &Path, sha256: [u8; 32]) -> Result<bool, Failure> {
    let (beside, path) = (beside.to_owned(), path.to_owned());
    let placed = tokio::task::spawn_blocking(move || put(&beside, &path, &sha256));
    placed.await.unwrap_or_else(|error| Err(Failure::Refused(error.to_string())))
}

fn put(beside: &Path, path: &Path, sha256: &[u8; 32]) -> Result<bool, Failure> {
    use std::io::ErrorKind::AlreadyExists;
    let remove = |before| {
        std::fs::remove_file(beside).map(|()| before).map_err(|error| file(beside, "remove it", &error))
    };
    let linked = match std::fs::hard_link(beside, path) {
        Err(error) if error.kind() != AlreadyExists => claim(beside, path).map(|()| Placed::Moved),
        linked => linked.map(|()| Placed::Linked),
    };
    match linked {
        Ok(Placed::Moved) => Ok(false),
        Ok(Placed::Linked) => remove(false),
        Err(error) if error.kind() == AlreadyExists => {
            let there = digest(path).map_err(|error| file(path, "read it", &error))?;
            if there != *sha256 {
                let reason = "a file with other content is there; move it away, or choose another --out";
                return Err(Failure::Refused(format!("{}: {reason}", path.display())));
            }
            remove(true)
        }
        Err(error) => Err(file(path, "put it there", &error)),
    }
}

/// How a file came to its place.
enum Placed {
    Linked,
    Moved,
}

/// For file systems without hard links: takes the name, if nobody has it, and moves the file there.
fn claim(beside: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::File::create_new(path)?;
    std::fs::rename(beside, path).inspect_err(|_| {
        // The empty file is of no use; that it cannot be removed is less than the first failure.
        let _ = std::fs::remove_file(path);
    })
}

/// The SHA-256 of a file, read in pieces.
fn digest(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut reader = BufReader::with_capacity(CHUNK, std::fs::File::open(path)?);
    let mut sha256 = Sha256::new();
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(sha256.finalize().into());
        }
        sha256.update(chunk);
        let length = chunk.len();
        reader.consume(length);
    }
}

/// A name that stays in the folder whatever the id is: letters, digits, dots and dashes of it, and, where that is
/// not the whole id, the beginning of its hash.
fn file_name(id: &UniqueId, mime_type: &MimeType) -> String {
    const LONGEST: usize = 100;
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let stem: String = id.as_str().chars().filter(|c| safe(*c)).take(LONGEST).collect();
    let stem = stem.trim_start_matches(['.', '-']);
    let extension = match mime_type.as_str() {
        "application/dicom" => "dcm",
        "application/pdf" => "pdf",
        "text/xml" | "application/xml" => "xml",
        "text/plain" => "txt",
        _ => "bin",
    };
    if stem == id.as_str() {
        return format!("{stem}.{extension}");
    }
    let hash = hex(&Sha256::digest(id.as_str()).into());
    let hash: String = hash.chars().take(16).collect();
    format!("{stem}-{hash}.{extension}")
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn say(entry: &DocumentEntry, fetched: &Fetched, output: Output) {
    let Fetched { path, size, sha256, before } = fetched;
    let how = if *before { "there before, unchanged" } else { "fetched" };
    output.line(format_args!("{}: {how}, {size} bytes, SHA-256 {sha256}", path.display()));
    output.value(&json!({
        "unique_id": entry.unique_id.as_str(), "outcome": how, "file": path, "size": size, "sha256": sha256,
        "sha1": entry.hash.map(|hash| hash.to_string()),
    }));
}

fn refused(id: &UniqueId, reason: &str, output: Output) {
    if !output.json {
        complain(format_args!("{id}: not fetched: {reason}"));
    }
    output.value(&json!({ "unique_id": id.as_str(), "outcome": "not fetched", "reason": reason }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(id: &str) -> String {
        file_name(&id.parse().unwrap(), &"application/dicom".parse().unwrap())
    }

    #[test]
    fn an_oid_names_its_file() {
        assert_eq!(name("1.2.840.3"), "1.2.840.3.dcm");
    }

    #[test]
    fn no_id_leaves_the_folder() {
        for id in [
            "../../etc/passwd",
            "/etc/passwd",
            "..",
            ".",
            ".hidden",
            "-rf",
            "a/b",
            "a\\b",
            "urn:oid:1.2",
            "é",
        ] {
            let name = name(id);
            assert!(!name.contains(['/', '\\', ':']), "{id}: {name}");
            assert!(!name.starts_with('.'), "{id}: {name}");
            assert_eq!(Path::new(&name).components().count(), 1, "{id}: {name}");
        }
    }

    #[test]
    fn ids_that_only_differ_in_what_a_name_cannot_hold_have_different_names() {
        assert_ne!(name("1.2^3"), name("1.2&3"));
        assert_ne!(name(&format!("{}a", "1".repeat(200))), name(&format!("{}b", "1".repeat(200))));
        assert!(name(&"1".repeat(256)).len() < 130);
    }

    #[test]
    fn other_bytes_are_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (beside, path) = (folder.path().join("new"), folder.path().join("a.dcm"));
        let place = |bytes: &[u8]| {
            std::fs::write(&beside, bytes).unwrap();
            put(&beside, &path, &Sha256::digest(bytes).into())
        };
        assert_eq!(place(b"one"), Ok(false));
        assert_eq!(place(b"one"), Ok(true));
        assert_eq!(place(b"two").unwrap_err().code(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn without_hard_links_a_file_is_moved_to_a_place_that_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let (beside, path) = (folder.path().join("new"), folder.path().join("a.dcm"));
        std::fs::write(&beside, b"one").unwrap();
        claim(&beside, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        std::fs::write(&beside, b"two").unwrap();
        assert_eq!(claim(&beside, &path).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_file_is_hashed_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let bytes = vec![7; CHUNK * 2 + 7];
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(digest(&path).unwrap().as_slice(), Sha256::digest(&bytes).as_slice());
    }

    #[tokio::test]
    async fn a_repository_that_is_not_there_does_not_end_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = crate::config::Config::default();
        config.node.data = folder.path().join("data");
        config.repository.unique_id = Some(crate::config::Text("1.2.3".parse().unwrap()));
        config.known_repository = vec![crate::config::CommunityRepository {
            unique_id: crate::config::Text("1.2.4".parse().unwrap()),
            url: crate::config::Text("https://127.0.0.1:1/repository".parse().unwrap()),
        }];
        let node = crate::node::Node::open(config).await.unwrap();
        let entry = |repository: &str| DocumentEntry {
            repository_unique_id: Some(repository.parse().unwrap()),
            ..metadata::sample().entries.remove(0)
        };
        let entries = [entry("1.2.4"), entry("1.2.3"), entry("1.2.4")];
        let (mut missing, output) = (Missing::default(), Output { json: false });
        fetch_all(&node.communities[0].consumer, &entries, folder.path(), &mut missing, output).await;
        assert_eq!((missing.unreachable, missing.refused), (2, 1));
        assert_eq!(missing.ended().unwrap_err().code(), 3);
        missing.unreachable = 0;
        assert_eq!(missing.ended().unwrap_err().code(), 1);
    }
}
