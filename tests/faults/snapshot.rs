//! Everything that a registry shows of a patient in one answer, and what can be wrong with it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actors::consumer::{Consumer, ConsumerError};
use actors::transactions::StoredQuery;
use actors::transactions::stored_query::{GetAll, Query};
use futures_util::StreamExt;
use metadata::{
    Association, AssociationType, AvailabilityStatus, DocumentEntry, EntryUuid, Flavour, Object, PatientId,
};
use sha1::{Digest, Sha1};

use crate::ledger::{Attempt, GONE, Outcome};
use crate::random::Bytes;

/// Documents that are fetched at a time.
const FETCHES: usize = 16;

/// Everything that a registry shows of a patient in one answer.
#[derive(Debug)]
pub(crate) struct Snapshot {
    objects: HashMap<EntryUuid, Object>,
    twice: Vec<EntryUuid>,
}

impl Snapshot {
    /// Asks for it.
    pub(crate) async fn take(consumer: &Consumer, patient: &PatientId) -> Result<Self, ConsumerError> {
        let any = vec![AvailabilityStatus::Approved, AvailabilityStatus::Deprecated];
        let query = Query::GetAll(GetAll {
            patient_id: patient.clone(),
            document_status: any.clone(),
            submission_set_status: any.clone(),
            folder_status: any,
            content: Default::default(),
        });
        let (found, errors) = consumer.query(StoredQuery::leaf_class(query)).await?.into_objects();
        if !errors.is_empty() {
            // An object that cannot be read is a warning to others, to us it is missing.
            let (partner, actor) = ("the registry".to_owned(), Flavour::Registry);
            return Err(ConsumerError::Refused { partner, actor, errors });
        }
        let (mut objects, mut twice) = (HashMap::new(), Vec::new());
        for object in found {
            let id = object.identity().id.uuid().unwrap();
            if objects.insert(id, object).is_some() {
                twice.push(id);
            }
        }
        Ok(Self { objects, twice })
    }

    /// What is wrong: `kept` must be there, the others of `attempts` may be.
    pub(crate) fn judge(&self, kept: &[Arc<Attempt>], attempts: &[Arc<Attempt>]) -> Vec<String> {
        let mut wrong: Vec<String> = self.twice.iter().map(|id| format!("{id} was given twice")).collect();
        for attempt in attempts {
            let acknowledged = kept.iter().any(|one| Arc::ptr_eq(one, attempt));
            wrong.extend(self.incomplete(attempt, acknowledged));
        }
        wrong.extend(self.phantoms(attempts));
        wrong.extend(self.replaced_twice());
        wrong.extend(self.wrong_status());
        wrong.extend(self.left_in_folders());
        wrong
    }

    fn incomplete(&self, attempt: &Attempt, acknowledged: bool) -> Option<String> {
        let ids = attempt.ids();
        let here = ids.iter().filter(|id| self.objects.contains_key(id)).count();
        if here > 0 {
            attempt.see();
        }
        let problem = match attempt.outcome() {
            Outcome::Refused(codes) if here > 0 || attempt.was_seen() => {
                format!("refused with {codes:?}, yet {here} of its {} objects are or were there", ids.len())
            }
            _ if acknowledged && here < ids.len() => {
                format!("acknowledged, but only {here} of its {} objects are there", ids.len())
            }
            _ if here > 0 && here < ids.len() => format!("{here} of its {} objects are there", ids.len()),
            _ => return None,
        };
        Some(format!("{}: {problem}", name(attempt)))
    }

    /// Objects that nobody submitted, but for the memberships that a registry adds (ITI TF-3 4.2.2.2.3).
    fn phantoms(&self, attempts: &[Arc<Attempt>]) -> Vec<String> {
        let said: HashSet<EntryUuid> = attempts.iter().flat_map(|attempt| attempt.ids()).collect();
        let replacing: HashSet<EntryUuid> = self
            .associations(&AssociationType::Replace)
            .map(|said| said.source_object.uuid().unwrap())
            .collect();
        let unsaid = self.objects.iter().filter(|(id, _)| !said.contains(id));
        let added = |object: &Object| {
            let Object::Association(association) = object else { return false };
            let ends =
                [&association.source_object, &association.target_object].map(|end| end.uuid().unwrap());
            let [source, target] = ends.map(|end| (end, self.objects.get(&end)));
            association.association_type == AssociationType::HasMember
                && match (source.1, target.1) {
                    (Some(Object::Folder(_)), Some(Object::Entry(_))) => replacing.contains(&target.0),
                    (Some(Object::SubmissionSet(_)), Some(Object::Association(_))) => {
                        !said.contains(&target.0)
                    }
                    _ => false,
                }
        };
        let phantoms = unsaid.filter(|(_, object)| !added(object));
        phantoms.map(|(id, object)| format!("nobody submitted {} {id}", object.identity().kind)).collect()
    }

    /// Entries that two took the place of: an update was lost.
    fn replaced_twice(&self) -> Vec<String> {
        let mut replaced = HashSet::new();
        let again =
            self.associations(&AssociationType::Replace).filter(|said| !replaced.insert(&said.target_object));
        again.map(|said| format!("two have replaced {}", said.target_object)).collect()
    }

    /// An entry is deprecated exactly when it is replaced, or added to what is (ITI TF-2 3.42.4.1.3.5).
    fn wrong_status(&self) -> Vec<String> {
        let deprecated = deprecated(self.objects.values().filter_map(|object| match object {
            Object::Association(association) => Some(association),
            _ => None,
        }));
        let wrong = self.entries().filter(|(id, entry)| {
            (entry.availability_status == Some(AvailabilityStatus::Deprecated)) != deprecated.contains(id)
        });
        wrong
            .map(|(id, entry)| {
                let replaced = if deprecated.contains(id) { "is replaced" } else { "is not replaced" };
                format!("{id} {replaced} and {:?}", entry.availability_status)
            })
            .collect()
    }

    /// What replaces a document is in its folders (ITI TF-3 4.2.2.2.3).
    fn left_in_folders(&self) -> Vec<String> {
        let replacing: HashMap<_, _> = self
            .associations(&AssociationType::Replace)
            .map(|said| (&said.target_object, &said.source_object))
            .collect();
        let members: HashSet<_> = self
            .associations(&AssociationType::HasMember)
            .filter(|said| {
                matches!(self.objects.get(&said.source_object.uuid().unwrap()), Some(Object::Folder(_)))
            })
            .map(|said| (&said.source_object, &said.target_object))
            .collect();
        let left = members.iter().filter_map(|(folder, member)| {
            let replacing = replacing.get(member)?;
            (!members.contains(&(*folder, *replacing))).then_some((folder, member, replacing))
        });
        left.map(|(folder, member, replacing)| {
            format!("{folder} holds {member}, but not {replacing}, which has replaced it")
        })
        .collect()
    }

    /// What was in doubt is there or not, and stays so.
    pub(crate) fn settle(&self, attempts: &[Arc<Attempt>]) {
        for attempt in attempts.iter().filter(|attempt| attempt.outcome() == Outcome::Unknown) {
            let here = attempt.ids().iter().all(|id| self.objects.contains_key(id));
            attempt.settle(match here {
                true => Outcome::Kept,
                false => Outcome::Refused(vec![GONE.to_owned()]),
            });
        }
    }

    /// Objects that are not what was sent.
    pub(crate) fn altered(&self, attempt: &Attempt) -> Vec<String> {
        let mut documents = attempt.documents.iter().flatten();
        let mut wrong = Vec::new();
        for mut sent in attempt.submission.clone().into_objects() {
            let id = sent.identity().id.uuid().unwrap();
            let Some(found) = self.objects.get(&id) else { continue };
            if let Object::Entry(entry) = &mut sent
                && let Some(bytes) = documents.next()
            {
                complete(entry, *bytes);
            }
            set_by_registry(&mut sent, found);
            if sent != *found {
                wrong.push(format!("{id} is not what was sent: {}", difference(&sent, found)));
            }
        }
        wrong
    }

    /// Documents that do not come, or not as they were sent.
    pub(crate) async fn documents(&self, consumer: &Consumer, attempts: &[Arc<Attempt>]) -> Vec<String> {
        let kept = attempts.iter().filter(|attempt| attempt.is_kept());
        let wanted = kept.flat_map(|attempt| {
            attempt.entries().into_iter().zip(attempt.documents.clone().into_iter().flatten())
        });
        let checks = wanted.filter_map(|(id, bytes)| match self.objects.get(&id) {
            Some(Object::Entry(entry)) => Some(fetch(consumer, entry, bytes)),
            _ => None,
        });
        futures_util::stream::iter(checks.collect::<Vec<_>>())
            .buffer_unordered(FETCHES)
            .filter_map(async |wrong| wrong)
            .collect()
            .await
    }

    fn entries(&self) -> impl Iterator<Item = (&EntryUuid, &DocumentEntry)> {
        self.objects.iter().filter_map(|(id, object)| match object {
            Object::Entry(entry) => Some((id, entry)),
            _ => None,
        })
    }

    fn associations(&self, kind: &AssociationType) -> impl Iterator<Item = &Association> {
        self.objects.values().filter_map(move |object| match object {
            Object::Association(association) if association.association_type == *kind => Some(association),
            _ => None,
        })
    }
}

/// What is wrong with the document of an entry.
async fn fetch(consumer: &Consumer, entry: &DocumentEntry, expected: Bytes) -> Option<String> {
    let document = match consumer.fetch(entry).await {
        Ok(content) => content.collect(usize::MAX).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match document {
        Ok(bytes) if bytes == expected.make() => None,
        Ok(bytes) => {
            Some(format!("{}: {} bytes, and other ones than were sent", entry.unique_id, bytes.len()))
        }
        Err(error) => Some(format!("{}: {error}", entry.unique_id)),
    }
}

/// What is replaced, and what was added to that, and so on.
pub(crate) fn deprecated<'a>(associations: impl Iterator<Item = &'a Association>) -> HashSet<EntryUuid> {
    let ends = |said: &Association| (said.source_object.uuid().unwrap(), said.target_object.uuid().unwrap());
    let (replaced, added): (Vec<_>, Vec<_>) = associations
        .filter(|said| matches!(said.association_type, AssociationType::Replace | AssociationType::Append))
        .partition(|said| said.association_type.replaces());
    let mut gone: HashSet<EntryUuid> = replaced.into_iter().map(|said| ends(said).1).collect();
    let added: Vec<_> = added.into_iter().map(ends).collect();
    loop {
        let before = gone.len();
        gone.extend(
            added
                .iter()
                .filter(|(_, target)| gone.contains(target))
                .map(|(source, _)| *source)
                .collect::<Vec<_>>(),
        );
        if gone.len() == before {
            return gone;
        }
    }
}

/// What a repository fills in.
fn complete(entry: &mut DocumentEntry, bytes: Bytes) {
    let hash: [u8; 20] = Sha1::digest(bytes.make()).into();
    entry.hash = Some(metadata::Hash::from_bytes(hash));
    entry.size = Some(bytes.length as u64);
    entry.repository_unique_id = Some(tests::REPOSITORY.parse().unwrap());
}

/// What a registry fills in is as it was found.
fn set_by_registry(sent: &mut Object, found: &Object) {
    match (sent, found) {
        (Object::Entry(sent), Object::Entry(found)) => {
            sent.availability_status = found.availability_status;
            (sent.logical_id, sent.version) = (found.logical_id, found.version);
        }
        (Object::SubmissionSet(sent), Object::SubmissionSet(found)) => {
            sent.availability_status = found.availability_status;
        }
        (Object::Folder(sent), Object::Folder(found)) => {
            sent.availability_status = found.availability_status;
            (sent.logical_id, sent.version) = (found.logical_id, found.version);
            sent.last_update_time = found.last_update_time;
        }
        (Object::Association(sent), Object::Association(found)) => {
            sent.availability_status = found.availability_status;
            (sent.logical_id, sent.version) = (found.logical_id, found.version);
        }
        _ => {}
    }
}

/// Where two objects begin to differ.
fn difference(sent: &Object, found: &Object) -> String {
    /// So much is shown.
    const SHOWN: usize = 200;
    let (sent, found) = (format!("{sent:?}"), format!("{found:?}"));
    let same = sent.chars().zip(found.chars()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| text.chars().skip(same.saturating_sub(SHOWN / 2)).take(SHOWN).collect::<String>();
    format!("sent ...{}..., found ...{}...", part(&sent), part(&found))
}

/// What it was, for a person.
pub(crate) fn name(attempt: &Attempt) -> String {
    let kinds = attempt.submission.associations.iter().map(|said| match said.association_type {
        AssociationType::Replace => "RPLC ",
        AssociationType::Append => "APND ",
        _ => "",
    });
    let way = if attempt.documents.is_some() { "ITI-41" } else { "ITI-42" };
    let kinds: String = kinds.collect();
    format!("{way} {kinds}of set {}", attempt.submission.submission_set.unique_id)
}
