//! A node under load, beside the floor: the bare work by the same libraries.
//!
//! ```text
//! cargo bench -p tests --bench load -- WHAT [OPTIONS]
//!
//! transactions   ITI-42, 41, 18 and 43 by many clients at once, each answer checked
//!     --clients N            clients, each with a connection (32)
//!     --seconds S            length of each measurement (5)
//!     --rounds N             measurements of floor and node in turns; medians are printed (3)
//!     --rate R               open loop: R questions a second at fixed times; a time counts from when its question
//!                            was due, so that a stalled server is not excused from what it should have been asked
//!     --connections new      a new connection for each question
//!     --mix                  documents of 8 to 400 KiB instead of 40 KiB
//!     --patients N           patients that are written for (10000)
//!     --only ITI-42          one of the four
//!     --database postgres    on a PostgreSQL server started for this; or the URL of one
//! documents      one large document at a time, by ITI-41 and ITI-43
//!     --sizes 256,1024       their sizes in MiB
//! memory         what a node has resident: idle, 64 uploads of 64 MiB at once, 1 GiB up and down
//! scale          ITI-18 and start with very many entries, beside a node with 10 thousand
//!     --entries N            how many (10000000)
//!
//! --json prints a line of JSON for each row instead of tables.
//! ```
//!
//! Node and floor are processes of their own and take turns on the same machine as the clients. The node is the one
//! that `DOSEBOOK_PROGRAM` names, or else the one of this workspace, built for release. Clients are bare: requests
//! are written once by the project's own client, then sent as bytes with fresh ids.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that fails says where, and it prints")]
#![allow(clippy::indexing_slicing, reason = "see above")]

mod asker;
mod documents;
mod engine;
mod fill;
mod floor;
mod https;
mod identity;
mod known;
mod load;
mod memory;
mod plan;
mod postgres;
mod process;
mod random;
mod requests;
mod sample;
mod scale;
mod table;
mod template;
mod transactions;

use plan::Plan;

/// That of the node, so that the floor has it too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let plan = match Plan::read(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(problem) => {
            eprintln!("{problem}");
            std::process::exit(2);
        }
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let words: Vec<&str> = plan.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["floor", folder] => runtime.block_on(floor::serve(folder)),
        ["transactions"] => runtime.block_on(transactions::compare(&plan)),
        ["documents"] => runtime.block_on(documents::compare(&plan)),
        ["memory"] => runtime.block_on(memory::measure(&plan)),
        ["scale"] => runtime.block_on(scale::compare(&plan)),
        _ => {
            eprintln!("what is to be measured: transactions, documents, memory or scale?");
            std::process::exit(2);
        }
    }
}
