//! The command line: what can be asked, and how it ends (design section 2).

use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::commands::{
    backup, certs, config, conform, demo, domain, export, fetch, find, history, import, migrate, restore,
    serve, show, submit, verify,
};
use crate::exit::Failure;
use crate::output::{Output, complain, is_watched};

/// Shares radiation dose reports between hospitals, and shows one patient's doses across them
///
/// Exits with 0 if it was done, 1 if a peer or the data said no, 2 if it was used wrongly, 3 if a peer could not
/// be reached.
#[derive(Debug, Parser)]
#[command(name = "dosebook", version, after_help = "Example:\n  dosebook demo")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results as JSON, a value a line
    #[arg(long, global = true)]
    json: bool,
    /// Say more about what happens, on stderr; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Serve(serve::Arguments),
    Submit(submit::Arguments),
    Find(find::Arguments),
    Fetch(fetch::Arguments),
    Show(show::Arguments),
    History(history::Arguments),
    Verify(verify::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
    Migrate(migrate::Arguments),
    Certs(certs::Arguments),
    Config(config::Arguments),
    Domain(domain::Arguments),
    Conform(conform::Arguments),
}

impl Command {
    /// Whether it runs on and on, so that its log is what it has to say.
    const fn is_service(&self) -> bool {
        matches!(self, Self::Serve(_))
    }

    async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Demo(arguments) => demo::run(arguments, output).await,
            Self::Serve(arguments) => serve::run(arguments, output).await,
            Self::Submit(arguments) => submit::run(arguments, output).await,
            Self::Find(arguments) => find::run(arguments, output).await,
            Self::Fetch(arguments) => fetch::run(arguments, output).await,
            Self::Show(arguments) => show::run(&arguments, output),
            Self::History(arguments) => history::run(arguments, output).await,
            Self::Verify(arguments) => verify::run(arguments, output).await,
            Self::Backup(arguments) => backup::run(arguments, output).await,
            Self::Restore(arguments) => restore::run(arguments, output).await,
            Self::Export(arguments) => export::run(arguments, output).await,
            Self::Import(arguments) => import::run(arguments, output).await,
            Self::Migrate(arguments) => migrate::run(arguments, output).await,
            Self::Certs(arguments) => certs::run(arguments, output),
            Self::Config(arguments) => config::run(arguments, output),
            Self::Domain(arguments) => domain::run(arguments, output),
            Self::Conform(arguments) => conform::run(arguments, output).await,
        }
    }
}

/// Does what the command line asks; used wrongly, it says how and ends with 2.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log(cli.verbose, cli.command.is_service(), cli.json);
    let output = Output { json: cli.json };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(cli.command.run(output)),
        Err(error) => Err(Failure::Refused(format!("cannot start: {error}"))),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure != Failure::Said {
                complain(&failure);
            }
            ExitCode::from(&failure)
        }
    }
}

/// The log goes to stderr; `DOSEBOOK_LOG` goes over `-v`.
fn log(verbose: u8, service: bool, json: bool) {
    let level = match (verbose, service) {
        (0, false) => "warn",
        (0, true) | (1, false) => "info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("DOSEBOOK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_watched());
    if json && service {
        log.json().init();
    } else {
        log.init();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn refusal(line: &str) -> ErrorKind {
        Cli::try_parse_from(line.split(' ')).unwrap_err().kind()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        fn visit(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path}");
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(example.contains("Example"), "{path}: {example}");
            command
                .get_subcommands()
                .filter(|sub| sub.get_name() != "help")
                .for_each(|sub| visit(sub, &path));
        }
        visit(&Cli::command(), "");
    }

    #[test]
    fn wrong_use_ends_with_2() {
        let error = Cli::try_parse_from(["dosebook", "fetsh"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert_eq!(refusal("dosebook fetch"), ErrorKind::MissingRequiredArgument);
        assert_eq!(refusal("dosebook find --patient x --status old"), ErrorKind::InvalidValue);
        assert_eq!(refusal("dosebook submit a.dcm --certificate a.pem"), ErrorKind::MissingRequiredArgument);
        assert_eq!(refusal("dosebook serve extra"), ErrorKind::UnknownArgument);
        assert_eq!(refusal("dosebook conform localhost:8443"), ErrorKind::ValueValidation);
        assert_eq!(refusal("dosebook conform --facts a.toml"), ErrorKind::MissingRequiredArgument);
    }

    #[test]
    fn json_and_verbose_go_with_every_command() {
        let cli = Cli::try_parse_from(["dosebook", "show", "a.dcm", "--json", "-vv"]).unwrap();
        assert!(cli.json);
        assert_eq!(cli.verbose, 2);
    }
}
