//! Whether an object is one of those asked for, by its columns (ITI TF-2 3.18.4.1.2.3.6).

use actors::transactions::stored_query::{ContentFilter, DocumentFilter, Pattern, Period};
use metadata::{ObjectType, ReferenceId};

use crate::store::{Facet, Facets, Kind, Object};

/// Whether a document entry passes.
pub(super) fn document(object: &Object, filter: &DocumentFilter) -> bool {
    let facets = &object.facets;
    let authored =
        filter.author_person.is_empty() || filter.author_person.iter().any(|pattern| author(facets, pattern));
    // On-demand documents have no creation time until they are made.
    let created = object.kind == Kind::OnDemandEntry || has_time(filter.creation_time, object.time);
    content(object, &filter.content)
        && authored
        && created
        && may_have_time(filter.service_start_time, object.service_start)
        && may_have_time(filter.service_stop_time, object.service_stop)
        && facets.has_any(Facet::ClassCode, &filter.class_code)
        && facets.has_any(Facet::TypeCode, &filter.type_code)
        && facets.has_any(Facet::PracticeSettingCode, &filter.practice_setting_code)
        && facets.has_any(Facet::FacilityTypeCode, &filter.healthcare_facility_type_code)
        && facets.has_one_of_each(Facet::EventCode, &filter.event_code_list)
}

/// Whether a document entry inside a set or a folder passes.
pub(super) fn content(object: &Object, filter: &ContentFilter) -> bool {
    kinds(&filter.object_type).contains(&object.kind)
        && object.facets.has_any(Facet::FormatCode, &filter.format_code)
        && object.facets.has_one_of_each(Facet::ConfidentialityCode, &filter.confidentiality_code)
}

/// The kinds of objects that are entries of these types.
pub(super) fn kinds(types: &[ObjectType]) -> Vec<Kind> {
    let kind = |object_type: &ObjectType| match object_type {
        ObjectType::Stable => Kind::StableEntry,
        ObjectType::OnDemand => Kind::OnDemandEntry,
    };
    types.iter().map(kind).collect()
}

/// Whether an author fits.
pub(super) fn author(facets: &Facets, pattern: &Pattern) -> bool {
    facets.values(Facet::AuthorPerson).any(|person| pattern.matches(person))
}

/// Whether one reference of each group is there.
pub(super) fn references(facets: &Facets, groups: &[Vec<Pattern>]) -> bool {
    let is_there = |asked: &Pattern| {
        let mut references = facets.values(Facet::ReferenceId);
        references.any(|reference| is_meant(asked, reference))
    };
    groups.iter().all(|group| group.iter().any(is_there))
}

/// Whether a reference is asked for. Ids often have an underscore, so that one alone makes no pattern of what is an
/// id; `%` does (ITI TF-2 3.18.4.1.2.3.7.14).
fn is_meant(asked: &Pattern, reference: &str) -> bool {
    let text = asked.to_string();
    if text.contains('%') { asked.matches(reference) } else { is_same_reference(&text, reference) }
}

/// Reference ids are the same by id, authority and kind; a namespace or a community is only said beside.
fn is_same_reference(one: &str, other: &str) -> bool {
    let identity = |text: &str| {
        let reference: ReferenceId = text.parse().ok()?;
        Some((reference.id(), reference.authority(), reference.kind()))
    };
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

/// Whether a time is there and in a period; any object will do when the period is open on both sides.
pub(super) fn has_time(period: Period, time: Option<i64>) -> bool {
    period.is_open() || time.is_some_and(|time| period.contains(time))
}

/// Whether a time is in a period, or absent: an entry without service times is not filtered by them.
fn may_have_time(period: Period, time: Option<i64>) -> bool {
    time.is_none_or(|time| period.contains(time))
}
