//! Runs a command beside a fresh PostgreSQL: `cargo run -p tests --example postgres -- cargo test -p registry`.

#![expect(clippy::unwrap_used, reason = "a tool of tests that fails says where")]

use std::process::{Command, ExitCode};

use tests::{PgBouncer, Postgres};

const USAGE: &str = "postgres [--serializable] [--pooler] COMMAND...
Starts a PostgreSQL server, runs COMMAND with DOSEBOOK_TEST_POSTGRES set to its URL, and stops it.
  --serializable  every transaction is serializable, as those of distributed engines are
  --pooler        the URL leads through PgBouncer in transaction mode (and DOSEBOOK_TEST_POOLER=1)
Example: cargo run -p tests --example postgres -- --serializable cargo test -p registry";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).peekable();
    let (mut serializable, mut pooler) = (false, false);
    while let Some(option) = words.next_if(|word| word.starts_with("--")) {
        match option.as_str() {
            "--serializable" => serializable = true,
            "--pooler" => pooler = true,
            _ => return wrong(),
        }
    }
    let Some(program) = words.next() else { return wrong() };
    let server = if serializable { Postgres::serializable() } else { Postgres::start() };
    let Some(server) = server else { return ExitCode::SUCCESS };
    let mut command = Command::new(program);
    command.args(words).env("DOSEBOOK_TEST_POSTGRES", server.url("postgres"));
    let mut between = None;
    if pooler {
        let Some(pooler) = PgBouncer::before(&server) else { return ExitCode::SUCCESS };
        command.env("DOSEBOOK_TEST_POSTGRES", server.url_through(pooler.address(), "postgres"));
        command.env("DOSEBOOK_TEST_POOLER", "1");
        between = Some(pooler);
    }
    let status = command.status().unwrap();
    drop(between);
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

fn wrong() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}
