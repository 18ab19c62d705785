//! Makes the message of a step: fragments to objects, objects to a body, the body into its package.

use std::collections::BTreeMap;

use serde::Deserialize;
use soap::xml::Element;

use crate::case::{Document, Encoding, Endpoint, Object, OneOrMany, Step, Transfer, Wanted};
use crate::edit::{self, Aliases};
use crate::error::Error;
use crate::library::Library;
use crate::mime::{self, Part};
use crate::path::Path;
use crate::variables::{self, Scope};
use crate::write::escaped;

/// What all cases share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) aliases: Aliases,
    pub(crate) constants: BTreeMap<String, String>,
    fragments: BTreeMap<String, Fragment>,
}

/// An object that submissions are made of (`shared/fragments.toml`).
#[derive(Debug, Deserialize)]
struct Fragment {
    /// The markup, in `shared/fragments`.
    file: String,
    /// Another fragment whose parameters hold unless this one has its own.
    like: Option<String>,
    /// Whether an ITI-41 brings a document with it.
    #[serde(default)]
    document: bool,
    #[serde(default)]
    slots: BTreeMap<String, OneOrMany>,
    #[serde(flatten)]
    parameters: BTreeMap<String, String>,
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) endpoint: Endpoint,
    pub(crate) transaction: Option<Transaction>,
    pub(crate) encoding: Encoding,
    pub(crate) headers: Vec<(String, String)>,
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
    pub(crate) registry: &'a str,
    pub(crate) repository: &'a str,
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
    let mut package = Package { encoding, root: root_id(step, scope)?, parts: Vec::new() };

    let (envelope, xml) = match &step.post {
        Some(file) => (place.library.text(&format!("{}/{file}", place.directory)), String::new()),
        None => (place.library.text("shared/envelope.xml"), body(step, &mut package, place, scope)?),
    };
    let url = if endpoint == Endpoint::Registry { place.registry } else { place.repository };
    let action = step.action.clone().or(transaction.map(|known| known.action().to_owned()));
    let local = [("action", action.unwrap_or_default()), ("url", url.to_owned())];
    let message = with_locals(envelope.map_err(|error| error.to_string())?, &local, &[("body", xml)], scope)?;
    edit::parse(&message)?;
    let message = edit::apply(message, &step.edit, &place.shared.aliases, scope)?;

    let envelope = edit::parse(&message).ok();
    let (headers, body) = package.finish(message, step, scope)?;
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
    let body =
        place.library.bytes(&format!("{}/{file}", place.directory)).map_err(|error| error.to_string())?;
    Ok(Outgoing {
        endpoint: step.to.ok_or("a step that posts a file says where `to`")?,
        transaction: None,
        encoding: step.encoding.unwrap_or(Encoding::Simple),
        headers: override_headers(Vec::new(), step, scope)?,
        body: body.to_vec(),
        envelope: None,
    })
}

fn body(
    step: &Step,
    package: &mut Package,
    place: Place<'_>,
    scope: &mut Scope<'_>,
) -> Result<String, String> {
    if let Some(objects) = step.register.as_deref().or(step.provide.as_deref()) {
        let (list, entries) = submission(objects, place, scope)?;
        let submit = format!(
            "<lcm:SubmitObjectsRequest><rim:RegistryObjectList>\n{list}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
        );
        if step.register.is_some() {
            return Ok(submit);
        }
        let documents = step.documents.clone().unwrap_or_else(|| entries.iter().map(plain).collect());
        let mut written = String::new();
        for document in &documents {
            written += &package.document(document, scope)?;
        }
        let root = "xds:ProvideAndRegisterDocumentSetRequest";
        return Ok(format!("<{root}>{submit}{written}</{root}>"));
    }
    if let Some(name) = &step.query {
        return query(name, step, scope);
    }
    retrieve(step.retrieve.as_deref().ok_or("a step does nothing")?, scope)
}

fn submission(
    objects: &[Object],
    place: Place<'_>,
    scope: &mut Scope<'_>,
) -> Result<(String, Vec<String>), String> {
    let (mut list, mut entries) = (String::new(), Vec::new());
    for object in objects {
        let none = BTreeMap::new();
        let (name, given) = match object {
            Object::Plain(name) => (name.as_str(), &none),
            Object::With(given) => {
                let name =
                    given.get("is").and_then(toml::Value::as_str).ok_or("an object says what it `is`")?;
                (name, given)
            }
        };
        let (xml, entry) = fragment(name, given, place, scope)?;
        list += &xml;
        entries.extend(entry);
    }
    Ok((list, entries))
}

/// One object; and its id if an ITI-41 brings a document with it.
fn fragment(
    name: &str,
    given: &BTreeMap<String, toml::Value>,
    place: Place<'_>,
    scope: &mut Scope<'_>,
) -> Result<(String, Option<String>), String> {
    let fragments = &place.shared.fragments;
    let fragment = fragments.get(name).ok_or_else(|| format!("there is no fragment {name:?}"))?;
    let like = fragment.like.as_ref().and_then(|like| fragments.get(like));
    let mut parameters = like.map(|like| like.parameters.clone()).unwrap_or_default();
    parameters.extend(fragment.parameters.clone());
    let (mut slots, mut inner) = (fragment.slots.clone(), String::new());
    for (key, value) in given {
        match key.as_str() {
            "is" => {}
            "slots" => {
                slots.extend(value.clone().try_into::<BTreeMap<_, _>>().map_err(|error| error.to_string())?)
            }
            "inner" => inner = fill(value.as_str().ok_or("`inner` is markup")?, scope)?,
            known if parameters.contains_key(known) => {
                let value = value.as_str().ok_or_else(|| format!("{key} of {name} is a string"))?;
                parameters.insert(key.clone(), value.to_owned());
            }
            _ => return Err(format!("the fragment {name:?} has no parameter {key:?}")),
        }
    }
    let mut local = Vec::new();
    for (key, value) in &parameters {
        local.push((key.as_str(), scope.expand(value)?));
    }
    let raw = [("slots", written_slots(&slots, scope)?), ("inner", inner)];
    let file = place.library.text(&format!("shared/fragments/{}", fragment.file));
    let xml = with_locals(file.map_err(|error| error.to_string())?, &local, &raw, scope)?;
    let id = local.into_iter().find(|(key, _)| *key == "id").map(|(_, id)| id);
    Ok((xml, id.filter(|_| fragment.document)))
}

fn written_slots(slots: &BTreeMap<String, OneOrMany>, scope: &mut Scope<'_>) -> Result<String, String> {
    let mut out = String::new();
    for (name, values) in slots {
        out += &slot(name, values.as_slice(), scope)?;
    }
    Ok(out)
}

fn slot(name: &str, values: &[String], scope: &mut Scope<'_>) -> Result<String, String> {
    let mut list = String::new();
    for value in values {
        list += &format!("<rim:Value>{}</rim:Value>", escaped(&scope.expand(value)?));
    }
    let name = escaped(&scope.expand(name)?);
    Ok(format!("<rim:Slot name=\"{name}\"><rim:ValueList>{list}</rim:ValueList></rim:Slot>\n"))
}

fn query(name: &str, step: &Step, scope: &mut Scope<'_>) -> Result<String, String> {
    let name = scope.expand(name)?;
    let id = if name.starts_with("urn:") { name } else { scope.value(&name)? };
    let returns = step.returns.as_deref().unwrap_or("LeafClass");
    let returns = escaped(&scope.expand(returns)?);
    let mut slots = String::new();
    for parameter in &step.parameters {
        let (name, values) = parameter.split_first().ok_or("a parameter has a name")?;
        slots += &slot(name, values, scope)?;
    }
    Ok(format!(
        "<query:AdhocQueryRequest><query:ResponseOption returnType=\"{returns}\" returnComposedObjects=\"true\"/>\n\
         <rim:AdhocQuery id=\"{}\">\n{slots}</rim:AdhocQuery></query:AdhocQueryRequest>",
        escaped(&id)
    ))
}

fn retrieve(wanted: &[Wanted], scope: &mut Scope<'_>) -> Result<String, String> {
    let mut out = String::from("<xds:RetrieveDocumentSetRequest>\n");
    for one in wanted {
        out += &format!(
            "<xds:DocumentRequest><xds:RepositoryUniqueId>{}</xds:RepositoryUniqueId>\
             <xds:DocumentUniqueId>{}</xds:DocumentUniqueId></xds:DocumentRequest>\n",
            escaped(&scope.expand(&one.repository)?),
            escaped(&scope.expand(&one.document)?)
        );
    }
    Ok(out + "</xds:RetrieveDocumentSetRequest>")
}

/// Markup with every `${...}` replaced by escaped text.
pub(crate) fn fill(markup: &str, scope: &mut Scope<'_>) -> Result<String, String> {
    with_locals(markup, &[], &[], scope)
}

/// The same with values of its own, which come first; `raw` ones are markup.
fn with_locals(
    markup: &str,
    local: &[(&str, String)],
    raw: &[(&str, String)],
    scope: &mut Scope<'_>,
) -> Result<String, String> {
    let find = |all: &[(&str, String)], name: &str| {
        all.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    variables::expand(markup, &mut |name| match find(raw, name) {
        Some(markup) => Ok(markup),
        None => find(local, name).map_or_else(|| scope.value(name), Ok).map(|value| escaped(&value)),
    })
}

fn plain(id: &String) -> Document {
    Document {
        id: id.clone(),
        content: "report".to_owned(),
        inline: false,
        cid: None,
        href: None,
        lost: false,
        headers: None,
        transfer: Transfer::Binary,
    }
}

fn root_id(step: &Step, scope: &mut Scope<'_>) -> Result<String, String> {
    scope.expand(step.mime.root.as_deref().unwrap_or("root.${new:oid}@conformance.example"))
}

fn override_headers(
    mut headers: Vec<(String, String)>,
    step: &Step,
    scope: &mut Scope<'_>,
) -> Result<Vec<(String, String)>, String> {
    for (name, value) in &step.headers {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            headers.push((name.clone(), scope.expand(value)?));
        }
    }
    Ok(headers)
}

/// A message while its documents are gathered.
#[derive(Debug)]
struct Package {
    encoding: Encoding,
    root: String,
    /// Header lines, name of the content, transfer encoding.
    parts: Vec<(Vec<String>, String, Transfer)>,
}

impl Package {
    /// The element of a document; its part is kept for later.
    fn document(&mut self, document: &Document, scope: &mut Scope<'_>) -> Result<String, String> {
        let id = escaped(&scope.expand(&document.id)?);
        let content = scope.expand(&document.content)?;
        if document.inline || self.encoding == Encoding::Simple {
            let text = mime::wrapped(scope.content(&content)?, "\n");
            return Ok(format!("<xds:Document id=\"{id}\">{text}</xds:Document>\n"));
        }
        let number = self.parts.len() + 1;
        let fresh = format!("{number}.${{new:oid}}@conformance.example");
        let cid = scope.expand(document.cid.as_deref().unwrap_or(&fresh))?;
        let href = scope.expand(document.href.as_deref().unwrap_or(&format!("cid:{cid}")))?;
        if !document.lost {
            let headers = part_headers(document, &cid, scope)?;
            self.parts.push((headers, content, document.transfer));
        }
        Ok(format!("<xds:Document id=\"{id}\"><xop:Include href=\"{}\"/></xds:Document>\n", escaped(&href)))
    }

    fn finish(
        self,
        message: String,
        step: &Step,
        scope: &mut Scope<'_>,
    ) -> Result<(Vec<(String, String)>, Vec<u8>), String> {
        let content_type = |value: &str| vec![("Content-Type".to_owned(), value.to_owned())];
        if self.encoding == Encoding::Simple {
            return Ok((content_type("application/soap+xml; charset=UTF-8"), message.into_bytes()));
        }
        let mime = &step.mime;
        let fresh = "conformance-${new:oid}";
        let boundary = scope.expand(mime.boundary.as_deref().unwrap_or(fresh))?;
        let names = [("boundary", boundary.clone()), ("root", self.root.clone())];
        let mut local = |text: &str| locals(text, &names, scope);
        let header = local(mime.content_type.as_deref().unwrap_or(PACKAGE_TYPE))?;
        let usual = ROOT_HEADERS.map(str::to_owned).to_vec();
        let headers = mime.root_headers.as_ref().unwrap_or(&usual);
        let headers = headers.iter().map(|line| local(line)).collect::<Result<_, _>>()?;
        let root = Part { headers, content: message.as_bytes(), transfer: Transfer::Binary };
        let mut others = Vec::new();
        for (headers, content, transfer) in &self.parts {
            others.push(Part {
                headers: headers.clone(),
                content: scope.content(content)?,
                transfer: *transfer,
            });
        }
        for (index, stray) in mime.strays.iter().enumerate() {
            let headers = vec![format!("Content-ID: <stray-{index}@conformance.example>")];
            others.push(Part { headers, content: scope.content(stray)?, transfer: Transfer::Binary });
        }
        Ok((content_type(&header), mime::write(root, others, &boundary, mime)))
    }
}

fn part_headers(document: &Document, cid: &str, scope: &mut Scope<'_>) -> Result<Vec<String>, String> {
    let names = [("cid", cid.to_owned())];
    if let Some(lines) = &document.headers {
        return lines.iter().map(|line| locals(line, &names, scope)).collect();
    }
    let transfer = match document.transfer {
        Transfer::Binary => "binary",
        Transfer::Base64 => "base64",
        Transfer::QuotedPrintable => "quoted-printable",
    };
    Ok(vec![
        "Content-Type: application/octet-stream".to_owned(),
        format!("Content-Transfer-Encoding: {transfer}"),
        format!("Content-ID: <{cid}>"),
    ])
}

/// Plain text with values of its own, which also what it is made of may name.
fn locals(text: &str, local: &[(&str, String)], scope: &mut Scope<'_>) -> Result<String, String> {
    for (name, value) in local {
        scope.set((*name).to_owned(), value.clone());
    }
    let expanded = scope.expand(text);
    for (name, _) in local {
        scope.unset(name);
    }
    expanded
}

const PACKAGE_TYPE: &str = "multipart/related; boundary=\"${boundary}\"; type=\"application/xop+xml\"; \
                            start=\"<${root}>\"; start-info=\"application/soap+xml\"";
const ROOT_HEADERS: [&str; 3] = [
    "Content-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"",
    "Content-Transfer-Encoding: binary",
    "Content-ID: <${root}>",
];
