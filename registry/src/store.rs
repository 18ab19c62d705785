//! What lies in the database: patients, and objects clustered by patient (design D3).
//!
//! A row has the object as it was said, compressed, beside columns for what queries ask and for what
//! changes later. The columns of the first kind follow from the object and could be rebuilt.

mod columns;
mod dictionary;
mod facets;
mod fragment;
pub(crate) mod kept;
mod object;
pub(crate) mod patient;

pub(crate) use columns::NewObject;
pub(crate) use facets::{Facet, Facets};
pub(crate) use fragment::LARGEST;
#[cfg(test)]
pub(crate) use fragment::LARGEST_ANSWER;
pub(crate) use fragment::{Fragments, Held, Stored, fragments};
pub(crate) use object::{
    Key, Kind, Object, Page, UniqueIdOwner, associations_from, associations_to, by_keys, by_unique_ids,
    by_uuids, deprecate, insert, of_patient, touch_folder, unique_id_owners,
};
pub(crate) use patient::{Patient, PatientNumber};

use database::{DatabaseError, Migration, Schema, Table, table};

/// The tables of the registry.
pub const SCHEMA: Schema = Schema {
    keeper: "registry",
    migrations: &[
        Migration {
            sqlite: include_str!("store/sqlite_1.sql"),
            postgres: include_str!("store/postgres_1.sql"),
        },
        Migration {
            sqlite: include_str!("store/sqlite_2.sql"),
            postgres: include_str!("store/postgres_2.sql"),
        },
        Migration {
            sqlite: include_str!("store/sqlite_3.sql"),
            postgres: include_str!("store/postgres_3.sql"),
        },
    ],
};

/// Every table, in an order in which they can be filled.
pub const TABLES: &[Table] = &[
    table!("patient", "no", "authority", "id", "merged_into", "objects"),
    table!(
        "object",
        "key",
        "uuid",
        "kind",
        "status",
        "version",
        "lid",
        "unique_id",
        "time",
        "service_start",
        "service_stop",
        "source",
        "target",
        "facets",
        "dictionary",
        "fragment"
    ),
    table!("entry_uuid", "uuid", "object"),
    table!("unique_id", "value", "kind", "hash", "size"),
];

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No key is left for a further object.
    #[error("a patient cannot have more than {0} objects")]
    Full(i64),
    /// It could not be given back.
    #[error("an object has {0} bytes of ebRIM, of which not so many are kept")]
    TooLarge(usize),
    /// The compression failed.
    #[error("an object cannot be compressed: {0}")]
    Compress(std::io::Error),
    /// It is not what was kept.
    #[error("the fragment of an object cannot be read: {0}")]
    Fragment(String),
}
