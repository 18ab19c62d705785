//! `dosebook history`: one patient's doses from every community that answers, with the gaps named (design D12).

use std::time::Duration;

use super::session::{Session, SessionArguments};
use crate::exit::Failure;
use crate::history::{Outcome, ReportCache, ask};
use crate::output::Output;

/// Shows one patient's doses from every institution that answers, and what is missing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  dosebook history --patient '4711^^^&1.2.3&ISO'")]
pub(crate) struct Arguments {
    /// An identifier of the patient, as id^^^&OID&ISO or a bare id of the domain; repeat it for more. Those of the
    /// same [[same_person]] are added.
    #[arg(long, value_name = "CX", required = true)]
    patient: Vec<String>,
    /// How long to wait for each community, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    deadline: u64,
    #[command(flatten)]
    session: SessionArguments,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<(), Failure> {
    let session = Session::open(&arguments.session)?;
    let mut patients = Vec::new();
    for text in &arguments.patient {
        for id in session.config.identifiers_of(&session.patient(text)?) {
            if !patients.contains(&id) {
                patients.push(id);
            }
        }
    }
    let communities = session.communities();
    if communities.is_empty() {
        return Err(Failure::Usage(
            "no community is known to ask: start the node with `dosebook serve`, name its folder with --data, or give \
             a configuration with [[community]] sections"
                .to_owned(),
        ));
    }
    let deadline = Duration::from_secs(arguments.deadline);
    let history = ask(&communities, &patients, deadline, &ReportCache::default()).await;
    output.line(&history);
    output.value(&history.to_json());
    let nobody = history.asked.iter().all(|asked| !matches!(asked.outcome, Outcome::Answered { .. }));
    let failed = history.asked.iter().any(|asked| matches!(asked.outcome, Outcome::Failed { .. }));
    if nobody && failed {
        return Err(Failure::Unreachable("no community answered; what is missing stands above".to_owned()));
    }
    Ok(())
}
