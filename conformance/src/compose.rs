//! Makes the message of a step: fragments to objects, objects to a body, the body into its package.

use std::collections::BTreeMap;

use soap::xml::Element;

use crate::case::{Encoding, Endpoint, Step};
use crate::edit::{self, Aliases};
use crate::error::Error;
use crate::exchange::Headers;
use crate::library::Library;
use crate::path::Path;
use crate::variables::Scope;
use body::Fragment;
use package::Package;

mod body;
mod package;

pub(crate) use body::{fill, repeated};

/// What all cases share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) aliases: Aliases,
    pub(crate) constants: BTreeMap<String, String>,
    fragments: BTreeMap<String, Fragment>,
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) endpoint: Endpoint,
    pub(crate) transaction: Option<Transaction>,
    pub(crate) encoding: Encoding,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    /// The envelope, if it is well-formed.
    pub(crate) envelope: Option<Element>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transaction {
    Provide,
    Query,
    Register,
    Retrieve,
}

/// What surrounds a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) library: &'a Library,
    pub(crate) shared: &'a Shared,
    /// The directory of the case.
    pub(crate) directory: &'a str,
    pub(crate) urls: Urls<'a>,
}

/// Where a server listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Urls<'a> {
    pub(crate) registry: &'a str,
    pub(crate) repository: &'a str,
    pub(crate) dead_repository: &'a str,
}

impl Urls<'_> {
    pub(crate) const fn of(&self, endpoint: Endpoint) -> &str {
        match endpoint {
            Endpoint::Registry => self.registry,
            Endpoint::Repository => self.repository,
            Endpoint::DeadRepository => self.dead_repository,
        }
    }
}

impl Place<'_> {
    /// The path of a file that a step posts: beside the case, or shared.
    fn file(&self, name: &str) -> String {
        if name.starts_with("shared/") { name.to_owned() } else { format!("{}/{name}", self.directory) }
    }
}

impl Outgoing {
    /// Its MessageID, if it has one and no more.
    pub(crate) fn message_id(&self) -> Option<String> {
        let path = Path::parse("/env:Envelope/env:Header/wsa:MessageID").ok()?;
        match path.values(self.envelope.as_ref()?).as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }
}

impl Shared {
    pub(crate) fn of(library: &Library) -> Result<Self, Error> {
        Ok(Self {
            aliases: library.toml("shared/paths.toml")?,
            constants: library.toml("shared/constants.toml")?,
            fragments: library.toml("shared/fragments.toml")?,
        })
    }
}

impl Transaction {
    const fn endpoint(self) -> Endpoint {
        match self {
            Self::Register | Self::Query => Endpoint::Registry,
            Self::Provide | Self::Retrieve => Endpoint::Repository,
        }
    }

    const fn encoding(self) -> Encoding {
        match self {
            Self::Register | Self::Query => Encoding::Simple,
            Self::Provide | Self::Retrieve => Encoding::Mtom,
        }
    }

    /// ITI TF-2 V.2.4: the actions of the XDS.b transactions.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Provide => "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
            Self::Query => "urn:ihe:iti:2007:RegistryStoredQuery",
            Self::Register => "urn:ihe:iti:2007:RegisterDocumentSet-b",
            Self::Retrieve => "urn:ihe:iti:2007:RetrieveDocumentSet",
        }
    }
}

/// The message of a step.
pub(crate) fn compose(step: &Step, place: Place<'_>, scope: &mut Scope<'_>) -> Result<Outgoing, String> {
    if let Some(file) = step.post.as_deref().filter(|file| !file.ends_with(".xml")) {
        return as_it_is(step, file, place, scope);
    }
    let transaction = transaction(step);
    let endpoint = step.to.or(transaction.map(Transaction::endpoint));
    let endpoint = endpoint.ok_or("a step that posts a file says where `to`")?;
    let encoding = step.encoding.or(transaction.map(Transaction::encoding)).unwrap_or(Encoding::Simple);
    let mut package = Package::new(encoding, &step.mime, scope)?;

    let (envelope, xml) = match &step.post {
        Some(file) => (place.library.text(&place.file(file)), String::new()),
        None => (place.library.text("shared/envelope.xml"), body::body(step, &mut package, place, scope)?),
    };
    let url = place.urls.of(endpoint);
    let action = step.action.clone().or(transaction.map(|known| known.action().to_owned()));
    let local = [("action", action.unwrap_or_default()), ("url", url.to_owned())];
    let message =
        body::with_locals(envelope.map_err(|error| error.to_string())?, &local, &[("body", xml)], scope)?;
    edit::parse(&message)?;
    let message = edit::apply(message, &step.edit, &place.shared.aliases, scope)?;

    let envelope = edit::parse(&message).ok();
    let (headers, body) = package.finish(&message, &step.mime, scope)?;
    let headers = override_headers(headers, step, scope)?;
    Ok(Outgoing { endpoint, transaction, encoding, headers, body, envelope })
}

fn transaction(step: &Step) -> Option<Transaction> {
    let asked = [
        (step.register.is_some(), Transaction::Register),
        (step.provide.is_some(), Transaction::Provide),
        (step.query.is_some(), Transaction::Query),
        (step.retrieve.is_some(), Transaction::Retrieve),
    ];
    asked.iter().find(|(asked, _)| *asked).map(|(_, transaction)| *transaction)
}

/// A file that is no XML goes out byte for byte, with the headers that the step gives.
fn as_it_is(step: &Step, file: &str, place: Place<'_>, scope: &mut Scope<'_>) -> Result<Outgoing, String> {
    let body = place.library.bytes(&place.file(file)).map_err(|error| error.to_string())?;
    Ok(Outgoing {
        endpoint: step.to.ok_or("a step that posts a file says where `to`")?,
        transaction: None,
        encoding: step.encoding.unwrap_or(Encoding::Simple),
        headers: override_headers(Vec::new(), step, scope)?,
        body: body.to_vec(),
        envelope: None,
    })
}

fn override_headers(mut headers: Headers, step: &Step, scope: &mut Scope<'_>) -> Result<Headers, String> {
    for (name, value) in &step.headers {
        let name = scope.expand(name)?;
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        if !value.is_empty() {
            headers.push((name, scope.expand(value)?));
        }
    }
    Ok(headers)
}
