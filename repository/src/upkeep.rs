//! What the index remembers of a repository's upkeep: how far sweeping and scrubbing have come, uploads that are not
//! finished, and documents that are damaged.
//!
//! Several nodes may share it. A chore is done by the node that claims it; a claim runs out, so that another goes on
//! when that node is gone.

use std::collections::HashSet;

use database::{Database, DatabaseError};

use crate::index;

/// The tables.
pub(crate) const TABLES: &str = "
CREATE TABLE chore (
    name      TEXT NOT NULL PRIMARY KEY,
    position  BIGINT NOT NULL,
    due       BIGINT NOT NULL
);
INSERT INTO chore (name, position, due) VALUES ('settle', 0, 0), ('sweep', 0, 0), ('scrub', 0, 0);
CREATE TABLE unfinished_upload (
    upload_id   TEXT NOT NULL PRIMARY KEY,
    object_key  TEXT NOT NULL,
    started     BIGINT NOT NULL
);
CREATE TABLE damage (
    object_key  TEXT NOT NULL PRIMARY KEY,
    found       BIGINT NOT NULL,
    problem     TEXT NOT NULL
);
";

/// Seconds after which a chore is taken over from a node that does not end it.
const CLAIM: i64 = 3_600;
const DAY: i64 = 24 * 3_600;
/// Uploads that are aborted, and damaged documents that are known, at a time.
const MANY: i64 = 1_000;

/// What is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chore {
    /// Asking the registry about documents in doubt.
    Settle,
    /// Looking for objects that nothing names; its position is a shelf.
    Sweep,
    /// Reading documents again; its position is the number of a document.
    Scrub,
}

impl Chore {
    const fn name(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Sweep => "sweep",
            Self::Scrub => "scrub",
        }
    }
}

const STANDS: &str = "SELECT position, due FROM chore WHERE name = $1";

const CLAIMED: &str = "UPDATE chore SET due = $1 WHERE name = $2 AND due <= $3";

const DOCUMENTS: &str = "SELECT documents, counted FROM chore WHERE name = 'scrub'";

const COUNTED: &str = "UPDATE chore SET documents = $1, counted = $2 WHERE name = 'scrub'";

const DONE: &str = "UPDATE chore SET position = $1, due = $2 WHERE name = $3";

const NOTE_UPLOAD: &str =
    "INSERT INTO unfinished_upload (upload_id, object_key, started) VALUES ($1, $2, $3)";

const FORGET_UPLOAD: &str = "DELETE FROM unfinished_upload WHERE upload_id = $1";

// Few uploads are under way.
const STALE_UPLOADS: &str = "SELECT object_key, upload_id FROM unfinished_upload WHERE started < $1 ORDER BY upload_id LIMIT $2 $walk";

const NOTE_DAMAGE: &str = "INSERT INTO damage (object_key, found, problem) VALUES ($1, $2, $3)
    ON CONFLICT (object_key) DO NOTHING";

const FORGET_DAMAGE: &str = "DELETE FROM damage WHERE object_key = $1";

// Few objects are damaged.
const FORGET_REMOVED: &str = "DELETE FROM damage
    WHERE NOT EXISTS (SELECT 1 FROM document WHERE document.object_key = damage.object_key) $walk";

const DAMAGED: &str = "SELECT object_key FROM damage ORDER BY object_key LIMIT $1 $walk";

const IS_DAMAGED: &str = "SELECT found FROM damage WHERE object_key = $1";

const COUNT_DAMAGED: &str = "SELECT COUNT(*) FROM damage $walk";

/// Where a chore stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stands {
    pub(crate) position: i64,
    /// The second in which it became due.
    pub(crate) due: i64,
}

/// Takes a chore that is due at `now`; where it stands. None when it is not due, or another node has it.
pub(crate) async fn claim(index: &Database, chore: Chore, now: i64) -> Result<Option<Stands>, DatabaseError> {
    // Mostly it is not due: that costs a look.
    let stands = index.read(move |reader| reader.row(STANDS, [chore.name().into()])).await?;
    let Some(mut stands) = stands else { return Ok(None) };
    let (position, due): (i64, i64) = (stands.take()?, stands.take()?);
    if due > now {
        return Ok(None);
    }
    let until = now.saturating_add(CLAIM);
    let claimed = index.write(move |writer| {
        Box::pin(writer.execute(CLAIMED, [until.into(), chore.name().into(), now.into()]))
    });
    Ok((claimed.await? == 1).then_some(Stands { position, due }))
}

/// Ends a claimed chore: where it stands now, and when it is due again.
pub(crate) async fn done(
    index: &Database,
    chore: Chore,
    position: i64,
    due: i64,
) -> Result<(), DatabaseError> {
    let done = index.write(move |writer| {
        Box::pin(writer.execute(DONE, [position.into(), due.into(), chore.name().into()]))
    });
    done.await.map(drop)
}

/// How many documents there are, about: that may take a moment, so it is asked once a day, by one of the nodes.
pub(crate) async fn documents(index: &Database, now: i64) -> Result<i64, DatabaseError> {
    if let Some(mut row) = index.read(|reader| reader.row(DOCUMENTS, [])).await? {
        let (documents, counted): (i64, i64) = (row.take()?, row.take()?);
        if counted > 0 && (counted..counted.saturating_add(DAY)).contains(&now) {
            return Ok(documents);
        }
    }
    let documents = index::count(index).await?;
    let noted = index.write(move |writer| Box::pin(writer.execute(COUNTED, [documents.into(), now.into()])));
    noted.await.map(|_: u64| documents)
}

/// Notes that a document is being put in parts, so that they are found if we do not end it.
pub(crate) async fn note_upload(
    index: &Database,
    key: &str,
    id: &str,
    started: i64,
) -> Result<(), DatabaseError> {
    let (key, id) = (key.to_owned(), id.to_owned());
    let noted = index.write(move |writer| {
        Box::pin(writer.execute(NOTE_UPLOAD, [id.as_str().into(), key.as_str().into(), started.into()]))
    });
    noted.await.map(drop)
}

/// Forgets an upload that was completed or aborted.
pub(crate) async fn forget_upload(index: &Database, id: &str) -> Result<(), DatabaseError> {
    let id = id.to_owned();
    let forgotten = index.write(move |writer| Box::pin(writer.execute(FORGET_UPLOAD, [id.as_str().into()])));
    forgotten.await.map(drop)
}

/// Some of the uploads that began before this second and did not end: key and id.
pub(crate) async fn uploads_before(
    index: &Database,
    second: i64,
) -> Result<Vec<(String, String)>, DatabaseError> {
    let rows = index.read(move |reader| reader.rows(STALE_UPLOADS, [second.into(), MANY.into()])).await?;
    rows.into_iter().map(|mut row| Ok((row.take()?, row.take()?))).collect()
}

/// Notes that an object is damaged; whether that is new.
pub(crate) async fn note_damage(
    index: &Database,
    key: &str,
    problem: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let (key, problem) = (key.to_owned(), problem.to_owned());
    let noted = index.write(move |writer| {
        Box::pin(writer.execute(NOTE_DAMAGE, [key.as_str().into(), now.into(), problem.as_str().into()]))
    });
    Ok(noted.await? > 0)
}

/// Notes that an object is whole again.
pub(crate) async fn forget_damage(index: &Database, key: &str) -> Result<(), DatabaseError> {
    let key = key.to_owned();
    let forgotten = index.write(move |writer| Box::pin(writer.execute(FORGET_DAMAGE, [key.as_str().into()])));
    forgotten.await.map(drop)
}

/// Forgets the damage of objects that no document names any more.
pub(crate) async fn forget_removed(index: &Database) -> Result<(), DatabaseError> {
    index.write(|writer| Box::pin(writer.execute(FORGET_REMOVED, []))).await.map(drop)
}

/// Objects that are known to be damaged.
pub(crate) async fn damaged(index: &Database) -> Result<HashSet<String>, DatabaseError> {
    let rows = index.read(|reader| reader.rows(DAMAGED, [MANY.into()])).await?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// Whether an object is known to be damaged.
pub(crate) async fn is_damaged(index: &Database, key: &str) -> Result<bool, DatabaseError> {
    let key = key.to_owned();
    Ok(index.read(move |reader| reader.row(IS_DAMAGED, [key.as_str().into()])).await?.is_some())
}

/// How many there are.
pub(crate) async fn count_damaged(index: &Database) -> Result<u64, DatabaseError> {
    let row = index.read(|reader| reader.row(COUNT_DAMAGED, [])).await?;
    row.map_or(Ok(0), |mut row| Ok(row.take::<i64>()?.unsigned_abs()))
}
