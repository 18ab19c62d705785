//! What is told of every transaction when it ends, on both of its sides: a line of the log, what is counted,
//! and the audit record (ITI-20). Written once, for [`crate::Endpoint`] and [`crate::Partner`].
//!
//! The log holds ids that are nobody's data: the transaction, the message, the other side, error codes.

use std::time::Instant;

use soap::peer::Peer;
use tracing::Span;
use tracing::field::{Empty, display};
use uuid::Uuid;

use crate::CallError;
use crate::audit::{Audit, Circumstances, Kind, Outcome, Record, Side, Subject};
use crate::transactions::{Response, Transaction};

/// Characters of an error code that a log or an audit record is given. Those of the standard have half as many.
const CODE: usize = 64;

/// A transaction under way, on one of its sides.
#[derive(Debug)]
pub(crate) struct Account {
    audit: Audit,
    whom: Circumstances,
    begun: Instant,
    span: Span,
    /// Between actors of one node only who answers says a line.
    is_local: bool,
}

impl Account {
    /// A transaction that `peer` asks of us.
    pub(crate) fn answering<T: Transaction>(audit: &Audit, peer: &Peer, message_id: Option<&str>) -> Self {
        let account = Self::answering_number(T::AUDIT.transaction, audit, peer);
        account.is_message(message_id);
        account
    }

    /// The transaction of that number, which `peer` asks of us.
    pub(crate) fn answering_number(number: &'static str, audit: &Audit, peer: &Peer) -> Self {
        let name = match (&peer.certificate, peer.address) {
            (Some(certificate), _) => certificate.subject.clone(),
            (None, Some(_)) => "without certificate".to_owned(),
            (None, None) => "this node".to_owned(),
        };
        let address = peer.address.map(|address| address.ip().to_string());
        let whom = Circumstances { side: Side::Answering, peer: name, address };
        Self::open(number, audit, whom, false)
    }

    /// A transaction that we ask of who is at `address`.
    pub(crate) fn asking<T: Transaction>(audit: &Audit, address: &str, is_local: bool) -> Self {
        let whom = Circumstances { side: Side::Asking, peer: address.to_owned(), address: None };
        Self::open(T::AUDIT.transaction, audit, whom, is_local)
    }

    fn open(number: &'static str, audit: &Audit, whom: Circumstances, is_local: bool) -> Self {
        let span = tracing::info_span!(
            target: "transactions",
            "transaction",
            number,
            side = whom.side.name(),
            peer = whom.peer,
            address = whom.address,
            message_id = Empty,
        );
        Self { audit: audit.clone(), whom, begun: Instant::now(), span, is_local }
    }

    /// Notes the id of the message. A peer may write there what it likes; only a UUID tells nothing of anybody.
    pub(crate) fn is_message(&self, id: Option<&str>) {
        if let Some(id) = id.and_then(|id| Uuid::try_parse(id).ok()) {
            self.span.record("message_id", display(id));
        }
    }

    /// What happens in it belongs to this span.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Tells of its end: of the answer, or why there is none.
    pub(crate) fn close<T: Transaction>(
        self,
        subject: Subject,
        answer: Result<&T::Response, &CallError>,
    ) -> impl Future<Output = ()> + Send + use<T> {
        // The texts of errors may name patients; their codes do not.
        let (parts, codes) = match answer {
            Ok(response) => (response.audited(subject), codes::<T>(response)),
            Err(error) => (vec![(subject, Outcome::MajorFailure)], why(error).to_owned()),
        };
        let outcome = match answer {
            Ok(_) => amount(&parts),
            Err(CallError::Unreachable(_)) => "unreachable",
            Err(CallError::Refused(_)) => "fault",
            Err(CallError::Nonsense(_)) => "nonsense",
        };
        self.end(&T::AUDIT, parts, outcome, &codes)
    }

    /// Tells of its end in our own words: `codes` name no patient.
    pub(crate) fn end(
        self,
        kind: &Kind,
        parts: Vec<(Subject, Outcome)>,
        outcome: &'static str,
        codes: &str,
    ) -> impl Future<Output = ()> + Send + use<> {
        self.tell(kind.transaction, outcome, codes);
        let records = |(subject, outcome): (Subject, Outcome)| {
            let codes = if outcome == Outcome::Success { "" } else { codes };
            Record::of(kind, &subject, &self.whom, (outcome, codes))
        };
        let records: Vec<Record> =
            if self.audit.is_none() { Vec::new() } else { parts.into_iter().flat_map(records).collect() };
        async move {
            for record in records {
                self.audit.write(record).await;
            }
        }
    }

    /// The line of the log, and what is counted. What a node asks of itself to see whether it can work is
    /// neither.
    fn tell(&self, transaction: &'static str, outcome: &'static str, errors: &str) {
        let took = self.begun.elapsed();
        let milliseconds = took.as_micros() as f64 / 1_000.0;
        if self.audit.is_none() || self.is_local {
            tracing::debug!(target: "transactions", parent: &self.span, outcome, errors, milliseconds, "done");
        } else {
            tracing::info!(target: "transactions", parent: &self.span, outcome, errors, milliseconds, "done");
        }
        if self.audit.is_none() {
            return;
        }
        let side = self.whom.side.name();
        metrics::counter!(
            "dosebook_transactions_total",
            "transaction" => transaction, "side" => side, "outcome" => outcome
        )
        .increment(1);
        metrics::histogram!("dosebook_transaction_seconds", "transaction" => transaction, "side" => side)
            .record(took);
    }
}

/// What kind of error it was; its text is the peer's and stays out of log and audit.
const fn why(error: &CallError) -> &'static str {
    match error {
        CallError::Unreachable(_) => "could not be reached",
        CallError::Refused(_) => "answered with a fault",
        CallError::Nonsense(_) => "gave an answer that makes no sense",
    }
}

/// The codes of an answer, without what a peer invents.
fn codes<T: Transaction>(response: &T::Response) -> String {
    let known = |code: &&str| code.len() <= CODE && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let errors = response.errors().0.iter().map(|error| error.code.name(T::ANSWERED_BY));
    let codes: Vec<&str> = errors.map(|code| if known(&code) { code } else { "unknown" }).collect();
    codes.join(" ")
}

/// What the parts of an answer amount to.
fn amount(parts: &[(Subject, Outcome)]) -> &'static str {
    let any = |wanted: Outcome| parts.iter().any(|(_, outcome)| *outcome == wanted);
    match (any(Outcome::SeriousFailure), any(Outcome::MinorFailure), any(Outcome::Success)) {
        (true, _, true) => "partial",
        (true, _, false) => "failure",
        (false, true, _) => "warning",
        (false, false, _) => "success",
    }
}

#[cfg(test)]
mod tests;
