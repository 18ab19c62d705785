//! The statements of one registration and of one document, as the product runs them.
//!
//! How they were derived: the tables of the floor are a copy of those of the node, indexes included, and so are the
//! rows: those that the node wrote for one submission, read back column by column, with fresh ids and keys put in.
//! So the INSERTs follow the product by themselves; the statements around them (constants below) are those of
//! `registry/src/store` and `repository/src/index.rs`.

use std::collections::HashMap;

/// Adds a patient that is not known.
pub(super) const ADD_PATIENT: &str =
    "INSERT INTO patient (authority, id) VALUES ($1, $2) ON CONFLICT (authority, id) DO NOTHING";
/// Takes the next keys of a patient, which locks it; the first of them.
pub(super) const RESERVE: &str = "UPDATE patient SET objects = objects + $1 WHERE authority = $2 AND id = $3 \
     RETURNING (no << 24) + objects - $1";
/// Looks whether unique ids are free.
pub(super) const UNIQUE_IDS: &str = "SELECT value, kind, hash, size FROM unique_id WHERE value IN ($1, $2)";
/// Looks for a document before it is filed, and for the same bytes.
pub(super) const FIND_DOCUMENT: &str = "SELECT number FROM document WHERE unique_id = $1";
pub(super) const SAME_BYTES: &str = "SELECT object_key FROM document WHERE sha256 = $1 AND size = $2 LIMIT 1";
/// Files a document.
pub(super) const INSERT_DOCUMENT: &str = "INSERT INTO document \
     (unique_id, object_key, sha256, sha1, size, mime_type, provided, registered) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";

/// Bits of a key that count the objects of one patient.
pub(super) const ORDINAL_BITS: u32 = 24;

/// The tables that a registration writes to, in the order of the product, and how the rows of a submission with
/// the keys from `$1` to `$2` are found in them.
pub(super) const TABLES: [(&str, &str); 3] = [
    ("entry_uuid", "SELECT * FROM entry_uuid WHERE object >= $1 AND object < $2"),
    (
        "unique_id",
        "SELECT * FROM unique_id WHERE value IN (SELECT unique_id FROM object WHERE key >= $1 AND key < $2)",
    ),
    ("object", "SELECT * FROM object WHERE key >= $1 AND key < $2"),
];

/// Columns that hold ids or keys, which differ from one registration to the next.
const UUIDS: [&str; 2] = ["uuid", "lid"];
const UNIQUE: [&str; 2] = ["unique_id", "value"];
const KEYS: [&str; 4] = ["key", "object", "source", "target"];

/// Objects of a submission of one document: its entry, the submission set, and what joins them.
pub(super) const OBJECTS: i64 = 3;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The rows that the product wrote to one table for one submission, and the statement that writes such rows.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
    insert: String,
}

impl Table {
    pub(super) fn new(name: &str, columns: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        let mut number = 0;
        let mut tuples = Vec::new();
        for row in &rows {
            let placeholders = row.iter().map(|value| match value {
                Value::Null => "NULL".to_owned(),
                _ => {
                    number += 1;
                    format!("${number}")
                }
            });
            tuples.push(format!("({})", placeholders.collect::<Vec<_>>().join(", ")));
        }
        let insert = format!("INSERT INTO {name} ({}) VALUES {}", columns.join(", "), tuples.join(", "));
        Self { columns, rows, insert }
    }
}

/// All rows that the product wrote for one submission.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) authority: String,
    first: i64,
    tables: Vec<Table>,
}

impl Pattern {
    pub(super) const fn new(authority: String, first: i64, tables: Vec<Table>) -> Self {
        Self { authority, first, tables }
    }

    /// The unique ids that a registration brings.
    pub(super) fn fresh(&self) -> Fresh {
        Fresh { pattern_first: self.first, ids: HashMap::new() }
    }

    /// The statements that write the same rows again for another submission, whose keys begin at `first`.
    pub(super) fn inserts(&self, first: i64) -> impl Iterator<Item = (&str, Vec<Value>)> {
        let mut fresh = self.fresh();
        self.tables.iter().map(move |table| {
            let mut values = Vec::new();
            for row in &table.rows {
                let named = table.columns.iter().zip(row).filter(|(_, value)| **value != Value::Null);
                values.extend(named.map(|(column, value)| fresh.value(column, value, first)));
            }
            (table.insert.as_str(), values)
        })
    }
}

/// What takes the place of the ids of a pattern.
pub(super) struct Fresh {
    pattern_first: i64,
    ids: HashMap<Value, Value>,
}

impl Fresh {
    fn value(&mut self, column: &str, value: &Value, first: i64) -> Value {
        match value {
            Value::Integer(key) if KEYS.contains(&column) => Value::Integer(first + key - self.pattern_first),
            _ if UUIDS.contains(&column) => {
                let fresh = || Value::Bytes(uuid::Uuid::now_v7().as_bytes().to_vec());
                self.ids.entry(value.clone()).or_insert_with(fresh).clone()
            }
            _ if UNIQUE.contains(&column) => {
                self.ids.entry(value.clone()).or_insert_with(|| Value::Text(unique_id())).clone()
            }
            _ => value.clone(),
        }
    }
}

/// A unique id as those of the submissions.
pub(super) fn unique_id() -> String {
    format!("2.25.{}", uuid::Uuid::new_v4().as_u128())
}

/// The id of one of many patients.
pub(super) fn patient() -> String {
    /// As many as the clients of the node write for.
    const PATIENTS: u128 = 10_000;
    format!("P{:07}", 1_000_000 + uuid::Uuid::new_v4().as_u128() % PATIENTS)
}
