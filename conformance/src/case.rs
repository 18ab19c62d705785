//! What a case file says (`cases/<transaction>/<name>/case.toml`); `conformance/README.md` explains it.

mod expect;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::Error;
use crate::library::Library;
use expect::one_or_many;
pub(crate) use expect::{Expect, Fault, OneOrMany};

/// A case as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// What holds if it passes.
    pub(crate) title: String,
    /// The clauses that it rests on, as `clauses.toml` names them.
    pub(crate) clauses: Vec<String>,
    /// What the server must offer, or the case is skipped (`facts.toml`, `offers`).
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) needs: Vec<String>,
    /// The case runs once for each of these tables of variables; `name` tells them apart.
    #[serde(default)]
    pub(crate) each: Vec<BTreeMap<String, String>>,
    /// Documents by name, beside those of `shared/contents.toml`.
    #[serde(default)]
    pub(crate) contents: BTreeMap<String, Content>,
    /// What happens.
    pub(crate) steps: Vec<Step>,
}

/// Steps that several cases begin with (`shared/steps/<name>.toml`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharedSteps {
    /// Variables unless `with` says otherwise.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, String>,
    pub(crate) steps: Vec<Step>,
}

/// One exchange, or a reference to shared ones.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// What the report calls it.
    #[serde(rename = "as")]
    pub(crate) title: Option<String>,
    /// Shared steps.
    #[serde(rename = "use")]
    pub(crate) shared: Option<String>,
    /// Variables of the shared steps.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, String>,
    /// ITI-42 with these objects.
    pub(crate) register: Option<Vec<Object>>,
    /// ITI-41 with these objects.
    pub(crate) provide: Option<Vec<Object>>,
    /// ITI-18 with the query of this name, or id.
    pub(crate) query: Option<String>,
    /// Its parameters: a slot name, then its values.
    #[serde(default)]
    pub(crate) parameters: Vec<Vec<String>>,
    /// Its return type, if not LeafClass.
    pub(crate) returns: Option<String>,
    /// ITI-43 of these documents.
    pub(crate) retrieve: Option<Vec<Wanted>>,
    /// A body of the case's own: a file beside it, or one of `shared/`, sent as it is.
    pub(crate) post: Option<String>,
    /// ITI-8: the segments of an HL7 v2 message, sent over MLLP.
    pub(crate) feed: Option<Vec<String>>,
    /// How that message is framed.
    #[serde(default)]
    pub(crate) mllp: Mllp,
    /// The documents of an ITI-41; without, one for each entry.
    pub(crate) documents: Option<Vec<Document>>,
    /// Where it goes, if not where its transaction goes.
    pub(crate) to: Option<Endpoint>,
    /// Its action, if not that of its transaction.
    pub(crate) action: Option<String>,
    /// How it is packed, if not as its transaction asks.
    pub(crate) encoding: Option<Encoding>,
    /// HTTP headers to set, or to leave out when empty.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Changes to the message.
    #[serde(default)]
    pub(crate) edit: Vec<Edit>,
    /// How the MIME package is spelled.
    #[serde(default)]
    pub(crate) mime: Mime,
    /// So many milliseconds pass before it: what a server notes in seconds must be able to change.
    #[serde(default)]
    pub(crate) wait: u64,
    /// What the answer must be: one table, or several of which one must hold.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) expect: Vec<Expect>,
    /// Values to keep: a variable and the path of its one value.
    #[serde(default)]
    pub(crate) capture: BTreeMap<String, String>,
}

/// An object of a submission: the name of a fragment, or a table with `is` and its parameters.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Object {
    Plain(String),
    With(BTreeMap<String, toml::Value>),
}

/// A document that ITI-43 asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) document: String,
    #[serde(default = "own_repository")]
    pub(crate) repository: String,
    /// So often, while `${index}` counts from 1.
    #[serde(default = "once")]
    pub(crate) times: usize,
}

/// A document that goes with an ITI-41.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    /// The id of its entry.
    pub(crate) id: String,
    /// The name of its content.
    #[serde(default = "default_content")]
    pub(crate) content: String,
    /// Base64 in the message instead of a part behind it.
    #[serde(default)]
    pub(crate) inline: bool,
    /// The Content-ID of its part.
    pub(crate) cid: Option<String>,
    /// The reference to it, if not `cid:` and the Content-ID.
    pub(crate) href: Option<String>,
    /// Whether the part is left out.
    #[serde(default)]
    pub(crate) lost: bool,
    /// The headers of its part, if not the usual ones.
    pub(crate) headers: Option<Vec<String>>,
    /// binary, base64 or quoted-printable.
    #[serde(default)]
    pub(crate) transfer: Transfer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Endpoint {
    Registry,
    Repository,
    /// A repository whose registry does not answer (`dead_repository` of the facts).
    #[serde(rename = "dead-repository")]
    DeadRepository,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    Simple,
    Mtom,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transfer {
    #[default]
    Binary,
    Base64,
    QuotedPrintable,
}

/// One change to a message. Exactly one of the first six says what happens.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    /// Elements or attributes that go.
    pub(crate) remove: Option<String>,
    /// Elements or attributes that get the value `to`.
    pub(crate) set: Option<String>,
    /// Elements that get `xml` as their last children.
    pub(crate) add: Option<String>,
    /// Elements before which `xml` comes.
    pub(crate) before: Option<String>,
    /// Elements behind which `xml` comes.
    pub(crate) after: Option<String>,
    /// Text of the written message that becomes `to`, at the very end.
    pub(crate) text: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) xml: Option<String>,
}

/// How a package is spelled where the standard leaves freedom. `${boundary}`, `${root}` and `${cid}` stand
/// for what the message has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mime {
    /// The whole Content-Type of the HTTP request.
    pub(crate) content_type: Option<String>,
    pub(crate) boundary: Option<String>,
    /// The Content-ID of the root, without its brackets.
    pub(crate) root: Option<String>,
    /// The headers of the root part, whole.
    pub(crate) root_headers: Option<Vec<String>>,
    /// LF instead of CRLF everywhere outside the parts' content.
    #[serde(default)]
    pub(crate) bare_line_feeds: bool,
    /// What comes before the first delimiter.
    #[serde(default)]
    pub(crate) preamble: String,
    /// What comes behind the last one.
    #[serde(default)]
    pub(crate) epilogue: String,
    /// Whether the envelope comes behind the documents.
    #[serde(default)]
    pub(crate) root_last: bool,
    /// Whether the closing delimiter is left out.
    #[serde(default)]
    pub(crate) unclosed: bool,
    /// Parts that nothing refers to, by content.
    #[serde(default)]
    pub(crate) strays: Vec<String>,
}

/// How an HL7 v2 message is framed where a sender may do as it likes, or does wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mllp {
    /// What stands between segments, if not a carriage return.
    pub(crate) separator: String,
    /// What comes before the frame.
    pub(crate) before: String,
    /// Whether its characters go out as ISO 8859-1 and not as UTF-8.
    pub(crate) latin1: bool,
    /// How often the message is sent on one connection.
    pub(crate) times: usize,
}

/// A document's bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub(crate) enum Content {
    /// This text.
    Text(String),
    /// These bytes.
    Base64(String),
    /// So many bytes of a pattern that careless readers change.
    Bytes(usize),
    /// A file beside the case.
    File(String),
}

impl Document {
    /// The usual document of an entry.
    pub(crate) fn plain(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            content: default_content(),
            inline: false,
            cid: None,
            href: None,
            lost: false,
            headers: None,
            transfer: Transfer::Binary,
        }
    }
}

impl Content {
    /// The bytes; a file is looked for in `directory`.
    pub(crate) fn bytes(&self, library: &Library, directory: &str) -> Result<Vec<u8>, Error> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).map_err(|error| Error::case(directory, error)),
            Self::Bytes(count) => Ok(PATTERN.into_iter().cycle().take(*count).collect()),
            Self::File(name) => Ok(library.bytes(&format!("{directory}/{name}"))?.to_vec()),
        }
    }
}

/// Bytes that careless readers change: line ends of all kinds, zero, high bits, dashes.
const PATTERN: [u8; 16] = *b"\r\n--a\n\r\0\xff\xfe\x80 =3D\t";

impl Default for Mllp {
    fn default() -> Self {
        Self { separator: "\r".to_owned(), before: String::new(), latin1: false, times: 1 }
    }
}

const fn once() -> usize {
    1
}

fn own_repository() -> String {
    "${repositoryUniqueId}".to_owned()
}

fn default_content() -> String {
    "report".to_owned()
}
