//! Compares what a node shows of a patient with what it was told: nothing lost, nothing half there, nothing that nobody
//! said, no two who took the same place, and nobody refused without a reason.

use std::sync::Arc;

use actors::consumer::{Consumer, ConsumerError};

use crate::ledger::{Attempt, GONE, Outcome, Page};
use crate::snapshot::{Snapshot, deprecated, name};

/// Looks at a patient while others go on; what is wrong with what it sees.
pub(crate) async fn look(consumer: &Consumer, page: &Page) -> Result<Vec<String>, ConsumerError> {
    let kept: Vec<_> = page.attempts().into_iter().filter(|attempt| attempt.is_kept()).collect();
    let snapshot = Snapshot::take(consumer, &page.patient).await?;
    Ok(snapshot.judge(&kept, &page.attempts()))
}

/// Looks at a patient when nobody goes on: also at every value and every document. What was in doubt is settled.
pub(crate) async fn audit(consumer: &Consumer, page: &Page) -> Vec<String> {
    let snapshot = Snapshot::take(consumer, &page.patient).await.unwrap();
    let attempts = page.attempts();
    let kept: Vec<_> = attempts.iter().filter(|attempt| attempt.is_kept()).cloned().collect();
    let mut wrong = snapshot.judge(&kept, &attempts);
    snapshot.settle(&attempts);
    wrong.extend(
        attempts.iter().filter(|attempt| attempt.is_kept()).flat_map(|attempt| snapshot.altered(attempt)),
    );
    wrong.extend(snapshot.documents(consumer, &attempts).await);
    wrong
}

/// What a node with a rotten database shows.
#[derive(Debug)]
pub(crate) enum Shown {
    /// All that was said.
    Right,
    /// Less, and it says so.
    Refused,
    /// Less or under another status, and it does not say so.
    Hidden(Vec<String>),
    /// Something that nobody said.
    Altered(Vec<String>),
}

/// Compares what is shown of patients with what was said, when it may be wrong.
pub(crate) async fn shown(consumer: &Consumer, pages: &[Arc<Page>]) -> Shown {
    let (mut hidden, mut altered, mut refused) = (Vec::new(), Vec::new(), false);
    for page in pages {
        let Ok(snapshot) = Snapshot::take(consumer, &page.patient).await else {
            refused = true;
            continue;
        };
        let attempts = page.attempts();
        let kept: Vec<_> = attempts.iter().filter(|attempt| attempt.is_kept()).cloned().collect();
        hidden.extend(snapshot.judge(&kept, &attempts));
        altered.extend(kept.iter().flat_map(|attempt| snapshot.altered(attempt)));
    }
    match (altered.is_empty(), hidden.is_empty(), refused) {
        (false, _, _) => Shown::Altered(altered),
        (true, false, _) => Shown::Hidden(hidden),
        (true, true, true) => Shown::Refused,
        (true, true, false) => Shown::Right,
    }
}

/// Who was refused although nothing stood in the way, with other codes than are expected anyway.
pub(crate) fn refusals(page: &Page, expected: &[&str]) -> Vec<String> {
    let attempts = page.attempts();
    let stands_in_the_way = |refused: &Attempt, other: &Attempt| {
        other.is_kept()
            && !std::ptr::eq(refused, other)
            && refused.settled().is_some_and(|end| other.sent < end)
    };
    let same_set = |refused: &Attempt, code: &str| {
        let id = &refused.submission.submission_set.unique_id;
        code == "XDSDuplicateUniqueIdInRegistry"
            && attempts.iter().any(|other| {
                other.submission.submission_set.unique_id == *id && stands_in_the_way(refused, other)
            })
    };
    let gone = |refused: &Attempt, code: &str| {
        let before: Vec<_> =
            attempts.iter().filter(|other| stands_in_the_way(refused, other)).map(Arc::as_ref).collect();
        let deprecated = deprecated(before.iter().flat_map(|attempt| &attempt.submission.associations));
        code == "XDSRegistryDeprecatedDocumentError"
            && refused.needs().iter().any(|id| deprecated.contains(id))
    };
    let mut wrong = Vec::new();
    for refused in &attempts {
        let Outcome::Refused(codes) = refused.outcome() else { continue };
        let explained = |code: &String| {
            expected.contains(&code.as_str()) || same_set(refused, code) || gone(refused, code)
        };
        if codes != [GONE] && (!codes.iter().all(explained) || codes.is_empty()) {
            wrong.push(format!("{} was refused with {codes:?}, and nothing stood in its way", name(refused)));
        }
    }
    wrong
}
