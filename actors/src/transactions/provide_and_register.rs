//! ITI-41: a submission with its documents (ITI TF-2 3.41).

use metadata::vocabulary::IHE;
use metadata::{ErrorCode, ObjectId, RegistryError, RegistryErrors, Submission};
use soap::message::{Encoding, Message};
use soap::parts::Parts;
use soap::xml::{Element, Name};

use super::documents::{Documents, Outgoing};
use super::register::{read_submission, submit_objects_request};
use super::{RegistryResponse, Transaction, register};
use crate::audit;

/// Keep these documents and register what is said of them.
#[derive(Debug)]
pub struct ProvideAndRegister {
    /// What is said of the documents.
    pub submission: Submission,
    /// The documents, each with the id of its entry as the submission has it (`Document/@id`).
    pub documents: Documents<ObjectId>,
}

impl ProvideAndRegister {
    /// A request with documents by the ids of their entries.
    pub fn new(submission: Submission, documents: impl IntoIterator<Item = (ObjectId, Outgoing)>) -> Self {
        Self { submission, documents: Documents::of(documents) }
    }
}

const DOCUMENT: &str = "Document";

impl Transaction for ProvideAndRegister {
    const ACTION: &'static str = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b";
    const RESPONSE_ACTION: &'static str = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse";
    const BODY: Name = Name::new(IHE, "ProvideAndRegisterDocumentSetRequest");
    const ENCODING: Encoding = Encoding::Mtom;
    const AUDIT: audit::Kind = audit::Kind {
        transaction: "ITI-41",
        name: "Provide and Register Document Set-b",
        asking: audit::Event::EXPORT,
        answering: audit::Event::IMPORT,
    };
    type Response = RegistryResponse;

    fn read(message: Message) -> Result<Self, RegistryErrors> {
        let body = &message.body;
        let submission = read_submission(body.elements().find(|child| child.name == super::Register::BODY))?;
        let documents = body.children_named(IHE, DOCUMENT).map(read_id).collect::<Result<Vec<_>, _>>()?;
        let documents = Documents::read(documents, message.parts).map_err(|problem| {
            let context = format!("Document: {problem} (ITI TF-2 3.41.4.1.2, XOP 1.0 section 2)");
            RegistryError::new(ErrorCode::MissingDocument, context)
        })?;
        Ok(Self { submission, documents })
    }

    fn write(self) -> (Element, Parts) {
        let (documents, parts) = self.documents.write(|id, content| {
            let mut document = Element::new(IHE, DOCUMENT).with("id", id.to_string());
            document.children.push(content);
            document
        });
        let body = Element::new(IHE, "ProvideAndRegisterDocumentSetRequest")
            .with_child(submit_objects_request(&self.submission))
            .with_children(documents);
        (body, parts)
    }

    fn subject(&self) -> audit::Subject {
        register::subject(&self.submission)
    }
}

/// The entry that a `Document` element says it belongs to.
fn read_id(document: &Element) -> Result<(ObjectId, &Element), RegistryError> {
    let id = document.attribute("id").unwrap_or_default().parse().map_err(|invalid| {
        let context = format!("Document/@id: {invalid} (ITI TF-2 3.41.4.1.2)");
        RegistryError::new(ErrorCode::MissingDocumentMetadata, context)
    })?;
    Ok((id, document))
}
