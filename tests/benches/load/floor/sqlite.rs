//! The rows of the floor in SQLite: one thread that writes and commits together what has queued, as the product does.

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, ToSql, params, params_from_iter};
use tokio::sync::oneshot;

use super::PATTERN;
use super::documents::Kept;
use super::statements::{
    ADD_PATIENT, FIND_DOCUMENT, INSERT_DOCUMENT, OBJECTS, ORDINAL_BITS, Pattern, RESERVE, SAME_BYTES, TABLES,
    Table, UNIQUE_IDS, Value, patient, unique_id,
};

/// Registrations that share a commit at most.
const GROUP: usize = 64;

/// The settings of the product's writer.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; \
     PRAGMA wal_autocheckpoint = 64000; PRAGMA foreign_keys = ON;";

/// One thread that writes to one file.
pub(super) struct Writer(Mutex<mpsc::Sender<Job>>);

/// What is to be written, and who waits for it.
struct Job {
    /// A document that is filed; none where a submission is registered.
    document: Option<Kept>,
    done: oneshot::Sender<()>,
}

impl Writer {
    pub(super) fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(SETTINGS).unwrap();
        let (sender, queue) = mpsc::channel();
        std::thread::spawn(move || write(&connection, &queue));
        Self(Mutex::new(sender))
    }

    /// Writes the rows of a submission; when this returns, they are durable.
    pub(super) async fn register(&self) {
        self.send(None).await;
    }

    /// Writes the row of a document.
    pub(super) async fn file(&self, kept: Kept) {
        self.send(Some(kept)).await;
    }

    async fn send(&self, document: Option<Kept>) {
        let (done, written) = oneshot::channel();
        self.0.lock().unwrap().send(Job { document, done }).unwrap();
        written.await.unwrap();
    }
}

fn write(connection: &Connection, queue: &mpsc::Receiver<Job>) {
    let pattern = has_objects(connection).then(|| pattern(connection));
    let execute = |statement: &str| connection.prepare_cached(statement).unwrap().execute([]).unwrap();
    while let Ok(first) = queue.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1)).collect();
        execute("BEGIN IMMEDIATE");
        for job in &group {
            match (&job.document, &pattern) {
                (Some(kept), _) => file(connection, kept),
                (None, Some(pattern)) => register(connection, pattern),
                (None, None) => {}
            }
        }
        execute("COMMIT");
        for job in group {
            let _ = job.done.send(()); // A client that has gone needs no answer.
        }
    }
}

fn has_objects(connection: &Connection) -> bool {
    let statement = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'object'";
    connection.query_row(statement, [], |row| row.get::<_, i64>(0)).unwrap() > 0
}

/// The rows that the node wrote.
fn pattern(connection: &Connection) -> Pattern {
    let (number, authority): (i64, String) = connection
        .query_row("SELECT no, authority FROM patient WHERE id = $1", [PATTERN], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let first = number << ORDINAL_BITS;
    let tables = TABLES.iter().map(|(name, statement)| {
        let mut statement = connection.prepare(statement).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let width = columns.len();
        let rows = statement.query_map([first, first + OBJECTS], |row| {
            (0..width).map(|column| Ok(value(row.get_ref(column)?))).collect()
        });
        Table::new(name, columns, rows.unwrap().map(Result::unwrap).collect())
    });
    Pattern::new(authority, first, tables.collect())
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => unreachable!("the product keeps no such numbers"),
    }
}

fn register(connection: &Connection, pattern: &Pattern) {
    let patient = patient();
    let reserve = || one(connection, RESERVE, params![OBJECTS, pattern.authority, patient]);
    let first = reserve().or_else(|| {
        execute(connection, ADD_PATIENT, params![pattern.authority, patient]);
        reserve()
    });
    one(connection, UNIQUE_IDS, params![unique_id(), unique_id()]);
    for (statement, values) in pattern.inserts(first.unwrap()) {
        execute(connection, statement, params_from_iter(&values));
    }
}

fn file(connection: &Connection, kept: &Kept) {
    let unique_id = unique_id();
    one(connection, FIND_DOCUMENT, params![unique_id]);
    one(connection, SAME_BYTES, params![kept.sha256, kept.size]);
    let (media_type, now) = ("application/dicom", 1_700_000_000);
    let values = params![unique_id, kept.key, kept.sha256, kept.sha1, kept.size, media_type, now];
    execute(connection, INSERT_DOCUMENT, values);
}

/// The number that a statement finds, if it finds a row with one.
fn one(connection: &Connection, statement: &str, values: impl Params) -> Option<i64> {
    let mut statement = connection.prepare_cached(statement).unwrap();
    let mut rows = statement.query(values).unwrap();
    rows.next().unwrap().and_then(|row| row.get(0).ok())
}

fn execute(connection: &Connection, statement: &str, values: impl Params) {
    connection.prepare_cached(statement).unwrap().execute(values).unwrap();
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
