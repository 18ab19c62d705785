//! Every document that a snapshot of the index names, under the key that it has in the store.

use std::fs;
use std::path::Path;

use futures_util::{StreamExt, TryStreamExt};
use repository::{Index, Indexed, Store};

use super::manifest::Documents;
use crate::exit::{Failure, file};
use crate::keeping::{Keepers, Progress, is_whole, sync_folder, write};
use crate::node::make_private;
use crate::output::Output;

/// Documents of which the snapshot is asked together.
const PAGE: u32 = 200;

/// Documents that are copied at a time.
const AT_ONCE: usize = 4;

/// What became of a document.
enum Outcome {
    Copied,
    ThereBefore,
    /// It was refused after the snapshot, and so the node has removed it.
    Withdrawn,
    Damaged(String),
}

/// Copies the documents that the snapshot of an index in a file names.
pub(super) async fn copy(
    store: &Store,
    snapshot: &Path,
    folder: &Path,
    recheck: bool,
    output: Output,
) -> Result<Documents, Failure> {
    let snapshot = Index::look(snapshot).await.map_err(Keepers::failed)?;
    let (total, _) = snapshot.total().await.map_err(Keepers::failed)?;
    let progress = Progress::new("documents", 0, total, output);
    let (mut documents, mut after) = (Documents::default(), 0);
    loop {
        let page = snapshot.indexed(after, PAGE).await.map_err(Keepers::failed)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        let copies = futures_util::stream::iter(&page).map(|document| async {
            let outcome = copy_one(store, document, folder, recheck).await?;
            progress.add(1);
            Ok::<_, Failure>(outcome)
        });
        let outcomes: Vec<Outcome> = copies.buffered(AT_ONCE).try_collect().await?;
        for (document, outcome) in page.iter().zip(outcomes) {
            documents.count(document, outcome);
        }
    }
    sync_shelves(folder)?;
    Ok(documents)
}

async fn copy_one(
    store: &Store,
    document: &Indexed,
    folder: &Path,
    recheck: bool,
) -> Result<Outcome, Failure> {
    let path = folder.join(&document.key);
    if is_there(document, &path, recheck).await {
        return Ok(Outcome::ThereBefore);
    }
    let shelf = path.parent().unwrap_or(folder);
    make_private(shelf).map_err(|error| file(shelf, "make the folder", &error))?;
    let problem = match store.size_of(document).await.map_err(Keepers::failed)? {
        None => "is not there".to_owned(),
        Some(size) if size != document.size => format!("has {size} bytes, {} were kept", document.size),
        Some(_) => match write(store.give(document), &path).await {
            Ok(_) => return Ok(Outcome::Copied),
            Err(error) if is_ours(&error) => return Err(file(&path, "write it", &error)),
            Err(error) => error.to_string(),
        },
    };
    if store.still_has(document).await.map_err(Keepers::failed)? {
        Ok(Outcome::Damaged(format!("document {}, object {}: {problem}", document.number, document.key)))
    } else {
        Ok(Outcome::Withdrawn)
    }
}

/// Whether it is the backup folder that cannot be written to, and not the document that cannot be read.
fn is_ours(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// Whether a document has been copied before.
async fn is_there(document: &Indexed, path: &Path, recheck: bool) -> bool {
    let same_size = fs::metadata(path).is_ok_and(|metadata| metadata.len() == document.size);
    same_size && (!recheck || is_whole(path, &document.sha256).await.is_ok())
}

/// Makes the names of all documents durable.
fn sync_shelves(folder: &Path) -> Result<(), Failure> {
    let documents = folder.join("documents");
    for shelf in fs::read_dir(&documents).into_iter().flatten().flatten() {
        sync_folder(&shelf.path())?;
    }
    if documents.is_dir() { sync_folder(&documents).and_then(|()| sync_folder(folder)) } else { Ok(()) }
}

impl Documents {
    fn count(&mut self, document: &Indexed, outcome: Outcome) {
        match outcome {
            Outcome::Withdrawn => self.withdrawn += 1,
            Outcome::Damaged(damage) => self.damaged.push(damage),
            Outcome::Copied | Outcome::ThereBefore => {
                self.count += 1;
                self.bytes += document.size;
                self.copied += u64::from(matches!(outcome, Outcome::Copied));
            }
        }
    }
}
