//! Objects on their way out: noted when no document names them, removed a week later, remembered for a month.
//!
//! Who condemns an object holds the place of a document that holds it: none can be filed with it any more. Of the two
//! that want that place the unique index lets one have it, so a sweep and a slow submission cannot both win.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use database::{Database, DatabaseError, Writer};

use super::is_named;
use crate::content::shelf_at;

/// `registered` of a row that condemns an object, since `provided`.
const CONDEMNED: i64 = 2;

const STATES: &str = "SELECT object_key, registered, provided FROM document WHERE object_key IN ($list)";

const CONDEMN: &str = "INSERT INTO document
    (unique_id, object_key, sha256, sha1, size, mime_type, provided, registered, share)
    VALUES ('', $1, $2, $2, 0, '', $3, 2, 0)
    ON CONFLICT (object_key, share) DO UPDATE SET registered = 2 WHERE document.registered = 2";

const SPARE: &str = "DELETE FROM document WHERE object_key = $1 AND share = 0 AND registered = 2";

/// `provided` is when it was removed.
const BURY: &str = "UPDATE document SET registered = 3, provided = $2
    WHERE object_key = $1 AND share = 0 AND registered = 2";

const FORGET: &str = "DELETE FROM document WHERE registered >= 2 AND provided < $1
    AND substr(object_key, 1, 12) = $2";

const FORGET_ALL: &str = "DELETE FROM document WHERE registered >= 2 AND provided < $1";

// As the partial index is asked.
const COUNT: &str =
    "SELECT COUNT(*) FROM document WHERE registered >= 2 AND provided >= 0 AND registered = 2";

/// An object that no document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unnamed {
    pub(crate) key: String,
    /// The second since when it is condemned.
    pub(crate) since: Option<i64>,
}

/// Which of these objects no document names.
pub(crate) async fn unnamed(index: &Database, keys: Vec<String>) -> Result<Vec<Unnamed>, DatabaseError> {
    let keys = Arc::new(keys);
    let asked = Arc::clone(&keys);
    let rows = index.read(move |reader| {
        let list: Vec<_> = asked.iter().map(|key| key.as_str().into()).collect();
        Box::pin(async move { reader.rows_among(STATES, [], list).await })
    });
    // None for those that are named.
    let mut known: HashMap<String, Option<i64>> = HashMap::new();
    for mut row in rows.await? {
        let (key, registered, provided): (String, i64, i64) = (row.take()?, row.take()?, row.take()?);
        let since = known.entry(key).or_insert(Some(provided));
        *since = since.filter(|_| registered >= CONDEMNED).map(|since| since.max(provided));
    }
    let found = keys.iter().filter_map(|key| match known.get(key) {
        Some(None) => None,
        Some(since) => Some(Unnamed { key: key.clone(), since: *since }),
        None => Some(Unnamed { key: key.clone(), since: None }),
    });
    Ok(found.collect())
}

/// Condemns those of these objects that no document names: none can be filed with them any more.
pub(crate) async fn condemn(
    index: &Database,
    keys: Vec<String>,
    now: i64,
) -> Result<Vec<String>, DatabaseError> {
    let keys = Arc::new(keys);
    index
        .write(move |writer| {
            let keys = Arc::clone(&keys);
            Box::pin(async move {
                let mut condemned = Vec::new();
                for key in keys.iter() {
                    if condemn_one(writer, key, now).await? {
                        condemned.push(key.clone());
                    }
                }
                Ok(condemned)
            })
        })
        .await
}

/// Takes the place of the document that would hold the object: who comes second, we or it, gives way. Rows that
/// share it had locked the one that held it, so they are here to be seen.
async fn condemn_one(writer: &mut Writer, key: &str, now: i64) -> Result<bool, DatabaseError> {
    if writer.execute(CONDEMN, [key.into(), Vec::new().into(), now.into()]).await? == 0 {
        return Ok(false);
    }
    let shared = is_named(writer, key).await?;
    if shared {
        writer.execute(SPARE, [key.into()]).await?;
    }
    Ok(!shared)
}

/// Forgets that objects were condemned: they are gone, and nobody is left who could file a document with them.
pub(crate) async fn spare(index: &Database, keys: Vec<String>) -> Result<(), DatabaseError> {
    of_each(index, keys, SPARE, None).await
}

/// Notes that condemned objects are gone: still no document can be filed with them.
pub(crate) async fn bury(index: &Database, keys: Vec<String>, now: i64) -> Result<(), DatabaseError> {
    of_each(index, keys, BURY, Some(now)).await
}

/// Runs a statement for each of these objects, all in one transaction.
async fn of_each(
    index: &Database,
    keys: Vec<String>,
    statement: &'static str,
    now: Option<i64>,
) -> Result<(), DatabaseError> {
    let keys = Arc::new(keys);
    index
        .write(move |writer| {
            let keys = Arc::clone(&keys);
            Box::pin(async move {
                for key in keys.iter() {
                    let values = iter::once(key.as_str().into()).chain(now.map(Into::into));
                    writer.execute(statement, values).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Forgets what was condemned or removed before this second on a shelf that has just been swept: it is not there.
pub(crate) async fn forget(index: &Database, shelf: u8, before: i64) -> Result<(), DatabaseError> {
    let shelf = Arc::new(shelf_at(shelf));
    index
        .write(move |writer| {
            let shelf = Arc::clone(&shelf);
            Box::pin(
                async move { writer.execute(FORGET, [before.into(), shelf.as_str().into()]).await.map(drop) },
            )
        })
        .await
}

/// Forgets all that was condemned or removed. What is still there will be condemned again.
pub(crate) async fn forget_all(index: &Database) -> Result<(), DatabaseError> {
    index.write(|writer| Box::pin(writer.execute(FORGET_ALL, [i64::MAX.into()]))).await.map(drop)
}

/// How many objects are condemned and not yet removed.
pub(crate) async fn count_condemned(index: &Database) -> Result<u64, DatabaseError> {
    let row = index.read(|reader| reader.row(COUNT, [])).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take::<i64>()?.unsigned_abs()))
}
