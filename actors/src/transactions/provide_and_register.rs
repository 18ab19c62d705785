//! ITI-41: a submission with its documents (ITI TF-2 3.41).

use metadata::vocabulary::IHE;
use metadata::{ErrorCode, Finding, Findings, Flavour, ObjectId, RegistryErrors, Submission, quoted};
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
    /// What reading both has found: the repository answers that together with what it finds itself.
    pub findings: Findings,
}

impl ProvideAndRegister {
    /// A request with documents by the ids of their entries.
    pub fn new(submission: Submission, documents: impl IntoIterator<Item = (ObjectId, Outgoing)>) -> Self {
        Self { submission, documents: Documents::of(documents), findings: Findings::default() }
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
        let request = body.elements().find(|child| child.name == super::Register::BODY);
        let (submission, mut findings) = read_submission(request)?;
        let errors = &mut findings.errors;
        let elements = body.children_named(IHE, DOCUMENT);
        let named = elements.filter_map(|element| Some((read_id(element, errors)?, element)));
        let named: Vec<_> = named.collect();
        let (documents, problems) = Documents::read(named, message.parts);
        for (place, problem) in problems {
            let Some(id) = documents.announced().nth(place) else { continue };
            let (received, expected) =
                (quoted(problem), "base64, or one xop:Include of a part of the message");
            let finding = Finding::new("its content", &received, &expected, "TF-2 3.41.4.1.2, XOP 1.0");
            errors.push(finding.about(ErrorCode::MissingDocument, document(id)));
        }
        Ok(Self { submission, documents, findings })
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
fn read_id(document: &Element, errors: &mut RegistryErrors) -> Option<ObjectId> {
    let text = document.attribute("id").unwrap_or_default();
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let received = if text.is_empty() { "missing".to_owned() } else { quoted(text) };
    let finding = Finding::new("id", &received, &"the id of a DocumentEntry", "TF-2 3.41.4.1.2");
    errors.push(finding.about(ErrorCode::MissingDocumentMetadata, DOCUMENT));
    None
}

/// A `Document` as errors name it.
pub fn document(id: &ObjectId) -> String {
    format!("{DOCUMENT} {id}")
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
            let errors = <ProvideAndRegister as Transaction>::read(message).unwrap().findings.errors;
            let [error] = errors.0.try_into().unwrap();
            assert_eq!(error.code, code, "{error}");
            assert!(error.context.starts_with("Document") && error.context.contains("expected"), "{error}");
        }
    }
}
