//! A development CA and the identities that it issues: what mutual TLS between nodes needs to be tried.
//!
//! IHE ITI TF-2 3.19 (ITI-19 Authenticate Node) asks both sides for a certificate. A hospital brings
//! certificates of its own CA; this crate is for the demo, for tests and for a first evening.

mod authority;
mod directory;
mod error;
mod summary;

pub use authority::{Authority, Identity, LOOPBACK, Purpose, Request, Validity};
pub use directory::{Directory, Existing, Files};
pub use error::Error;
pub use summary::{Standing, Summary, Use, describe};
