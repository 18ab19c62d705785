//! ITI-43: document ids, and the documents (ITI TF-2 3.43).

use metadata::vocabulary::{IHE, RS};
use metadata::{ErrorCode, Flavour, RegistryError, RegistryErrors, ResponseStatus};
use soap::message::{Encoding, Message};
use soap::parts::Parts;
use soap::xml::{Element, Name};

use super::documents::{Documents, Outgoing};
use super::registry_response;
use super::{Response, Transaction};
use crate::audit;

/// Give me these documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieve {
    /// Which ones.
    pub documents: Vec<DocumentRequest>,
}

/// One document that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentRequest {
    /// The community that holds it (`HomeCommunityId`), where a gateway must know.
    pub home_community_id: Option<String>,
    /// The repository that holds it (`RepositoryUniqueId`).
    pub repository_unique_id: String,
    /// Its `uniqueId` (`DocumentUniqueId`).
    pub document_unique_id: String,
}

impl DocumentRequest {
    /// Whether it asks for that document of that repository.
    fn is(&self, repository: &str, unique_id: &str) -> bool {
        self.repository_unique_id == repository && self.document_unique_id == unique_id
    }
}

/// What is said of a document that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieved {
    /// What was asked for, as it was asked.
    pub request: DocumentRequest,
    /// Where a document made on demand was kept (`NewRepositoryUniqueId`).
    pub new_repository_unique_id: Option<String>,
    /// The id of a document made on demand (`NewDocumentUniqueId`).
    pub new_document_unique_id: Option<String>,
    /// Its MIME type.
    pub mime_type: String,
}

/// The documents that were found, and what is wrong with the others.
#[derive(Debug)]
pub struct RetrieveResponse {
    /// One error for each document that does not come.
    pub errors: RegistryErrors,
    /// The documents.
    pub documents: Documents<Retrieved>,
}

impl RetrieveResponse {
    /// An answer with documents.
    pub fn new(errors: RegistryErrors, documents: impl IntoIterator<Item = (Retrieved, Outgoing)>) -> Self {
        Self { errors, documents: Documents::of(documents) }
    }
}

impl Transaction for Retrieve {
    const ACTION: &'static str = "urn:ihe:iti:2007:RetrieveDocumentSet";
    const RESPONSE_ACTION: &'static str = "urn:ihe:iti:2007:RetrieveDocumentSetResponse";
    const BODY: Name = Name::new(IHE, "RetrieveDocumentSetRequest");
    const ENCODING: Encoding = Encoding::Mtom;
    const ANSWERED_BY: Flavour = Flavour::Repository;
    const IS_SAFE: bool = true;
    const AUDIT: audit::Kind = audit::Kind {
        transaction: "ITI-43",
        name: "Retrieve Document Set",
        asking: audit::Event::IMPORT,
        answering: audit::Event::EXPORT,
    };
    type Response = RetrieveResponse;

    fn read(message: Message) -> Result<Self, RegistryErrors> {
        let mut errors = RegistryErrors::default();
        let requests = message.body.children_named(IHE, DOCUMENT_REQUEST);
        let documents: Vec<_> = requests.filter_map(|request| read_request(request, &mut errors)).collect();
        if documents.is_empty() && errors.is_empty() {
            errors.push(incomplete("the request has no DocumentRequest"));
        }
        if errors.is_empty() { Ok(Self { documents }) } else { Err(errors) }
    }

    fn write(self) -> (Element, Parts) {
        let requests = self
            .documents
            .iter()
            .map(|document| Element::new(IHE, DOCUMENT_REQUEST).with_children(write_request(document)));
        (Element::new(IHE, "RetrieveDocumentSetRequest").with_children(requests), Parts::none())
    }

    fn subject(&self) -> audit::Subject {
        let objects = self.documents.iter().map(|document| audit::Object::Document {
            unique_id: document.document_unique_id.clone(),
            repository: document.repository_unique_id.clone(),
        });
        audit::Subject { objects: objects.collect(), ..audit::Subject::default() }
    }
}

impl Response for RetrieveResponse {
    fn refusal(errors: RegistryErrors) -> Self {
        Self::new(errors, [])
    }

    fn errors(&self) -> &RegistryErrors {
        &self.errors
    }

    fn audited(&self, mut about: audit::Subject) -> Vec<(audit::Subject, audit::Outcome)> {
        let came = |object: &audit::Object| {
            let mut announced = self.documents.announced();
            matches!(object, audit::Object::Document { unique_id, repository }
                if announced.any(|about| about.request.is(repository, unique_id)))
        };
        let (came, missing): (Vec<_>, Vec<_>) =
            std::mem::take(&mut about.objects).into_iter().partition(came);
        let outcomes = [(came, audit::Outcome::Success), (missing, audit::Outcome::of(&self.errors))];
        let some = outcomes.into_iter().filter(|(objects, _)| !objects.is_empty());
        some.map(|(objects, outcome)| (audit::Subject { objects, ..about.clone() }, outcome)).collect()
    }

    fn read(message: Message) -> Result<Self, String> {
        let Message { body, parts, .. } = message;
        let outcome = body.child(RS, "RegistryResponse").ok_or("no rs:RegistryResponse in the answer")?;
        let (_, errors) = registry_response::read(outcome)?;
        let responses = body.children_named(IHE, DOCUMENT_RESPONSE).map(read_response);
        let (documents, problems) = Documents::read(responses.collect::<Result<Vec<_>, _>>()?, parts);
        match problems.into_iter().next() {
            Some((_, problem)) => Err(problem),
            None => Ok(Self { errors, documents }),
        }
    }

    fn write(self, flavour: Flavour) -> (Element, Parts) {
        let status = match (self.errors.is_failure(), self.documents.announced().next().is_some()) {
            (false, _) => ResponseStatus::Success,
            (true, true) => ResponseStatus::PartialSuccess,
            (true, false) => ResponseStatus::Failure,
        };
        let (documents, parts) = self.documents.write(|retrieved, content| {
            let mut document = Element::new(IHE, "Document");
            document.children.push(content);
            write_response(&retrieved).with_child(document)
        });
        let outcome =
            registry_response::write(registry_response::ROOT_ELEMENT, status, &self.errors, flavour);
        let body =
            Element::new(IHE, "RetrieveDocumentSetResponse").with_child(outcome).with_children(documents);
        (body, parts)
    }
}

const DOCUMENT_REQUEST: &str = "DocumentRequest";
const DOCUMENT_RESPONSE: &str = "DocumentResponse";
const HOME_COMMUNITY_ID: &str = "HomeCommunityId";
const REPOSITORY_UNIQUE_ID: &str = "RepositoryUniqueId";
const DOCUMENT_UNIQUE_ID: &str = "DocumentUniqueId";
const NEW_REPOSITORY_UNIQUE_ID: &str = "NewRepositoryUniqueId";
const NEW_DOCUMENT_UNIQUE_ID: &str = "NewDocumentUniqueId";
const MIME_TYPE: &str = "mimeType";

fn incomplete(what: &str) -> RegistryError {
    RegistryError::new(ErrorCode::Internal, format!("{what} (ITI TF-2 3.43.4.1.2)"))
}

/// The text of a child element, surrounding whitespace dropped; none when it is absent or empty.
fn text(parent: &Element, local: &str) -> Option<String> {
    let text = parent.child(IHE, local)?.text();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn read_request(request: &Element, errors: &mut RegistryErrors) -> Option<DocumentRequest> {
    let mut required = |local| {
        let value = text(request, local);
        if value.is_none() {
            errors.push(incomplete(&format!("a DocumentRequest without {local}")));
        }
        value
    };
    let (repository, document) = (required(REPOSITORY_UNIQUE_ID), required(DOCUMENT_UNIQUE_ID));
    Some(DocumentRequest {
        home_community_id: text(request, HOME_COMMUNITY_ID),
        repository_unique_id: repository?,
        document_unique_id: document?,
    })
}

fn child(local: &'static str, value: &str) -> Element {
    Element::new(IHE, local).with_text(value)
}

/// The three children that identify a document, in the order of the schema.
fn write_request(document: &DocumentRequest) -> Vec<Element> {
    let home = document.home_community_id.as_deref().map(|home| child(HOME_COMMUNITY_ID, home));
    home.into_iter()
        .chain([
            child(REPOSITORY_UNIQUE_ID, &document.repository_unique_id),
            child(DOCUMENT_UNIQUE_ID, &document.document_unique_id),
        ])
        .collect()
}

fn read_response(response: &Element) -> Result<(Retrieved, &Element), String> {
    let mut errors = RegistryErrors::default();
    let request = read_request(response, &mut errors);
    let request = request.ok_or("a DocumentResponse that does not say which document it is")?;
    let document = response.child(IHE, "Document");
    let document =
        document.ok_or_else(|| format!("no Document in the answer for {}", request.document_unique_id))?;
    let retrieved = Retrieved {
        request,
        new_repository_unique_id: text(response, NEW_REPOSITORY_UNIQUE_ID),
        new_document_unique_id: text(response, NEW_DOCUMENT_UNIQUE_ID),
        mime_type: text(response, MIME_TYPE).unwrap_or_default(),
    };
    Ok((retrieved, document))
}

fn write_response(retrieved: &Retrieved) -> Element {
    let optional = [
        (NEW_REPOSITORY_UNIQUE_ID, &retrieved.new_repository_unique_id),
        (NEW_DOCUMENT_UNIQUE_ID, &retrieved.new_document_unique_id),
    ];
    let new = optional.into_iter().filter_map(|(local, value)| Some(child(local, value.as_deref()?)));
    Element::new(IHE, DOCUMENT_RESPONSE)
        .with_children(write_request(&retrieved.request))
        .with_children(new)
        .with_child(child(MIME_TYPE, &retrieved.mime_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use soap::parts::Content;

    fn wanted(document: &str) -> DocumentRequest {
        DocumentRequest {
            home_community_id: None,
            repository_unique_id: "1.2.3".to_owned(),
            document_unique_id: document.to_owned(),
        }
    }

    fn message(body: &Element, parts: Parts) -> Message {
        let body = Element::parse(body.write().as_bytes(), &soap::xml::Limits::default()).unwrap();
        Message { parts, ..Message::new(Retrieve::ACTION, body, Encoding::Mtom) }
    }

    fn answer(errors: RegistryErrors, documents: &[(&str, &'static [u8])]) -> RetrieveResponse {
        let documents = documents.iter().map(|(id, bytes)| {
            let about = Retrieved {
                request: wanted(id),
                new_repository_unique_id: None,
                new_document_unique_id: None,
                mime_type: "application/dicom".to_owned(),
            };
            let content = Content::from(bytes.to_vec());
            (about, Outgoing { media_type: "application/dicom".to_owned(), content })
        });
        RetrieveResponse::new(errors, documents)
    }

    fn status(response: RetrieveResponse) -> String {
        let (body, _) = response.write(Flavour::Repository);
        body.child(RS, "RegistryResponse").unwrap().attribute("status").unwrap().to_owned()
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let home = Some("urn:oid:1.2".to_owned());
        let documents = vec![wanted("1"), DocumentRequest { home_community_id: home, ..wanted("2") }];
        let request = Retrieve { documents };
        let (body, parts) = request.clone().write();
        assert_eq!(<Retrieve as Transaction>::read(message(&body, parts)).unwrap(), request);
    }

    #[test]
    fn names_what_a_request_lacks() {
        let document = Element::new(IHE, DOCUMENT_REQUEST).with_child(child(REPOSITORY_UNIQUE_ID, " "));
        let body = Element::new(IHE, "RetrieveDocumentSetRequest");
        let errors =
            <Retrieve as Transaction>::read(message(&body.clone().with_child(document), Parts::none()));
        let contexts = errors.unwrap_err().to_string();
        assert!(
            contexts.contains(REPOSITORY_UNIQUE_ID) && contexts.contains(DOCUMENT_UNIQUE_ID),
            "{contexts}"
        );
        assert!(<Retrieve as Transaction>::read(message(&body, Parts::none())).is_err());
    }

    #[tokio::test]
    async fn an_answer_brings_its_documents() {
        let (body, parts) =
            answer(RegistryErrors::default(), &[("1", b"one"), ("2", b"")]).write(Flavour::Repository);
        let mut response = <RetrieveResponse as Response>::read(message(&body, parts)).unwrap();
        for (id, bytes) in [("1", "one"), ("2", "")] {
            let arrived = response.documents.next().await.unwrap().unwrap();
            assert_eq!(arrived.about[0].request, wanted(id));
            assert_eq!(arrived.content.collect(10).await.unwrap(), bytes);
        }
        assert!(response.documents.next().await.unwrap().is_none());
    }

    #[test]
    fn children_stand_in_the_order_of_the_schema() {
        let mut about = Retrieved {
            request: wanted("1"),
            new_repository_unique_id: Some("1.9".to_owned()),
            new_document_unique_id: Some("2.9".to_owned()),
            mime_type: "text/plain".to_owned(),
        };
        about.request.home_community_id = Some("urn:oid:1.2".to_owned());
        let content = Content::from(b"x".to_vec());
        let outgoing = Outgoing { media_type: "text/plain".to_owned(), content };
        let (body, _) =
            RetrieveResponse::new(RegistryErrors::default(), [(about, outgoing)]).write(Flavour::Repository);
        let response = body.child(IHE, DOCUMENT_RESPONSE).unwrap();
        let order: Vec<_> = response.elements().map(|child| child.name.local.to_string()).collect();
        assert_eq!(
            order,
            [
                HOME_COMMUNITY_ID,
                REPOSITORY_UNIQUE_ID,
                DOCUMENT_UNIQUE_ID,
                NEW_REPOSITORY_UNIQUE_ID,
                NEW_DOCUMENT_UNIQUE_ID,
                MIME_TYPE,
                "Document"
            ]
        );
    }

    /// ITI TF-2 3.43.6: what came and what did not are audited apart.
    #[test]
    fn audits_apart_what_came_and_what_did_not() {
        let subject = Retrieve { documents: vec![wanted("1"), wanted("2")] }.subject();
        let error = RegistryError::new(ErrorCode::DocumentUniqueIdError, "2");
        let audited = answer(error.into(), &[("1", b"")]).audited(subject.clone());
        let [(came, success), (missing, failure)] = audited.try_into().unwrap();
        assert_eq!((came.objects.as_slice(), success), (&subject.objects[..1], audit::Outcome::Success));
        assert_eq!(
            (missing.objects.as_slice(), failure),
            (&subject.objects[1..], audit::Outcome::SeriousFailure)
        );
        assert_eq!(answer(RegistryErrors::default(), &[("1", b""), ("2", b"")]).audited(subject).len(), 1);
    }

    /// ITI TF-3 Table 4.2.4.2-4.
    #[test]
    fn the_status_follows_from_what_came() {
        let error = || RegistryErrors::from(RegistryError::new(ErrorCode::DocumentUniqueIdError, "2"));
        assert_eq!(status(answer(RegistryErrors::default(), &[("1", b"")])), ResponseStatus::Success.urn());
        assert_eq!(status(answer(error(), &[("1", b"")])), ResponseStatus::PartialSuccess.urn());
        assert_eq!(status(answer(error(), &[])), ResponseStatus::Failure.urn());
    }
}
