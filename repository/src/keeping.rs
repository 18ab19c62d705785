//! What who verifies, backs up and restores a repository needs of its store: every document in the order of its
//! number, and every object shelf by shelf.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use database::{Database, DatabaseError, Location, Row, Schema, Table, table};
use futures_util::TryStreamExt;
use soap::parts::Content;

use crate::index;
use crate::store::{Store, StoreError};

/// The tables of a repository's index.
pub const SCHEMA: Schema = index::SCHEMA;

/// What of them is worth saving: which objects are being removed is of no use elsewhere.
pub const TABLES: &[Table] = &[DOCUMENT];

pub(crate) const DOCUMENT: Table = table!(
    "document",
    "number",
    "unique_id",
    "object_key",
    "sha256",
    "sha1",
    "size",
    "mime_type",
    "provided",
    "registered",
    "share"
);

/// An index without its documents, as a backup has it.
#[derive(Debug)]
pub struct Index(Database);

/// A document as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Its number: the order of arrival.
    pub number: i64,
    /// Its `uniqueId`.
    pub unique_id: String,
    /// The object that holds its bytes.
    pub key: String,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its SHA-1.
    pub sha1: [u8; 20],
    /// Its size in bytes.
    pub size: u64,
    /// When it was provided, in Unix seconds.
    pub provided: i64,
    /// Whether it is known to be registered.
    pub registered: bool,
}

/// What is on a shelf of the object store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Objects.
    pub objects: u64,
    /// Those that no document names: a submission under way, or what a crash has left for the sweeper.
    pub unnamed: u64,
}

const AFTER: &str = "SELECT number, unique_id, object_key, sha256, sha1, size, provided, registered
    FROM document WHERE number > $1 AND registered < 2 ORDER BY number LIMIT $2";

const OF_UNIQUE_IDS: &str = "SELECT number, unique_id, object_key, sha256, sha1, size, provided, registered
    FROM document WHERE unique_id IN ($list)";

const NAMED: &str = "SELECT object_key FROM document WHERE object_key IN ($list) AND registered < 2";

const TOTAL: &str =
    "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM document WHERE registered < 2 $walk";

const DOUBT: &str = "UPDATE document SET registered = 0 WHERE number = $1";

impl Indexed {
    fn read(mut row: Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            number: row.take()?,
            unique_id: row.take()?,
            key: row.take()?,
            sha256: row.take()?,
            sha1: row.take()?,
            size: row.take::<i64>()?.unsigned_abs(),
            provided: row.take()?,
            registered: row.take::<i64>()? != 0,
        })
    }
}

impl Index {
    /// Opens the index in a file, to look at it.
    pub async fn look(file: &Path) -> Result<Self, DatabaseError> {
        Ok(Self(Database::look(&Location::file(file), &SCHEMA).await?))
    }

    /// How many documents it has, and their bytes.
    pub async fn total(&self) -> Result<(u64, u64), DatabaseError> {
        total(&self.0).await
    }

    /// The next documents after a number.
    pub async fn indexed(&self, after: i64, limit: u32) -> Result<Vec<Indexed>, DatabaseError> {
        indexed(&self.0, after, limit).await
    }
}

async fn total(index: &Database) -> Result<(u64, u64), DatabaseError> {
    index
        .read(|reader| {
            Box::pin(async move {
                let Some(mut row) = reader.row(TOTAL, []).await? else { return Ok((0, 0)) };
                Ok((row.take::<i64>()?.unsigned_abs(), row.take::<i64>()?.unsigned_abs()))
            })
        })
        .await
}

async fn indexed(index: &Database, after: i64, limit: u32) -> Result<Vec<Indexed>, DatabaseError> {
    index
        .read(move |reader| {
            Box::pin(async move {
                let rows = reader.rows(AFTER, [after.into(), i64::from(limit).into()]).await?;
                rows.into_iter().map(Indexed::read).collect()
            })
        })
        .await
}

impl Store {
    /// The database of its index, to be copied or filled.
    pub fn database(&self) -> &Database {
        self.index()
    }

    /// Holds the index against itself, as its engine knows it.
    pub async fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let wrong = self.index().integrity().await?;
        Ok(wrong.into_iter().map(|line| format!("repository index: {line}")).collect())
    }

    /// How many documents the index has, and their bytes.
    pub async fn total(&self) -> Result<(u64, u64), StoreError> {
        Ok(total(self.index()).await?)
    }

    /// The next documents after a number.
    pub async fn indexed(&self, after: i64, limit: u32) -> Result<Vec<Indexed>, StoreError> {
        Ok(indexed(self.index(), after, limit).await?)
    }

    /// The documents under these unique ids.
    pub async fn indexed_under(&self, unique_ids: Vec<String>) -> Result<Vec<Indexed>, StoreError> {
        self.index()
            .read(move |reader| {
                let list: Vec<_> = unique_ids.iter().map(|id| id.as_str().into()).collect();
                Box::pin(async move {
                    let rows = reader.rows_among(OF_UNIQUE_IDS, [], list).await?;
                    Ok(rows.into_iter().map(Indexed::read).collect::<Result<_, _>>()?)
                })
            })
            .await
    }

    /// Whether the index still has a document as it was: one that is refused is taken out.
    pub async fn still_has(&self, document: &Indexed) -> Result<bool, StoreError> {
        let now = self.indexed(document.number - 1, 1).await?;
        Ok(now.first().is_some_and(|now| now.number == document.number && now.key == document.key))
    }

    /// Reads the object of a document from end to end; what is wrong with it, if anything.
    pub async fn reread(&self, document: &Indexed) -> Result<Option<String>, StoreError> {
        let Indexed { key, sha256, size, .. } = document;
        if !key.contains(&hex(sha256)) {
            return Ok(Some(format!("object {key}: its key is not that of SHA-256 {}", hex(sha256))));
        }
        Ok(match self.contents().measure(key).await {
            Ok(None) => Some(format!("object {key}: is not there")),
            Ok(Some(found)) if found.size != *size => {
                Some(format!("object {key}: has {} bytes, {size} were kept", found.size))
            }
            Ok(Some(found)) if found.sha256 != *sha256 => {
                Some(format!("object {key}: has SHA-256 {}: it was altered or damaged", hex(&found.sha256)))
            }
            Ok(Some(_)) => None,
            Err(StoreError::Reading(error)) => Some(format!("object {key}: cannot be read: {error}")),
            Err(error) => return Err(error),
        })
    }

    /// Looks through one of the 256 shelves of the object store for objects that no document names.
    pub async fn examine_shelf(&self, shelf: u8) -> Result<Shelf, StoreError> {
        let mut found = Shelf::default();
        let mut batches = std::pin::pin!(self.contents().shelf(shelf));
        while let Some(keys) = batches.try_next().await? {
            found.objects += keys.len() as u64;
            let named = self.named(keys.clone()).await?;
            found.unnamed += keys.iter().filter(|key| !named.contains(*key)).count() as u64;
        }
        Ok(found)
    }

    async fn named(&self, keys: Vec<String>) -> Result<HashSet<String>, StoreError> {
        self.index()
            .read(move |reader| {
                let list: Vec<_> = keys.iter().map(|key| key.as_str().into()).collect();
                Box::pin(async move {
                    let rows = reader.rows_among(NAMED, [], list).await?;
                    Ok(rows.into_iter().map(|mut row| row.take()).collect::<Result<_, DatabaseError>>()?)
                })
            })
            .await
    }

    /// The content of a document; its last bytes only come when all of it is what was kept.
    pub fn give(&self, document: &Indexed) -> Content {
        self.contents().open(document.key.clone(), document.sha256)
    }

    /// Keeps the bytes of a document of the index under the key that they had.
    pub async fn put_back(&self, document: &Indexed, content: Content) -> Result<(), StoreError> {
        self.own().await?;
        self.contents().put_back(&document.key, content, document.size).await
    }

    /// The size of the object of a document; none when it is not there.
    pub async fn size_of(&self, document: &Indexed) -> Result<Option<u64>, StoreError> {
        match self.contents().size(&document.key).await {
            Ok(size) => Ok(Some(size)),
            Err(StoreError::Objects(object_store::Error::NotFound { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the object store holds no document, of whatever index.
    pub async fn has_no_objects(&self) -> Result<bool, StoreError> {
        self.contents().is_empty().await
    }

    /// Takes out documents that are not known to be registered; nothing else makes use of their bytes.
    pub async fn forget(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        self.remove(numbers).await
    }

    /// Notes that it is not known whether these documents are registered: the sweeper asks the registry.
    pub async fn doubt(&self, numbers: Vec<i64>) -> Result<(), StoreError> {
        let numbers = Arc::new(numbers);
        self.index()
            .write(move |writer| {
                let numbers = Arc::clone(&numbers);
                Box::pin(async move {
                    for number in numbers.iter() {
                        writer.execute(DOUBT, [(*number).into()]).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
