//! The judge as a program of its own.

use std::process::ExitCode;

use clap::Parser;

mod command;

/// Judges an XDS.b registry and repository, clause by clause
///
/// Exits with 0 if every case passes, 1 if one fails, 2 if nothing could be judged.
///
/// Example: conformance https://localhost:8443/registry https://localhost:8443/repository
/// --cert certs/judge.pem --key certs/judge.key --trust certs/ca.pem
#[derive(Debug, Parser)]
#[command(version)]
struct Command {
    #[command(flatten)]
    arguments: command::Arguments,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Command::parse();
    match command::execute(&command.arguments, &mut std::io::stdout()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::from(2)
        }
    }
}
