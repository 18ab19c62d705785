//! Answers the feed of patients over MLLP (ITI-8), as [`crate::endpoint`] answers what comes over SOAP: reads the
//! message, asks the actor, audits, acknowledges.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hl7v2::{Acknowledgement, Code, Condition, ErrorAt, Header, Message, Service, Unreadable};
use metadata::{ErrorCode, RegistryErrors};
use soap::peer::Peer;
use tracing::Instrument;

use crate::account::Account;
use crate::audit::{Audit, Event, Kind, Outcome, Subject};
use crate::endpoint::internal;
use crate::transactions::patient_identity_feed::{self as words, Fed, PatientFeed};

type Deed = dyn Fn(PatientFeed) -> BoxFuture<'static, Result<Fed, RegistryErrors>> + Send + Sync;

/// Where feeds arrive.
pub struct IdentityFeed {
    audit: Audit,
    deed: Box<Deed>,
}

/// What is told of a message when it was answered.
struct Told {
    kind: Kind,
    subject: Subject,
    outcome: &'static str,
    /// In a log: no patient data.
    codes: String,
    answer: Acknowledgement,
}

impl IdentityFeed {
    /// Lets the actor do what feeds tell of.
    pub fn new<A, F, P>(actor: &Arc<A>, deed: F, audit: Audit) -> Self
    where
        A: Send + Sync + 'static,
        F: Fn(Arc<A>, PatientFeed) -> P + Send + Sync + 'static,
        P: Future<Output = Result<Fed, RegistryErrors>> + Send + 'static,
    {
        let actor = Arc::clone(actor);
        Self { audit, deed: Box::new(move |feed| Box::pin(deed(Arc::clone(&actor), feed))) }
    }

    async fn told(&self, arrived: Result<Message, Unreadable>) -> Told {
        let message = match arrived {
            Ok(message) => message,
            Err(unreadable) => {
                let details = unreadable.header.as_deref().map(details).unwrap_or_default();
                return refused(Acknowledgement::unreadable(&unreadable), details);
            }
        };
        let details = details(message.header());
        let feed = match PatientFeed::read(&message) {
            Ok(feed) => feed,
            Err(answer) => return refused(answer, details),
        };
        let (kind, subject) = (feed.kind(), Subject { details, ..feed.subject() });
        let done = AssertUnwindSafe((self.deed)(feed)).catch_unwind().await;
        match done.unwrap_or_else(|_| Err(internal("dealing with a feed", &"a panic"))) {
            Ok(fed) => {
                let outcome = if fed.unchanged.is_empty() { "success" } else { "unchanged" };
                let codes: Vec<_> = fed.unchanged.iter().map(|why| why.name()).collect();
                let (codes, answer) = (codes.join(" "), Acknowledgement::accept(fed.text()));
                // Names of authorities are filled in by the domain.
                let subject = Subject { patients: fed.patients, subsumed: fed.subsumed, ..subject };
                Told { kind, subject, outcome, codes, answer }
            }
            Err(errors) => {
                let answer = could_not(&errors);
                Told { kind, subject, outcome: "failure", codes: codes(&answer), answer }
            }
        }
    }
}

impl Service for IdentityFeed {
    fn answer(&self, arrived: Result<Message, Unreadable>, peer: Peer) -> BoxFuture<'_, Acknowledgement> {
        let account = Account::answering_number(words::NUMBER, &self.audit, &peer);
        let span = account.span();
        let answering = async move {
            let Told { kind, subject, outcome, codes, answer } = self.told(arrived).await;
            let result = match outcome {
                "failure" => Outcome::SeriousFailure,
                _ => Outcome::Success,
            };
            account.end(&kind, vec![(subject, result)], outcome, &codes).await;
            answer
        };
        Box::pin(answering.instrument(span))
    }
}

/// What audit tells of a message beside its patients: its control id, and who spoke to whom, application and
/// facility (ITI TF-2 3.8.5.1).
fn details(header: &Header) -> Vec<(&'static str, String)> {
    let [sender, sender_facility, receiver, receiver_facility] = &header.parties;
    let joined = |application: &str, facility: &str| {
        format!("{}|{}", header.plain(application), header.plain(facility))
    };
    vec![
        ("MSH-10", header.plain(&header.control_id)),
        ("sender", joined(sender, sender_facility)),
        ("receiver", joined(receiver, receiver_facility)),
    ]
}

fn refused(answer: Acknowledgement, details: Vec<(&'static str, String)>) -> Told {
    let kind = words::kind(Event::PATIENT_CHANGED);
    let subject = Subject { details, ..Subject::default() };
    Told { kind, subject, outcome: "failure", codes: codes(&answer), answer }
}

/// Code, place and condition: nothing that the sender wrote.
fn codes(answer: &Acknowledgement) -> String {
    let code = answer.code.name();
    match &answer.error {
        Some(ErrorAt { segment, field, condition, .. }) => {
            format!("{code} {segment}-{field} {}", *condition as u16)
        }
        None => format!("{code} unreadable"),
    }
}

/// The errors of an actor in the words of HL7.
fn could_not(errors: &RegistryErrors) -> Acknowledgement {
    let is_ours =
        |code: &ErrorCode| matches!(code, ErrorCode::Internal | ErrorCode::Busy | ErrorCode::OutOfResources);
    let (segment, field, condition) = match errors.0.iter().any(|error| is_ours(&error.code)) {
        true => ("MSH", 9, Condition::Internal),
        false => ("PID", 3, Condition::DataType),
    };
    let texts: Vec<&str> = errors.0.iter().map(|error| error.context.as_str()).collect();
    let mut text = texts.join("; ");
    if errors.0.iter().any(|error| error.code == ErrorCode::Busy) {
        text = format!("busy, send it again later: {text}");
    }
    let error = Some(ErrorAt { segment, sequence: 1, field, condition });
    Acknowledgement { code: Code::Error, text, error }
}

#[cfg(test)]
mod tests;
