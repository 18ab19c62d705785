//! What a submission does to what is registered already (ITI TF-2 3.42.4.1.3.3, TF-3 4.2.2.2).

use std::collections::{HashMap, HashSet};

use database::{DatabaseError, Writer};
use metadata::{
    Association, AssociationType, EntryUuid, ErrorCode, Finding, ObjectId, RegistryErrors, quoted,
};

use super::{Prepared, new_uuid};
use crate::Refusal;
use crate::rules::{DEPENDENTS, Known, PLACES};
use crate::store::{Key, Kind, NewObject, Object, associations_to, by_keys, deprecate, touch_folder};

/// Deprecates what is replaced, and puts what replaces it into the same folders. Returns the associations
/// that say so; `keys` learns where their ends lie.
pub(super) async fn apply(
    writer: &mut Writer,
    prepared: &Prepared,
    known: &Known,
    keys: &mut HashMap<EntryUuid, Key>,
) -> Result<Vec<NewObject>, Refusal> {
    let replacements = deprecate_replaced(writer, prepared, known).await?;
    if prepared.left_out.keeps(DEPENDENTS) {
        deprecate_dependents(writer, replacements.keys().copied().collect()).await?;
    }
    let added = match prepared.left_out.keeps(PLACES) {
        true => take_places(writer, prepared, &replacements, keys).await?,
        false => Vec::new(),
    };
    update_folders(writer, prepared, &added, keys).await?;
    let objects = added.into_iter().filter_map(|association| NewObject::of(association.into()).transpose());
    Ok(objects.collect::<Result<_, _>>()?)
}

/// Deprecates the documents that are replaced, before what hangs on them: one may hang on another. Tells where
/// each lies and what comes in its place.
async fn deprecate_replaced(
    writer: &mut Writer,
    prepared: &Prepared,
    known: &Known,
) -> Result<HashMap<Key, EntryUuid>, Refusal> {
    let mut replacements = HashMap::new();
    let associations = prepared.submitted.associations.iter().zip(&prepared.associations);
    for (submitted, resolved) in associations.filter(|(one, _)| one.association_type.replaces()) {
        let replaced = resolved.target_object.uuid().and_then(|uuid| known.object(uuid));
        let Some((replaced, replacing)) = replaced.zip(resolved.source_object.uuid()) else { continue };
        if deprecate(writer, &HashSet::from([replaced.key])).await? == 0 {
            return Err(replaced_before(submitted).into());
        }
        replacements.insert(replaced.key, replacing);
    }
    Ok(replacements)
}

/// Somebody else has replaced it since the rules looked.
fn replaced_before(association: &Association) -> RegistryErrors {
    let received = format!("{}, which has been replaced just now", quoted(&association.target_object));
    let finding = Finding::new("targetObject", &received, &"an approved DocumentEntry", "TF-3 4.2.2.2.3");
    RegistryErrors::from(finding.about(ErrorCode::DeprecatedDocument, association.identity()))
}

/// Deprecates what was added to documents or made of them, and what was added to that, and so on.
async fn deprecate_dependents(writer: &mut Writer, replaced: HashSet<Key>) -> Result<(), DatabaseError> {
    let mut seen = replaced.clone();
    let mut next = replaced;
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

/// For each replacement the memberships in the current folders of what it replaces, and that the submission set
/// brings these; not what the source has said itself.
async fn take_places(
    writer: &mut Writer,
    prepared: &Prepared,
    replacements: &HashMap<Key, EntryUuid>,
    keys: &mut HashMap<EntryUuid, Key>,
) -> Result<Vec<Association>, DatabaseError> {
    let memberships = memberships(&prepared.associations);
    let ends = |said: &Association| said.source_object.uuid().zip(said.target_object.uuid());
    let mut said: HashSet<(EntryUuid, EntryUuid)> = memberships.filter_map(ends).collect();
    let mut contents = associations_to(writer, replacements.keys().copied().collect()).await?;
    contents.retain(|content| content.is(&AssociationType::HasMember) && content.is_approved());
    let holders = contents.iter().filter_map(|content| content.source).collect();
    let folders = by_keys(writer, holders).await?.into_iter();
    let folders = folders.filter(|holder| holder.kind == Kind::Folder && holder.is_approved());
    let folders: HashMap<Key, Object> = folders.map(|folder| (folder.key, folder)).collect();
    let mut added = Vec::new();
    for content in &contents {
        let folder = content.source.and_then(|source| folders.get(&source));
        let replacing = content.target.and_then(|target| replacements.get(&target));
        let Some((folder, replacing)) = folder.zip(replacing) else { continue };
        if said.insert((folder.uuid, *replacing)) {
            keys.insert(folder.uuid, folder.key);
            added.extend(put_into(folder.uuid, *replacing, &prepared.submission_set));
        }
    }
    Ok(added)
}

/// The membership in a folder, and that the submission set brings it.
fn put_into(folder: EntryUuid, document: EntryUuid, set: &ObjectId) -> [Association; 2] {
    let (content, brings) = (new_uuid(), new_uuid());
    let member = |id: EntryUuid, source, target: EntryUuid| {
        Association::new(AssociationType::HasMember, id.into(), source, target.into())
    };
    [member(content, folder.into(), document), member(brings, set.clone(), content)]
}

fn memberships(associations: &[Association]) -> impl Iterator<Item = &Association> {
    let is_membership = |said: &&Association| said.association_type == AssociationType::HasMember;
    associations.iter().filter(is_membership)
}

/// Sets lastUpdateTime of every folder in the registry that gains a document.
async fn update_folders(
    writer: &mut Writer,
    prepared: &Prepared,
    added: &[Association],
    keys: &HashMap<EntryUuid, Key>,
) -> Result<(), DatabaseError> {
    let memberships = memberships(&prepared.associations).chain(memberships(added));
    let sources = memberships.filter_map(|association| keys.get(&association.source_object.uuid()?).copied());
    let folders: HashSet<Key> = sources.collect();
    for folder in folders {
        touch_folder(writer, folder, prepared.now.start()).await?;
    }
    Ok(())
}
