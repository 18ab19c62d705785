//! The queries that get objects by their ids, and what hangs together with them (ITI TF-2 3.18.4.1.2.3.7.5 to 7.13).

use std::collections::{HashMap, HashSet};

use actors::transactions::stored_query::{
    GetFolderAndContents, GetRelatedDocuments, GetSubmissionSetAndContents, Id, Ids,
};
use database::{DatabaseError, Reader};
use metadata::{AssociationType, EntryUuid, UniqueId};

use super::filter;
use crate::store::{Key, Kind, Object, associations_from, associations_to, by_keys, by_unique_ids, by_uuids};

type Objects = Result<Vec<Object>, DatabaseError>;

pub(super) async fn documents(reader: &mut Reader, ids: &Ids) -> Objects {
    Ok(retain(by_ids(reader, ids).await?, Kind::is_entry))
}

pub(super) async fn folders(reader: &mut Reader, ids: &Ids) -> Objects {
    Ok(retain(by_ids(reader, ids).await?, |kind| kind == Kind::Folder))
}

pub(super) async fn associations(reader: &mut Reader, uuids: &[EntryUuid]) -> Objects {
    let objects = by_uuids(reader, uuids).await?;
    associations_of(reader, &objects).await
}

pub(super) async fn documents_and_associations(reader: &mut Reader, ids: &Ids) -> Objects {
    let mut found = documents(reader, ids).await?;
    let associations = associations_of(reader, &found).await?;
    found.extend(associations);
    Ok(found)
}

/// The submission sets that have these objects as members, and the memberships.
pub(super) async fn submission_sets(reader: &mut Reader, uuids: &[EntryUuid]) -> Objects {
    let objects = by_uuids(reader, uuids).await?;
    let memberships = memberships(associations_to(reader, keys(&objects)).await?);
    let sets = by_keys(reader, sources(&memberships)).await?;
    let mut found = retain(sets, |kind| kind == Kind::SubmissionSet);
    let sets = keys(&found);
    found.extend(memberships.into_iter().filter(|membership| leads_from(membership, &sets)));
    Ok(found)
}

/// The set, its documents as far as they pass and its folders, and the memberships among these. Memberships
/// in folders, and that the set brings these, are there when both ends are.
pub(super) async fn submission_set_and_contents(
    reader: &mut Reader,
    query: &GetSubmissionSetAndContents,
) -> Objects {
    let sets = retain(by_id(reader, &query.id).await?, |kind| kind == Kind::SubmissionSet);
    let from_set = memberships(associations_from(reader, keys(&sets)).await?);
    let members = by_keys(reader, targets(&from_set)).await?;
    let contents = members.into_iter().filter(|member| {
        member.kind == Kind::Folder || (member.kind.is_entry() && filter::content(member, &query.content))
    });
    let contents: Vec<Object> = contents.collect();
    let folders = contents.iter().filter(|member| member.kind == Kind::Folder).map(|folder| folder.key);
    let from_folders = memberships(associations_from(reader, folders.collect()).await?);
    let here = keys(&contents);
    let in_folders: Vec<Object> =
        from_folders.into_iter().filter(|membership| leads_to(membership, &here)).collect();
    let all_targets: HashSet<Key> = here.into_iter().chain(keys(&in_folders)).collect();
    let from_set = from_set.into_iter().filter(|membership| leads_to(membership, &all_targets));
    Ok(sets.into_iter().chain(contents).chain(in_folders).chain(from_set).collect())
}

pub(super) async fn folder_and_contents(reader: &mut Reader, query: &GetFolderAndContents) -> Objects {
    let mut found = retain(by_id(reader, &query.id).await?, |kind| kind == Kind::Folder);
    let memberships = memberships(associations_from(reader, keys(&found)).await?);
    let members = by_keys(reader, targets(&memberships)).await?;
    let passes = |member: &Object| member.kind.is_entry() && filter::content(member, &query.content);
    let documents: Vec<Object> = members.into_iter().filter(passes).collect();
    let here = keys(&documents);
    found.extend(documents);
    found.extend(memberships.into_iter().filter(|membership| leads_to(membership, &here)));
    Ok(found)
}

pub(super) async fn folders_for_document(reader: &mut Reader, id: &Id) -> Objects {
    let documents = retain(by_id(reader, id).await?, Kind::is_entry);
    let memberships = memberships(associations_to(reader, keys(&documents)).await?);
    let holders = by_keys(reader, sources(&memberships)).await?;
    Ok(retain(holders, |kind| kind == Kind::Folder))
}

/// The relationships between the document and others, these others, and the document; nothing if it has none.
pub(super) async fn related_documents(reader: &mut Reader, query: &GetRelatedDocuments) -> Objects {
    let documents = retain(by_id(reader, &query.id).await?, Kind::is_entry);
    let asked_for =
        |association: &Object| query.association_types.iter().any(|wanted| association.is(wanted));
    let mut associations = associations_of(reader, &documents).await?;
    associations.retain(asked_for);
    let ends = associations.iter().flat_map(|association| [association.source, association.target]);
    let ends: HashSet<Key> = ends.flatten().collect();
    let kinds = filter::kinds(&query.object_type);
    let here = keys(&documents);
    let others: HashMap<Key, Object> = by_keys(reader, ends)
        .await?
        .into_iter()
        .filter(|end| here.contains(&end.key) || kinds.contains(&end.kind))
        .map(|end| (end.key, end))
        .collect();
    let is_there = |end: Option<Key>| end.is_some_and(|end| others.contains_key(&end));
    associations.retain(|association| is_there(association.source) && is_there(association.target));
    let ends = associations.iter().flat_map(|association| [association.source, association.target]);
    let related: HashSet<Key> = ends.flatten().collect();
    let documents = others.into_values().filter(|document| related.contains(&document.key));
    Ok(documents.chain(associations).collect())
}

/// The associations that touch any of these objects.
pub(super) async fn associations_of(reader: &mut Reader, objects: &[Object]) -> Objects {
    let mut found = associations_from(reader, keys(objects)).await?;
    found.extend(associations_to(reader, keys(objects)).await?);
    Ok(found)
}

async fn by_ids(reader: &mut Reader, ids: &Ids) -> Objects {
    match ids {
        Ids::EntryUuids(uuids) => by_uuids(reader, uuids).await,
        Ids::UniqueIds(ids) => {
            by_unique_ids(reader, &ids.iter().map(UniqueId::as_str).collect::<Vec<_>>()).await
        }
    }
}

async fn by_id(reader: &mut Reader, id: &Id) -> Objects {
    match id {
        Id::EntryUuid(uuid) => by_uuids(reader, &[*uuid]).await,
        Id::UniqueId(id) => by_unique_ids(reader, &[id.as_str()]).await,
    }
}

fn retain(mut objects: Vec<Object>, wanted: impl Fn(Kind) -> bool) -> Vec<Object> {
    objects.retain(|object| wanted(object.kind));
    objects
}

fn memberships(mut associations: Vec<Object>) -> Vec<Object> {
    associations.retain(|association| association.is(&AssociationType::HasMember));
    associations
}

fn keys(objects: &[Object]) -> HashSet<Key> {
    objects.iter().map(|object| object.key).collect()
}

fn sources(associations: &[Object]) -> HashSet<Key> {
    associations.iter().filter_map(|association| association.source).collect()
}

fn targets(associations: &[Object]) -> HashSet<Key> {
    associations.iter().filter_map(|association| association.target).collect()
}

fn leads_from(association: &Object, sources: &HashSet<Key>) -> bool {
    association.source.is_some_and(|source| sources.contains(&source))
}

fn leads_to(association: &Object, targets: &HashSet<Key>) -> bool {
    association.target.is_some_and(|target| targets.contains(&target))
}
