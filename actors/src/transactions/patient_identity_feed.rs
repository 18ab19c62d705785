//! ITI-8: Patient Identity Feed, HL7 v2 over MLLP (ITI TF-2 3.8).

mod written;

use std::fmt;

use hl7v2::{Acknowledgement, Condition, ErrorAt, Message, Segment};
use metadata::domain::Domain;
use metadata::{ErrorCode, Oid, PatientId, RegistryError, RegistryErrors};

use crate::audit::{Event, Kind, Subject};

pub use written::Parties;

/// What a feed tells of patients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatientFeed {
    /// These identifiers are of a patient, and are known from now on (A01, A04, A05).
    Known(Vec<Identifier>),
    /// Something else of the patient has changed, which a registry does not keep (A08).
    Revised(Vec<Identifier>),
    /// Patients who were taken for two are one (A40).
    Merged(Vec<Merge>),
}

/// One merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The identifiers that are no longer used (MRG-1).
    pub subsumed: Vec<Identifier>,
    /// The identifiers of the patient who survives (PID-3).
    pub survivor: Vec<Identifier>,
}

/// An identifier as a feed gives it. Not every one is of an affinity domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// The id itself.
    pub id: String,
    /// Who assigned it.
    pub authority: Authority,
}

/// Who assigned an identifier, as a feed names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// By its OID.
    Oid(Oid),
    /// By a name only (CX.4.1), which may be empty.
    Namespace(String),
    /// By something that is no OID, such as a DNS name.
    Other,
}

/// What came of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fed {
    /// The patients of the domain that it told of, survivors of merges among them.
    pub patients: Vec<PatientId>,
    /// The patients who were to be merged into others.
    pub subsumed: Vec<PatientId>,
    /// Why parts of it have changed nothing.
    pub unchanged: Vec<Unchanged>,
}

/// Why a feed changes nothing, which is no error (ITI TF-2 3.8.4.2.4, 3.44.4.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unchanged {
    /// No identifier is of an authority of the domain.
    Foreign,
    /// Both are the same.
    Same,
    /// Nobody has told of who is to be subsumed.
    UnknownSubsumed,
    /// Nobody has told of who is to survive.
    UnknownSurvivor,
    /// Who is to be subsumed was, before.
    SubsumedBefore,
    /// Who is to survive was subsumed before.
    SurvivorSubsumed,
}

impl Unchanged {
    /// Whether somebody whom nobody has told of is in its way.
    pub const fn is_of_nobody(self) -> bool {
        matches!(self, Self::UnknownSubsumed | Self::UnknownSurvivor)
    }

    /// In a log, in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Same => "same",
            Self::UnknownSubsumed => "unknown-subsumed",
            Self::UnknownSurvivor => "unknown-survivor",
            Self::SubsumedBefore => "subsumed-before",
            Self::SurvivorSubsumed => "survivor-subsumed",
        }
    }
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "no identifier of an assigning authority of this affinity domain",
            Self::Same => "the subsumed patient and the survivor are the same",
            Self::UnknownSubsumed => "the subsumed patient is not known",
            Self::UnknownSurvivor => "the survivor is not known",
            Self::SubsumedBefore => "the subsumed patient was merged before",
            Self::SurvivorSubsumed => "the survivor was merged into another patient before",
        })
    }
}

impl Fed {
    /// What people read of it: nothing if all of it was done.
    pub fn text(&self) -> String {
        let mut why = self.unchanged.clone();
        why.sort_unstable();
        why.dedup();
        let why: Vec<String> = why.iter().map(ToString::to_string).collect();
        if why.is_empty() { String::new() } else { format!("nothing was changed: {}", why.join("; ")) }
    }
}

/// Characters of the id itself: a CX has 256.
const LONGEST_ID: usize = 256;

impl Identifier {
    /// With the authority's OID, or `None` if it is not of the domain. A name without OID is looked up there
    /// (ITI TF-2 3.8.4.1.2.3).
    pub fn within(&self, domain: &Domain) -> Option<PatientId> {
        let authority = match &self.authority {
            Authority::Oid(oid) => oid,
            Authority::Namespace(name) => domain.authority_called(name)?,
            Authority::Other => return None,
        };
        let ours = domain.has_authority(authority).then(|| authority.clone())?;
        PatientId::new(&self.id, ours).ok()
    }

    /// Checks what would be an identifier.
    pub(super) fn check(id: &str) -> Result<(), &'static str> {
        match id {
            id if id.chars().count() > LONGEST_ID => Err("the id has more than 256 characters"),
            id if id.chars().any(char::is_control) => Err("the id has control characters"),
            _ => Ok(()),
        }
    }
}

impl From<&PatientId> for Identifier {
    fn from(id: &PatientId) -> Self {
        Self { id: id.id().to_owned(), authority: Authority::Oid(id.authority().clone()) }
    }
}

impl Merge {
    /// Whose ids of the domain take the place of which: those of the same authority. `Ok(None)` if there are none.
    pub fn within(&self, domain: &Domain) -> Result<Option<(PatientId, PatientId)>, RegistryErrors> {
        let ours = |identifiers: &[Identifier]| {
            let mut ours: Vec<_> = identifiers.iter().filter_map(|id| id.within(domain)).collect();
            ours.dedup();
            ours
        };
        let (subsumed, survivors) = (ours(&self.subsumed), ours(&self.survivor));
        let mut pairs = subsumed.iter().flat_map(|subsumed| {
            let same = survivors.iter().filter(|survivor| survivor.authority() == subsumed.authority());
            same.map(|survivor| (subsumed.clone(), survivor.clone()))
        });
        match (pairs.next(), pairs.next()) {
            (pair, None) => Ok(pair),
            (_, Some(_)) => {
                let context = "a merge of several identifiers of this affinity domain: one identifier was expected of \
                               the subsumed patient (MRG-1, priorRegisteredRole/id) and one of the survivor (PID-3, \
                               patient/id) (ITI TF-2 3.8.4.2.3)";
                Err(RegistryError::new(ErrorCode::Metadata, context).into())
            }
        }
    }
}

/// The number of the transaction.
pub const NUMBER: &str = "ITI-8";

impl PatientFeed {
    /// One patient becomes known.
    pub fn of(patient: &PatientId) -> Self {
        Self::Known(vec![patient.into()])
    }

    /// One patient is merged into another.
    pub fn merge(subsumed: &PatientId, survivor: &PatientId) -> Self {
        Self::Merged(vec![Merge { subsumed: vec![subsumed.into()], survivor: vec![survivor.into()] }])
    }

    /// What audit says of such a message (ITI TF-2 3.8.5.1).
    pub const fn kind(&self) -> Kind {
        kind(match self {
            Self::Known(_) => Event::PATIENT_ADDED,
            Self::Revised(_) | Self::Merged(_) => Event::PATIENT_CHANGED,
        })
    }

    /// Those whom it names by OID, for the audit record.
    pub(crate) fn subject(&self) -> Subject {
        let named = |identifiers: &mut dyn Iterator<Item = &Identifier>| {
            let ids = identifiers.filter_map(|identifier| match &identifier.authority {
                Authority::Oid(oid) => PatientId::new(&identifier.id, oid.clone()).ok(),
                Authority::Namespace(_) | Authority::Other => None,
            });
            ids.collect()
        };
        let none = Vec::new();
        let (patients, merges) = match self {
            Self::Known(patients) | Self::Revised(patients) => (patients, &[][..]),
            Self::Merged(merges) => (&none, &merges[..]),
        };
        Subject {
            patients: named(&mut patients.iter().chain(merges.iter().flat_map(|merge| &merge.survivor))),
            subsumed: named(&mut merges.iter().flat_map(|merge| &merge.subsumed)),
            ..Subject::default()
        }
    }

    /// Reads an ADT message, or says what is wrong with it. The text names fields, and no value.
    pub fn read(message: &Message) -> Result<Self, Acknowledgement> {
        check_header(message)?;
        match message.header().trigger.as_str() {
            "A40" => read_merges(message),
            trigger => {
                let mut segments = message.segments();
                let pid = segments.find(|segment| segment.name() == "PID");
                let patients = identifiers(pid.as_ref(), ("PID", 1, 3))?;
                Ok(if trigger == "A08" { Self::Revised(patients) } else { Self::Known(patients) })
            }
        }
    }
}

/// What audit says of a message of ITI-8.
pub(crate) const fn kind(event: Event) -> Kind {
    Kind { transaction: NUMBER, name: "Patient Identity Feed", asking: event, answering: event }
}

/// Kinds of message, processing and version are as ITI TF-2 3.8.4 has them; toolkits also send other versions.
fn check_header(message: &Message) -> Result<(), Acknowledgement> {
    let header = message.header();
    let reject = |field, condition, text: &str| {
        let at = ErrorAt { segment: "MSH", sequence: 1, field, condition };
        Err(Acknowledgement::reject(format!("MSH-{field}: {text} (ITI TF-2 3.8.4)"), at))
    };
    if header.kind != "ADT" {
        return reject(9, Condition::MessageType, "a message of type ADT was expected");
    }
    if !["A01", "A04", "A05", "A08", "A40"].contains(&header.trigger.as_str()) {
        return reject(9, Condition::EventCode, "one of the events A01, A04, A05, A08 and A40 was expected");
    }
    if header.control_id.is_empty() {
        return reject(10, Condition::RequiredFieldMissing, "the control id of the message was expected");
    }
    if !["P", "T", "D"].contains(&header.processing.as_str()) {
        return reject(11, Condition::ProcessingId, "one of P, T and D was expected");
    }
    if !header.version.starts_with("2.") {
        return reject(12, Condition::VersionId, "a version 2.x was expected, such as 2.3.1");
    }
    Ok(())
}

/// Each PID with the MRG that follows it (ADT_A39).
fn read_merges(message: &Message) -> Result<PatientFeed, Acknowledgement> {
    let mut merges = Vec::new();
    let mut survivor = None;
    let mut pids = 0;
    for segment in message.segments() {
        let sequence = merges.len() + 1;
        match segment.name() {
            "PID" => {
                pids += 1;
                if survivor.is_some() {
                    return Err(missing(("MRG", sequence, 1)));
                }
                survivor = Some(identifiers(Some(&segment), ("PID", pids, 3))?);
            }
            "MRG" => {
                let survivor = survivor.take().ok_or_else(|| missing(("PID", pids + 1, 3)))?;
                let subsumed = identifiers(Some(&segment), ("MRG", sequence, 1))?;
                merges.push(Merge { subsumed, survivor });
            }
            _ => {}
        }
    }
    if survivor.is_some() {
        return Err(missing(("MRG", merges.len() + 1, 1)));
    }
    if merges.is_empty() {
        return Err(missing(("PID", 1, 3)));
    }
    Ok(PatientFeed::Merged(merges))
}

/// A segment, which of that name, and a field of it.
type Place = (&'static str, usize, usize);

fn wrong((segment, sequence, field): Place, condition: Condition, text: &str) -> Acknowledgement {
    let at = ErrorAt { segment, sequence, field, condition };
    Acknowledgement::error(format!("{segment}-{field}: {text} (ITI TF-2 3.8.4)"), at)
}

fn missing(place: Place) -> Acknowledgement {
    wrong(place, Condition::SegmentSequence, &format!("segment {} number {} was expected", place.0, place.1))
}

/// The identifiers of a field of type CX. A value without an id identifies nobody, and is passed over.
fn identifiers(segment: Option<&Segment<'_>>, place: Place) -> Result<Vec<Identifier>, Acknowledgement> {
    let segment = segment.ok_or_else(|| missing(place))?;
    let unreadable = |text: &str| wrong(place, Condition::DataType, text);
    let values = segment.field(place.2).map_err(|error| unreadable(&error.to_string()))?;
    let mut identifiers = Vec::new();
    for value in values {
        let id = value.value(1, 1);
        if id.is_empty() {
            continue;
        }
        Identifier::check(&id).map_err(unreadable)?;
        let (name, universal, kind) = (value.value(4, 1), value.value(4, 2), value.value(4, 3));
        let authority = match (universal.as_str(), kind.as_str()) {
            ("", _) => Authority::Namespace(name),
            (oid, "ISO" | "") => match oid.parse() {
                Ok(oid) => Authority::Oid(oid),
                Err(_) if kind.is_empty() => Authority::Other,
                Err(_) => return Err(unreadable("an OID was expected in component 4.2, as 4.3 is ISO")),
            },
            _ => Authority::Other,
        };
        identifiers.push(Identifier { id, authority });
    }
    if identifiers.is_empty() {
        return Err(wrong(
            place,
            Condition::RequiredFieldMissing,
            "an identifier was expected, id^^^&OID&ISO",
        ));
    }
    Ok(identifiers)
}

#[cfg(test)]
mod tests;
