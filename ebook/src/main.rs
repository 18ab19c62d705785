//! The program `dosebook`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ebook::cli::main()
}
