//! A hospital in one line: real nodes in processes of their own, and what a stranger needs to talk to them.
//!
//! The stories are in `e2e/`. A node is the program `dosebook serve` with its own folder, development CA and
//! free ports; it can be asked, stopped, killed and started again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a harness that fails says where")]

mod document;
mod node;
mod program;

pub use document::{Document, noise};
pub use node::{AUTHORITY, Node, REPOSITORY, Settings, get};
pub use program::{Output, dosebook, run};
