//! A dose report from a DICOM file: which template it follows decides the root concept.

use dicom_dictionary_std::tags;
use jiff::tz::{Offset, TimeZone};

use crate::code::{Code, Concept};
use crate::content::{Item, read_code};
use crate::moment::Moment;
use crate::part10::{DataSet, File, MAX_EVENTS};
use crate::quantity::{Amount, Kind};
use crate::report::{
    DoseReport, IrradiationEvent, Measured, Modality, Note, Origin, StatedUnit, Template, Total, Totals,
};
use crate::text::Charset;
use crate::{ReadError, concepts, ct, header, projection, radiopharmaceutical, summary};

/// Where a stated total and the sum of its events may differ before it is noted (R14): rounding stays below.
const TOLERANCE: f64 = 0.05;
/// The UIDs of the SOP classes of structured reports start so (PS3.4 B.5).
const STRUCTURED_REPORTS: &str = "1.2.840.10008.5.1.4.1.1.88.";

/// What a template makes of a content tree.
pub(crate) struct Content {
    pub(crate) modality: Modality,
    pub(crate) totals: Totals,
    pub(crate) events: Vec<IrradiationEvent>,
}

/// Reads a dose report.
pub(crate) fn read(bytes: &[u8]) -> Result<DoseReport, ReadError> {
    let file = File::open(bytes)?;
    if !file.sop_class_uid.is_empty() && !file.sop_class_uid.starts_with(STRUCTURED_REPORTS) {
        return Err(ReadError::NotStructuredReport { sop_class_uid: file.sop_class_uid });
    }
    let set = file.data_set()?;
    let sop_class_uid = set.ascii(tags::SOP_CLASS_UID).unwrap_or_else(|| file.sop_class_uid.clone());
    if !sop_class_uid.starts_with(STRUCTURED_REPORTS) {
        return Err(ReadError::NotStructuredReport { sop_class_uid });
    }
    let charset = Charset::of(&set);
    let root = set.items(tags::CONCEPT_NAME_CODE_SEQUENCE).first().and_then(|item| read_code(item, &charset));
    let tree = Item::read(&set, &charset);
    let Some(root) = root.as_ref().filter(|root| is_dose_report(root)).cloned() else {
        return Err(ReadError::NotDoseReport { root, sop_class_uid });
    };
    let events = [&concepts::CT_EVENT, &concepts::EVENT, &concepts::ADMINISTRATION];
    let count: usize = events.into_iter().map(|concept| tree.every(concept).len()).sum();
    if count > MAX_EVENTS {
        let problem = format!("{count} irradiation events, more than {MAX_EVENTS}");
        return Err(ReadError::Broken { offset: bytes.len(), problem });
    }
    if tree.children().is_empty() {
        return Err(ReadError::Broken {
            offset: bytes.len(),
            problem: "the dose report has no content".to_owned(),
        });
    }
    let Some(template) = template(&root, &tree) else {
        return Err(ReadError::UnknownTemplate { sop_class_uid });
    };
    Ok(assemble(
        &Parts { set: &set, charset: &charset, tree: &tree, file: &file, sop_class_uid },
        root,
        template,
    ))
}

struct Parts<'a> {
    set: &'a DataSet<'a>,
    charset: &'a Charset,
    tree: &'a Item,
    file: &'a File<'a>,
    sop_class_uid: String,
}

fn is_dose_report(root: &Code) -> bool {
    [&concepts::RADIOPHARMACEUTICAL_REPORT, &concepts::SUMMARY_REPORT, &concepts::XRAY_REPORT]
        .into_iter()
        .any(|concept| root.is(concept))
}

/// 113701 alone does not tell CT from projection, nor either from the enhanced report (TID 10040); the containers
/// do. A report without any event still has totals.
fn template(root: &Code, tree: &Item) -> Option<Template> {
    let holds = |concept: &Concept| tree.nearest(concept).is_some();
    if root.is(&concepts::RADIOPHARMACEUTICAL_REPORT) {
        Some(Template::Radiopharmaceutical)
    } else if root.is(&concepts::SUMMARY_REPORT) {
        Some(Template::Summary)
    } else if holds(&concepts::CT_ACCUMULATED) || holds(&concepts::CT_EVENT) {
        Some(Template::Ct)
    } else if holds(&concepts::ACCUMULATED) || holds(&concepts::EVENT) {
        Some(Template::Projection)
    } else {
        None
    }
}

fn assemble(parts: &Parts<'_>, root: Code, template: Template) -> DoseReport {
    let (set, charset, tree) = (parts.set, parts.charset, parts.tree);
    let mut notes = Vec::new();
    let mut content = match template {
        Template::Ct => ct::read(tree, &mut notes),
        Template::Projection => projection::read(tree, &mut notes),
        Template::Radiopharmaceutical => radiopharmaceutical::read(tree, &mut notes),
        Template::Summary => summary::read(tree, &mut notes),
    };
    let offset = header::offset(set);
    for event in &mut content.events {
        event.start = event.start.map(|start| start.at_offset(offset));
    }
    in_order(&mut content.events);
    note_differences(&content.totals, &mut notes);
    let (start, end) = irradiation(tree, template, offset, &mut notes);
    let study = header::study(set, charset);
    note_other_study(tree, study.uid.as_deref(), &mut notes);
    DoseReport {
        sop_class_uid: parts.sop_class_uid.clone(),
        sop_instance_uid: set.ascii(tags::SOP_INSTANCE_UID).unwrap_or_default(),
        transfer_syntax_uid: parts.file.transfer_syntax_uid.clone(),
        content_time: header::content_time(set),
        completion: header::completion(set),
        modality: content.modality,
        template,
        root,
        patient: header::patient(set, charset, &mut notes),
        study,
        device: header::device(set, charset, tree),
        institution: header::institution(set, charset),
        procedure_reported: tree
            .code(&concepts::PROCEDURE_REPORTED)
            .or_else(|| tree.code(&concepts::ASSOCIATED_PROCEDURE))
            .cloned(),
        intent: tree.code(&concepts::HAS_INTENT).cloned(),
        device_type: tree.code(&concepts::DEVICE_TYPE).cloned(),
        scope: tree.code(&concepts::SCOPE).cloned(),
        source: tree.code(&concepts::SOURCE).cloned(),
        authorised_by: authorised_by(tree),
        irradiation_start: start,
        irradiation_end: end,
        totals: content.totals,
        events: content.events,
        notes,
    }
}

/// Start and end of irradiation, as stated. Clocks are set back, and wrong: an end before the start is kept and noted.
fn irradiation(
    tree: &Item,
    template: Template,
    offset: Option<Offset>,
    notes: &mut Vec<Note>,
) -> (Option<Moment>, Option<Moment>) {
    let concepts = match template {
        Template::Summary => [&concepts::SUMMARY_START, &concepts::SUMMARY_END],
        _ => [&concepts::IRRADIATION_START, &concepts::IRRADIATION_END],
    };
    let [start, end] = concepts.map(|concept| Some(tree.moment(concept)?.at_offset(offset)));
    let utc = |moment: Option<Moment>| moment?.in_utc(&TimeZone::UTC);
    if let (Some(stated), Some(first), Some(last)) = (end, utc(start), utc(end))
        && last < first
    {
        notes.push(Note {
            field: "End of irradiation".to_owned(),
            received: stated.to_string(),
            expected: "it precedes the start of irradiation; metadata leave it out".to_owned(),
        });
    }
    (start, end)
}

/// The person of the report itself who authorised it; those of a dose check deep below are other people.
fn authorised_by(tree: &Item) -> Option<String> {
    let people = tree.children().iter().filter(|item| item.is(&concepts::PERSON_NAME));
    let mut authorising = people
        .filter(|item| item.code(&concepts::PERSON_ROLE).is_some_and(|role| role.is(&concepts::AUTHORISING)));
    authorising.next()?.as_text().map(str::to_owned)
}

/// R11: by start time, ties in document order. Where an event does not say when it began, document order stands.
fn in_order(events: &mut [IrradiationEvent]) {
    if events.iter().all(|event| event.start.is_some()) {
        events.sort_by_key(|event| event.start.map(|start| start.clock));
    }
}

/// What the events that state a value add up to; `None` when none does.
pub(crate) fn sum<'a, K: Kind + 'a>(
    values: impl Iterator<Item = Option<&'a Measured<Amount<K>>>>,
    origin: Origin,
) -> Option<Measured<Amount<K>>> {
    let amounts: Vec<_> = values.flatten().map(|measured| measured.amount).collect();
    if amounts.is_empty() {
        return None;
    }
    Some(Measured { amount: amounts.into_iter().sum(), origin, unit: StatedUnit::Computed })
}

fn note_differences(totals: &Totals, notes: &mut Vec<Note>) {
    note_difference(&totals.dose_length_product, notes);
    note_difference(&totals.dose_area_product, notes);
    note_difference(&totals.air_kerma, notes);
    note_difference(&totals.left_breast, notes);
    note_difference(&totals.right_breast, notes);
}

/// R14: both are kept; that they differ is worth a word (D34, D35).
fn note_difference<K: Kind>(total: &Total<Amount<K>>, notes: &mut Vec<Note>) {
    let (Some(stated), Some(summed)) = (&total.stated, &total.summed) else { return };
    let shown = if total.shows_the_sum() { "sum" } else { "stated total" };
    let (stated, summed) = (stated.amount, summed.amount);
    if (stated.value() - summed.value()).abs() > TOLERANCE * stated.value().abs().max(summed.value().abs()) {
        notes.push(Note {
            field: format!("total {}", K::NAME),
            received: stated.to_string(),
            expected: format!("the events add up to {summed}; the {shown} is shown"),
        });
    }
}

/// R15, D45: the header's study counts.
fn note_other_study(tree: &Item, study_uid: Option<&str>, notes: &mut Vec<Note>) {
    let scope = tree.nearest(&concepts::SCOPE).and_then(|scope| scope.text(&concepts::STUDY_UID));
    if let (Some(scope), Some(header)) = (scope, study_uid)
        && scope != header
    {
        notes.push(Note {
            field: "Study Instance UID of the scope (110180)".to_owned(),
            received: scope,
            expected: format!("expected {header}, that of the header, which counts"),
        });
    }
}
