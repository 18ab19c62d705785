//! Carries messages between machines; has never heard of XDS.
pub mod xml;
