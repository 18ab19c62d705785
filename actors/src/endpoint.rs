//! Answers transactions: finds the action, reads the request, asks the actor, audits, writes the answer.
//!
//! Written once for all transactions. What an actor answers is a table that it makes of its functions with
//! [`Endpoint::answers`].

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use metadata::{ErrorCode, RegistryError, RegistryErrors};
use soap::fault::Fault;
use soap::message::{Held, Message};
use soap::peer::Peer;
use soap::server::{Description, Service};
use tracing::Instrument;

use crate::account::Account;
use crate::answers::Answers;
use crate::audit::{Audit, Subject};
use crate::transactions::{Response, Transaction};

type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type OnWire = Box<dyn Fn(Message, Peer) -> Pending<'static, Result<Message, Fault>> + Send + Sync>;
type InValues<T> =
    Arc<dyn Fn(T, Peer, Account) -> Pending<'static, (<T as Transaction>::Response, Held)> + Send + Sync>;

/// The transactions that one actor answers.
pub struct Endpoint {
    audit: Audit,
    answers: HashMap<&'static str, Answer>,
    description: Option<Description>,
    room: Arc<Answers>,
}

struct Answer {
    on_wire: OnWire,
    /// An [`InValues`] of the transaction.
    in_values: Box<dyn Any + Send + Sync>,
}

impl Endpoint {
    /// An actor that answers nothing yet.
    pub fn new(audit: Audit) -> Self {
        Self { audit, answers: HashMap::new(), description: None, room: Arc::default() }
    }

    /// Says to those who write clients what it answers.
    #[must_use]
    pub const fn described_by(mut self, description: Description) -> Self {
        self.description = Some(description);
        self
    }

    /// The actions that it answers.
    pub fn actions(&self) -> impl Iterator<Item = &'static str> {
        self.answers.keys().copied()
    }

    /// Answers `T` with a function of the actor.
    #[must_use]
    pub fn answers<A, T, F, P>(mut self, actor: &Arc<A>, handler: F) -> Self
    where
        A: Send + Sync + 'static,
        T: Transaction,
        F: Fn(Arc<A>, T, Peer) -> P + Copy + Send + Sync + 'static,
        P: Future<Output = Result<T::Response, RegistryErrors>> + Send + 'static,
    {
        let (actor, room) = (Arc::clone(actor), Arc::clone(&self.room));
        let in_values: InValues<T> = Arc::new(move |request: T, peer: Peer, account: Account| {
            let (actor, room, span) = (Arc::clone(&actor), Arc::clone(&room), account.span());
            let answering = async move {
                let (subject, asker) = (request.subject(), peer.clone());
                let answering = async {
                    match AssertUnwindSafe(handler(actor, request, peer)).catch_unwind().await {
                        Ok(answer) => answer.unwrap_or_else(T::Response::refusal),
                        Err(_) => T::Response::refusal(internal("answering", &"a panic")),
                    }
                };
                let (response, held) = match T::IS_LARGE {
                    true => room.work(&asker, answering, Response::held).await,
                    false => (answering.await, Some(Held::nothing())),
                };
                let (response, held) = match held {
                    Some(held) => (response, held),
                    None => (T::Response::refusal(no_room()), Held::nothing()),
                };
                account.close::<T>(subject, Ok(&response)).await;
                (response, held)
            };
            Box::pin(answering.instrument(span))
        });
        let (ask, audit) = (Arc::clone(&in_values), self.audit.clone());
        let on_wire: OnWire =
            Box::new(move |message, peer| Box::pin(answer(message, peer, Arc::clone(&ask), audit.clone())));
        self.answers.insert(T::ACTION, Answer { on_wire, in_values: Box::new(in_values) });
        self
    }

    /// Answers a message that came over the wire; what calls this lets it end.
    pub async fn answer(&self, message: Message, peer: Peer) -> Result<Message, Fault> {
        match self.answers.get(message.action.as_str()) {
            Some(answer) => (answer.on_wire)(message, peer).await,
            None => Err(Fault::action_not_supported(&message.action)),
        }
    }

    /// Answers an actor of the same node, in values (design D6).
    pub(crate) async fn answer_local<T: Transaction>(&self, request: T) -> Result<T::Response, Fault> {
        let answer =
            self.answers.get(T::ACTION).and_then(|answer| answer.in_values.downcast_ref::<InValues<T>>());
        match answer {
            Some(answer) => {
                let account = Account::answering::<T>(&self.audit, &Peer::local(), None);
                // A task of its own, as `soap::server` gives to what comes over the wire: whoever asked may turn away,
                // but what was begun ends, and is audited.
                let answer = tokio::spawn(answer(request, Peer::local(), account)).await;
                // What is of this node is looked at here and now.
                Ok(answer.map_or_else(
                    |gone| T::Response::refusal(internal("answering", &gone)),
                    |(answer, _)| answer,
                ))
            }
            None => Err(Fault::action_not_supported(T::ACTION)),
        }
    }
}

async fn answer<T: Transaction>(
    message: Message,
    peer: Peer,
    ask: InValues<T>,
    audit: Audit,
) -> Result<Message, Fault> {
    if message.body.name != T::BODY {
        return Err(Fault::action_mismatch(T::ACTION, &message.body.name));
    }
    let account = Account::answering::<T>(&audit, &peer, message.message_id.as_deref());
    let (response, held) = match T::read(message) {
        Ok(request) => ask(request, peer, account).await,
        Err(errors) => {
            let response = T::Response::refusal(errors);
            account.close::<T>(Subject::default(), Ok(&response)).await;
            (response, Held::nothing())
        }
    };
    let (body, parts) = response.write(T::ANSWERED_BY);
    Ok(Message { parts, held, ..Message::new(T::RESPONSE_ACTION, body, T::ENCODING) })
}

/// The answer is there, and there is no memory to hold it until it has gone out (ITI TF-3 4.2.4.1).
fn no_room() -> RegistryErrors {
    let context = "too many large answers are still on their way out, to you or to all: take them, and ask again later, \
                   or for less";
    RegistryError::new(ErrorCode::Busy, context).into()
}

/// An error of the node itself: the log gets what happened under a fresh id, the peer gets the id
/// (ITI TF-3 4.2.4.1, `XDSRegistryError` or `XDSRepositoryError`).
pub fn internal(what: &str, error: &dyn std::fmt::Display) -> RegistryErrors {
    let id = uuid::Uuid::new_v4();
    tracing::error!(%id, %error, "{what}");
    let context = format!("internal error while {what}; the operator finds it in the log as {id}");
    RegistryErrors::from(RegistryError::new(ErrorCode::Internal, context))
}

/// The endpoints of a node by their paths: what its SOAP listener serves.
#[derive(Default)]
pub struct Endpoints {
    by_path: HashMap<&'static str, Arc<Endpoint>>,
}

impl Endpoints {
    /// Serves an endpoint at a path.
    #[must_use]
    pub fn at(mut self, path: &'static str, endpoint: Arc<Endpoint>) -> Self {
        self.by_path.insert(path, endpoint);
        self
    }
}

impl Service for Endpoints {
    fn answer(&self, path: &str, message: Message, peer: Peer) -> Pending<'_, Result<Message, Fault>> {
        let endpoint = self.by_path.get(path).map(Arc::clone);
        Box::pin(async move {
            match endpoint {
                Some(endpoint) => endpoint.answer(message, peer).await,
                None => Err(Fault::action_not_supported(&message.action)),
            }
        })
    }

    fn serves(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    fn description(&self, path: &str) -> Option<Description> {
        self.by_path.get(path)?.description
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Partner;
    use crate::answers;
    use crate::transactions::stored_query::{Found, GetDocuments, Ids, Query};
    use crate::transactions::{ProvideAndRegister, QueryResponse, Register, RegistryResponse, StoredQuery};
    use metadata::sample;
    use soap::message::Encoding;
    use soap::xml::{Element, Limits, Namespace};

    /// Registers what has a title.
    #[derive(Default)]
    struct Registry;

    async fn register(
        _: Arc<Registry>,
        request: Register,
        _: Peer,
    ) -> Result<RegistryResponse, RegistryErrors> {
        match request.submission.submission_set.title.text() {
            Some("panic") => panic!("a handler with a defect"),
            Some("slow") => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                Ok(RegistryResponse::default())
            }
            Some(_) => Ok(RegistryResponse::default()),
            None => Err(RegistryError::new(ErrorCode::Metadata, "no title").into()),
        }
    }

    /// Finds ten thousand objects, whatever is asked.
    async fn query(_: Arc<Registry>, _: StoredQuery, _: Peer) -> Result<QueryResponse, RegistryErrors> {
        Ok(QueryResponse::of(vec![Found::Written("<x/>".into()); 10_000]))
    }

    #[tokio::test(start_paused = true)]
    async fn large_answers_are_held_until_they_have_gone_out_and_no_more_than_there_is_room_for() {
        let endpoint = Endpoint::new(Audit::none()).answers(&Arc::new(Registry), query);
        let ids = Ids::UniqueIds(vec!["1.2.3".parse().unwrap()]);
        let question = StoredQuery::leaf_class(Query::GetDocuments(GetDocuments { ids }));
        let ask = async || {
            let message = Message::new(StoredQuery::ACTION, question.clone().write().0, Encoding::Simple);
            endpoint.answer(message, Peer::local()).await.unwrap()
        };
        let is_whole = |answer: &Message| answer.body.elements().any(|list| list.children.len() == 10_000);
        let mut held = Vec::new();
        let refused = loop {
            let answer = ask().await;
            match is_whole(&answer) {
                true => held.push(answer),
                false => break answer,
            }
        };
        let size = QueryResponse::of(vec![Found::Written("<x/>".into()); 10_000]).held();
        assert_eq!(held.len(), answers::HELD_OF_A_PEER / size);
        let codes = QueryResponse::read(refused).unwrap().errors;
        assert_eq!(codes.0[0].code.name(StoredQuery::ANSWERED_BY), "XDSRegistryBusy");
        held.pop();
        assert!(is_whole(&ask().await));
        drop(held);
    }

    struct Desk {
        endpoint: Arc<Endpoint>,
        audit: Audit,
        file: tempfile::NamedTempFile,
    }

    impl Desk {
        fn open() -> Self {
            let file = tempfile::NamedTempFile::new().unwrap();
            let audit = Audit::to_file(file.path()).unwrap();
            let endpoint = Arc::new(Endpoint::new(audit.clone()).answers(&Arc::new(Registry), register));
            Self { endpoint, audit, file }
        }

        async fn send(&self, action: &str, body: Element) -> Result<Message, Fault> {
            let body = Element::parse(body.write().as_bytes(), &Limits::default()).unwrap();
            self.endpoint.answer(Message::new(action, body, Encoding::Simple), Peer::local()).await
        }

        async fn records(&self) -> Vec<serde_json::Value> {
            self.audit.flush().await;
            let text = std::fs::read_to_string(self.file.path()).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    fn request(title: Option<&str>) -> Register {
        let mut submission = sample();
        submission.submission_set.title = title.map(Into::into).unwrap_or_default();
        Register::new(submission)
    }

    #[tokio::test]
    async fn answers_and_audits_what_comes_over_the_wire() {
        let desk = Desk::open();
        let answer = desk.send(Register::ACTION, request(Some("title")).write().0).await.unwrap();
        assert_eq!(answer.action, Register::RESPONSE_ACTION);
        assert!(RegistryResponse::read(answer).unwrap().is_success());
        let [record] = desk.records().await.try_into().unwrap();
        assert_eq!(record["transaction"], "ITI-42");
        assert_eq!(record["outcome"], 0);
        assert_eq!(record["side"], "answering");
        assert_eq!(record["event_id"], "110107");
        assert_eq!(record["patients"][0], sample().submission_set.patient_id.unwrap().to_string());
    }

    #[tokio::test]
    async fn audits_a_refusal_and_what_could_not_be_read() {
        let desk = Desk::open();
        desk.send(Register::ACTION, request(None).write().0).await.unwrap();
        let empty = Element::new(metadata::vocabulary::LCM, "SubmitObjectsRequest");
        let answer = desk.send(Register::ACTION, empty).await.unwrap();
        assert!(!RegistryResponse::read(answer).unwrap().is_success());
        let records = desk.records().await;
        assert_eq!(records.len(), 2);
        assert!(records.iter().all(|record| record["outcome"] == 8), "{records:?}");
        assert_eq!(records[0]["description"], "XDSRegistryMetadataError");
    }

    #[tokio::test]
    async fn faults_on_other_actions_and_other_bodies() {
        let desk = Desk::open();
        let (body, _) = request(Some("title")).write();
        let unknown = desk.send(ProvideAndRegister::ACTION, body).await.unwrap_err();
        assert_eq!(unknown, Fault::action_not_supported(ProvideAndRegister::ACTION));
        let other = Element::new(Namespace { uri: "urn:x", prefix: "x" }, "Other");
        let mismatch = desk.send(Register::ACTION, other.clone()).await.unwrap_err();
        assert_eq!(mismatch, Fault::action_mismatch(Register::ACTION, &other.name));
    }

    #[tokio::test]
    async fn a_defect_is_answered_and_audited() {
        let desk = Desk::open();
        let answer = desk.send(Register::ACTION, request(Some("panic")).write().0).await.unwrap();
        let errors = RegistryResponse::read(answer).unwrap().errors;
        assert_eq!(errors.0[0].code, ErrorCode::Internal);
        assert_eq!(desk.records().await[0]["outcome"], 8);
    }

    #[tokio::test]
    async fn audits_what_was_begun_for_someone_who_turned_away() {
        let desk = Desk::open();
        let asked = desk.endpoint.answer_local(request(Some("slow")));
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), asked).await.is_err());
        while desk.records().await.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.records().await[0]["outcome"], 0);
    }

    #[tokio::test]
    async fn answers_an_actor_of_the_same_node_in_values_with_both_records() {
        let desk = Desk::open();
        let partner = Partner::local(Arc::clone(&desk.endpoint), desk.audit.clone());
        assert!(partner.ask(request(Some("title"))).await.unwrap().is_success());
        assert!(!partner.ask(request(None)).await.unwrap().is_success());
        let sides: Vec<_> = desk.records().await.iter().map(|record| record["side"].to_string()).collect();
        assert_eq!(sides, ["\"answering\"", "\"asking\"", "\"answering\"", "\"asking\""]);
    }
}
