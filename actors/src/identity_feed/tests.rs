use std::sync::Mutex;

use metadata::RegistryError;
use serde_json::Value;

use super::*;
use crate::transactions::patient_identity_feed::Unchanged;

const A40: &str = "MSH|^~\\&|ADT|Anna|REG|Dom|2026||ADT^A40^ADT_A39|m-1|P|2.3.1\r\
    PID|||71^^^&1.2.3&ISO\rMRG|72^^^&1.2.3&ISO";

/// Answers as it was told to, once.
struct Actor(Mutex<Option<Result<Fed, RegistryErrors>>>);

async fn answer_as_told(actor: Arc<Actor>, _: PatientFeed) -> Result<Fed, RegistryErrors> {
    actor.0.lock().unwrap().take().unwrap()
}

/// The acknowledgement, and the audit records.
async fn answered(text: &str, told: Result<Fed, RegistryErrors>) -> (Acknowledgement, Vec<Value>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let audit = Audit::to_file(file.path()).unwrap();
    let feed = IdentityFeed::new(&Arc::new(Actor(Mutex::new(Some(told)))), answer_as_told, audit.clone());
    let peer = Peer { address: Some("10.0.0.1:99".parse().unwrap()), certificate: None };
    let answer = feed.answer(Message::read(text.as_bytes()), peer).await;
    audit.flush().await;
    let records = std::fs::read_to_string(file.path()).unwrap();
    (answer, records.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn merged(unchanged: Vec<Unchanged>) -> Result<Fed, RegistryErrors> {
    let id = |text: &str| vec![text.parse().unwrap()];
    Ok(Fed { patients: id("71^^^&1.2.3&ISO"), subsumed: id("72^^^&1.2.3&ISO"), unchanged })
}

#[tokio::test]
async fn a_merge_is_audited_as_the_end_of_one_and_a_change_of_the_other() {
    let (answer, records) = answered(A40, merged(Vec::new())).await;
    assert_eq!(answer, Acknowledgement::accept(""));
    let [gone, stays] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&gone["action"], &gone["patients"][0]), (&"D".into(), &"72^^^&1.2.3&ISO".into()));
    assert_eq!((&stays["action"], &stays["patients"][0]), (&"U".into(), &"71^^^&1.2.3&ISO".into()));
    for record in &records {
        assert_eq!((&record["transaction"], &record["event_id"]), (&"ITI-8".into(), &"110110".into()));
        assert_eq!(record["details"]["MSH-10"], "m-1");
        assert_eq!(record["details"]["sender"], "ADT|Anna");
        assert_eq!(
            (&record["peer"], &record["address"]),
            (&"without certificate".into(), &"10.0.0.1".into())
        );
    }
}

#[tokio::test]
async fn what_changes_nothing_is_accepted_and_says_why() {
    let (answer, records) = answered(A40, merged(vec![Unchanged::Same])).await;
    assert_eq!(answer.code, Code::Accept);
    assert!(answer.text.contains("the same"), "{}", answer.text);
    assert_eq!(records[0]["outcome"], 0);
}

#[tokio::test]
async fn errors_of_the_actor_are_answered() {
    let busy = RegistryError::new(ErrorCode::Busy, "the database is away");
    let (answer, records) = answered(A40, Err(busy.into())).await;
    assert_eq!((answer.code, answer.error.unwrap().condition), (Code::Error, Condition::Internal));
    assert!(answer.text.contains("again"), "{}", answer.text);
    assert!(records.iter().all(|record| record["outcome"] == 8), "{records:?}");
    let wrong = RegistryError::new(ErrorCode::Metadata, "two of them");
    let (answer, _) = answered(A40, Err(wrong.into())).await;
    assert_eq!((answer.code, answer.error.unwrap().segment), (Code::Error, "PID"));
}

#[tokio::test]
async fn what_cannot_be_read_is_audited_too() {
    for text in ["hello", &A40.replace("ADT^A40", "ORU^R01")] {
        let (answer, records) = answered(text, merged(Vec::new())).await;
        assert_eq!(answer.code, Code::Reject);
        assert_eq!((records.len(), &records[0]["outcome"]), (1, &8.into()));
    }
}
