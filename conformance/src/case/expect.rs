//! What a case expects of an answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::Encoding;

/// What an answer must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// HTTP status codes that are right; without, what the standard binds to the answer.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) http: Vec<u16>,
    /// Success, Failure or PartialSuccess.
    pub(crate) status: Option<String>,
    /// Error codes: every error has one of them, and one is there at least.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) codes: Vec<String>,
    /// How many errors.
    pub(crate) errors: Option<usize>,
    /// Codes of the warnings, all of them.
    pub(crate) warnings: Option<Vec<String>>,
    /// A SOAP fault.
    pub(crate) fault: Option<Fault>,
    /// How the answer is packed, if not as the question.
    pub(crate) encoding: Option<Encoding>,
    /// How many there are at a path.
    #[serde(default)]
    pub(crate) count: BTreeMap<String, usize>,
    /// The values at a path, all of them, in any order.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, OneOrMany>,
    /// The same, in this order.
    #[serde(default)]
    pub(crate) ordered: BTreeMap<String, OneOrMany>,
    /// Every value at a path is this, and there is one.
    #[serde(default)]
    pub(crate) every: BTreeMap<String, String>,
    /// No value at a path is this.
    #[serde(default)]
    pub(crate) never: BTreeMap<String, String>,
    /// Every value at a path is a `uuid`, `oid`, `dtm`, `second` (DTM of 14 digits), or `text`; and one is there.
    #[serde(default)]
    pub(crate) kind: BTreeMap<String, String>,
    /// The documents that came back: unique id and content, and no others.
    pub(crate) documents: Option<BTreeMap<String, String>>,
    /// Each of those documents so often, while `${index}` counts from 1.
    pub(crate) times: Option<usize>,
    /// For each of these lists there is an error of its own whose text has all that the list names.
    #[serde(default)]
    pub(crate) texts: Vec<Vec<String>>,
    /// What an HL7 v2 message is acknowledged with: AA, AE or AR.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) ack: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// VersionMismatch, MustUnderstand, Sender or Receiver.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) code: Vec<String>,
    /// Local names of the subcodes, the outermost first; without, any.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) subcode: Vec<String>,
}

/// A value, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Reads `x` as `[x]`. Through `toml::Value`, so that an unknown key is named in the error.
pub(super) fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let all = match toml::Value::deserialize(deserializer)? {
        toml::Value::Array(all) => all,
        one => vec![one],
    };
    all.into_iter().map(|one| one.try_into().map_err(serde::de::Error::custom)).collect()
}
