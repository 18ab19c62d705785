//! The program `dosebook`.

use std::process::ExitCode;

/// A message is many small pieces of memory: they come and go a fifth faster than with the allocator of the system,
/// and what a large answer took is given back.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    ebook::cli::main()
}
