//! Every document of the restored index, from the backup into the store.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use actors::integrity::expecting;
use futures_util::{StreamExt, TryStreamExt};
use metadata::Hash;
use repository::{Indexed, Store};
use sha2::Sha256;

use super::At;
use crate::exit::Failure;
use crate::file_content::content;
use crate::keeping::{Bookmark, Keepers, Progress};
use crate::output::{Output, complain};

/// Documents of which the index is asked together.
const PAGE: u32 = 200;

/// Documents that are written at a time.
const AT_ONCE: usize = 4;

/// How long before a backup the documents were provided that it may hold without their entries: longer than a
/// submission takes, in seconds.
const SUBMISSION: i64 = 24 * 3_600;

/// Why a document is not there again.
enum Missing {
    /// It had been refused when the backup came to it.
    Withdrawn,
    /// It is not in the backup, or damaged there.
    Lost(String),
}

pub(super) async fn restore(
    keepers: &Keepers,
    folder: &Path,
    at: &mut At,
    bookmark: &mut Bookmark,
    output: Output,
) -> Result<(), Failure> {
    let Some(store) = &keepers.store else { return Ok(()) };
    let (total, _) = store.total().await.map_err(Keepers::failed)?;
    let progress = Progress::new("documents", at.documents, total, output);
    loop {
        let page = store.indexed(at.document, PAGE).await.map_err(Keepers::failed)?;
        let Some(last) = page.last() else { return bookmark.keep_now(at) };
        let restored = futures_util::stream::iter(&page).map(|document| async {
            let outcome = restore_one(store, document, folder).await?;
            progress.add(1);
            Ok::<_, Failure>(outcome)
        });
        let outcomes: Vec<Result<(), Missing>> = restored.buffered(AT_ONCE).try_collect().await?;
        let mut withdrawn = Vec::new();
        for (document, outcome) in page.iter().zip(outcomes) {
            match outcome {
                Ok(()) => {
                    at.documents += 1;
                    at.bytes += document.size;
                }
                Err(Missing::Withdrawn) => withdrawn.push(document.number),
                Err(Missing::Lost(problem)) => {
                    at.lost += 1;
                    complain(format_args!(
                        "lost: document {}, object {}: {problem}",
                        document.number, document.key
                    ));
                }
            }
        }
        at.withdrawn += withdrawn.len() as u64;
        at.document = last.number;
        bookmark.keep(at)?;
        store.forget(withdrawn).await.map_err(Keepers::failed)?;
    }
}

async fn restore_one(
    store: &Store,
    document: &Indexed,
    folder: &Path,
) -> Result<Result<(), Missing>, Failure> {
    // What an interrupted run has put there may be anything.
    if store.reread(document).await.map_err(Keepers::failed)?.is_none() {
        return Ok(Ok(()));
    }
    let problem = match File::open(folder.join(&document.key)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !document.registered => {
            return Ok(Err(Missing::Withdrawn));
        }
        Err(error) => format!("cannot be read from the backup: {error}"),
        Ok(saved) => {
            let checked = expecting::<Sha256>(content(saved), document.sha256.to_vec());
            match store.put_back(document, checked).await {
                Ok(()) => return Ok(Ok(())),
                Err(repository::StoreError::Incoming(error)) => {
                    format!("cannot be read from the backup: {error}")
                }
                Err(error) => return Err(Keepers::failed(error)),
            }
        }
    };
    Ok(Err(Missing::Lost(problem)))
}

/// The registry was saved before the repository: what was registered between the two has no entry in the backup.
/// The sweeper takes it out, as it does after a crash.
pub(super) async fn settle(keepers: &Keepers, taken: i64) -> Result<(), Failure> {
    let (Some(registry), Some(store)) = (&keepers.registry, &keepers.store) else { return Ok(()) };
    let mut after = 0;
    loop {
        let page = store.indexed(after, PAGE).await.map_err(Keepers::failed)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number;
        let late = |document: &&Indexed| document.registered && document.provided >= taken - SUBMISSION;
        let name = |document: &Indexed| (document.unique_id.clone(), Hash::from_bytes(document.sha1));
        let late: Vec<&Indexed> = page.iter().filter(late).collect();
        if late.is_empty() {
            continue;
        }
        let names = late.iter().map(|document| name(document)).collect();
        let described: HashSet<(String, Hash)> = registry.describes(names).await.map_err(Keepers::failed)?;
        let unknown = late.into_iter().filter(|document| !described.contains(&name(document)));
        let unknown = unknown.map(|document| document.number).collect();
        store.doubt(unknown).await.map_err(Keepers::failed)?;
    }
}

/// What the node had found that no document names is not in the backup, so it is not here.
pub(super) async fn spare(keepers: &Keepers) -> Result<(), Failure> {
    match &keepers.store {
        Some(store) => store.spare_all().await.map_err(Keepers::failed),
        None => Ok(()),
    }
}
