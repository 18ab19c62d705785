//! What `dosebook verify` looks at in the databases.

use std::collections::HashMap;

use registry::Described;
use repository::Indexed;

use super::Run;
use crate::exit::Failure;
use crate::keeping::{Keepers, Progress};

/// Rows that are looked at together.
const PAGE: u32 = 500;

impl Run {
    /// The files of the databases, as their engine sees them.
    pub(super) async fn databases(&mut self) -> Result<(), Failure> {
        let progress = Progress::new("databases", 0, 2, self.output);
        let mut found = Vec::new();
        if let Some(registry) = &self.keepers.registry {
            found.extend(registry.integrity().await.map_err(Keepers::failed)?);
            progress.add(1);
        }
        if let Some(store) = &self.keepers.store {
            found.extend(store.integrity().await.map_err(Keepers::failed)?);
            progress.add(1);
        }
        self.damaged(found, &progress);
        Ok(())
    }

    pub(super) async fn patients(&mut self) -> Result<(), Failure> {
        let progress = Progress::new("patients", self.place.tally.patients, 0, self.output);
        loop {
            let Some(registry) = &self.keepers.registry else { return Ok(()) };
            let examined =
                registry.examine_patients(self.place.after, PAGE).await.map_err(Keepers::failed)?;
            let Some(last) = examined.last else { return Ok(()) };
            self.damaged(examined.damages, &progress);
            self.place.tally.patients += examined.rows;
            progress.add(examined.rows);
            self.done_up_to(last)?;
        }
    }

    pub(super) async fn objects(&mut self) -> Result<(), Failure> {
        let Some(registry) = &self.keepers.registry else { return Ok(()) };
        let total = registry.count_objects().await.map_err(Keepers::failed)?;
        let progress = Progress::new("metadata", self.place.tally.objects, total, self.output);
        loop {
            let Some(registry) = &self.keepers.registry else { return Ok(()) };
            let examined = registry.examine_objects(self.place.after, PAGE).await.map_err(Keepers::failed)?;
            let Some(last) = examined.last else { return Ok(()) };
            let missing = missing(&self.keepers, examined.documents).await?;
            self.damaged(examined.damages.into_iter().chain(missing), &progress);
            self.place.tally.objects += examined.rows;
            progress.add(examined.rows);
            self.done_up_to(last)?;
        }
    }

    pub(super) async fn ids(&mut self) -> Result<(), Failure> {
        let Some(registry) = &self.keepers.registry else { return Ok(()) };
        let examined = registry.examine_ids().await.map_err(Keepers::failed)?;
        self.damaged(examined.damages, &Progress::new("ids", 0, 1, self.output));
        Ok(())
    }
}

/// The entries of our repository whose document the repository does not have as they describe it.
async fn missing(keepers: &Keepers, described: Vec<Described>) -> Result<Vec<String>, Failure> {
    let Some(store) = &keepers.store else { return Ok(Vec::new()) };
    let ours = keepers.identifiers.repository_unique_id.to_string();
    let described: Vec<Described> = described
        .into_iter()
        .filter(|document| document.repository_unique_id.as_ref() == Some(&ours))
        .collect();
    let ids = described.iter().map(|document| document.unique_id.clone()).collect();
    let mut indexed: HashMap<String, Vec<Indexed>> = HashMap::new();
    for document in store.indexed_under(ids).await.map_err(Keepers::failed)? {
        indexed.entry(document.unique_id.clone()).or_default().push(document);
    }
    let is_there = |described: &Described| {
        let same = |document: &Indexed| {
            described.hash.is_none_or(|hash| *hash.as_bytes() == document.sha1)
                && described.size.is_none_or(|size| size == document.size)
        };
        indexed.get(&described.unique_id).into_iter().flatten().any(same)
    };
    let missing = described.iter().filter(|described| !is_there(described));
    let damage = |described: &Described| {
        format!(
            "entry {}: the repository has no document of its uniqueId with its hash and size",
            described.entry_uuid
        )
    };
    Ok(missing.map(damage).collect())
}
