//! `dosebook conform`: the judge, against any server, or against the node of this folder.

use std::path::PathBuf;

use conformance::{Credentials, Facts, Library, Target};

use super::session::{NodeArguments, address};
use crate::exit::{Failure, file};
use crate::node::{Identifiers, REGISTRY_PATH, REPOSITORY_PATH};
use crate::output::Output;

/// Runs the conformance cases against a registry and a repository
///
/// Without a URL it judges the node of the configuration, with the node's own identity.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook conform
  dosebook conform https://b.example:8443/registry https://b.example:8443/repository --facts b.toml")]
pub(crate) struct Arguments {
    /// The registry (ITI-42, ITI-18); alone it is also the repository
    registry: Option<String>,
    /// The repository (ITI-41, ITI-43)
    repository: Option<String>,
    #[command(flatten)]
    node: NodeArguments,
    /// Our certificate and its chain, PEM, instead of the node's
    #[arg(long, value_name = "FILE", requires_all = ["key", "trust"])]
    certificate: Option<PathBuf>,
    /// Our private key, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The CAs that the server's certificate may come from, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    trust: Option<PathBuf>,
    /// What is known of the server where it differs from a plain test domain, TOML
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// Only cases with this in their name, as iti-42/ or replace
    #[arg(long, value_name = "PART")]
    filter: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let failed = |error: conformance::Error| Failure::Usage(error.to_string());
    let library = Library::built_in();
    let config = arguments.node.load()?;
    let mut facts = match &arguments.facts {
        Some(path) => Facts::read(&library, path),
        None => Facts::defaults(&library),
    }
    .map_err(failed)?;
    let own = arguments.registry.is_none();
    if own && let Some(identifiers) = Identifiers::existing(&config).map_err(Failure::Refused)? {
        facts.repository_unique_id = identifiers.repository_unique_id.to_string();
        facts.assigning_authority = identifiers.patient_authority.to_string();
    }
    let registry = arguments.registry.clone().unwrap_or_else(|| address(&config, REGISTRY_PATH));
    let repository = match &arguments.repository {
        Some(url) => url.clone(),
        None if own => address(&config, REPOSITORY_PATH),
        None => registry.clone(),
    };
    let read = |given: &Option<PathBuf>, ours: PathBuf| {
        let path = given.clone().unwrap_or(ours);
        std::fs::read(&path).map_err(|error| file(&path, "read it", &error))
    };
    let credentials = Credentials {
        certificates: read(&arguments.certificate, config.certificate())?,
        key: read(&arguments.key, config.key())?,
        trust: read(&arguments.trust, config.trust())?,
    };
    let target = Target { registry, repository, credentials, facts };
    let report = conformance::run(&library, &target, arguments.filter.as_deref(), |case| output.line(case));
    let report = report.await.map_err(failed)?;
    output.line(format_args!("\n{report}"));
    output.value(&report.json());
    if report.is_green() { Ok(()) } else { Err(Failure::Said) }
}
