//! One submission of an export, submitted again.

use std::fs;
use std::path::{Path, PathBuf};

use actors::transactions::documents::Outgoing;
use actors::transactions::stored_query::{
    ContentFilter, GetDocuments, GetSubmissionSetAndContents, Id, Ids, Query, ReturnType,
};
use actors::transactions::{Register, RegistryResponse, StoredQuery, Transaction};
use actors::{CallError, source};
use futures_util::stream::try_unfold;
use metadata::{DocumentEntry, Flavour, ObjectId, Submission, UniqueId};
use soap::message::Message;
use soap::parts::Content;
use soap::xml::{Element, Limits};

use super::super::export::{Document, Index};
use super::super::session::Session;
use crate::exit::Failure;
use crate::file_content::content;
use crate::keeping::{is_whole, read_json};

/// Unique ids in one question: their entries fit into one answer.
const AT_ONCE: usize = 50;

/// What became of a submission.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Submitted,
    AlreadyThere,
    /// Not submitted, and why.
    Refused(String),
}

/// Submits what is in a folder, unless it is there; only that nobody is there ends the whole. `exported` is the
/// repository whose documents were exported.
pub(super) async fn import(session: &Session, folder: &Path, exported: &str) -> Result<Outcome, Failure> {
    let (submission, index) = match read(folder) {
        Ok(read) => read,
        Err(reason) => return Ok(Outcome::Refused(reason)),
    };
    match is_there(session, &submission).await {
        Ok(Some(outcome)) => return Ok(outcome),
        Ok(None) => {}
        Err(Failure::Refused(reason)) => return Ok(Outcome::Refused(reason)),
        Err(failure) => return Err(failure),
    }
    match documents(folder, &index, exported).await {
        Err(reason) => Ok(Outcome::Refused(reason)),
        Ok(documents) if documents.is_empty() => {
            outcome(session.registry.ask(Register::new(submission)).await, Flavour::Registry)
        }
        Ok(documents) => {
            let submission = for_a_repository(submission);
            outcome(source::provide(&session.repository, submission, documents).await, Flavour::Repository)
        }
    }
}

fn outcome(answer: Result<RegistryResponse, CallError>, actor: Flavour) -> Result<Outcome, Failure> {
    match answer {
        Ok(answer) if answer.is_success() => Ok(Outcome::Submitted),
        Ok(answer) => Ok(Outcome::Refused(answer.errors.said_by(actor))),
        Err(error @ CallError::Unreachable(_)) => Err(error.into()),
        Err(error) => Ok(Outcome::Refused(error.to_string())),
    }
}

fn read(folder: &Path) -> Result<(Submission, Index), String> {
    let path = folder.join("submission.xml");
    let failed = |error: &dyn std::fmt::Display| format!("submission.xml: {error}");
    let text = fs::read(path).map_err(|error| failed(&error))?;
    let body = Element::parse(&text, &Limits::default()).map_err(|error| failed(&error.reason))?;
    let message = Message::new(Register::ACTION, body, Register::ENCODING);
    let Register { submission, findings } = Transaction::read(message).map_err(|errors| failed(&errors))?;
    findings.errors.into_result().map_err(|errors| failed(&errors))?;
    let index = read_json(&folder.join("submission.json")).map_err(|failure| failure.to_string())?;
    Ok((submission, index))
}

/// The documents to send; none when another repository holds them.
async fn documents(
    folder: &Path,
    index: &Index,
    exported: &str,
) -> Result<Vec<(ObjectId, Outgoing)>, String> {
    let elsewhere = |document: &&Document| document.file.is_none();
    if let Some(document) = index.documents.iter().find(elsewhere) {
        if document.repository_unique_id.as_deref() == Some(exported) {
            return Err(format!("document {}: it was damaged when it was exported", document.unique_id));
        }
        if !index.documents.iter().all(|document| document.file.is_none()) {
            return Err("its documents are in several repositories: no transaction submits both".to_owned());
        }
        return Ok(Vec::new());
    }
    let mut documents = Vec::new();
    for document in &index.documents {
        documents.push(outgoing(folder, document).await?);
    }
    Ok(documents)
}

async fn outgoing(folder: &Path, document: &Document) -> Result<(ObjectId, Outgoing), String> {
    let name = document.file.as_deref().unwrap_or_default();
    let sha256 = digest(name).ok_or_else(|| format!("submission.json: {name:?} is no SHA-256"))?;
    let path = folder.join(name);
    let unreadable = |error: std::io::Error| format!("{name}: cannot be read: {error}");
    // Before anything is sent: half a document could not be told from a connection that broke.
    is_whole(&path, &sha256).await.map_err(unreadable)?;
    let id = document.entry_uuid.parse().map_err(|error| format!("submission.json: {error}"))?;
    Ok((id, Outgoing { media_type: document.mime_type.clone(), content: when_its_turn_comes(path) }))
}

/// A file that is opened when it is sent: a submission may have more documents than a process may have files open.
fn when_its_turn_comes(path: PathBuf) -> Content {
    enum Turn {
        Waiting(PathBuf),
        Come(Content),
    }
    Content::from_stream(try_unfold(Turn::Waiting(path), |turn| async move {
        let mut file = match turn {
            Turn::Waiting(path) => content(tokio::fs::File::open(path).await?.into_std().await),
            Turn::Come(file) => file,
        };
        Ok(file.chunk().await?.map(|chunk| (chunk, Turn::Come(file))))
    }))
}

/// The digest that a file is named by; a name that is none could lead anywhere.
fn digest(name: &str) -> Option<Vec<u8>> {
    let pairs = name.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    let bytes = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Which repository keeps the documents, that repository says itself.
fn for_a_repository(mut submission: Submission) -> Submission {
    submission.entries.iter_mut().for_each(|entry| entry.repository_unique_id = None);
    submission
}

/// Whether the registry has the submission already, with the same documents or others; none if it has not.
async fn is_there(session: &Session, submission: &Submission) -> Result<Option<Outcome>, Failure> {
    let consumer = session.consumer(None)?;
    let id = Id::UniqueId(UniqueId::from(submission.submission_set.unique_id.clone()));
    let content = ContentFilter::default();
    let query = Query::GetSubmissionSetAndContents(GetSubmissionSetAndContents { id, content });
    let query = StoredQuery { return_type: ReturnType::ObjectRef, ..StoredQuery::leaf_class(query) };
    if consumer.query(query).await?.references().next().is_none() {
        return Ok(None);
    }
    for entries in submission.entries.chunks(AT_ONCE) {
        let ids = Ids::UniqueIds(entries.iter().map(|entry| entry.unique_id.clone()).collect());
        let known = consumer.entries(Query::GetDocuments(GetDocuments { ids })).await?;
        if let Some(entry) = entries.iter().find(|entry| !known.iter().any(|known| is_same(entry, known))) {
            return Ok(Some(Outcome::Refused(format!(
                "its SubmissionSet {} is registered, but without document {} of hash {}",
                submission.submission_set.unique_id,
                entry.unique_id,
                entry.hash.map(|hash| hash.to_string()).unwrap_or_default()
            ))));
        }
    }
    Ok(Some(Outcome::AlreadyThere))
}

fn is_same(entry: &DocumentEntry, known: &DocumentEntry) -> bool {
    known.unique_id == entry.unique_id && known.hash == entry.hash
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn document(repository: &str, file: Option<&str>) -> Document {
        Document {
            entry_uuid: "urn:uuid:00000000-0000-4000-8000-000000000001".to_owned(),
            unique_id: "1.2.3".to_owned(),
            mime_type: "application/dicom".to_owned(),
            repository_unique_id: Some(repository.to_owned()),
            file: file.map(str::to_owned),
            size: Some(1),
            hash: None,
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_files_of_a_submission_are_opened_when_their_turn_comes() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().canonicalize().unwrap();
        let of_submission = (0..3_u8).map(|number| {
            let name = crate::keeping::hex(&Sha256::digest([number]));
            fs::write(place.join(&name), [number]).unwrap();
            document("1.1", Some(&name))
        });
        let index =
            Index { registered_for: String::new(), documents: of_submission.collect(), objects: Vec::new() };
        let ready = documents(&place, &index, "1.1").await.unwrap();
        let open = fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|file| fs::read_link(file.unwrap().path()).ok());
        assert_eq!(open.filter(|file| file.starts_with(&place)).count(), 0);
        for (number, (_, outgoing)) in (0..).zip(ready) {
            assert_eq!(outgoing.content.collect(10).await.unwrap(), [number].as_slice());
        }
    }

    async fn refusal(documents_of: Vec<Document>) -> String {
        let index = Index { registered_for: String::new(), documents: documents_of, objects: Vec::new() };
        documents(Path::new("/nowhere"), &index, "1.1").await.err().unwrap()
    }

    #[tokio::test]
    async fn a_document_that_was_damaged_is_not_registered_without_its_bytes() {
        assert!(refusal(vec![document("1.1", None)]).await.contains("damaged when it was exported"));
    }

    #[tokio::test]
    async fn documents_of_several_repositories_are_not_submitted_as_if_of_one() {
        let name = "0".repeat(64);
        let refused = refusal(vec![document("1.1", Some(&name)), document("1.2", None)]).await;
        assert!(refused.contains("several repositories"), "{refused}");
    }

    #[tokio::test]
    async fn a_name_that_is_no_digest_is_not_opened() {
        for name in ["../../etc/passwd", "", "0g", &"+1".repeat(32), &"é".repeat(32)] {
            let refused = refusal(vec![document("1.1", Some(name))]).await;
            assert!(refused.contains("is no SHA-256"), "{refused}");
        }
    }
}
