//! An association: how one object stands to another.
//!
//! ITI TF-3 4.2.2 and 4.2.3.1.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use soap::xml::Element;

use crate::code::{Code, LocalizedStrings};
use crate::registry_object::{Attribute, Extra, Reader, Rim, Writer};
use crate::vocabulary::{association as scheme, part};
use crate::{AvailabilityStatus, EntryUuid, HomeCommunityId, Invalid, ObjectId, RegistryErrors};

/// How one object stands to another (`rim:Association`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// What the source is to the target (4.2.2).
    pub association_type: AssociationType,
    /// Approved once registered.
    pub availability_status: Option<AvailabilityStatus>,
    /// Why there is this relationship, in a code; never on HasMember.
    pub documentation: Option<Code>,
    /// The id of this association.
    pub entry_uuid: ObjectId,
    /// The community that holds it.
    pub home_community_id: Option<HomeCommunityId>,
    /// Its own id, as associations have no versions; set by the registry.
    pub logical_id: Option<EntryUuid>,
    /// The object that does something to the target.
    pub source_object: ObjectId,
    /// Whether a submission set brings its member or refers to it (4.2.2.1).
    pub submission_set_status: Option<SubmissionSetStatus>,
    /// `Name`, of which the standard says nothing.
    pub name: LocalizedStrings,
    /// `Description`, likewise.
    pub description: LocalizedStrings,
    /// The object that something is done to.
    pub target_object: ObjectId,
    /// 1, as associations have no versions; set by the registry.
    pub version: Option<u32>,
    /// What is not named here, slots of metadata update among it.
    pub extra: Extra,
}

/// What the source of an association is to its target (ITI TF-3 4.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssociationType {
    /// `HasMember`: contains it.
    HasMember,
    /// `RPLC`: replaces it.
    Replace,
    /// `XFRM`: is a transformation of it.
    Transform,
    /// `APND`: adds to it.
    Append,
    /// `XFRM_RPLC`: is a transformation of it and replaces it.
    TransformAndReplace,
    /// `signs`: is a signature of it.
    Signs,
    /// `IsSnapshotOf`: is what the on-demand document was at one time.
    IsSnapshotOf,
    /// `UpdateAvailabilityStatus`: changes its status (metadata update).
    UpdateAvailabilityStatus,
    /// `SubmitAssociation`: submits the association (metadata update).
    SubmitAssociation,
    /// Any other type, such as national extensions.
    Other(String),
}

static TYPES: [(AssociationType, &str); 9] = [
    (AssociationType::HasMember, scheme::HAS_MEMBER),
    (AssociationType::Replace, scheme::REPLACE),
    (AssociationType::Transform, scheme::TRANSFORM),
    (AssociationType::Append, scheme::APPEND),
    (AssociationType::TransformAndReplace, scheme::TRANSFORM_AND_REPLACE),
    (AssociationType::Signs, scheme::SIGNS),
    (AssociationType::IsSnapshotOf, scheme::IS_SNAPSHOT_OF),
    (AssociationType::UpdateAvailabilityStatus, scheme::UPDATE_AVAILABILITY_STATUS),
    (AssociationType::SubmitAssociation, scheme::SUBMIT_ASSOCIATION),
];

impl AssociationType {
    /// Its URN.
    pub fn urn(&self) -> &str {
        if let Self::Other(urn) = self {
            return urn;
        }
        TYPES.iter().find(|(known, _)| known == self).map_or("", |(_, urn)| urn)
    }

    /// Whether its target is no longer current afterwards.
    pub const fn replaces(&self) -> bool {
        matches!(self, Self::Replace | Self::TransformAndReplace)
    }
}

impl FromStr for AssociationType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim_ascii() {
            "" => Err(Invalid::new(text, "the URN of an association type")),
            urn => Ok(TYPES
                .iter()
                .find(|(_, known)| *known == urn)
                .map_or_else(|| Self::Other(urn.to_owned()), |(kind, _)| kind.clone())),
        }
    }
}

impl fmt::Display for AssociationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.urn())
    }
}

/// Whether a submission set brings its member or refers to it (ITI TF-3 4.2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubmissionSetStatus {
    /// The entry is in this submission.
    Original,
    /// The entry is in the registry already.
    Reference,
}

impl FromStr for SubmissionSetStatus {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.trim_ascii() {
            "Original" => Ok(Self::Original),
            "Reference" => Ok(Self::Reference),
            _ => Err(Invalid::new(text, "Original or Reference")),
        }
    }
}

impl fmt::Display for SubmissionSetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Original => "Original",
            Self::Reference => "Reference",
        })
    }
}

const ASSOCIATION_TYPE: Attribute = Attribute::new("associationType", "associationType", "4.2.2");
const SOURCE_OBJECT: Attribute = Attribute::new("sourceObject", "sourceObject", "4.2.2");
const TARGET_OBJECT: Attribute = Attribute::new("targetObject", "targetObject", "4.2.2");
const SUBMISSION_SET_STATUS: Attribute =
    Attribute::new("SubmissionSetStatus", "SubmissionSetStatus", "4.2.2.1");
pub(crate) const DOCUMENTATION: Attribute = Attribute::new("documentation", scheme::DOCUMENTATION, "4.2.2.2");

impl Association {
    /// An association of one object with another, and nothing more said about it.
    pub fn new(
        association_type: AssociationType,
        entry_uuid: ObjectId,
        source_object: ObjectId,
        target_object: ObjectId,
    ) -> Self {
        Self {
            association_type,
            availability_status: None,
            documentation: None,
            entry_uuid,
            home_community_id: None,
            logical_id: None,
            source_object,
            submission_set_status: None,
            name: LocalizedStrings::default(),
            description: LocalizedStrings::default(),
            target_object,
            version: None,
            extra: Extra::default(),
        }
    }

    /// Reads a `rim:Association`. What is wrong is added to `errors` and left out; `None` if it is something
    /// that no association lacks.
    pub fn read(element: &Element, errors: &mut RegistryErrors) -> Option<Self> {
        let mut reader = Reader::new("Association", element, errors);
        let entry_uuid = reader.id();
        let association_type =
            reader.required(ASSOCIATION_TYPE, |reader, attribute| reader.attribute(attribute, str::parse));
        let source_object =
            reader.required(SOURCE_OBJECT, |reader, attribute| reader.attribute(attribute, str::parse));
        let target_object =
            reader.required(TARGET_OBJECT, |reader, attribute| reader.attribute(attribute, str::parse));
        Some(Self {
            availability_status: reader.status(),
            documentation: reader.code(DOCUMENTATION),
            home_community_id: reader.home(),
            logical_id: reader.logical_id(),
            submission_set_status: read_submission_set_status(&mut reader),
            name: reader.name(),
            description: reader.description(),
            version: reader.version(),
            extra: reader.finish(),
            // Last, so that all that is wrong has been found.
            association_type: association_type?,
            entry_uuid: entry_uuid?,
            source_object: source_object?,
            target_object: target_object?,
        })
    }

    /// Writes a `rim:Association`.
    pub(crate) fn write(&self, rim: &mut Rim) {
        Writer::new(rim, "Association", self.identity(), &self.extra)
            .attribute("lid", self.logical_id)
            .attribute("home", self.home_community_id.as_ref())
            .attribute("objectType", Some(part::ASSOCIATION))
            .attribute("status", self.availability_status.map(AvailabilityStatus::urn))
            .attribute("associationType", Some(&self.association_type))
            .attribute("sourceObject", Some(&self.source_object))
            .attribute("targetObject", Some(&self.target_object))
            .slot(SUBMISSION_SET_STATUS, self.submission_set_status)
            .name(&self.name)
            .description(&self.description)
            .version(self.version)
            .codes(DOCUMENTATION, &self.documentation)
            .finish();
    }
}

/// Some peers repeat the value; as long as they agree with themselves it is one.
fn quirk_repeated_status(mut values: Vec<Cow<'_, str>>) -> Vec<Cow<'_, str>> {
    values.dedup();
    values
}

fn read_submission_set_status(reader: &mut Reader<'_>) -> Option<SubmissionSetStatus> {
    let texts = quirk_repeated_status(reader.texts(SUBMISSION_SET_STATUS));
    reader
        .single(SUBMISSION_SET_STATUS, texts)
        .and_then(|text| reader.value(SUBMISSION_SET_STATUS, &text, str::parse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{golden, spoiled, written};
    use crate::sample;

    fn read(element: &Element) -> (Option<Association>, Vec<String>) {
        let mut errors = RegistryErrors::default();
        let association = Association::read(element, &mut errors);
        (association, errors.0.into_iter().map(|error| error.context).collect())
    }

    #[test]
    fn reads_and_writes_the_sample() {
        let association = sample().associations.remove(0);
        let file = golden("association/sample.xml");
        assert_eq!(read(&file), (Some(association.clone()), vec![]));
        assert_eq!(written(|rim| association.write(rim)), file);
    }

    #[test]
    fn every_type_knows_its_urn_both_ways() {
        for (kind, urn) in &TYPES {
            assert_eq!(kind.urn(), *urn);
            assert_eq!(urn.parse().as_ref(), Ok(kind));
        }
        let national = "urn:elga-bes:AssociationType:NonVersioningUpdate";
        assert_eq!(national.parse(), Ok(AssociationType::Other(national.to_owned())));
    }

    #[test]
    fn bears_with_a_status_that_is_repeated_but_not_with_two() {
        let file = "association/sample.xml";
        let (twice, none) = read(&spoiled(file, ">Original<", ">Original</rim:Value><rim:Value>Original<"));
        assert_eq!(
            (twice.unwrap().submission_set_status, none),
            (Some(SubmissionSetStatus::Original), vec![])
        );
        let (_, errors) = read(&spoiled(file, ">Original<", ">Original</rim:Value><rim:Value>Reference<"));
        assert!(
            errors.len() == 1 && errors[0].contains("SubmissionSetStatus is given with 2 values"),
            "{errors:?}"
        );
    }

    #[test]
    fn refuses_an_association_without_its_ends() {
        for name in ["associationType", "sourceObject", "targetObject"] {
            let (association, errors) =
                read(&spoiled("association/sample.xml", &format!("{name}="), "home2="));
            assert_eq!(association, None);
            assert!(errors.len() == 1 && errors[0].contains(&format!("{name} is missing")), "{errors:?}");
        }
    }
}
