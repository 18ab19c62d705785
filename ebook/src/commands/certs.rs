//! `dosebook certs`: a development CA, the identities that it issues, and what a certificate says.

use std::fs;
use std::path::{Path, PathBuf};

use certs::{Directory, Existing, LOOPBACK, Request, Summary, Validity, describe};
use clap::Subcommand;
use serde_json::json;

use crate::exit::{Failure, file};
use crate::output::Output;

/// Makes a development CA, issues identities, says what a certificate says
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  dosebook certs init certs && dosebook certs issue node-b --dir certs --host b.example"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a development CA: ca.pem for who shall trust it, ca.key to be kept to yourself
    #[command(after_help = "Example:\n  dosebook certs init certs")]
    Init {
        /// The folder to make it in
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Issues an identity, NAME.pem and NAME.key, for a node or a person
    #[command(
        after_help = "Examples:\n  dosebook certs issue node-b --dir certs --host b.example\n  dosebook certs issue dr-peeters --dir certs --person"
    )]
    Issue {
        /// Whose it is; also the name of its files
        name: String,
        /// The folder of the CA
        #[arg(long, value_name = "DIR", default_value = "./dosebook-data/certs")]
        dir: PathBuf,
        /// A host name or address under which the node is reached, beside those of the machine itself
        #[arg(long, value_name = "HOST", conflicts_with = "person")]
        host: Vec<String>,
        /// For a person or a tool that only calls others
        #[arg(long)]
        person: bool,
        /// How long it holds, in days
        #[arg(long, default_value_t = 365)]
        days: u32,
        /// Replace files of that name
        #[arg(long)]
        replace: bool,
    },
    /// Says what the certificates in PEM files say
    #[command(after_help = "Example:\n  dosebook certs show dosebook-data/certs/node.pem")]
    Show {
        /// PEM files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

pub(crate) fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    match arguments.command {
        Command::Init { folder } => {
            let directory = Directory::init(folder)?;
            let authority = directory.authority_file();
            output.line(format_args!("{}: what others have to trust", authority.display()));
            output.line(format_args!(
                "{}: its key, for nobody else",
                authority.with_extension("key").display()
            ));
            output.value(&json!({ "certificate": authority }));
        }
        Command::Issue { name, dir, host, person, days, replace } => {
            let hosts = LOOPBACK.into_iter().map(str::to_owned).chain(host);
            let request = if person { Request::person(&name) } else { Request::node(&name, hosts) };
            let existing = if replace { Existing::Replace } else { Existing::Keep };
            let directory = Directory::open(dir)?;
            let files = directory.keep(&request.valid(Validity::days(days)), &name, existing)?;
            output.line(format_args!("{}: the certificate", files.certificate.display()));
            output.line(format_args!("{}: its key", files.key.display()));
            output.line(format_args!("{}: the CA that it comes from", directory.authority_file().display()));
            output.value(&json!({
                "certificate": files.certificate, "key": files.key, "trust": directory.authority_file(),
            }));
        }
        Command::Show { files } => {
            for path in files {
                show(&path, output)?;
            }
        }
    }
    Ok(())
}

fn show(path: &Path, output: Output) -> Result<(), Failure> {
    let pem = fs::read_to_string(path).map_err(|error| file(path, "read it", &error))?;
    let described =
        describe(&pem).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?;
    for summary in described {
        output.line(format_args!("{}\n{summary}\n", path.display()));
        output.value(&json(path, &summary));
    }
    Ok(())
}

fn json(path: &Path, summary: &Summary) -> serde_json::Value {
    let uses: Vec<String> = summary.uses().iter().map(ToString::to_string).collect();
    json!({
        "file": path, "subject": summary.subject, "issuer": summary.issuer, "names": summary.names,
        "not_before": summary.not_before, "not_after": summary.not_after, "uses": uses,
        "fingerprint_sha256": summary.fingerprint,
    })
}
