//! `dosebook history`: one patient's doses from every community that answers, with the gaps named (design D12).

use std::time::Duration;

use super::session::{Session, SessionArguments};
use crate::exit::Failure;
use crate::history::{Asked, Outcome, ReportCache, ask};
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
    let kind = (&session.config.codes.kind).into();
    let history = ask(&communities, &patients, &kind, deadline, &ReportCache::default()).await;
    output.line(&history);
    output.value(&history.to_json());
    ended(&history.asked)
}

/// Part of an answer is an answer, with its gaps; none at all is a failure, and whose it is.
fn ended(asked: &[Asked]) -> Result<(), Failure> {
    let answered = |asked: &Asked| match asked.outcome {
        Outcome::Answered { .. } => true,
        Outcome::Failed { documents } => documents > 0,
        Outcome::NotAsked => false,
    };
    if asked.iter().any(answered) {
        return Ok(());
    }
    if asked.iter().all(|asked| asked.outcome == Outcome::NotAsked) {
        return Err(Failure::Usage(
            "nobody was asked: no community knows an identifier of this authority; see patient_authority in \
             `dosebook config show`, or add the patient's other identifiers with --patient or [[same_person]]"
                .to_owned(),
        ));
    }
    if asked.iter().any(|asked| asked.reached) {
        return Err(Failure::Refused("no community gave an answer; why stands above".to_owned()));
    }
    Err(Failure::Unreachable("no community could be reached; what is missing stands above".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(asked: &[(Outcome, bool)]) -> u8 {
        let asked = asked.iter().map(|(outcome, reached)| Asked {
            community: String::new(),
            took: Duration::ZERO,
            reached: *reached,
            outcome: *outcome,
        });
        ended(&asked.collect::<Vec<_>>()).err().map_or(0, |failure| failure.code())
    }

    #[test]
    fn tells_who_is_to_blame_by_the_exit_code() {
        let answered = (Outcome::Answered { documents: 0 }, true);
        let unreachable = (Outcome::Failed { documents: 0 }, false);
        let refused = (Outcome::Failed { documents: 0 }, true);
        let not_asked = (Outcome::NotAsked, false);
        assert_eq!(code(&[answered, unreachable, not_asked]), 0);
        assert_eq!(code(&[unreachable, (Outcome::Failed { documents: 2 }, true)]), 0);
        assert_eq!(code(&[unreachable, not_asked]), 3);
        assert_eq!(code(&[unreachable, refused]), 1);
        assert_eq!(code(&[not_asked, not_asked]), 2);
    }
}
