//! `dosebook conform`: the judge, against any server, or against nodes that are there for nothing else.

mod nodes;

use std::path::PathBuf;
use std::time::Duration;

use conformance::{Credentials, Facts, Library, Report, Target};
use tokio::net::TcpStream;

use super::session::NodeArguments;
use crate::config::Url;
use crate::exit::{Failure, file};
use crate::output::{Output, complain};
use nodes::Nodes;

/// Runs the conformance cases against a registry and a repository
///
/// Without a URL it starts nodes in temporary folders, which together have all that cases need, judges those, and
/// removes them. With one it judges any server, as the node of the configuration or with --certificate; cases that
/// need what the facts do not offer are not run, and the report says why. The cases leave their documents and patients in the
/// server for good: do not judge one that holds real ones.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dosebook conform
  dosebook conform --markdown > docs/conformance.md
  dosebook conform https://b.example:8443/registry https://b.example:8443/repository --facts b.toml")]
pub(crate) struct Arguments {
    /// The registry (ITI-42, ITI-18); alone it is also the repository
    registry: Option<Url>,
    /// The repository (ITI-41, ITI-43)
    repository: Option<Url>,
    #[command(flatten)]
    node: NodeArguments,
    /// Our certificate and its chain, PEM, instead of the node's
    #[arg(long, value_name = "FILE", requires_all = ["registry", "key", "trust"])]
    certificate: Option<PathBuf>,
    /// Our private key, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The CAs that the server's certificate may come from, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    trust: Option<PathBuf>,
    /// What is known of the server where it differs from a plain test domain, TOML
    #[arg(long, value_name = "FILE", requires = "registry")]
    facts: Option<PathBuf>,
    /// Only cases with this in their name, as iti-42/ or replace
    #[arg(long, value_name = "PART")]
    filter: Option<String>,
    /// Print the report as a page: clause, cases, result
    #[arg(long)]
    markdown: bool,
    /// Print the names of the cases and stop
    #[arg(long)]
    list: bool,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let library = Library::built_in();
    if arguments.list {
        return list(&library, output);
    }
    let filter = arguments.filter.as_deref();
    let report = match &arguments.registry {
        Some(registry) => {
            let target = target(&arguments, registry, &library)?;
            for url in [Some(registry), arguments.repository.as_ref()].into_iter().flatten() {
                reach(url).await?;
            }
            judge(&library, &[target], filter, &arguments, output).await?
        }
        None => {
            let NodeArguments { config, data } = &arguments.node;
            if config.is_some() || data.is_some() {
                return Err(Failure::Usage(
                    "--config and --data go with the URL of the server to judge: without one, nodes in temporary \
                     folders are judged; the cases leave their documents in the server"
                        .to_owned(),
                ));
            }
            let own = Nodes::start(&library).await?;
            let judged = judge(&library, &own.targets(&library)?, filter, &arguments, output).await;
            own.stop().await?;
            judged?
        }
    };
    if arguments.markdown {
        output.line(report.markdown().trim_end());
    } else {
        output.line(format_args!("\n{report}"));
    }
    output.value(&report.json());
    if report.is_green() { Ok(()) } else { Err(Failure::Said) }
}

fn list(library: &Library, output: Output) -> Result<(), Failure> {
    for (id, title) in conformance::list(library).map_err(|error| unusable(&error))? {
        output.line(format_args!("{id}: {title}"));
        output.value(&serde_json::json!({ "case": id, "title": title }));
    }
    Ok(())
}

async fn judge(
    library: &Library,
    targets: &[Target],
    filter: Option<&str>,
    arguments: &Arguments,
    output: Output,
) -> Result<Report, Failure> {
    let report = conformance::run(library, targets, filter, |case| {
        if !arguments.markdown {
            output.line(case);
        } else if !case.is_fine() {
            complain(case);
        }
    });
    report.await.map_err(|error| unusable(&error))
}

/// That nobody is there is no verdict about a server.
async fn reach(url: &Url) -> Result<(), Failure> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let unreachable = |why: String| Failure::Unreachable(format!("{url}: cannot be reached: {why}"));
    let uri: http::Uri =
        url.as_str().parse().map_err(|error: http::uri::InvalidUri| unreachable(error.to_string()))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let connection = TcpStream::connect((host, uri.port_u16().unwrap_or(443)));
    match tokio::time::timeout(PATIENCE, connection).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Err(_) => Err(unreachable(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

/// A server that someone named.
fn target(arguments: &Arguments, registry: &Url, library: &Library) -> Result<Target, Failure> {
    let facts = match &arguments.facts {
        Some(path) => Facts::read(library, path),
        None => Facts::defaults(library),
    };
    let credentials = match (&arguments.certificate, &arguments.key, &arguments.trust) {
        (Some(certificate), Some(key), Some(trust)) => credentials(certificate, key, trust)?,
        _ => {
            let config = arguments.node.load()?;
            if !config.certificate().exists() {
                return Err(Failure::Usage(format!(
                    "{}: no node has been started with this data folder, so there is no identity to judge another \
                     server with; name its folder with --data, or give --certificate, --key and --trust",
                    config.node.data.display()
                )));
            }
            credentials(&config.certificate(), &config.key(), &config.trust())?
        }
    };
    let repository = arguments.repository.as_ref().unwrap_or(registry);
    Ok(Target {
        registry: registry.as_str().to_owned(),
        repository: repository.as_str().to_owned(),
        credentials,
        facts: facts.map_err(|error| unusable(&error))?,
    })
}

fn credentials(
    certificate: &std::path::Path,
    key: &std::path::Path,
    trust: &std::path::Path,
) -> Result<Credentials, Failure> {
    let read = |path: &std::path::Path| {
        let usage = |error: std::io::Error| Failure::Usage(file(path, "read it", &error).to_string());
        std::fs::read(path).map_err(usage)
    };
    Ok(Credentials { certificates: read(certificate)?, key: read(key)?, trust: read(trust)? })
}

fn unusable(error: &conformance::Error) -> Failure {
    Failure::Usage(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_not_there_is_not_judged() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("https://{}/registry", listener.local_addr().unwrap()).parse().unwrap();
        assert_eq!(reach(&url).await, Ok(()));
        drop(listener);
        assert_eq!(reach(&url).await.unwrap_err().code(), 3);
    }
}
