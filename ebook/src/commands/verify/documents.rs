//! What `dosebook verify` looks at in the repository.

use std::collections::HashSet;

use ::metadata::Hash;
use futures_util::{StreamExt, TryStreamExt};
use repository::{Indexed, Store};

use super::Run;
use crate::exit::Failure;
use crate::keeping::{Keepers, Progress};

/// Documents of which the index is asked together.
const PAGE: u32 = 100;

/// Documents that are read at a time: enough for two cores, or for a store that is far away.
const AT_ONCE: usize = 4;

/// The shelves of the object store: the first byte of a SHA-256.
const SHELVES: i64 = 256;

impl Run {
    pub(super) async fn documents(&mut self) -> Result<(), Failure> {
        let Some(store) = &self.keepers.store else { return Ok(()) };
        let (total, _) = store.total().await.map_err(Keepers::failed)?;
        let progress = Progress::new("documents", self.place.tally.documents, total, self.output);
        loop {
            let Some(store) = &self.keepers.store else { return Ok(()) };
            let page = store.indexed(self.place.after, PAGE).await.map_err(Keepers::failed)?;
            let Some(last) = page.last().map(|document| document.number) else { return Ok(()) };
            let examined = futures_util::stream::iter(&page).map(|document| async {
                let damage = examine(store, document).await;
                progress.add(1);
                damage
            });
            let damages: Vec<Option<String>> = examined.buffered(AT_ONCE).try_collect().await?;
            let unknown = unknown(&self.keepers, &page).await?;
            self.damaged(damages.into_iter().flatten().chain(unknown), &progress);
            let tally = &mut self.place.tally;
            tally.documents += page.len() as u64;
            tally.bytes += page.iter().map(|document| document.size).sum::<u64>();
            tally.in_doubt += page.iter().filter(|document| !document.registered).count() as u64;
            self.done_up_to(last)?;
        }
    }

    /// Objects that nothing names: no damage, for the sweeper removes them.
    pub(super) async fn store(&mut self) -> Result<(), Failure> {
        let progress =
            Progress::new("store", self.place.after.unsigned_abs(), SHELVES.unsigned_abs(), self.output);
        while let Ok(shelf) = u8::try_from(self.place.after) {
            let Some(store) = &self.keepers.store else { return Ok(()) };
            let found = store.examine_shelf(shelf).await.map_err(Keepers::failed)?;
            self.place.tally.unnamed += found.unnamed;
            progress.add(1);
            self.done_up_to(i64::from(shelf) + 1)?;
        }
        Ok(())
    }
}

/// What is wrong with a document, if anything; one that was refused meanwhile is gone rightly.
async fn examine(store: &Store, document: &Indexed) -> Result<Option<String>, Failure> {
    let problem = store.reread(document).await.map_err(Keepers::failed)?;
    match problem {
        Some(problem) if store.still_has(document).await.map_err(Keepers::failed)? => {
            Ok(Some(format!("document {}: {problem}", document.number)))
        }
        _ => Ok(None),
    }
}

/// Documents that are registered, as the repository believes, of which our registry knows nothing.
async fn unknown(keepers: &Keepers, page: &[Indexed]) -> Result<Vec<String>, Failure> {
    let Some(registry) = &keepers.registry else { return Ok(Vec::new()) };
    let registered = || page.iter().filter(|document| document.registered);
    let name = |document: &Indexed| (document.unique_id.clone(), Hash::from_bytes(document.sha1));
    let described: HashSet<(String, Hash)> =
        registry.describes(registered().map(name).collect()).await.map_err(Keepers::failed)?;
    let unknown = registered().filter(|document| !described.contains(&name(document)));
    let damage = |document: &Indexed| {
        format!("document {}: is registered, but no entry describes it", document.number)
    };
    Ok(unknown.map(damage).collect())
}
