//! What a registry found (`query:AdhocQueryResponse`, ITI TF-2 3.18.4.1.3).

use metadata::vocabulary::{QUERY, RIM};
use metadata::{
    DocumentEntry, ErrorCode, Flavour, HomeCommunityId, Object, ObjectId, RegistryError, RegistryErrors,
    ResponseStatus, Severity,
};
use soap::message::Message;
use soap::parts::Parts;
use soap::xml::{Element, Limits, Markup, Node};

use super::super::{Response, registry_response};

/// The objects that were found, and what went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryResponse {
    /// Errors and warnings.
    pub errors: RegistryErrors,
    /// What was found, in no defined order.
    pub found: Vec<Found>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An object.
    Object(Box<Object>),
    /// An object as a registry keeps it.
    Written(Markup),
    /// The id of an object.
    Reference {
        /// Its entryUUID.
        id: ObjectId,
        /// The community that holds it.
        home: Option<HomeCommunityId>,
    },
}

impl QueryResponse {
    /// An answer without errors.
    pub fn of(found: Vec<Found>) -> Self {
        Self { errors: RegistryErrors::default(), found }
    }

    /// The objects that came, and all that is wrong: an object that cannot be read becomes a warning.
    pub fn into_objects(self) -> (Vec<Object>, RegistryErrors) {
        let mut errors = self.errors;
        let objects = self.found.into_iter().filter_map(|found| match found {
            Found::Object(object) => Some(*object),
            Found::Written(markup) => match parse(&markup) {
                Ok(element) => read_object(&element, &mut errors),
                Err(reason) => {
                    let context = format!("an object that was found cannot be read: {reason}");
                    errors.push(RegistryError::warning(ErrorCode::Internal, context));
                    None
                }
            },
            Found::Reference { .. } => None,
        });
        (objects.collect(), errors)
    }

    /// The document entries among the objects that came.
    pub fn into_documents(self) -> Vec<DocumentEntry> {
        let (objects, _) = self.into_objects();
        let entries = objects.into_iter().filter_map(|object| match object {
            Object::Entry(entry) => Some(entry),
            Object::SubmissionSet(_) | Object::Folder(_) | Object::Association(_) => None,
        });
        entries.collect()
    }

    /// The ids of the objects that came as references.
    pub fn references(&self) -> impl Iterator<Item = &ObjectId> {
        self.found.iter().filter_map(|found| match found {
            Found::Reference { id, .. } => Some(id),
            Found::Object(_) | Found::Written(_) => None,
        })
    }
}

impl Response for QueryResponse {
    fn refusal(errors: RegistryErrors) -> Self {
        Self { errors, found: Vec::new() }
    }

    fn errors(&self) -> &RegistryErrors {
        &self.errors
    }

    fn held(&self) -> usize {
        self.found
            .iter()
            .map(|found| if matches!(found, Found::Reference { .. }) { REFERENCE } else { OBJECT })
            .sum()
    }

    fn read(message: Message) -> Result<Self, String> {
        let body = message.body;
        if !body.is(QUERY, ADHOC_QUERY_RESPONSE) {
            return Err(format!("{} where query:{ADHOC_QUERY_RESPONSE} was expected", body.name));
        }
        let (_, mut errors) = registry_response::read(&body)?;
        let list = body.child(RIM, REGISTRY_OBJECT_LIST);
        let elements = list.into_iter().flat_map(Element::elements);
        let found = elements.filter_map(|element| read_found(element, &mut errors)).collect();
        Ok(Self { errors, found })
    }

    fn write(self, flavour: Flavour) -> (Element, Parts) {
        // A registry that answers for itself alone has no partial success (ITI TF-3 4.2.4.2).
        let status = if self.errors.is_failure() { ResponseStatus::Failure } else { ResponseStatus::Success };
        let mut list = Element::new(RIM, REGISTRY_OBJECT_LIST);
        list.children = self.found.into_iter().map(write_found).collect();
        let root = Element::new(QUERY, ADHOC_QUERY_RESPONSE).declaring(RIM);
        (registry_response::write(root, status, &self.errors, flavour).with_child(list), Parts::none())
    }
}

/// What an object takes up as a registry keeps it, compressed: about as much as was measured of ten thousand.
const OBJECT: usize = 1_536;
/// What a reference takes up.
const REFERENCE: usize = 256;

const ADHOC_QUERY_RESPONSE: &str = "AdhocQueryResponse";
const REGISTRY_OBJECT_LIST: &str = "RegistryObjectList";
const OBJECT_REF: &str = "ObjectRef";

fn write_found(found: Found) -> Node {
    match found {
        Found::Object(object) => Node::Written(object.write().into()),
        Found::Written(markup) => Node::Written(markup),
        Found::Reference { id, home } => {
            let reference = Element::new(RIM, OBJECT_REF).with("id", id.to_string());
            Node::Element(match home {
                Some(home) => reference.with("home", home.to_string()),
                None => reference,
            })
        }
    }
}

fn parse(markup: &Markup) -> Result<Element, String> {
    let text = markup.text().map_err(|error| error.to_string())?;
    Element::parse(text.as_bytes(), &Limits::default()).map_err(|error| error.to_string())
}

fn read_found(element: &Element, errors: &mut RegistryErrors) -> Option<Found> {
    if !element.is(RIM, OBJECT_REF) {
        return read_object(element, errors).map(|object| Found::Object(Box::new(object)));
    }
    let id = element.attribute("id").unwrap_or_default().parse().ok()?;
    let home = element.attribute("home").and_then(|home| home.parse().ok());
    Some(Found::Reference { id, home })
}

/// Old entries may lack what is required today: what is wrong with one is a warning, the rest is shown
/// (ITI TF-3 4.3.2).
fn read_object(element: &Element, errors: &mut RegistryErrors) -> Option<Object> {
    let mut wrong = RegistryErrors::default();
    let object = Object::read(element, &mut wrong);
    errors.extend(wrong.into_iter().map(|mut error| {
        error.severity = Severity::Warning;
        error
    }));
    object
}
