//! From an object to the columns that it is found by, and its fragment.

use metadata::{Author, EntryUuid, Fragment, Hash, Object as Said, ObjectType, Timestamp};

use super::fragment::{LARGEST, pack};
use super::{Facet, Facets, Kind, StoreError};

/// An object to be stored; the ends of an association stand for themselves until their keys are known.
#[derive(Debug, Clone)]
pub(crate) struct NewObject {
    pub(crate) uuid: EntryUuid,
    pub(crate) kind: Kind,
    pub(super) unique_id: Option<String>,
    pub(super) hash: Option<Hash>,
    pub(super) size: Option<u64>,
    pub(super) time: Option<i64>,
    pub(super) service_start: Option<i64>,
    pub(super) service_stop: Option<i64>,
    pub(super) ends: Option<(EntryUuid, EntryUuid)>,
    pub(super) facets: Facets,
    pub(super) dictionary: i64,
    pub(super) fragment: Vec<u8>,
}

impl NewObject {
    /// The row of an object; none while one of its ids is symbolic.
    pub(crate) fn of(mut said: Said) -> Result<Option<Self>, StoreError> {
        let Some(uuid) = said.identity().id.uuid() else { return Ok(None) };
        forget_home(&mut said);
        let mut new = Self {
            uuid,
            kind: kind(&said),
            unique_id: said.identity().unique_id.map(str::to_owned),
            hash: None,
            size: None,
            time: None,
            service_start: None,
            service_stop: None,
            ends: None,
            facets: facets(&said),
            dictionary: 0,
            fragment: Vec::new(),
        };
        let second = |time: Option<Timestamp>| time.map(Timestamp::start);
        match &said {
            Said::Entry(entry) => {
                new.hash = entry.hash;
                new.size = entry.size;
                new.time = second(entry.creation_time);
                new.service_start = second(entry.service_start_time);
                new.service_stop = second(entry.service_stop_time);
            }
            Said::SubmissionSet(set) => new.time = Some(set.submission_time.start()),
            Said::Folder(folder) => new.time = second(folder.last_update_time),
            Said::Association(association) => {
                let ends = association.source_object.uuid().zip(association.target_object.uuid());
                let Some(ends) = ends else { return Ok(None) };
                new.ends = Some(ends);
            }
        }
        let fragment = Fragment::of(said);
        let bytes = fragment.as_bytes().len();
        if bytes > LARGEST {
            return Err(StoreError::TooLarge(bytes));
        }
        (new.dictionary, new.fragment) = pack(&fragment)?;
        Ok(Some(new))
    }
}

const fn kind(said: &Said) -> Kind {
    match said {
        Said::Entry(entry) => match entry.object_type {
            ObjectType::Stable => Kind::StableEntry,
            ObjectType::OnDemand => Kind::OnDemandEntry,
        },
        Said::SubmissionSet(_) => Kind::SubmissionSet,
        Said::Folder(_) => Kind::Folder,
        Said::Association(_) => Kind::Association,
    }
}

/// Which community this is, a gateway says; a registry does not repeat what a source thought of it
/// (ITI TF-2 3.18.4.1.2.3.8).
fn forget_home(said: &mut Said) {
    match said {
        Said::Entry(entry) => entry.home_community_id = None,
        Said::SubmissionSet(set) => set.home_community_id = None,
        Said::Folder(folder) => folder.home_community_id = None,
        Said::Association(association) => association.home_community_id = None,
    }
}

fn facets(said: &Said) -> Facets {
    let mut facets = Facets::default();
    match said {
        Said::Entry(entry) => {
            facets.add_codes(Facet::ClassCode, &entry.class_code);
            facets.add_codes(Facet::TypeCode, &entry.type_code);
            facets.add_codes(Facet::FormatCode, &entry.format_code);
            facets.add_codes(Facet::PracticeSettingCode, &entry.practice_setting_code);
            facets.add_codes(Facet::FacilityTypeCode, &entry.healthcare_facility_type_code);
            facets.add_codes(Facet::EventCode, &entry.event_code_list);
            facets.add_codes(Facet::ConfidentialityCode, &entry.confidentiality_code);
            add_authors(&mut facets, &entry.author);
            entry.reference_id_list.iter().for_each(|id| facets.add(Facet::ReferenceId, id.as_str()));
        }
        Said::SubmissionSet(set) => {
            facets.add_codes(Facet::ContentTypeCode, &set.content_type_code);
            facets.add(Facet::SourceId, set.source_id.as_str());
            add_authors(&mut facets, &set.author);
        }
        Said::Folder(folder) => facets.add_codes(Facet::CodeList, &folder.code_list),
        Said::Association(association) => {
            facets.add(Facet::AssociationType, association.association_type.urn());
        }
    }
    facets
}

fn add_authors(facets: &mut Facets, authors: &[Author]) {
    let persons = authors.iter().filter_map(|author| author.author_person.as_ref());
    persons.for_each(|person| facets.add(Facet::AuthorPerson, person.as_str()));
}
