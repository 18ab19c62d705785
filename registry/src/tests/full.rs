//! A registry that has no room left.

use database::DatabaseError;

use super::*;

#[tokio::test]
async fn a_registry_without_room_says_so_and_goes_on_when_there_is_some() {
    let house = House::accepting().await;
    if house.registry.database.engine() != database::Engine::Sqlite {
        return;
    }
    let limit = async |pragma| {
        let limited = house
            .registry
            .database
            .write::<_, DatabaseError, _>(move |writer| Box::pin(writer.rows(pragma, [])));
        limited.await.unwrap();
    };
    limit("PRAGMA max_page_count = 1").await;
    let (mut number, mut refused) = (1, None);
    while refused.is_none() {
        number += 1;
        refused = house.registry.register(document(number)).await.err();
    }
    assert_eq!(refused.unwrap().0[0].code, ErrorCode::OutOfResources);
    assert!(house.entries(&document_id(number)).await.is_empty());
    limit("PRAGMA max_page_count = 1073741823").await;
    house.register(document(number)).await;
}
