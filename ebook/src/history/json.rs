//! A history for machines: what `dosebook history --json` prints.

use dose::{Code, IrradiationEvent, Origin};
use metadata::DocumentEntry;
use serde_json::{Value, json};

use super::{
    Asked, Counted, Doubt, Examination, Figure, Gap, History, Integrity, Other, Outcome, Part, Reason, Sum,
};

pub(super) fn history(history: &History) -> Value {
    json!({
        "patients": history.patients.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "complete": history.is_complete(),
        "doubts": history.doubts().iter().map(doubt).collect::<Vec<_>>(),
        "sums": history.sums().iter().map(sum).collect::<Vec<_>>(),
        "examinations": history.examinations.iter().map(examination).collect::<Vec<_>>(),
        "gaps": history.gaps.iter().map(gap).collect::<Vec<_>>(),
        "asked": history.asked.iter().map(asked).collect::<Vec<_>>(),
    })
}

fn doubt(doubt: &Doubt) -> Value {
    let said = doubt.said.iter().map(|(value, documents)| json!({ "value": value, "documents": documents }));
    json!({ "about": doubt.about.name(), "said": said.collect::<Vec<_>>() })
}

fn sum(sum: &Sum) -> Value {
    json!({
        "quantity": sum.quantity.name(),
        "of": sum.part.as_ref().map(Part::name),
        "value": rounded(sum.value),
        "unit": sum.quantity.unit(),
        "examinations": sum.examinations,
        "mixesPhantoms": sum.mixes_phantoms,
    })
}

fn examination(examination: &Examination) -> Value {
    let report = &examination.report;
    json!({
        "time": examination.time().map(|time| time.to_string()),
        "community": examination.community,
        "institution": examination.institution(),
        "device": examination.device(),
        "modality": report.modality.code(),
        "procedure": examination.procedure(),
        "patient": { "id": report.patient.id, "name": report.patient.name },
        "study": report.study.uid,
        "accession": report.study.accession,
        "report": report.sop_instance_uid,
        "document": document(&examination.entry),
        "integrity": match examination.integrity {
            Integrity::Verified => "verified",
            Integrity::NoHash => "no-hash",
        },
        "counted": counted(&examination.counted),
        "doses": examination.figures.iter().map(figure).collect::<Vec<_>>(),
        "events": report.events.iter().map(event).collect::<Vec<_>>(),
        "notes": report.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn document(entry: &DocumentEntry) -> Value {
    json!({
        "uniqueId": entry.unique_id.as_str(),
        "entryUUID": entry.entry_uuid.to_string(),
        "repositoryUniqueId": entry.repository_unique_id.as_ref().map(ToString::to_string),
        "hash": entry.hash.map(|hash| hash.to_string()),
        "size": entry.size,
    })
}

fn counted(counted: &Counted) -> Value {
    match counted {
        Counted::Whole => json!({ "how": "whole" }),
        Counted::Part { events, elsewhere } => {
            json!({ "how": "part", "events": events, "elsewhere": elsewhere.iter().map(other).collect::<Vec<_>>() })
        }
        Counted::Elsewhere(elsewhere) => json!({ "how": "elsewhere", "elsewhere": [other(elsewhere)] }),
    }
}

fn other(other: &Other) -> Value {
    json!({
        "community": other.source.community,
        "document": other.source.document,
        "reason": match other.reason {
            Reason::SameObject => "same-object",
            Reason::SameEvents => "same-events",
            Reason::SameTotals => "same-totals",
            Reason::LaterReport => "later-report",
        },
    })
}

fn figure(figure: &Figure) -> Value {
    json!({
        "quantity": figure.quantity.name(),
        "of": figure.part.as_ref().map(Part::name),
        "value": rounded(figure.value),
        "unit": figure.quantity.unit(),
        "origin": match figure.origin {
            Origin::Accumulated => "stated-total",
            Origin::Event => "stated-event",
            Origin::Summed => "sum-of-events",
        },
        "unitAssumed": figure.unit_assumed,
        "mixesPhantoms": figure.mixes_phantoms(),
    })
}

fn event(event: &IrradiationEvent) -> Value {
    let meaning = |code: &Option<Code>| code.as_ref().map(|code| code.meaning.clone());
    json!({
        "uid": event.uid,
        "start": event.start.map(|start| start.to_string()),
        "kind": event.kind.map(dose::EventKind::name),
        "protocol": event.protocol,
        "region": meaning(&event.target_region),
        "doses": Figure::of_event(event).iter().map(figure).collect::<Vec<_>>(),
    })
}

fn gap(gap: &Gap) -> Value {
    json!({
        "community": gap.community,
        "kind": gap.kind.name(),
        "reason": gap.reason,
        "time": gap.time().map(|time| time.to_string()),
        "document": gap.document.as_ref().map(document),
    })
}

fn asked(asked: &Asked) -> Value {
    let (outcome, documents) = match asked.outcome {
        Outcome::Answered { documents } => ("answered", Some(documents)),
        Outcome::Failed { documents } => ("failed", Some(documents)),
        Outcome::NotAsked => ("not-asked", None),
    };
    let milliseconds = u64::try_from(asked.took.as_millis()).unwrap_or(u64::MAX);
    json!({ "community": asked.community, "outcome": outcome, "documents": documents, "milliseconds": milliseconds })
}

/// Nine significant digits: more than any report states, without the noise of binary fractions.
fn rounded(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}
