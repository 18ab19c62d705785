//! A hospital in one line: real nodes in processes of their own, and what a stranger needs to talk to them.
//!
//! The stories are in `e2e/`. A node is the program `dosebook serve` with its own folder, development CA and
//! free ports; it can be asked, stopped, killed and started again. So can the servers that a node relies on:
//! PostgreSQL, `PgBouncer` and S3.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a harness that fails says where")]

mod cut;
mod document;
mod node;
mod peer;
mod pgbouncer;
mod postgres;
mod program;
mod s3;

pub use cut::Cut;
pub use document::{Document, noise};
pub use node::{AUTHORITY, Node, REPOSITORY, Settings, get};
pub use pgbouncer::PgBouncer;
pub use postgres::{Fresh, Postgres};
pub use program::{Output, dosebook, run};
pub use s3::S3;
