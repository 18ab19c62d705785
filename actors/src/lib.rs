//! What IHE actors say to each other, and the two that keep nothing.
//!
//! A transaction is words in one file of [`transactions`]; what an actor does about it is one function of
//! the keeper that answers. Everything between (decoding, faults, audit, error lists, encoding) is written
//! once: in [`endpoint`] for who answers, in [`call`] for who asks.

mod account;
mod answers;
pub mod audit;
pub mod call;
pub mod consumer;
pub mod description;
pub mod endpoint;
pub mod identity_feed;
pub mod integrity;
pub mod source;
pub mod transactions;

pub use call::{CallError, Partner};
pub use endpoint::Endpoint;
