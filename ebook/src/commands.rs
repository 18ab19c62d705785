//! The commands, a file each: their arguments, and what they do.

pub(crate) mod backup;
pub(crate) mod certs;
pub(crate) mod config;
pub(crate) mod conform;
pub(crate) mod demo;
pub(crate) mod domain;
pub(crate) mod export;
pub(crate) mod fetch;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod migrate;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod submit;
pub(crate) mod verify;

pub(crate) mod session;
