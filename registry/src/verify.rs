//! Holds what lies in the registry's database against itself (design D3: columns follow from what was said).
//!
//! Damages are told by number, key and UUID, never by what was said of a patient.

use std::collections::{HashMap, HashSet};

use database::{Reader, Row};
use metadata::{EntryUuid, Hash, Object as Said};

use crate::store::kept::{self, Kept};
use crate::store::{Key, Kind, Patient, PatientNumber, StoreError, UniqueIdOwner, patient, unique_id_owners};
use crate::{Refusal, Registry};

/// What looking at some rows came to.
#[derive(Debug, Default)]
pub struct Examined {
    /// How many were looked at.
    pub rows: u64,
    /// The last of them; none when there are no more.
    pub last: Option<i64>,
    /// What is wrong, a line for each.
    pub damages: Vec<String>,
    /// The documents that entries among them describe.
    pub documents: Vec<Described>,
}

/// A document as its entry describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The entry.
    pub entry_uuid: EntryUuid,
    /// The document.
    pub unique_id: String,
    /// The repository that holds it.
    pub repository_unique_id: Option<String>,
    /// Its SHA-1.
    pub hash: Option<Hash>,
    /// Its size in bytes.
    pub size: Option<u64>,
}

impl Registry {
    /// Holds the database against itself, as its engine knows it.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let wrong = self.database.integrity().await?;
        Ok(wrong.into_iter().map(|line| format!("registry database: {line}")).collect())
    }

    /// How many objects there are.
    pub async fn count_objects(&self) -> Result<u64, StoreError> {
        self.count("SELECT COUNT(*) FROM object $walk").await
    }

    /// How many patients there are who were not merged into others.
    pub async fn count_patients(&self) -> Result<u64, StoreError> {
        self.count("SELECT COUNT(*) FROM patient WHERE merged_into IS NULL $walk").await
    }

    async fn count(&self, statement: &'static str) -> Result<u64, StoreError> {
        let count = self.database.read(move |reader| {
            Box::pin(async move {
                let row = reader.row(statement, []).await?;
                row.map_or(Ok(0), |mut row| row.take::<i64>()).map_err(StoreError::from)
            })
        });
        Ok(count.await?.unsigned_abs())
    }

    /// Looks at the next objects after a key: that each can be read, that its columns follow from it, that the ends
    /// of associations are there, and that its ids are known to be taken.
    pub async fn examine_objects(&self, after: i64, limit: u32) -> Result<Examined, StoreError> {
        self.database
            .read(move |reader| Box::pin(async move { objects(reader, after, i64::from(limit)).await }))
            .await
    }

    /// Looks at the next patients after a number: that who survived a merge is there, and that no key is given twice.
    pub async fn examine_patients(&self, after: i64, limit: u32) -> Result<Examined, StoreError> {
        self.database
            .read(move |reader| Box::pin(async move { patients(reader, after, i64::from(limit)).await }))
            .await
    }

    /// Compares the numbers of objects and of ids that are kept as taken: that each object has its own, the objects
    /// tell; that there are no others, only this does.
    pub async fn examine_ids(&self) -> Result<Examined, StoreError> {
        self.database.read(|reader| Box::pin(ids(reader))).await
    }

    /// Which of these documents, by unique id and SHA-1, an entry describes.
    pub async fn describes(
        &self,
        documents: Vec<(String, Hash)>,
    ) -> Result<HashSet<(String, Hash)>, StoreError> {
        self.database
            .read(move |reader| {
                let documents = documents.clone();
                Box::pin(async move {
                    let ids: Vec<&str> = documents.iter().map(|(id, _)| id.as_str()).collect();
                    let owners = unique_id_owners(reader, &ids).await?;
                    let described = |(id, hash): &(String, Hash)| {
                        owners.get(id).is_some_and(|owner| owner.kind.is_entry() && owner.has_hash(hash))
                    };
                    let described = documents.iter().filter(|document| described(document)).cloned();
                    Ok(described.collect())
                })
            })
            .await
    }
}

/// How many there are of two things that belong to each other, in one moment.
const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM object), (SELECT COUNT(*) FROM entry_uuid), \
     (SELECT COUNT(DISTINCT unique_id) FROM object), (SELECT COUNT(*) FROM unique_id) $walk";

/// What the database says about a page of objects, loaded at once.
struct Around {
    patients: HashMap<PatientNumber, Patient>,
    uuids: HashMap<Key, EntryUuid>,
    taken: HashMap<EntryUuid, Key>,
    owners: HashMap<String, UniqueIdOwner>,
}

impl Around {
    async fn load(reader: &mut Reader, page: &[Kept]) -> Result<Self, StoreError> {
        let numbers = page.iter().map(|kept| kept.object.key.patient()).collect();
        let ends = page.iter().flat_map(|kept| [kept.object.source, kept.object.target]);
        let unique_ids: Vec<&str> = page.iter().filter_map(Kept::unique_id).collect();
        Ok(Self {
            patients: patient::current(reader, numbers).await?,
            uuids: kept::uuids_of_keys(reader, ends.flatten().collect()).await?,
            taken: kept::keys_of_uuids(reader, page.iter().map(|kept| kept.object.uuid)).await?,
            owners: unique_id_owners(reader, &unique_ids).await?,
        })
    }
}

async fn objects(reader: &mut Reader, after: i64, limit: i64) -> Result<Examined, StoreError> {
    let page = kept::page(reader, after, i64::MAX, limit).await?;
    let around = Around::load(reader, &page).await?;
    let mut examined = Examined { rows: page.len() as u64, ..Examined::default() };
    for kept in &page {
        let object = &kept.object;
        let mut damage = |problem: String| {
            examined.damages.push(format!(
                "registry object {} ({} {}): {problem}",
                object.key.column(),
                object.kind,
                object.uuid
            ));
        };
        let patient = around.patients.get(&object.key.patient());
        if patient.is_none() {
            damage(format!("patient {} is not there", object.key.patient().column()));
        }
        if around.taken.get(&object.uuid) != Some(&object.key) {
            damage("its entryUUID is not kept as taken by it".to_owned());
        }
        match kept.said(&kept.current(patient)) {
            Ok(said) => {
                wrong_ends(kept, &said, &around).into_iter().for_each(&mut damage);
                if !owns_unique_id(kept, &said, &around) {
                    damage("its uniqueId is not kept as taken by it, with its hash and size".to_owned());
                }
                examined.documents.extend(described(kept, &said));
                match kept.differing(said) {
                    Ok(columns) if columns.is_empty() => {}
                    Ok(columns) => damage(format!("columns {} do not follow from it", columns.join(", "))),
                    Err(refusal) => damage(reason(refusal)),
                }
            }
            Err(error) => damage(error.to_string()),
        }
    }
    examined.last = page.last().map(|kept| kept.object.key.column());
    Ok(examined)
}

async fn ids(reader: &mut Reader) -> Result<Examined, StoreError> {
    let Some(mut row) = reader.row(COUNTS, []).await? else { return Ok(Examined::default()) };
    let mut count = || row.take::<i64>();
    let counts = [("entryUUIDs", count()?, count()?), ("uniqueIds", count()?, count()?)];
    let wrong = counts.into_iter().filter(|(_, objects, taken)| objects != taken);
    let damages = wrong.map(|(name, objects, taken)| {
        format!("registry: {taken} {name} are kept as taken, its objects have {objects}")
    });
    Ok(Examined { damages: damages.collect(), ..Examined::default() })
}

fn reason(refusal: Refusal) -> String {
    match refusal {
        Refusal::Store(error) => error.to_string(),
        Refusal::Errors(_) => "it is larger than what is kept".to_owned(),
    }
}

/// What is wrong with the ends of an association.
fn wrong_ends(kept: &Kept, said: &Said, around: &Around) -> Vec<String> {
    let Said::Association(association) = said else { return Vec::new() };
    let ends = [
        ("source", kept.object.source, &association.source_object),
        ("target", kept.object.target, &association.target_object),
    ];
    let problem = |(name, key, id): (&str, Option<Key>, &metadata::ObjectId)| {
        let Some(key) = key else { return Some(format!("its {name} is not known")) };
        match around.uuids.get(&key) {
            None => Some(format!("its {name}, object {}, is not there", key.column())),
            Some(uuid) if id.uuid() != Some(*uuid) => {
                Some(format!("its {name} is kept as object {}, which is {uuid}; it says {id}", key.column()))
            }
            Some(_) => None,
        }
    };
    ends.into_iter().filter_map(problem).collect()
}

/// Whether its unique id is kept as taken, with what the document under it is.
fn owns_unique_id(kept: &Kept, said: &Said, around: &Around) -> bool {
    let Some(unique_id) = kept.unique_id() else { return true };
    around.owners.get(unique_id).is_some_and(|owner| match said {
        Said::Entry(entry) => {
            owner.kind.is_entry()
                && entry.hash.is_none_or(|hash| owner.has_hash(&hash))
                && entry.size.is_none_or(|size| owner.has_size(size))
        }
        _ => owner.kind == kept.object.kind,
    })
}

fn described(kept: &Kept, said: &Said) -> Option<Described> {
    let Said::Entry(entry) = said else { return None };
    (kept.object.kind == Kind::StableEntry).then(|| Described {
        entry_uuid: kept.object.uuid,
        unique_id: entry.unique_id.to_string(),
        repository_unique_id: entry.repository_unique_id.as_ref().map(ToString::to_string),
        hash: entry.hash,
        size: entry.size,
    })
}

const PATIENTS: &str = "SELECT p.no, p.objects, p.merged_into, s.no, s.merged_into FROM patient p \
     LEFT JOIN patient s ON s.no = p.merged_into WHERE p.no > $1 ORDER BY p.no LIMIT $2";

const LAST_OBJECT: &str = "SELECT key FROM object WHERE key >= $1 AND key < $2 ORDER BY key DESC LIMIT 1";

async fn patients(reader: &mut Reader, after: i64, limit: i64) -> Result<Examined, StoreError> {
    let rows = reader.rows(PATIENTS, [after.into(), limit.into()]).await?;
    let mut examined = Examined { rows: rows.len() as u64, ..Examined::default() };
    for mut row in rows {
        let number: i64 = row.take()?;
        examined.last = Some(number);
        let objects: i64 = row.take()?;
        examined.damages.extend(wrong_merge(number, &mut row)?);
        let (first, end) = Key::range(PatientNumber::from_column(number));
        let last = reader.row(LAST_OBJECT, [first.into(), end.into()]).await?;
        let last = last.map(|mut row| row.take::<i64>()).transpose()?;
        if let Some(last) = last.filter(|last| last - first >= objects) {
            examined.damages.push(format!(
                "patient {number}: counts {objects} objects, but object {last} is there, whose key would be given again"
            ));
        }
    }
    Ok(examined)
}

fn wrong_merge(number: i64, row: &mut Row) -> Result<Option<String>, StoreError> {
    let (into, survivor, survivor_into): (Option<i64>, Option<i64>, Option<i64>) =
        (row.take()?, row.take()?, row.take()?);
    let Some(into) = into else { return Ok(None) };
    let problem = match (survivor, survivor_into) {
        (None, _) => "who is not there",
        (Some(_), Some(_)) => "who was merged into another in turn",
        (Some(_), None) => return Ok(None),
    };
    Ok(Some(format!("patient {number}: was merged into patient {into}, {problem}")))
}
