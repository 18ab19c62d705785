//! The stories: what happens between real nodes, over real wires, on real disks.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that fails says where")]

mod backups;
mod central;
mod conformance;
mod crowd;
mod domain;
mod feed;
mod find;
mod hospitals;
mod keeping;
mod mutations;
mod mutual_tls;
mod nodes;
mod observed;
mod pooler;
mod program;
mod publish;
mod refusals;
mod replace;
mod restart;
mod servers;
mod slow;
mod uploads;
