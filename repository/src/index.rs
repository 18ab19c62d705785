//! Which document is which: ids, hashes and the object that holds the bytes.

pub(crate) mod removal;

use std::collections::BTreeSet;
use std::sync::Arc;

use database::{Database, DatabaseError, Migration, Reader, Row, Schema, Writer};

use crate::content::Kept;
use crate::keeping;
use crate::store::StoreError;
use crate::upkeep;

/// The tables of a repository. Version 3 changed only what SQLite had.
pub(crate) const SCHEMA: Schema = Schema {
    keeper: "repository",
    migrations: &[
        Migration {
            sqlite: include_str!("index/sqlite_1.sql"),
            postgres: include_str!("index/postgres_1.sql"),
        },
        Migration::same(upkeep::TABLES),
        Migration { sqlite: include_str!("index/sqlite_3.sql"), postgres: "" },
        Migration {
            sqlite: include_str!("index/sqlite_4.sql"),
            postgres: include_str!("index/postgres_4.sql"),
        },
        Migration::same(include_str!("index/both_5.sql")),
    ],
};

/// A document to file.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) unique_id: String,
    pub(crate) mime_type: String,
    pub(crate) kept: Kept,
    /// Unix seconds.
    pub(crate) provided: i64,
}

/// What filing came to.
#[derive(Debug, Default)]
pub(crate) struct Filed {
    pub(crate) numbers: Vec<i64>,
    /// Objects whose bytes were here before.
    pub(crate) twice: Vec<Twice>,
}

/// A new object with bytes that were here before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Twice {
    /// The new one.
    pub(crate) own: String,
    /// The one that was here, and that the document names now.
    pub(crate) shared: String,
    pub(crate) size: u64,
    /// The document.
    pub(crate) number: i64,
}

/// A document of the index.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) number: i64,
    pub(crate) unique_id: String,
    pub(crate) key: String,
    pub(crate) sha256: [u8; 32],
    pub(crate) sha1: [u8; 20],
    pub(crate) size: u64,
    pub(crate) mime_type: String,
    pub(crate) registered: bool,
}

/// Documents in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Those whose row can be read.
    pub(crate) documents: Vec<Found>,
    pub(crate) rows: i64,
    /// The number of the last row.
    pub(crate) last: Option<i64>,
}

impl Batch {
    fn read(rows: Vec<Row>) -> Result<Self, DatabaseError> {
        let mut batch = Self { rows: i64::try_from(rows.len()).unwrap_or(i64::MAX), ..Self::default() };
        for mut row in rows {
            let number = row.take()?;
            batch.last = Some(number);
            match Found::rest(number, row) {
                Ok(found) => batch.documents.push(found),
                Err(error) => tracing::error!(number, %error, "the row of a document cannot be read"),
            }
        }
        Ok(batch)
    }
}

impl Found {
    fn read(mut row: Row) -> Result<Self, DatabaseError> {
        let number = row.take()?;
        Self::rest(number, row)
    }

    fn rest(number: i64, mut row: Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            number,
            unique_id: row.take()?,
            key: row.take()?,
            sha256: row.take()?,
            sha1: row.take()?,
            size: row.take::<i64>()?.unsigned_abs(),
            mime_type: row.take()?,
            registered: row.take::<i64>()? != 0,
        })
    }
}

const FIND: &str = "SELECT number, unique_id, object_key, sha256, sha1, size, mime_type, registered
    FROM document WHERE unique_id = $1 ORDER BY registered DESC, number LIMIT 1";

const OF_ID: &str = "SELECT number, unique_id, object_key, sha256, sha1, size, mime_type, registered
    FROM document WHERE unique_id = $1 ORDER BY registered DESC, number LIMIT 100";

const PENDING: &str = "SELECT number, unique_id, object_key, sha256, sha1, size, mime_type, registered
    FROM document WHERE registered = 0 AND provided < $1 AND number > $2 ORDER BY number LIMIT 1000";

const AFTER: &str = "SELECT number, unique_id, object_key, sha256, sha1, size, mime_type, registered
    FROM document WHERE number > $1 AND registered < 2 ORDER BY number LIMIT $2";

/// One row.
const ID: &str = "SELECT id FROM index_id $walk";

/// The row does not go, and its object with it, before ours names that object too.
const SAME_BYTES: &str = "SELECT object_key FROM document WHERE sha256 = $1 AND size = $2 LIMIT 1 $keep";
const INSERT: &str = "INSERT INTO document
    (unique_id, object_key, sha256, sha1, size, mime_type, provided, registered, share)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8) ON CONFLICT (object_key, share) DO NOTHING RETURNING number";
const MARK: &str =
    "UPDATE document SET registered = 1 WHERE registered < 2 AND number IN ($list) RETURNING number";
const DELETE: &str = "DELETE FROM document WHERE number = $1 AND registered = 0 RETURNING object_key";
const IS_CONDEMNED: &str = "SELECT number FROM document WHERE object_key = $1 AND registered >= 2";
/// The document that brought the object holds it now.
const MEND: &str = "UPDATE document
    SET object_key = $1, share = CASE WHEN number = $2 THEN 0 WHEN share = 0 THEN $3 ELSE share END
    WHERE object_key = $4 AND registered < 2";
const NAMES_KEY: &str = "SELECT number FROM document WHERE object_key = $1 AND registered < 2 LIMIT 1";

/// The `share` of a document that holds its object.
const HOLDS: i64 = 0;

/// The document of that id that a retrieval gets.
pub(crate) async fn find(index: &Database, unique_id: &str) -> Result<Option<Found>, DatabaseError> {
    let unique_id = unique_id.to_owned();
    let row = index.read(move |reader| reader.row(FIND, [unique_id.as_str().into()])).await?;
    row.map(Found::read).transpose()
}

/// All documents of that id, that which a retrieval gets first: usually there is no other.
pub(crate) async fn of_id(index: &Database, unique_id: &str) -> Result<Vec<Found>, DatabaseError> {
    let unique_id = unique_id.to_owned();
    let rows = index.read(move |reader| reader.rows(OF_ID, [unique_id.as_str().into()])).await?;
    rows.into_iter().map(Found::read).collect()
}

/// The document of that id that a retrieval gets, after `then` on a thread that may wait for the disk.
pub(crate) async fn find_then<T: Send + 'static>(
    index: &Database,
    unique_id: &str,
    then: impl FnOnce(Found) -> T + Send + 'static,
) -> Result<Option<T>, DatabaseError> {
    let unique_id = unique_id.to_owned();
    let found = index.read_then(
        move |reader| reader.row(FIND, [unique_id.as_str().into()]),
        |row| row.map(|row| Found::read(row).map(then)).transpose(),
    );
    found.await?
}

/// Documents with a number beyond `after`, provided before `time`, of which we do not know whether they are
/// registered.
pub(crate) async fn pending(index: &Database, time: i64, after: i64) -> Result<Vec<Found>, DatabaseError> {
    let rows = index.read(move |reader| reader.rows(PENDING, [time.into(), after.into()])).await?;
    Ok(Batch::read(rows)?.documents)
}

/// The next documents after a number.
pub(crate) async fn after(index: &Database, after: i64, limit: i64) -> Result<Batch, DatabaseError> {
    Batch::read(index.read(move |reader| reader.rows(AFTER, [after.into(), limit.into()])).await?)
}

/// Which index this is.
pub(crate) async fn id(index: &Database) -> Result<String, DatabaseError> {
    let row = index.read(|reader| reader.row(ID, [])).await?;
    row.map_or(Err(DatabaseError::Column { column: 0, found: "nothing", expected: "an id" }), |mut row| {
        row.take()
    })
}

/// How many documents there are, about, those that are condemned included: for paces and bounds.
pub(crate) async fn count(index: &Database) -> Result<i64, DatabaseError> {
    Ok(i64::try_from(index.about(&keeping::DOCUMENT).await?).unwrap_or(i64::MAX))
}

/// Whether a document names an object.
pub(crate) async fn names(index: &Database, key: &str) -> Result<bool, DatabaseError> {
    let key = key.to_owned();
    index
        .read(move |reader| {
            let key = key.clone();
            Box::pin(async move { is_named(reader, &key).await })
        })
        .await
}

/// Files documents in one transaction. An object that has been condemned meanwhile is [`StoreError::Swept`].
pub(crate) async fn insert(index: &Database, documents: Vec<New>) -> Result<Filed, StoreError> {
    let documents = Arc::new(documents);
    index
        .write(move |writer| {
            let documents = Arc::clone(&documents);
            Box::pin(async move {
                let mut filed = Filed::default();
                for document in documents.iter() {
                    insert_one(writer, document, &mut filed).await?;
                }
                Ok(filed)
            })
        })
        .await
}

async fn insert_one(writer: &mut Writer, document: &New, filed: &mut Filed) -> Result<(), StoreError> {
    let New { unique_id, mime_type, kept, provided } = document;
    let size = i64::try_from(kept.size).unwrap_or(i64::MAX);
    let same = writer.row(SAME_BYTES, [kept.sha256.as_slice().into(), size.into()]).await?;
    let share = if same.is_some() { another_share() } else { HOLDS };
    let key = match same {
        Some(mut row) => row.take::<String>()?,
        None => kept.key.clone(),
    };
    let values = [
        unique_id.as_str().into(),
        key.as_str().into(),
        kept.sha256.as_slice().into(),
        kept.sha1.as_slice().into(),
        size.into(),
        mime_type.as_str().into(),
        (*provided).into(),
        share.into(),
    ];
    // Only one who condemned the object can hold it already.
    let mut row = writer.row(INSERT, values).await?.ok_or(StoreError::Swept)?;
    let number = row.take()?;
    filed.numbers.push(number);
    if key != kept.key {
        filed.twice.push(Twice { own: kept.key.clone(), shared: key, size: kept.size, number });
    }
    Ok(())
}

/// Gives all documents of an object that is damaged the one that came with the same bytes. Who finds that another was
/// faster changes nothing.
pub(crate) async fn mend(index: &Database, twice: &Twice) -> Result<(), StoreError> {
    let twice = Arc::new(twice.clone());
    index
        .write(move |writer| {
            let twice = Arc::clone(&twice);
            Box::pin(async move {
                let Twice { own, shared, number, .. } = &*twice;
                if writer.row(IS_CONDEMNED, [own.as_str().into()]).await?.is_some() {
                    return Err(StoreError::Swept);
                }
                let another = another_share();
                let values = [own.as_str().into(), (*number).into(), another.into(), shared.as_str().into()];
                writer.execute(MEND, values).await?;
                Ok(())
            })
        })
        .await
}

/// Notes that the registry knows these documents; how many of them there are.
pub(crate) async fn mark_registered(index: &Database, numbers: Vec<i64>) -> Result<usize, DatabaseError> {
    let numbers = Arc::new(numbers);
    index
        .write(move |writer| {
            let numbers = Arc::clone(&numbers);
            Box::pin(async move {
                let list = numbers.iter().map(|number| (*number).into());
                writer.rows_among(MARK, [], list).await.map(|marked| marked.len())
            })
        })
        .await
}

/// Takes out documents that are not known to be registered; the objects that they named. Whether others name these is
/// only seen in a transaction that begins afterwards.
pub(crate) async fn remove(index: &Database, numbers: Vec<i64>) -> Result<Vec<String>, DatabaseError> {
    let numbers = Arc::new(numbers);
    index
        .write(move |writer| {
            let numbers = Arc::clone(&numbers);
            Box::pin(async move {
                let mut keys = BTreeSet::new();
                for number in numbers.iter() {
                    if let Some(mut row) = writer.row(DELETE, [(*number).into()]).await? {
                        keys.insert(row.take()?);
                    }
                }
                Ok(keys.into_iter().collect())
            })
        })
        .await
}

async fn is_named(reader: &mut Reader, key: &str) -> Result<bool, DatabaseError> {
    Ok(reader.row(NAMES_KEY, [key.into()]).await?.is_some())
}

/// A number that no other document of the same object has.
fn another_share() -> i64 {
    let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
    i64::try_from(random >> 1).unwrap_or(i64::MAX).max(HOLDS + 1)
}
