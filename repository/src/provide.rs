//! Takes documents in with their submission (ITI TF-2 3.41.4.1.3): all of it or nothing.
//!
//! Every document is durable before the registry hears of it, and the registry has answered before we do. That it knows
//! them is noted afterwards.
//! What a refusal leaves behind is removed at once; what a crash leaves behind, [`crate::sweep`] removes.

mod marking;

use std::collections::HashSet;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use actors::endpoint::internal;
use actors::transactions::documents::Arrived;
use actors::transactions::{ProvideAndRegister, Register, RegistryResponse};
use database::Remedy;
use metadata::requirements::{self, Sender};
use metadata::{
    DocumentEntry, ErrorCode, Finding, Flavour, Hash, ObjectId, RegistryError, RegistryErrors, Submission,
    quoted,
};

use crate::Repository;
use crate::content::Kept;
use crate::meters;
use crate::store::{New, StoreError};
pub(crate) use marking::Marking;
#[cfg(test)]
pub(crate) use marking::WAITING;

impl Repository {
    /// Answers ITI-41.
    pub(crate) async fn provide(
        self: &Arc<Self>,
        request: ProvideAndRegister,
    ) -> Result<RegistryResponse, RegistryErrors> {
        self.check(&request)?;
        let ProvideAndRegister { mut submission, mut documents, .. } = request;
        let mut kept = Vec::new();
        let outcome = async {
            while let Some(arrived) = documents.next().await.map_err(StoreError::Incoming)? {
                self.keep(arrived, &submission, &mut kept).await?;
            }
            missing(documents.announced())?;
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

    /// What the metadata alone can tell, before any document is read.
    fn check(&self, request: &ProvideAndRegister) -> Result<(), RegistryErrors> {
        let ProvideAndRegister { submission, documents, findings } = request;
        let (mut errors, mut found) = (findings.errors.clone(), RegistryErrors::default());
        let entries = &submission.entries;
        submission.check(&findings.unreadable, &mut found);
        requirements::check(submission, Sender::DocumentSource, &mut found);
        found.extend(self.foreign_source(submission));
        found.extend(unmatched(entries, &documents.announced().collect::<Vec<_>>()));
        errors.extend_with(found);
        if entries.len() > self.limits.documents {
            let context = format!(
                "{} documents in one submission, this repository takes {}",
                entries.len(),
                self.limits.documents
            );
            errors.push(RegistryError::new(ErrorCode::OutOfResources, context));
        }
        errors.into_result()
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

    /// Keeps one document and compares it with what its entry says of it.
    async fn keep(
        &self,
        arrived: Arrived<ObjectId>,
        submission: &Submission,
        kept: &mut Vec<(ObjectId, Kept)>,
    ) -> Result<(), RegistryErrors> {
        let Arrived { about, content } = arrived;
        let found = self.store.keep(content, self.limits.document).await?;
        let mut errors = RegistryErrors::default();
        for id in about {
            if let Some(entry) = entry_of(submission, &id) {
                errors.extend(differences(entry, &found));
            }
            kept.push((id, found.clone()));
        }
        errors.into_result()
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
            self.not_other_bytes(entry, kept).await?;
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

    /// Refuses other bytes under the id of a document that the registry knows: while the registry decides,
    /// both could be retrieved.
    async fn not_other_bytes(&self, entry: &DocumentEntry, kept: &Kept) -> Result<(), RegistryErrors> {
        let known = self.store.find(entry.unique_id.as_str()).await?;
        let Some(known) = known.filter(|known| known.registered && known.sha256 != kept.sha256) else {
            return Ok(());
        };
        let context = format!(
            "uniqueId {} is that of another document: received hash {} and size {}, the one kept has hash {} \
             and size {} (ITI TF-2 3.42.4.1.3.3)",
            entry.unique_id,
            Hash::from_bytes(kept.sha1),
            kept.size,
            Hash::from_bytes(known.sha1),
            known.size
        );
        Err(RegistryError::new(ErrorCode::NonIdenticalHash, context).at(&entry.entry_uuid).into())
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
    let announced: HashSet<&ObjectId> = documents.iter().copied().collect();
    let described: HashSet<&ObjectId> = entries.iter().map(|entry| &entry.entry_uuid).collect();
    let bare = described.difference(&announced).map(|id| {
        let context = format!("DocumentEntry {id} has no Document of that id (ITI TF-2 3.41.4.1.3)");
        RegistryError::new(ErrorCode::MissingDocument, context).at(id)
    });
    let unknown = announced.difference(&described).map(|id| {
        let context = format!("Document {id} has no DocumentEntry of that id (ITI TF-2 3.41.4.1.3)");
        RegistryError::new(ErrorCode::MissingDocumentMetadata, context).at(id)
    });
    bare.chain(unknown).chain(same_id_twice(documents)).collect()
}

fn same_id_twice(documents: &[&ObjectId]) -> Option<RegistryError> {
    let mut seen = HashSet::new();
    let id = documents.iter().find(|id| !seen.insert(**id))?;
    let context = format!("two Documents have the id {id}; each DocumentEntry has one (ITI TF-2 3.41.4.1.2)");
    Some(RegistryError::new(ErrorCode::Metadata, context).at(id))
}

/// Where an entry says something else about its document than what arrived.
fn differences(entry: &DocumentEntry, kept: &Kept) -> Vec<RegistryError> {
    let computed = Hash::from_bytes(kept.sha1);
    let hash = entry.hash.filter(|said| *said != computed);
    let hash = hash.map(|said| format!("hash {said}, the document that came has {computed}"));
    let size = entry.size.filter(|said| *said != kept.size);
    let size = size.map(|said| format!("size {said}, the document that came has {}", kept.size));
    let error = |what: String| {
        let context = format!("DocumentEntry {}: {what} (ITI TF-2 3.41.4.1.3)", entry.entry_uuid);
        RegistryError::new(ErrorCode::Metadata, context).at(&entry.entry_uuid)
    };
    hash.into_iter().chain(size).map(error).collect()
}

/// Documents whose part never came.
fn missing<'a>(ids: impl Iterator<Item = &'a ObjectId>) -> Result<(), RegistryErrors> {
    let error = |id: &ObjectId| {
        let context =
            format!("Document {id} includes a part that is not in the message (XOP 1.0 section 3.2)");
        RegistryError::new(ErrorCode::MissingDocument, context).at(id)
    };
    RegistryErrors(ids.map(error).collect()).into_result()
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
