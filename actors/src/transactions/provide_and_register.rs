//! ITI-41: a submission with its documents (ITI TF-2 3.41).

use metadata::vocabulary::IHE;
use metadata::{ErrorCode, Flavour, ObjectId, RegistryError, RegistryErrors, Submission};
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
    const ANSWERED_BY: Flavour = Flavour::Repository;
    const IS_SAFE: bool = false;
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

#[cfg(test)]
mod tests {
    use super::*;
    use metadata::sample;
    use soap::parts::{Content, Part};
    use soap::xml::Limits;

    fn outgoing(bytes: &[u8]) -> Outgoing {
        Outgoing { media_type: "application/dicom".to_owned(), content: Content::from(bytes.to_vec()) }
    }

    fn message(body: &Element, parts: Parts) -> Message {
        let body = Element::parse(body.write().as_bytes(), &Limits::default()).unwrap();
        Message { parts, ..Message::new(ProvideAndRegister::ACTION, body, Encoding::Mtom) }
    }

    #[tokio::test]
    async fn is_read_as_it_was_written() {
        let submission = sample();
        let id = submission.entries[0].entry_uuid.clone();
        let request = ProvideAndRegister::new(submission.clone(), [(id.clone(), outgoing(b"dose"))]);
        let (body, parts) = request.write();
        let mut read = <ProvideAndRegister as Transaction>::read(message(&body, parts)).unwrap();
        assert_eq!(read.submission, submission);
        let arrived = read.documents.next().await.unwrap().unwrap();
        assert_eq!(arrived.about, [id]);
        assert_eq!(arrived.content.collect(10).await.unwrap(), "dose");
    }

    /// Any document may be inline, also next to one that is included (ITI TF-2 appendix V.3.6); a part may be
    /// included twice, and parts may come that nothing includes.
    #[tokio::test]
    async fn documents_may_be_inline_or_shared() {
        let (mut body, _) = ProvideAndRegister::new(sample(), []).write();
        let document = |id: &str| Element::new(IHE, DOCUMENT).with("id", id);
        body.push(document("a").with_child(soap::parts::include("1@x")));
        body.push(document("b").with_text("aW5s\n aW5l"));
        body.push(document("c").with_child(soap::parts::include("1@x")));
        let part = |content_id: &str, bytes: &[u8]| Part {
            content_id: content_id.to_owned(),
            media_type: String::new(),
            content: Content::from(bytes.to_vec()),
        };
        let parts = Parts::from(vec![part("stray@x", b"?"), part("1@x", b"shared")]);
        let mut read = <ProvideAndRegister as Transaction>::read(message(&body, parts)).unwrap();
        let mut came = Vec::new();
        while let Some(arrived) = read.documents.next().await.unwrap() {
            let ids: Vec<_> = arrived.about.iter().map(ToString::to_string).collect();
            came.push((ids.join(" "), arrived.content.collect(10).await.unwrap()));
        }
        assert_eq!(came, [("b".to_owned(), "inline".into()), ("a c".to_owned(), "shared".into())]);
    }

    #[test]
    fn refuses_a_document_that_is_neither_and_one_without_id() {
        let (body, _) = ProvideAndRegister::new(sample(), []).write();
        let neither = Element::new(IHE, DOCUMENT).with("id", "a").with_text("not base64!");
        let nameless = Element::new(IHE, DOCUMENT);
        for (document, code) in
            [(neither, ErrorCode::MissingDocument), (nameless, ErrorCode::MissingDocumentMetadata)]
        {
            let message = message(&body.clone().with_child(document), Parts::none());
            let errors = <ProvideAndRegister as Transaction>::read(message).unwrap_err();
            assert_eq!(errors.0[0].code, code, "{errors}");
        }
    }
}
