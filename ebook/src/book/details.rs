//! A report in detail: what names it, where it lies, and its events.

use super::figures::DoseLine;
use super::format;
use super::language::Language;
use crate::history::{Examination, Figure, Integrity};

/// A report in detail.
pub(super) struct Details {
    pub(super) number: usize,
    pub(super) heading: String,
    /// Terms and what they are here.
    pub(super) terms: Vec<(&'static str, String)>,
    pub(super) events_caption: String,
    pub(super) events: Vec<EventLine>,
    /// What the reader found odd.
    pub(super) remarks: Vec<String>,
}

/// An irradiation event.
pub(super) struct EventLine {
    pub(super) kind: String,
    pub(super) protocol: String,
    pub(super) doses: Vec<DoseLine>,
}

impl Details {
    pub(super) fn of(number: usize, examination: &Examination, language: Language) -> Self {
        let words = language.words();
        let report = &examination.report;
        Self {
            number,
            heading: heading(examination, language),
            terms: terms(examination, language),
            events_caption: format::fill(words.event, &[&number.to_string()]),
            events: report
                .events
                .iter()
                .map(|event| EventLine {
                    kind: match (event.kind, &event.kind_code) {
                        (Some(kind), _) => (words.event_kinds)(kind).to_owned(),
                        (None, Some(code)) => code.meaning.clone(),
                        (None, None) => String::new(),
                    },
                    protocol: event.protocol.clone().unwrap_or_default(),
                    doses: Figure::of_event(event)
                        .iter()
                        .map(|figure| DoseLine::of(figure, language))
                        .collect(),
                })
                .collect(),
            remarks: report.notes.iter().map(ToString::to_string).collect(),
        }
    }
}

fn heading(examination: &Examination, language: Language) -> String {
    let words = language.words();
    let date = examination.time().map(|time| format::moment(language, &time));
    let what = (words.modalities)(examination.report.modality).to_owned();
    [Some(what), Some(examination.institution()), date].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn terms(examination: &Examination, language: Language) -> Vec<(&'static str, String)> {
    let words = language.words();
    let (report, entry) = (&examination.report, &examination.entry);
    let serial = report.device.serial.as_ref().map(|serial| format!("{} {serial}", words.serial_number));
    let device: Vec<String> = examination.device().into_iter().chain(serial).collect();
    let name = report.patient.name.as_deref().map(format::person);
    let patient: Vec<String> = name.into_iter().chain(report.patient.id.clone()).collect();
    let integrity = match examination.integrity {
        Integrity::Verified => words.verified,
        Integrity::NoHash => words.not_verified,
    };
    let terms = [
        (words.document_id, Some(entry.unique_id.to_string())),
        (words.entry_id, Some(entry.entry_uuid.to_string())),
        (words.repository, entry.repository_unique_id.as_ref().map(ToString::to_string)),
        (words.institution, Some(examination.community.clone())),
        (words.integrity, Some(integrity.to_owned())),
        (words.study, report.study.uid.clone()),
        (words.accession, report.study.accession.clone()),
        (words.device, Some(device.join(", "))),
        (words.patient_in_report, Some(patient.join(", "))),
    ];
    let stated = |(term, value): (&'static str, Option<String>)| {
        Some((term, value.filter(|value| !value.is_empty())?))
    };
    terms.into_iter().filter_map(stated).collect()
}
