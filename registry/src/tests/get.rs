//! The queries that get by id, and what hangs together (ITI TF-2 3.18.4.1.2.3.7.5 to 7.13).

use actors::transactions::stored_query::{
    ContentFilter, GetDocumentsAndAssociations, GetFolderAndContents, GetFoldersForDocument,
    GetRelatedDocuments, GetSubmissionSetAndContents, GetSubmissionSets, Id, Query,
};
use metadata::{Code, ObjectType};

use super::*;

/// A document in a folder, and a second one that adds to it.
async fn house() -> House {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    house.register(related(2, AssociationType::Append, house.uuid(&document_id(1)).await)).await;
    house
}

/// How many there are of each kind: entries, sets, folders, associations.
fn count(objects: &[Object]) -> [usize; 4] {
    let mut count = [0; 4];
    for object in objects {
        count[match object {
            Object::Entry(_) => 0,
            Object::SubmissionSet(_) => 1,
            Object::Folder(_) => 2,
            Object::Association(_) => 3,
        }] += 1;
    }
    count
}

fn unique(id: &str) -> Id {
    Id::UniqueId(id.parse().unwrap())
}

fn other_format() -> ContentFilter {
    ContentFilter { format_code: vec![Code::new("x", "1.2", "")], ..ContentFilter::default() }
}

#[tokio::test]
async fn gets_documents_by_either_id_and_nothing_for_an_unknown_one() {
    let house = house().await;
    let uuid = house.uuid(&document_id(1)).await;
    let unknown = EntryUuid::from_bytes([1; 16]);
    let ids = Ids::EntryUuids(vec![uuid, unknown, uuid]);
    assert_eq!(count(&house.get(Query::GetDocuments(GetDocuments { ids })).await), [1, 0, 0, 0]);
    assert!(house.entries("9.9.9").await.is_empty());
    // A folder is no document.
    assert!(house.entries(&folder_id(1)).await.is_empty());
}

#[tokio::test]
async fn gets_associations_from_either_end() {
    let house = house().await;
    // Its set, its folder, and the second document.
    assert_eq!(house.associations(house.uuid(&document_id(1)).await).await.len(), 3);
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    assert_eq!(house.associations(folder).await.len(), 2);
    assert!(house.associations(EntryUuid::from_bytes([1; 16])).await.is_empty());
}

#[tokio::test]
async fn gets_documents_with_their_associations() {
    let house = house().await;
    let ids = Ids::UniqueIds(vec![document_id(1).parse().unwrap()]);
    let query = Query::GetDocumentsAndAssociations(GetDocumentsAndAssociations { ids });
    assert_eq!(count(&house.get(query).await), [1, 0, 0, 3]);
}

#[tokio::test]
async fn gets_the_submission_sets_of_documents_and_folders() {
    let house = house().await;
    let document = house.uuid(&document_id(1)).await;
    let query = |uuids| Query::GetSubmissionSets(GetSubmissionSets { uuids });
    assert_eq!(count(&house.get(query(vec![document])).await), [0, 1, 0, 1]);
    let folder = house.folder(&folder_id(1)).await.entry_uuid.uuid().unwrap();
    assert_eq!(count(&house.get(query(vec![document, folder])).await), [0, 1, 0, 2]);
}

#[tokio::test]
async fn gets_a_submission_set_and_its_contents() {
    let house = house().await;
    let query = |id: &str, content| {
        Query::GetSubmissionSetAndContents(GetSubmissionSetAndContents { id: unique(id), content })
    };
    // Two memberships of the set, one of the folder, and that the set brings that.
    assert_eq!(count(&house.get(query("1.8.1", ContentFilter::default())).await), [1, 1, 1, 4]);
    assert_eq!(count(&house.get(query("1.8.2", ContentFilter::default())).await), [1, 1, 0, 1]);
    // Without the document only the folder and the membership of it are left.
    assert_eq!(count(&house.get(query("1.8.1", other_format())).await), [0, 1, 1, 1]);
    assert!(house.get(query("1.8.9", ContentFilter::default())).await.is_empty());
    assert!(house.get(query(&document_id(1), ContentFilter::default())).await.is_empty());
}

#[tokio::test]
async fn gets_a_folder_and_its_contents() {
    let house = house().await;
    let query =
        |content| Query::GetFolderAndContents(GetFolderAndContents { id: unique(&folder_id(1)), content });
    assert_eq!(count(&house.get(query(ContentFilter::default())).await), [1, 0, 1, 1]);
    assert_eq!(count(&house.get(query(other_format())).await), [0, 0, 1, 0]);
}

#[tokio::test]
async fn gets_the_folders_of_a_document() {
    let house = house().await;
    let query = |id: String| Query::GetFoldersForDocument(GetFoldersForDocument { id: unique(&id) });
    assert_eq!(count(&house.get(query(document_id(1))).await), [0, 0, 1, 0]);
    assert!(house.get(query(document_id(2))).await.is_empty());
}

#[tokio::test]
async fn gets_related_documents() {
    let house = house().await;
    let query = |id: String, association_types: &[AssociationType], object_type| {
        Query::GetRelatedDocuments(GetRelatedDocuments {
            id: unique(&id),
            association_types: association_types.to_vec(),
            object_type: vec![object_type],
        })
    };
    let asked = [AssociationType::Append, AssociationType::Replace, AssociationType::HasMember];
    for number in [1, 2] {
        let found = house.get(query(document_id(number), &asked, ObjectType::Stable)).await;
        assert_eq!(count(&found), [2, 0, 0, 1]);
    }
    let replaced = house.get(query(document_id(1), &[AssociationType::Replace], ObjectType::Stable)).await;
    assert!(replaced.is_empty());
    assert!(house.get(query(document_id(1), &asked, ObjectType::OnDemand)).await.is_empty());
}

#[tokio::test]
async fn refuses_whole_objects_of_several_patients_but_not_references() {
    let house = house().await;
    house.register(with_patient(document_in_folder(3), OTHER_PATIENT)).await;
    let documents = Ids::UniqueIds(vec![document_id(1).parse().unwrap(), document_id(3).parse().unwrap()]);
    let folders = Ids::UniqueIds(vec![folder_id(1).parse().unwrap(), folder_id(3).parse().unwrap()]);
    let uuids = vec![house.uuid(&document_id(1)).await, house.uuid(&document_id(3)).await];
    for query in [
        Query::GetDocuments(GetDocuments { ids: documents.clone() }),
        Query::GetFolders(GetFolders { ids: folders }),
        Query::GetDocumentsAndAssociations(GetDocumentsAndAssociations { ids: documents }),
        Query::GetSubmissionSets(GetSubmissionSets { uuids: uuids.clone() }),
    ] {
        let code = house.refused_query(StoredQuery::leaf_class(query.clone())).await;
        assert_eq!(code, ErrorCode::ResultNotSinglePatient, "{query:?}");
        assert!(
            house.registry.query(&StoredQuery::object_ref(query)).await.unwrap().references().count() >= 2
        );
    }
    assert!(!house.get(Query::GetAssociations(GetAssociations { uuids })).await.is_empty());
}
