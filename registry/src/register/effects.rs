//! What a submission does to what is registered already (ITI TF-2 3.42.4.1.3.3, TF-3 4.2.2.2).

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Writer};
use metadata::{Association, AssociationType, EntryUuid, ErrorCode, RegistryError, RegistryErrors};

use super::{Prepared, new_uuid};
use crate::Refusal;
use crate::rules::Known;
use crate::store::{Key, Kind, NewObject, Object, associations_to, by_keys, deprecate, touch_folder};

/// Deprecates what is replaced, and puts what replaces it into the same folders. Returns the associations
/// that say so; `keys` learns where their ends lie.
pub(super) async fn apply(
    writer: &mut Writer,
    prepared: &Prepared,
    known: &Known,
    keys: &mut HashMap<EntryUuid, Key>,
) -> Result<Vec<NewObject>, Refusal> {
    let mut added = Vec::new();
    for (association, replaced, replacing) in replacements(prepared, known) {
        if deprecate(writer, &HashSet::from([replaced])).await? == 0 {
            return Err(replaced_before(association).into());
        }
        deprecate_dependents(writer, replaced).await?;
        for folder in folders_of(writer, replaced).await? {
            keys.insert(folder.uuid, folder.key);
            let memberships = put_into(&folder, replacing, prepared, &added);
            added.extend(memberships);
        }
    }
    update_folders(writer, prepared, &added, keys).await?;
    let objects = added.into_iter().filter_map(|association| NewObject::of(association.into()).transpose());
    Ok(objects.collect::<Result<_, _>>()?)
}

/// The associations that replace a registered document, as they were submitted; where that document lies,
/// and what comes in its place.
fn replacements<'a>(prepared: &'a Prepared, known: &Known) -> Vec<(&'a Association, Key, EntryUuid)> {
    let associations = prepared.submitted.associations.iter().zip(&prepared.resolved.associations);
    let ends = |(submitted, resolved): (&'a Association, &'a Association)| {
        let replaced = known.object(resolved.target_object.uuid()?)?;
        Some((submitted, replaced.key, resolved.source_object.uuid()?))
    };
    associations.filter(|(submitted, _)| submitted.association_type.replaces()).filter_map(ends).collect()
}

/// Somebody else has replaced it since the rules looked, or this submission replaces it twice.
fn replaced_before(association: &Association) -> RegistryErrors {
    let identity = association.identity();
    let target = &association.target_object;
    let context = format!("{identity}: targetObject '{target}' has been replaced (ITI TF-3 4.2.2.2.3)");
    RegistryErrors::from(RegistryError::new(ErrorCode::DeprecatedDocument, context).at(identity))
}

/// Deprecates what was added to a document or made of it, and what was added to that, and so on.
async fn deprecate_dependents(writer: &mut Writer, replaced: Key) -> Result<(), DatabaseError> {
    let mut seen = HashSet::from([replaced]);
    let mut next = seen.clone();
    while !next.is_empty() {
        let associations = associations_to(writer, next).await?;
        let depends = |association: &&Object| {
            association.is(&AssociationType::Append) || association.is(&AssociationType::Transform)
        };
        let dependents = associations.iter().filter(depends).filter_map(|association| association.source);
        next = dependents.filter(|dependent| seen.insert(*dependent)).collect();
        deprecate(writer, &next).await?;
    }
    Ok(())
}

/// The folders that a document is in and that are current.
async fn folders_of(writer: &mut Writer, document: Key) -> Result<Vec<Object>, DatabaseError> {
    let associations = associations_to(writer, HashSet::from([document])).await?;
    let member =
        |association: &&Object| association.is(&AssociationType::HasMember) && association.is_approved();
    let holders = associations.iter().filter(member).filter_map(|association| association.source);
    let holders = by_keys(writer, holders.collect()).await?;
    Ok(holders.into_iter().filter(|holder| holder.kind == Kind::Folder && holder.is_approved()).collect())
}

/// The membership in a folder, and that the submission set brings it; nothing if it has been said.
fn put_into(
    folder: &Object,
    document: EntryUuid,
    prepared: &Prepared,
    added: &[Association],
) -> Vec<Association> {
    let said = |association: &Association| {
        association.association_type == AssociationType::HasMember
            && association.source_object.uuid() == Some(folder.uuid)
            && association.target_object.uuid() == Some(document)
    };
    if prepared.resolved.associations.iter().chain(added).any(said) {
        return Vec::new();
    }
    let (content, brings) = (new_uuid(), new_uuid());
    let set = prepared.resolved.submission_set.entry_uuid.clone();
    let member = |id: EntryUuid, source, target: EntryUuid| {
        Association::new(AssociationType::HasMember, id.into(), source, target.into())
    };
    vec![member(content, folder.uuid.into(), document), member(brings, set, content)]
}

/// Sets lastUpdateTime of every folder in the registry that gains a document.
async fn update_folders(
    writer: &mut Writer,
    prepared: &Prepared,
    added: &[Association],
    keys: &HashMap<EntryUuid, Key>,
) -> Result<(), DatabaseError> {
    let memberships = prepared.resolved.associations.iter().chain(added);
    let memberships =
        memberships.filter(|association| association.association_type == AssociationType::HasMember);
    let sources = memberships.filter_map(|association| keys.get(&association.source_object.uuid()?).copied());
    let folders: HashSet<Key> = sources.collect();
    for folder in folders {
        touch_folder(writer, folder, prepared.now.start()).await?;
    }
    Ok(())
}
