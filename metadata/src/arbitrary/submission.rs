//! Whole submissions that a registry takes in, as wild as their parts.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop};
use proptest::sample::Index;

use super::{association, code, document_entry, folder, submission_set};
use crate::{
    Association, AssociationType, Code, DocumentEntry, Folder, ObjectId, ObjectType, PatientId, Submission,
    SubmissionSet, SubmissionSetStatus, sample,
};

/// A submission that is right from a Document Repository, and relationships of its documents to registered ones: each
/// without its target, which is chosen by the index.
pub fn submission() -> impl Strategy<Value = (Submission, Vec<(Association, Index)>)> {
    let kinds = vec![
        AssociationType::Replace,
        AssociationType::Transform,
        AssociationType::Append,
        AssociationType::TransformAndReplace,
        AssociationType::Signs,
    ];
    let relationship = (prop::sample::select(kinds), option::of(code()), any::<Index>(), any::<Index>());
    let objects = (submission_set(), vec(document_entry(), 0..3), vec(folder(), 0..3));
    let links = (vec(association(), 1..3), any::<[bool; 4]>(), option::of(relationship));
    (objects, links, 0..4_u8).prop_map(
        |((set, entries, folders), (decor, contents, relationship), patient)| {
            let patient = PatientId::new(&format!("P{patient}"), "1.2.3.4".parse().unwrap()).ok();
            let mut made = Made { associations: Vec::new(), decor };
            let submission_set = set_of(set, patient.clone());
            let entries: Vec<_> =
                (1..).zip(entries).map(|(at, entry)| entry_of(entry, at, patient.clone())).collect();
            let folders: Vec<_> =
                (1..).zip(folders).map(|(at, folder)| folder_of(folder, at, patient.clone())).collect();
            let set = &submission_set.entry_uuid;
            for entry in &entries {
                made.link(
                    AssociationType::HasMember,
                    set,
                    &entry.entry_uuid,
                    Some(SubmissionSetStatus::Original),
                );
            }
            for folder in &folders {
                made.link(AssociationType::HasMember, set, &folder.entry_uuid, None);
            }
            let pairs = folders.iter().flat_map(|folder| entries.iter().map(move |entry| (folder, entry)));
            for ((folder, entry), _) in pairs.zip(contents).filter(|(_, is_in)| *is_in) {
                let content =
                    made.link(AssociationType::HasMember, &folder.entry_uuid, &entry.entry_uuid, None);
                made.link(AssociationType::HasMember, set, &content, None);
            }
            let relationship =
                relationship.filter(|_| !entries.is_empty()).map(|(kind, why, source, target)| {
                    let source = &source.get(&entries).entry_uuid;
                    made.link(kind, source, source, None);
                    let association = made.associations.pop().unwrap();
                    (Association { documentation: why, ..association }, target)
                });
            let associations = made.associations;
            (
                Submission { submission_set, entries, folders, associations },
                relationship.into_iter().collect(),
            )
        },
    )
}

/// Associations, and what they are adorned with in turn.
struct Made {
    associations: Vec<Association>,
    decor: Vec<Association>,
}

impl Made {
    fn link(
        &mut self,
        kind: AssociationType,
        source: &ObjectId,
        target: &ObjectId,
        status: Option<SubmissionSetStatus>,
    ) -> ObjectId {
        let at = self.associations.len();
        let decor = &self.decor[at % self.decor.len()];
        let id = ObjectId::Symbolic(format!("association {at}"));
        let bare = Association::new(kind, id.clone(), source.clone(), target.clone());
        self.associations.push(Association {
            submission_set_status: status,
            name: decor.name.clone(),
            description: decor.description.clone(),
            extra: decor.extra.clone(),
            ..bare
        });
        id
    }
}

/// The id, unless it is a symbol: symbols of one message must differ.
fn own(id: &ObjectId, kind: &str, at: u32) -> ObjectId {
    match id {
        ObjectId::Symbolic(symbol) => ObjectId::Symbolic(format!("{kind} {symbol} {at}")),
        uuid @ ObjectId::Uuid(_) => uuid.clone(),
    }
}

fn set_of(mut set: SubmissionSet, patient: Option<PatientId>) -> SubmissionSet {
    set.entry_uuid = own(&set.entry_uuid, "set", 0);
    set.patient_id = patient;
    set.content_type_code = set.content_type_code.or(sample().submission_set.content_type_code);
    set.limited_metadata = false;
    set
}

fn entry_of(mut entry: DocumentEntry, at: u32, patient: Option<PatientId>) -> DocumentEntry {
    let whole = sample().entries.remove(0);
    entry.entry_uuid = own(&entry.entry_uuid, "entry", at);
    entry.patient_id = patient;
    entry.class_code = entry.class_code.or(whole.class_code);
    entry.type_code = entry.type_code.or(whole.type_code);
    entry.format_code = entry.format_code.or(whole.format_code);
    entry.practice_setting_code = entry.practice_setting_code.or(whole.practice_setting_code);
    entry.healthcare_facility_type_code =
        entry.healthcare_facility_type_code.or(whole.healthcare_facility_type_code);
    if entry.confidentiality_code.is_empty() {
        entry.confidentiality_code = whole.confidentiality_code;
    }
    entry.creation_time = entry.creation_time.or(whole.creation_time);
    entry.source_patient_id = entry.source_patient_id.or(whole.source_patient_id);
    entry.repository_unique_id = entry.repository_unique_id.or(whole.repository_unique_id);
    (entry.hash, entry.size) = (entry.hash.or(whole.hash), entry.size.or(whole.size));
    (entry.limited_metadata, entry.object_type) = (false, ObjectType::Stable);
    entry
}

fn folder_of(mut folder: Folder, at: u32, patient: Option<PatientId>) -> Folder {
    folder.entry_uuid = own(&folder.entry_uuid, "folder", at);
    folder.patient_id = patient;
    if folder.title.is_empty() {
        folder.title = "a folder".into();
    }
    if folder.code_list.is_empty() {
        folder.code_list = vec![Code::new("DOSE", "1.2.3", "")];
    }
    folder.limited_metadata = false;
    folder
}
