//! The command line of the program `conformance`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use conformance::{Credentials, Error, Facts, Library, Report, Target};

/// What to judge, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The registry (ITI-42, ITI-18); with one URL it is also the repository
    #[arg(required_unless_present_any = ["list", "check"])]
    registry: Option<String>,
    /// The repository (ITI-41, ITI-43)
    repository: Option<String>,
    /// Our certificate and its chain, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Our private key, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The CAs that the server's certificate may come from, PEM
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// What is known of the server where it differs from the defaults, TOML
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// Cases to use instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Only cases with this in their name, as `iti-42/` or `replace`
    #[arg(long, value_name = "PART")]
    filter: Option<String>,
    /// Print only what fails, and the summary
    #[arg(long, short)]
    quiet: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Print the report as a page in Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print the names of the cases and stop
    #[arg(long)]
    list: bool,
    /// Compose every message and read every expectation, without sending anything
    #[arg(long)]
    check: bool,
}

/// Does what the arguments ask; whether all is well.
pub(crate) async fn execute(arguments: &Arguments, out: &mut impl Write) -> Result<bool, Error> {
    let library = match &arguments.cases {
        Some(directory) => Library::read(directory)?,
        None => Library::built_in(),
    };
    if arguments.list {
        for (id, title) in conformance::list(&library)? {
            print(out, &format!("{id}: {title}"))?;
        }
        return Ok(true);
    }
    if arguments.check {
        let wrong = conformance::check(&library).await?;
        for case in &wrong {
            print(out, &case.to_string())?;
        }
        return Ok(wrong.is_empty());
    }
    let target = target(arguments, &library)?;
    let report = judge(arguments, &library, &target, out).await?;
    Ok(report.is_green())
}

async fn judge(
    arguments: &Arguments,
    library: &Library,
    target: &Target,
    out: &mut impl Write,
) -> Result<Report, Error> {
    let mut broken = None;
    let report =
        conformance::run(library, std::slice::from_ref(target), arguments.filter.as_deref(), |case| {
            let worth = !arguments.json && !arguments.markdown && (!arguments.quiet || !case.is_fine());
            if worth && let Err(error) = print(out, &case.to_string()) {
                broken = Some(error);
            }
        });
    let report = report.await?;
    if let Some(error) = broken {
        return Err(error);
    }
    if arguments.json {
        print(out, &format!("{:#}", report.json()))?;
    } else if arguments.markdown {
        print(out, report.markdown().trim_end())?;
    } else if arguments.quiet {
        print(out, &report.last_line())?;
    } else {
        print(out, &format!("\n{report}"))?;
    }
    Ok(report)
}

fn target(arguments: &Arguments, library: &Library) -> Result<Target, Error> {
    let registry = arguments.registry.clone().unwrap_or_default();
    let file = |path: &Option<PathBuf>| path.as_deref().map_or_else(|| Ok(Vec::new()), read);
    let facts = match &arguments.facts {
        Some(path) => Facts::read(library, path)?,
        None => Facts::defaults(library)?,
    };
    Ok(Target {
        repository: arguments.repository.clone().unwrap_or_else(|| registry.clone()),
        registry,
        credentials: Credentials {
            certificates: file(&arguments.cert)?,
            key: file(&arguments.key)?,
            trust: file(&arguments.trust)?,
        },
        facts,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

fn print(out: &mut impl Write, line: &str) -> Result<(), Error> {
    writeln!(out, "{line}").map_err(|source| Error::File { path: PathBuf::from("standard output"), source })
}
