//! One submission in a folder of its own.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use actors::transactions::{Register, Transaction};
use metadata::AvailabilityStatus;
use registry::{Registered, State};
use repository::Indexed;
use serde::{Deserialize, Serialize};

use super::{Export, file_name};
use crate::exit::{Failure, file};
use crate::keeping::{Keepers, sync_folder, write, write_json, write_whole};
use crate::node::make_private;

/// What stands beside a submission: which file is which document, and what has become of its objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Index {
    /// The patient that it was registered for, who may have been merged since.
    pub(in crate::commands) registered_for: String,
    pub(in crate::commands) documents: Vec<Document>,
    pub(in crate::commands) objects: Vec<Object>,
}

/// A document that an entry of the submission describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Document {
    pub(in crate::commands) entry_uuid: String,
    pub(in crate::commands) unique_id: String,
    pub(in crate::commands) mime_type: String,
    /// The repository that holds it.
    pub(in crate::commands) repository_unique_id: Option<String>,
    /// The file with its bytes, named by their SHA-256; none for a document of another repository.
    pub(in crate::commands) file: Option<String>,
    pub(in crate::commands) size: Option<u64>,
    /// Its SHA-1, as its entry says it.
    pub(in crate::commands) hash: Option<String>,
}

/// What the registry says of an object, beside what was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::commands) struct Object {
    entry_uuid: String,
    status: String,
    logical_id: String,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_update_time: Option<String>,
}

/// The folder of a submission by its number, from 0: a thousand at most in one folder.
pub(in crate::commands) fn folder_of(export: &Path, number: u64) -> PathBuf {
    let (millions, thousands, ones) = (number / 1_000_000, number / 1_000 % 1_000, number % 1_000);
    export.join(format!("submissions/{millions:03}/{thousands:03}/{ones:03}"))
}

impl Export<'_> {
    pub(super) async fn submission(&mut self, registered: Registered) -> Result<(), Failure> {
        let folder = folder_of(self.folder, self.at.submissions);
        make_private(&folder).map_err(|error| file(&folder, "make the folder", &error))?;
        let Registered { registered_for, submission, states, .. } = registered;
        let mut documents = Vec::new();
        let ours = self.keepers.identifiers.repository_unique_id.to_string();
        let indexed = self.indexed(&submission.entries, &ours).await?;
        for entry in &submission.entries {
            let repository = entry.repository_unique_id.as_ref().map(ToString::to_string);
            let mut document = Document {
                entry_uuid: entry.entry_uuid.to_string(),
                unique_id: entry.unique_id.to_string(),
                mime_type: entry.mime_type.to_string(),
                file: None,
                size: entry.size,
                hash: entry.hash.map(|hash| hash.to_string()),
                repository_unique_id: repository,
            };
            if document.repository_unique_id.as_ref() == Some(&ours) && self.keepers.store.is_some() {
                let found = indexed.get(entry.unique_id.as_str()).into_iter().flatten();
                let same = |found: &&Indexed| entry.hash.is_none_or(|hash| *hash.as_bytes() == found.sha1);
                document.file = self.document(found.into_iter().find(same), &document, &folder).await?;
            }
            documents.push(document);
        }
        let objects = states.into_iter().map(Object::from).collect();
        let index = Index { registered_for: registered_for.to_string(), documents, objects };
        write_json(&folder.join("submission.json"), &index)?;
        let (request, _) = Register::new(submission).write();
        let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", request.write());
        write_whole(&folder.join("submission.xml"), xml.as_bytes())?;
        sync_folder(folder.parent().unwrap_or(&folder))?;
        self.at.submissions += 1;
        Ok(())
    }

    async fn indexed(
        &self,
        entries: &[metadata::DocumentEntry],
        ours: &str,
    ) -> Result<HashMap<String, Vec<Indexed>>, Failure> {
        let mut indexed: HashMap<String, Vec<Indexed>> = HashMap::new();
        let Some(store) = &self.keepers.store else { return Ok(indexed) };
        let is_ours = |entry: &&metadata::DocumentEntry| {
            entry.repository_unique_id.as_ref().is_some_and(|repository| repository.as_str() == ours)
        };
        let ids = entries.iter().filter(is_ours).map(|entry| entry.unique_id.to_string()).collect();
        for document in store.indexed_under(ids).await.map_err(Keepers::failed)? {
            indexed.entry(document.unique_id.clone()).or_default().push(document);
        }
        Ok(indexed)
    }

    /// Writes a document; the name of its file, unless it is damaged.
    async fn document(
        &mut self,
        indexed: Option<&Indexed>,
        document: &Document,
        folder: &Path,
    ) -> Result<Option<String>, Failure> {
        let (Some(store), Some(indexed)) = (&self.keepers.store, indexed) else {
            self.missing(&format!("entry {}: its document is not there", document.entry_uuid));
            return Ok(None);
        };
        let name = file_name(&indexed.sha256);
        let path = folder.join(&name);
        let is_there = fs::metadata(&path).is_ok_and(|there| there.len() == indexed.size);
        if !is_there && let Err(error) = write(store.give(indexed), &path).await {
            let problem = format!("document {}, object {}: {error}", indexed.number, indexed.key);
            self.missing(&problem);
            return Ok(None);
        }
        self.at.documents += 1;
        self.at.bytes += indexed.size;
        Ok(Some(name))
    }
}

impl From<State> for Object {
    fn from(state: State) -> Self {
        let status = match state.status {
            AvailabilityStatus::Approved => "approved",
            AvailabilityStatus::Deprecated => "deprecated",
        };
        Self {
            entry_uuid: state.entry_uuid.to_string(),
            status: status.to_owned(),
            logical_id: state.logical_id.to_string(),
            version: state.version,
            last_update_time: state.last_update_time.map(|time| time.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_has_more_than_a_thousand_others() {
        let export = Path::new("export");
        assert_eq!(folder_of(export, 0), Path::new("export/submissions/000/000/000"));
        assert_eq!(folder_of(export, 12_345_678), Path::new("export/submissions/012/345/678"));
    }
}
