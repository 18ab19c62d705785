//! The judge: cases as data, sent as plain XML over HTTP to any registry and repository, and checked.
//!
//! It shares no type with the actors that it judges; of `soap` it uses only the XML reader. How cases
//! are written stands in `conformance/README.md`.

mod answer;
mod case;
mod clauses;
mod codes;
mod compose;
mod edit;
mod error;
mod exchange;
mod facts;
mod feed;
mod judge;
mod library;
mod markdown;
mod mime;
mod path;
mod report;
mod runner;
mod schema;
mod variables;
mod write;

pub use clauses::{Clause, Clauses};
pub use error::Error;
pub use exchange::Credentials;
pub use facts::{Code, Facts};
pub use library::Library;
pub use report::{CaseResult, Finding, Outcome, Report, Summary};
pub use runner::{Target, check, list, run};
