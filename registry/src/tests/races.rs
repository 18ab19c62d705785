//! Two nodes before one database are asked for the same at once: one has it, the other says so, and nothing is half
//! there.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::*;

const RIVALS: u32 = 20;

/// Two nodes, and one who looks.
struct Race {
    nodes: [Arc<Registry>; 2],
    house: House,
}

impl Race {
    async fn start() -> Self {
        let house = House::accepting().await;
        let node = async || Arc::new(open(&house.place, PatientPolicy::Accept).await);
        Self { nodes: [node().await, node().await], house }
    }

    /// Gives the nodes in turn what comes, and waits for none of it.
    fn submit(&self, submissions: &[Submission]) -> Vec<JoinHandle<Result<(), RegistryErrors>>> {
        let nodes = self.nodes.iter().cycle();
        let given = nodes.zip(submissions.iter().cloned()).map(|(node, submission)| {
            let node = Arc::clone(node);
            tokio::spawn(async move { node.register(submission).await.map(drop) })
        });
        given.collect()
    }

    /// What came of submissions: all of each is there, or nothing of it and this is why.
    async fn outcomes(
        &self,
        submissions: &[Submission],
        given: Vec<JoinHandle<Result<(), RegistryErrors>>>,
    ) -> Vec<Option<ErrorCode>> {
        let mut outcomes = Vec::new();
        for outcome in given {
            outcomes.push(outcome.await.unwrap().err().map(|errors| errors.0[0].code.clone()));
        }
        let (sets, documents) = self.shown().await;
        for (submission, refused) in submissions.iter().zip(&outcomes) {
            let taken = refused.is_none();
            assert_eq!(sets.contains(submission.submission_set.unique_id.as_str()), taken, "{refused:?}");
            // Whoever else has taken the first one's id, the second's nobody else has.
            for entry in submission.entries.iter().skip(usize::from(!taken && submission.entries.len() > 1)) {
                assert_eq!(documents.contains(entry.unique_id.as_str()), taken, "{refused:?}");
            }
        }
        outcomes
    }

    /// The ids of all submission sets and documents.
    async fn shown(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut sets, mut documents) = (BTreeSet::new(), BTreeSet::new());
        for object in self.house.everything().await {
            match object {
                Object::SubmissionSet(set) => sets.insert(set.unique_id.to_string()),
                Object::Entry(entry) => documents.insert(entry.unique_id.to_string()),
                _ => false,
            };
        }
        (sets, documents)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_replacements_of_one_document_exactly_one_wins() {
    let race = Race::start().await;
    race.house.register(document(1)).await;
    let mut current = 1;
    for round in 1..=3 {
        let old = race.house.uuid(&document_id(current)).await;
        let rivals = (1..=RIVALS).map(|rival| related(round * 100 + rival, AssociationType::Replace, old));
        let rivals: Vec<_> = rivals.collect();
        let outcomes = race.outcomes(&rivals, race.submit(&rivals)).await;
        let won: Vec<_> = (1..).zip(&outcomes).filter(|(_, refused)| refused.is_none()).collect();
        let [(winner, _)] = won[..] else { panic!("{outcomes:?}") };
        assert!(outcomes.iter().flatten().all(|code| *code == ErrorCode::DeprecatedDocument), "{outcomes:?}");
        assert_eq!(race.house.status(&document_id(current)).await, AvailabilityStatus::Deprecated);
        current = round * 100 + winner;
        assert_eq!(race.house.status(&document_id(current)).await, AvailabilityStatus::Approved);
        let said = race.house.associations(old).await;
        let replaced = said.iter().filter(|said| said.target_object == old.into());
        assert_eq!(replaced.filter(|said| said.association_type == AssociationType::Replace).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_comes_into_a_folder_while_it_is_replaced_leaves_it_to_its_successor() {
    let race = Race::start().await;
    race.house.register(document_in_folder(50)).await;
    let folder = race.house.folder(&folder_id(50)).await.entry_uuid.uuid().unwrap();
    let mut rivals = Vec::new();
    for number in 1..=RIVALS / 2 {
        race.house.register(document(number)).await;
        let old = race.house.uuid(&document_id(number)).await;
        rivals.push(put_into_folder(100 + number, folder, old));
        rivals.push(related(200 + number, AssociationType::Replace, old));
        // So that each is done first on either node.
        if number % 2 == 0 {
            rivals.rotate_right(1);
        }
    }
    let outcomes = race.outcomes(&rivals, race.submit(&rivals)).await;
    for (submission, outcome) in rivals.iter().zip(outcomes) {
        let number: u32 =
            submission.submission_set.unique_id.as_str().rsplit_once('.').unwrap().1.parse().unwrap();
        if number > 200 {
            assert_eq!(outcome, None, "a replacement has no rival");
            continue;
        }
        let members = async |number| {
            let uuid = race.house.uuid(&document_id(number)).await;
            let said = race.house.associations(uuid).await;
            said.into_iter().filter(|said| said.source_object == folder.into()).count()
        };
        // Put there before it was replaced, or refused after that.
        let expected = match outcome {
            None => 1,
            Some(ErrorCode::DeprecatedDocument) => 0,
            Some(other) => panic!("{other:?}"),
        };
        let found = (members(number - 100).await, members(number + 100).await);
        assert_eq!(found, (expected, expected), "of document {}", number - 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_registered_while_its_patient_is_merged_is_the_survivors_or_refused() {
    let race = Race::start().await;
    race.house.register(document(1)).await;
    race.house.register(with_patient(document(2), OTHER_PATIENT)).await;
    let merge = PatientFeed::merge(&PATIENT.parse().unwrap(), &OTHER_PATIENT.parse().unwrap());
    let rivals: Vec<_> = (3..3 + RIVALS).map(document).collect();
    let given = race.submit(&rivals);
    assert_eq!(race.nodes[1].feed(merge).await.unwrap().unchanged, []);
    let late: Vec<_> = (100..105).map(document).collect();
    let refused = race.outcomes(&late, race.submit(&late)).await;
    assert_eq!(refused, vec![Some(ErrorCode::UnknownPatientId); 5]);
    let outcomes = race.outcomes(&rivals, given).await;
    assert!(outcomes.iter().flatten().all(|code| *code == ErrorCode::UnknownPatientId), "{outcomes:?}");
    let whose = race.house.everything().await.into_iter().filter_map(as_entry);
    assert!(whose.map(|entry| entry.patient_id).all(|id| id == OTHER_PATIENT.parse().ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_merges_that_cross_exactly_one_is_done() {
    let race = Race::start().await;
    for number in 0..RIVALS {
        let ids = [format!("A{number}^^^&1.2&ISO"), format!("B{number}^^^&1.2&ISO")];
        // Half of them are told of by the merges themselves.
        for id in ids.iter().filter(|_| number % 2 == 0) {
            race.house.registry.feed(PatientFeed::of(&id.parse().unwrap())).await.unwrap();
        }
        let [one, other] = ids.map(|id| id.parse::<metadata::PatientId>().unwrap());
        let merge = |node: &Arc<Registry>, subsumed: &metadata::PatientId, survivor: &metadata::PatientId| {
            let (node, feed) = (Arc::clone(node), PatientFeed::merge(subsumed, survivor));
            tokio::spawn(async move { node.feed(feed).await.unwrap().unchanged })
        };
        let (there, back) = (merge(&race.nodes[0], &one, &other), merge(&race.nodes[1], &other, &one));
        let unchanged = [there.await.unwrap(), back.await.unwrap()].concat();
        assert!(
            matches!(unchanged[..], [Unchanged::SurvivorSubsumed | Unchanged::SubsumedBefore]),
            "{unchanged:?}"
        );
    }
    assert_eq!(race.house.registry.patients("", 2 * RIVALS).await.unwrap().len() as u32, RIVALS);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_documents_under_one_id_only_the_same_are_taken() {
    let race = Race::start().await;
    let rivals = (1..=RIVALS).map(|number| {
        let mut submission = document(number);
        let mut own = submission.entries[0].clone();
        own.entry_uuid = symbol("Document02");
        submission.entries[0].unique_id = "1.6.0".parse().unwrap();
        submission.entries[0].hash = format!("{:040}", number % 2).parse().ok();
        submission.entries.push(own);
        submission.associations.push(Association {
            submission_set_status: Some(SubmissionSetStatus::Original),
            ..has_member("second", symbol("SubmissionSet01"), symbol("Document02"))
        });
        submission
    });
    // The patient is new to both nodes too.
    let rivals: Vec<_> = rivals.collect();
    let outcomes = race.outcomes(&rivals, race.submit(&rivals)).await;
    assert!(outcomes.iter().flatten().all(|code| *code == ErrorCode::NonIdenticalHash), "{outcomes:?}");
    let taken = race.house.entries("1.6.0").await;
    let hashes: BTreeSet<_> = taken.iter().map(|entry| entry.hash.unwrap().to_string()).collect();
    assert_eq!((taken.len() as u32, hashes.len()), (RIVALS / 2, 1));
    assert_eq!(race.house.registry.patients("", 10).await.unwrap().len(), 1);
}
