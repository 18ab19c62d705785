//! One patient's doses from every community that is known, and what is missing from them (design D11, D12).
//!
//! Communities are asked live and in parallel, each until a deadline; who did not answer and what could not be
//! read are part of the answer.

mod ask;
mod cache;
mod doubt;
mod examination;
mod figure;
mod gap;
mod json;
mod settle;
mod text;

use std::time::Duration;

use actors::consumer::Consumer;
use futures_util::future::join_all;
use metadata::{Code, Oid, PatientId};

pub use cache::ReportCache;
pub use doubt::{About, Doubt};
pub use examination::{Counted, Examination, Integrity, Other, Reason, Source};
pub use figure::{Figure, Part, Quantity, Sum};
pub use gap::{Gap, GapKind};

/// A community that holds dose reports: who it is, and how it is asked.
#[derive(Debug, Clone)]
pub struct Community {
    /// What people call it.
    pub name: String,
    /// The authority whose patient ids its registry knows.
    pub patient_authority: Oid,
    /// Asks its registry and its repositories.
    pub consumer: Consumer,
}

/// What is known of one patient's doses, and what is not.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The identifiers of the patient that were asked for.
    pub patients: Vec<PatientId>,
    /// Every dose report that was read, the latest examination first.
    pub examinations: Vec<Examination>,
    /// What is missing, and why.
    pub gaps: Vec<Gap>,
    /// The communities, in the order of the configuration.
    pub asked: Vec<Asked>,
}

/// What came of asking a community.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its name.
    pub community: String,
    /// How long it took.
    pub took: Duration,
    /// Whether anything came back, a refusal included.
    pub reached: bool,
    /// What came of it; the reasons are in [`History::gaps`].
    pub outcome: Outcome,
}

/// How a community answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Wholly, with this many entries for dose reports.
    Answered {
        /// How many entries it has.
        documents: usize,
    },
    /// In part, or not at all: how many entries came before that.
    Failed {
        /// How many entries are known nevertheless.
        documents: usize,
    },
    /// It was not asked: no identifier of the patient is known there.
    NotAsked,
}

/// Asks every community for the dose reports of a patient; none may take longer than `deadline`. `kind` is the
/// typeCode that our domain gives dose reports, asked for beside the usual one.
pub async fn ask(
    communities: &[Community],
    patients: &[PatientId],
    kind: &Code,
    deadline: Duration,
    cache: &ReportCache,
) -> History {
    let answers = communities.iter().map(|community| ask::one(community, patients, kind, deadline, cache));
    let mut history = History { patients: patients.to_vec(), ..History::default() };
    for answer in join_all(answers).await {
        history.examinations.extend(answer.examinations);
        history.gaps.extend(answer.gaps);
        history.asked.push(answer.asked);
    }
    settle::settle(&mut history.examinations);
    history.examinations.sort_by(|a, b| {
        let later =
            b.clock().cmp(&a.clock()).then_with(|| b.counted.is_counted().cmp(&a.counted.is_counted()));
        later.then_with(|| a.source().cmp(&b.source()))
    });
    history
}

impl History {
    /// Whether nothing is known to be missing. Where nobody was asked, everything may be.
    pub fn is_complete(&self) -> bool {
        let answered = |asked: &Asked| matches!(asked.outcome, Outcome::Answered { .. });
        !self.asked.is_empty() && self.asked.iter().all(answered) && self.gaps.is_empty()
    }

    /// What counts, added up kind by kind; kinds that have no meaningful sum are left out.
    pub fn sums(&self) -> Vec<Sum> {
        let counted = self.examinations.iter().filter(|examination| examination.counted.is_counted());
        figure::sums(counted.map(|examination| examination.figures.as_slice()))
    }

    /// On what its reports disagree so that they may not be of one person.
    pub fn doubts(&self) -> Vec<Doubt> {
        doubt::doubts(&self.examinations)
    }

    /// The history for machines (`dosebook history --json`).
    pub fn to_json(&self) -> serde_json::Value {
        json::history(self)
    }
}

#[cfg(test)]
pub(crate) mod tests;
