//! What every answer must be, whatever was asked: each finding names its own clause.

use super::{Answer, Outgoing, PARTIAL_SUCCESS, STATUS, Transaction};
use crate::report::Finding;
use crate::schema;

/// All that is wrong with the frame of an answer.
pub(crate) fn frame(answer: &Answer, sent: &Outgoing) -> Vec<Finding> {
    if answer.envelope.is_none() {
        return Vec::new();
    }
    let mut findings = addressing(answer, sent);
    if answer.is_fault() {
        findings.extend(fault(answer));
    } else if let Some(transaction) = sent.transaction {
        findings.extend(root(answer, transaction));
        findings.extend(status(answer, transaction));
        findings.extend(error_list(answer));
        let mistakes = answer.envelope.as_ref().map(schema::mistakes_of_answer).unwrap_or_default();
        findings.extend(mistakes.into_iter().map(|text| Finding::of("S13.2-order", text)));
    }
    findings
}

fn addressing(answer: &Answer, sent: &Outgoing) -> Vec<Finding> {
    let mut findings = Vec::new();
    let actions = answer.values("/env:Envelope/env:Header/wsa:Action");
    if actions.len() != 1 {
        findings.push(Finding::of("S2.2-action", format!("{} wsa:Action, expected one", actions.len())));
    }
    let expected =
        sent.transaction.filter(|_| !answer.is_fault()).map(|one| format!("{}Response", one.action()));
    if let Some(expected) = expected.filter(|expected| actions.iter().any(|action| action != expected)) {
        findings.push(Finding::of("S2.2-action", format!("wsa:Action {actions:?}, expected {expected:?}")));
    }
    let relates = answer.values("/env:Envelope/env:Header/wsa:RelatesTo");
    let Some(id) = sent.message_id().filter(|_| !answer.is_fault()) else { return findings };
    if relates.as_slice() != std::slice::from_ref(&id) {
        findings.push(Finding::of("S2.2-relates", format!("wsa:RelatesTo {relates:?}, expected {id:?}")));
    }
    findings
}

fn fault(answer: &Answer) -> Vec<Finding> {
    let mut findings = Vec::new();
    let children = answer.values("/env:Envelope/env:Body/*").len();
    let codes = answer.values("//env:Fault/env:Code/env:Value").len();
    let reasons = answer.values("//env:Fault/env:Reason/env:Text/@xml:lang").len();
    if children != 1 || codes != 1 || reasons == 0 {
        let text = "a fault has one Code/Value and a Reason/Text with xml:lang, and the Body nothing else";
        findings.push(Finding::of("S2.5-structure", text.to_owned()));
    }
    if !(400..600).contains(&answer.http) {
        findings.push(Finding::of("S2.1-fault-status", format!("a fault with HTTP status {}", answer.http)));
    }
    findings
}

fn root(answer: &Answer, transaction: Transaction) -> Option<Finding> {
    let (clause, path) = match transaction {
        Transaction::Query => ("S5.1-response", "query:AdhocQueryResponse/rim:RegistryObjectList"),
        Transaction::Retrieve => ("S6.1-response", "xds:RetrieveDocumentSetResponse/rs:RegistryResponse"),
        Transaction::Register | Transaction::Provide => ("S8.1-status", "rs:RegistryResponse"),
    };
    let found = answer.values(&format!("/env:Envelope/env:Body/{path}")).len();
    (found != 1).then(|| Finding::of(clause, format!("{found} {path} in the Body, expected one")))
}

fn status(answer: &Answer, transaction: Transaction) -> Option<Finding> {
    let statuses = answer.statuses();
    let legal = |status: &String| match status.strip_prefix(STATUS) {
        Some(word) => matches!(word, "Success" | "Failure"),
        None => status == PARTIAL_SUCCESS && transaction == Transaction::Retrieve,
    };
    let right = statuses.len() == 1 && statuses.iter().all(legal);
    (!right).then(|| {
        Finding::of("S8.1-status", format!("the status {statuses:?} is not one of this transaction"))
    })
}

fn error_list(answer: &Answer) -> Vec<Finding> {
    let mut wrong = Vec::new();
    let errors = answer.errors();
    let lists = answer.values("//rs:RegistryErrorList").len();
    let success = answer.statuses().iter().any(|status| status.ends_with(":Success"));
    if lists > 0 && errors.is_empty() {
        wrong.push("an empty RegistryErrorList; it is left out when there is no error".to_owned());
    }
    if success && errors.iter().any(|error| error.is_error()) {
        wrong.push("Success with an error in the list".to_owned());
    }
    if !success && !errors.iter().any(|error| error.is_error()) {
        wrong.push("no error in the list says why it is not a Success".to_owned());
    }
    for error in &errors {
        if error.code.is_empty() || error.context.is_none() {
            wrong.push(format!(
                "errorCode {:?} with codeContext {:?}; both are required",
                error.code, error.context
            ));
        }
        let severity = error.severity.as_deref();
        if severity.is_some_and(|severity| !SEVERITIES.contains(&severity)) {
            wrong.push(format!("the severity {severity:?} is not one"));
        }
    }
    wrong.into_iter().map(|text| Finding::of("S8.2-list", text)).collect()
}

const SEVERITIES: [&str; 2] = [
    "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error",
    "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning",
];
