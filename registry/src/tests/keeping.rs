//! What is kept is held against itself, and given out so that another registry can take it in.

use super::*;

/// More objects than one look takes.
const FEW: u32 = 3;

impl House {
    /// All that is wrong, as `dosebook verify` finds it: some objects at a time.
    async fn damages(&self) -> Vec<String> {
        let mut damages = self.registry.examine_ids().await.unwrap().damages;
        let (mut after, mut objects) = (0, 0);
        loop {
            let examined = self.registry.examine_objects(after, FEW).await.unwrap();
            objects += examined.rows;
            damages.extend(examined.damages);
            let Some(last) = examined.last else { break };
            after = last;
        }
        assert_eq!(objects, self.registry.count_objects().await.unwrap());
        damages.extend(self.registry.examine_patients(0, 100).await.unwrap().damages);
        damages
    }

    /// The submissions of all patients in the order in which they are given out.
    async fn given_out(&self) -> Vec<Registered> {
        let mut all = Vec::new();
        for person in self.registry.persons(0, 100).await.unwrap() {
            for number in person.numbers {
                let mut after = Some(0);
                while let Some(key) = after {
                    let found = self.registry.submissions(number, key).await.unwrap();
                    all.extend(found.submissions.into_iter().map(Result::unwrap));
                    after = found.next;
                }
            }
        }
        all
    }
}

/// A registry with something of everything.
async fn lived_in() -> House {
    let house = House::accepting().await;
    house.register(document_in_folder(1)).await;
    let first = house.uuid(&document_id(1)).await;
    house.register(related(2, AssociationType::Append, first)).await;
    house.register(related(3, AssociationType::Replace, first)).await;
    house.register(reference_to(4, house.uuid(&document_id(3)).await)).await;
    house.register(with_patient(document(5), OTHER_PATIENT)).await;
    house
}

#[tokio::test]
async fn nothing_is_wrong_with_what_was_registered() {
    let house = lived_in().await;
    assert_eq!(house.damages().await, [] as [String; 0]);
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    assert_eq!(house.damages().await, [] as [String; 0]);
}

#[tokio::test]
async fn the_documents_that_entries_describe_are_told() {
    let house = House::accepting().await;
    house.register(document(1)).await;
    let entry = house.entry(&document_id(1)).await;
    let examined = house.registry.examine_objects(0, 100).await.unwrap();
    let [described] = examined.documents.try_into().unwrap();
    assert_eq!(described.unique_id, document_id(1));
    assert_eq!(described.repository_unique_id, entry.repository_unique_id.as_ref().map(ToString::to_string));
    assert_eq!((described.hash, described.size), (entry.hash, entry.size));
    let known = (document_id(1), entry.hash.unwrap());
    let unknown = (document_id(1), metadata::Hash::from_bytes([7; 20]));
    let described = house.registry.describes(vec![known.clone(), unknown]).await.unwrap();
    assert_eq!(described.into_iter().collect::<Vec<_>>(), [known]);
}

#[tokio::test]
async fn every_damage_is_found_and_told_without_what_was_said_of_a_patient() {
    let damages = [
        ("UPDATE object SET fragment = uuid WHERE kind = 1", "fragment"),
        ("UPDATE object SET facets = 'x' WHERE kind = 1", "columns facets"),
        ("UPDATE object SET service_start = 1 WHERE kind = 1", "columns service_start"),
        ("UPDATE object SET unique_id = '1.2' WHERE kind = 3", "columns unique_id"),
        ("UPDATE object SET kind = 3 WHERE kind = 4", "columns kind"),
        ("UPDATE object SET target = source WHERE kind = 5", "its target is kept as object"),
        ("UPDATE object SET source = NULL WHERE kind = 5", "its source is not known"),
        ("DELETE FROM object WHERE kind = 1", "is not there"),
        ("DELETE FROM entry_uuid", "entryUUID is not kept as taken"),
        ("DELETE FROM unique_id", "uniqueId is not kept as taken"),
        (
            "UPDATE unique_id SET hash = (SELECT uuid FROM object LIMIT 1)",
            "uniqueId is not kept as taken by it, with its hash",
        ),
        ("INSERT INTO unique_id (value, kind) VALUES ('1.2.3', 3)", "uniqueIds are kept as taken"),
        ("DELETE FROM patient", "): patient "),
        ("UPDATE patient SET merged_into = 77", "merged into patient 77, who is not there"),
        ("UPDATE patient SET objects = 1", "whose key would be given again"),
    ];
    for (statement, expected) in damages {
        let house = House::accepting().await;
        house.register(document_in_folder(1)).await;
        house.meddle(statement).await;
        let damages = house.damages().await;
        assert!(damages.iter().any(|damage| damage.contains(expected)), "{statement}: {damages:?}");
        assert!(!damages.join("\n").contains("P123"), "{damages:?}");
    }
}

#[tokio::test]
async fn what_is_given_out_makes_the_same_registry_again() {
    let house = lived_in().await;
    let given_out = house.given_out().await;
    assert_eq!(given_out.len(), 5);
    let other = House::accepting().await;
    for registered in given_out {
        assert_eq!(registered.states.len(), registered.submission.identities().count());
        other.register(registered.submission).await;
    }
    assert_eq!(other.everything().await.len(), house.everything().await.len());
    let without_times = |objects: Vec<Object>| {
        let mut objects = objects;
        for object in &mut objects {
            if let Object::Folder(folder) = object {
                folder.last_update_time = None;
            }
        }
        objects
    };
    assert_eq!(without_times(other.everything().await), without_times(house.everything().await));
    assert_eq!(other.damages().await, [] as [String; 0]);
}

#[tokio::test]
async fn merged_patients_are_given_out_as_one_in_an_order_that_can_be_registered() {
    let house = House::accepting().await;
    house.register(with_patient(document(1), OTHER_PATIENT)).await;
    house.register(document(2)).await;
    assert_eq!(house.merge(PATIENT, OTHER_PATIENT).await, []);
    let merged = house.uuid(&document_id(2)).await;
    house.register(with_patient(related(3, AssociationType::Replace, merged), OTHER_PATIENT)).await;

    let [person] = house.registry.persons(0, 100).await.unwrap().try_into().unwrap();
    assert_eq!(person.id.to_string(), OTHER_PATIENT);
    assert_eq!(person.merged.iter().map(ToString::to_string).collect::<Vec<_>>(), [PATIENT]);
    assert_eq!(house.registry.person(&PATIENT.parse().unwrap()).await.unwrap(), Some(person));
    let given_out = house.given_out().await;
    let registered_for: Vec<String> = given_out.iter().map(|one| one.registered_for.to_string()).collect();
    assert_eq!(registered_for, [PATIENT, OTHER_PATIENT, OTHER_PATIENT]);
    let other = House::accepting().await;
    for registered in given_out {
        other.register(registered.submission).await;
    }
    assert_eq!(other.status(&document_id(2)).await, AvailabilityStatus::Deprecated);
    assert_eq!(other.entry(&document_id(2)).await.patient_id, OTHER_PATIENT.parse().ok());
}

#[tokio::test]
async fn a_submission_is_given_out_whole_however_many_there_are() {
    let house = House::accepting().await;
    // Three objects each: several looks, which do not end where a submission ends.
    for number in 0..200 {
        house.register(document(number)).await;
    }
    let given_out = house.given_out().await;
    assert_eq!(given_out.len(), 200);
    for (number, registered) in (0..).zip(given_out) {
        let entries = registered.submission.entries;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].unique_id.as_str(), document_id(number));
        assert_eq!(registered.submission.associations.len(), 1);
    }
}
