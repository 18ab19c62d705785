//! Takes documents in with their submission (ITI TF-2 3.41.4.1.3): all of it or nothing.
//!
//! Every document is durable before the registry hears of it, and the registry has answered before we do. That it knows
//! them is noted afterwards.
//! What a refusal leaves behind is removed at once; what a crash leaves behind, [`crate::sweep`] removes.

mod marking;

use std::collections::HashSet;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use actors::endpoint::internal;
use actors::transactions::documents::{Arrived, Documents};
use actors::transactions::provide_and_register::document;
use actors::transactions::{ProvideAndRegister, Register, RegistryResponse};
use database::Remedy;
use metadata::requirements::{self, Sender};
use metadata::{
    DocumentEntry, ErrorCode, Finding, Flavour, Hash, ObjectId, RegistryError, RegistryErrors, Submission,
    quoted,
};

use crate::Repository;
use crate::content::{self, Kept};
use crate::meters;
use crate::store::{New, StoreError};
pub(crate) use marking::Marking;
#[cfg(test)]
pub(crate) use marking::WAITING;

/// Bytes of documents that are looked at when their submission is refused already.
const WEIGHED: u64 = 16 << 20;

impl Repository {
    /// Answers ITI-41.
    pub(crate) async fn provide(
        self: &Arc<Self>,
        request: ProvideAndRegister,
    ) -> Result<RegistryResponse, RegistryErrors> {
        let mut errors = self.check(&request);
        let ProvideAndRegister { mut submission, mut documents, .. } = request;
        if errors.is_failure() {
            self.weigh(&submission, documents, &mut errors).await;
            return Err(errors);
        }
        let mut kept = Vec::new();
        let outcome = async {
            self.keep_all(&mut documents, &submission, &mut kept, &mut errors).await;
            for (id, kept) in &kept {
                if let Some(entry) = entry_of(&submission, id) {
                    errors.extend(self.other_bytes(entry, kept).await?);
                }
            }
            errors.into_result()?;
            self.file(&kept, &mut submission).await
        };
        match outcome.await {
            Ok(numbers) => self.register(submission, numbers).await,
            Err(refused) => {
                let keys = kept.into_iter().map(|(_, kept)| kept.key).collect();
                if let Err(error) = self.store.remove_unnamed(keys).await {
                    tracing::warn!(%error, "documents of a refused submission stay until they are swept");
                }
                Err(refused)
            }
        }
    }

    /// What the message alone can tell, before any document is read. The registry says the rest.
    fn check(&self, request: &ProvideAndRegister) -> RegistryErrors {
        let ProvideAndRegister { submission, documents, findings } = request;
        let (mut errors, mut found) = (findings.errors.clone(), RegistryErrors::default());
        let entries = &submission.entries;
        submission.check(&findings.unreadable, &mut found);
        requirements::check(submission, Sender::DocumentSource, &mut found);
        found.extend(self.foreign_source(submission));
        found.extend(unmatched(entries, &documents.announced().collect::<Vec<_>>()));
        errors.extend_with(found);
        if entries.len() > self.limits.documents {
            let (received, expected) =
                (format!("there {} times", entries.len()), format!("{} at most", self.limits.documents));
            let finding = Finding::new("DocumentEntry", &received, &expected, "TF-3 4.2.4.1");
            errors.push(finding.about(ErrorCode::OutOfResources, "Submission"));
        }
        errors
    }

    /// A Document Source that the affinity domain does not list, if it lists any.
    fn foreign_source(&self, submission: &Submission) -> Option<RegistryError> {
        let (domain, set) = (self.domain.get(), &submission.submission_set);
        let listed = domain.sources.as_ref().filter(|_| !domain.has_source(&set.source_id))?.len();
        let received = format!("{}, no Document Source of domain {}", quoted(&set.source_id), domain.name);
        let expected = format!("one of the {listed} that it lists");
        let finding = Finding::new("sourceId", &received, &expected, "TF-2 3.41.4.1.3, TF-3 4.2.3.3.9");
        Some(finding.about(ErrorCode::Metadata, set.identity()))
    }

    /// Keeps the documents and compares each with what its entry says of it, as long as they can be kept.
    async fn keep_all(
        &self,
        documents: &mut Documents<ObjectId>,
        submission: &Submission,
        kept: &mut Vec<(ObjectId, Kept)>,
        errors: &mut RegistryErrors,
    ) {
        loop {
            let Arrived { about, content } = match documents.next().await {
                Ok(Some(arrived)) => arrived,
                Ok(None) => break errors.extend(missing(documents.announced())),
                Err(error) => break errors.extend(RegistryErrors::from(StoreError::Incoming(error))),
            };
            match self.store.keep(content, self.limits.document).await {
                Ok(found) => {
                    errors.extend(differences(submission, &about, &found));
                    kept.extend(about.into_iter().map(|id| (id, found.clone())));
                }
                Err(error) => {
                    let place = about.first().map(document);
                    let refused = RegistryErrors::from(error).into_iter();
                    break errors
                        .extend(refused.map(|error| RegistryError { location: place.clone(), ..error }));
                }
            }
        }
    }

    /// What is wrong with the documents of a submission that is refused already, so that its source hears of all at
    /// once: they are not kept, and looked at as far as that takes no long time.
    async fn weigh(
        &self,
        submission: &Submission,
        mut documents: Documents<ObjectId>,
        errors: &mut RegistryErrors,
    ) {
        let (mut found, mut room) = (RegistryErrors::default(), WEIGHED);
        loop {
            let Arrived { about, content } = match documents.next().await {
                Ok(Some(arrived)) => arrived,
                Ok(None) => break found.extend(missing(documents.announced())),
                Err(_) => break,
            };
            let Some(weighed) = content::weigh(content, room).await else { break };
            room = room.saturating_sub(weighed.size);
            found.extend(differences(submission, &about, &weighed));
            for entry in about.iter().filter_map(|id| entry_of(submission, id)) {
                // Who cannot look refuses the submission all the same.
                found.extend(self.other_bytes(entry, &weighed).await.unwrap_or_default());
            }
        }
        errors.extend_with(found);
    }

    /// Files the documents under their ids and completes their entries (`hash`, `size`,
    /// `repositoryUniqueId`).
    pub(crate) async fn file(
        &self,
        kept: &[(ObjectId, Kept)],
        submission: &mut Submission,
    ) -> Result<Vec<i64>, RegistryErrors> {
        let provided = jiff::Timestamp::now().as_second();
        let mut documents = Vec::new();
        for (id, kept) in kept {
            let Some(entry) = submission.entries.iter_mut().find(|entry| entry.entry_uuid == *id) else {
                continue;
            };
            entry.hash = Some(Hash::from_bytes(kept.sha1));
            entry.size = Some(kept.size);
            entry.repository_unique_id = Some(self.unique_id.clone());
            documents.push(New {
                unique_id: entry.unique_id.to_string(),
                mime_type: entry.mime_type.to_string(),
                kept: kept.clone(),
                provided,
            });
        }
        Ok(self.store.file(documents).await?)
    }

    /// Other bytes under the id of a document that the registry knows: while the registry decides, both could be
    /// retrieved.
    async fn other_bytes(
        &self,
        entry: &DocumentEntry,
        kept: &Kept,
    ) -> Result<Vec<RegistryError>, RegistryErrors> {
        let known = self.store.find(entry.unique_id.as_str()).await?;
        let Some(known) = known.filter(|known| known.registered && known.sha256 != kept.sha256) else {
            return Ok(Vec::new());
        };
        let id = quoted(&entry.unique_id);
        let other = |attribute, received: &dyn Display, known: &dyn Display, code| {
            let received = format!("{} of the document that came", quoted(received));
            let expected = format!("{} as of the document kept under uniqueId {id}", quoted(known));
            Finding::new(attribute, &received, &expected, "TF-2 3.42.4.1.3.3").about(code, entry.identity())
        };
        let (came, had) = (Hash::from_bytes(kept.sha1), Hash::from_bytes(known.sha1));
        let hash = other("hash", &came, &had, ErrorCode::NonIdenticalHash);
        let size = (kept.size != known.size)
            .then(|| other("size", &kept.size, &known.size, ErrorCode::NonIdenticalSize));
        Ok([Some(hash), size].into_iter().flatten().collect())
    }

    /// Tells the registry. When it refuses, the documents go; when its answer is lost, or it failed and cannot
    /// know what will be on its disk, they stay until the sweeper has asked what became of them.
    async fn register(
        self: &Arc<Self>,
        submission: Submission,
        numbers: Vec<i64>,
    ) -> Result<RegistryResponse, RegistryErrors> {
        let answer = self.registry.ask(Register::new(submission)).await.map_err(|error| {
            let id = uuid::Uuid::new_v4();
            tracing::error!(%id, registry = self.registry.address_of::<Register>(), %error, "the registry gave no answer");
            let context = format!(
                "the registry gave no answer, so it is not known whether this is registered: ask for it before \
                 sending it again; the operator finds the reason in the log as {id} (ITI TF-3 4.2.4.1)"
            );
            RegistryError::new(ErrorCode::RegistryNotAvailable, context)
        })?;
        // A registry that is busy has not begun to take anything in.
        let trouble =
            |error: &RegistryError| matches!(error.code, ErrorCode::Internal | ErrorCode::OutOfResources);
        let failed = answer.errors.0.iter().any(trouble);
        let settled = match answer.is_success() {
            true => {
                self.mark_soon(numbers).await;
                Ok(())
            }
            false if failed => {
                tracing::warn!("the registry has failed: documents stay in doubt until they are swept");
                Ok(())
            }
            false => self.store.remove(numbers).await,
        };
        if let Err(error) = settled {
            tracing::warn!(%error, "documents stay in doubt until they are swept");
        }
        Ok(RegistryResponse { errors: as_the_registry_said(answer.errors) })
    }
}

/// Errors that a registry found keep the names that a registry gives them.
fn as_the_registry_said(errors: RegistryErrors) -> RegistryErrors {
    let named = errors.into_iter().map(|error| {
        let code = ErrorCode::Other(error.code.name(Flavour::Registry).to_owned());
        RegistryError { code, ..error }
    });
    RegistryErrors(named.collect())
}

fn entry_of<'a>(submission: &'a Submission, id: &ObjectId) -> Option<&'a DocumentEntry> {
    submission.entries.iter().find(|entry| entry.entry_uuid == *id)
}

/// Entries without a document and documents without an entry.
fn unmatched(entries: &[DocumentEntry], documents: &[&ObjectId]) -> Vec<RegistryError> {
    const CLAUSE: &str = "TF-2 3.41.4.1.3";
    let described: HashSet<&ObjectId> = entries.iter().map(|entry| &entry.entry_uuid).collect();
    let mut announced = HashSet::new();
    let mut found = Vec::new();
    for id in documents {
        if !announced.insert(*id) {
            let finding = Finding::new("id", &"that of another Document too", &"a different one", CLAUSE);
            found.push(finding.about(ErrorCode::Metadata, document(id)));
        } else if !described.contains(id) {
            let received = quoted(id);
            let finding = Finding::new("id", &received, &"that of a DocumentEntry in the message", CLAUSE);
            found.push(finding.about(ErrorCode::MissingDocumentMetadata, document(id)));
        }
    }
    for entry in entries.iter().filter(|entry| !announced.contains(&entry.entry_uuid)) {
        let expected = format!("one with id {}", quoted(&entry.entry_uuid));
        let finding = Finding::new("Document", &"missing", &expected, CLAUSE);
        found.push(finding.about(ErrorCode::MissingDocument, entry.identity()));
    }
    found
}

/// Where entries say something else about their document than what arrived.
fn differences(submission: &Submission, about: &[ObjectId], came: &Kept) -> Vec<RegistryError> {
    let mut found = Vec::new();
    let (hash, size) = (Hash::from_bytes(came.sha1), came.size);
    for entry in about.iter().filter_map(|id| entry_of(submission, id)) {
        let mut differs = |attribute, said: &dyn Display, came: &dyn Display| {
            let (received, expected) =
                (quoted(said), format!("{} as of the document that came", quoted(came)));
            let finding = Finding::new(attribute, &received, &expected, "TF-2 3.41.4.1.3");
            found.push(finding.about(ErrorCode::Metadata, entry.identity()));
        };
        if let Some(said) = entry.hash.filter(|said| *said != hash) {
            differs("hash", &said, &hash);
        }
        if let Some(said) = entry.size.filter(|said| *said != size) {
            differs("size", &said, &size);
        }
    }
    found
}

/// Documents whose part never came.
fn missing<'a>(ids: impl Iterator<Item = &'a ObjectId>) -> Vec<RegistryError> {
    let error = |id: &ObjectId| {
        let expected = "a part that is in the message";
        let finding =
            Finding::new("its content", &"missing", &expected, "TF-2 3.41.4.1.2, XOP 1.0 section 3.2");
        finding.about(ErrorCode::MissingDocument, document(id))
    };
    ids.map(error).collect()
}

/// What the source is told of a document that could not be kept.
impl From<StoreError> for RegistryErrors {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Incoming(reason) if soap::failed_here(reason) => match reason.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::OutOfResources,
                _ => ErrorCode::Internal,
            },
            StoreError::Incoming(reason) => match reason.kind() {
                ErrorKind::ResourceBusy => ErrorCode::Busy,
                ErrorKind::FileTooLarge => ErrorCode::OutOfResources,
                _ => ErrorCode::MissingDocument,
            },
            StoreError::TooLarge { .. } => ErrorCode::OutOfResources,
            StoreError::Swept | StoreError::Busy => ErrorCode::Busy,
            StoreError::Objects(_)
            | StoreError::Index(_)
            | StoreError::Reading(_)
            | StoreError::Another { .. }
            | StoreError::Unmarked { .. }
            | StoreError::Folder { .. } => {
                meters::failed(&error);
                let mut errors = internal("keeping or giving a document", &error);
                if let Some(code) = remedy(&error) {
                    errors.0.iter_mut().for_each(|error| error.code = code.clone());
                }
                return errors;
            }
        };
        RegistryError::new(code, error.to_string()).into()
    }
}

/// What a source can do about a failure of ours, if anything.
fn remedy(error: &StoreError) -> Option<ErrorCode> {
    match error {
        _ if is_full(error) => Some(ErrorCode::OutOfResources),
        StoreError::Objects(error) if is_away(error) => Some(ErrorCode::Busy),
        StoreError::Index(error) => error.remedy().map(|remedy| match remedy {
            Remedy::Later => ErrorCode::Busy,
            Remedy::Room => ErrorCode::OutOfResources,
        }),
        _ => None,
    }
}

/// Whether a storage service gave no proper answer in its time, after several attempts: it may later.
fn is_away(error: &object_store::Error) -> bool {
    let object_store::Error::Generic { store: "S3", source } = error else { return false };
    // The status of an answer is only in the text.
    let text = source.to_string();
    !text.contains("status code: 4")
        || ["408", "429"].iter().any(|code| text.contains(&format!("status code: {code}")))
}

/// Whether the disk has no room left.
fn is_full(error: &StoreError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) {
            return true;
        }
        cause = error.source();
    }
    false
}
