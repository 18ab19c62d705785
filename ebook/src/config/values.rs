//! Values of a configuration that cannot be wrong once they are read: addresses, codes, time zones.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::Text;

/// Where a repository's registry is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RegistryAt {
    /// On the same node, asked in values.
    #[default]
    Local,
    /// At a URL.
    Url(Url),
    /// At a URL for each transaction.
    Each(RegistryUrls),
}

/// The URLs of a registry that serves each transaction at one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryUrls {
    /// Where documents are registered.
    #[serde(rename = "ITI-42")]
    pub register: Text<Url>,
    /// Where it is asked what it knows.
    #[serde(rename = "ITI-18")]
    pub query: Text<Url>,
}

/// Where the documents of a repository are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentsAt {
    /// In a local folder.
    Folder(PathBuf),
    /// In a bucket of an S3 service.
    Bucket {
        /// Its name.
        name: String,
        /// What the keys of this repository begin with; may be empty.
        prefix: String,
    },
}

/// The address of an S3 service: `https://host:port`, and `http://` only on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl(String);

/// A code with its coding scheme and what to show for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Its coding scheme, an OID.
    pub scheme: String,
    /// What people read.
    pub display: String,
}

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(jiff::tz::TimeZone);

/// The address of an actor: `https://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(String);

impl From<metadata::Code> for Code {
    fn from(code: metadata::Code) -> Self {
        let display = code.display.text().unwrap_or_default().to_owned();
        Self { code: code.code, scheme: code.scheme, display }
    }
}

impl From<&Code> for metadata::Code {
    fn from(code: &Code) -> Self {
        Self::new(&code.code, &code.scheme, &code.display)
    }
}

impl Url {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TimeZone {
    /// The zone itself.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        self.0.clone()
    }
}

impl FromStr for TimeZone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "UTC" {
            return Ok(Self(jiff::tz::TimeZone::UTC));
        }
        jiff::tz::TimeZone::get(text).map(Self).map_err(|_| {
            format!(
                "{text:?} is no time zone that this machine knows, such as Europe/Brussels (package tzdata)"
            )
        })
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// What a text that is no URL of an actor was expected to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the address of an actor, such as https://host:8443/registry")]
pub struct NoUrl(String);

impl FromStr for Url {
    type Err = NoUrl;

    fn from_str(text: &str) -> Result<Self, NoUrl> {
        let trimmed = text.trim();
        let uri: http::Uri = trimmed.parse().map_err(|_| NoUrl(text.to_owned()))?;
        let secure = uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty());
        if secure { Ok(Self(trimmed.to_owned())) } else { Err(NoUrl(text.to_owned())) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RegistryAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "local" => Ok(Self::Local),
            url => url.parse().map(Self::Url).map_err(|error: NoUrl| format!("{error}, nor \"local\"")),
        }
    }
}

impl<'de> Deserialize<'de> for RegistryAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = RegistryAt;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"local\", a URL, or { ITI-42 = \"https://...\", ITI-18 = \"https://...\" }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RegistryAt, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<M: MapAccess<'de>>(self, table: M) -> Result<RegistryAt, M::Error> {
                RegistryUrls::deserialize(MapAccessDeserializer::new(table)).map(RegistryAt::Each)
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

impl Serialize for RegistryAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Local => serializer.serialize_str("local"),
            Self::Url(url) => serializer.collect_str(url),
            Self::Each(urls) => urls.serialize(serializer),
        }
    }
}

impl FromStr for DocumentsAt {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(place) = text.strip_prefix("s3://") else {
            return match text.split_once("://") {
                _ if text.is_empty() => Err("a folder or s3://bucket/prefix was expected".to_owned()),
                Some(_) => Err(format!("{text:?} is neither a folder nor s3://bucket/prefix")),
                None => Ok(Self::Folder(PathBuf::from(text))),
            };
        };
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = prefix.trim_end_matches('/');
        let plain = |part: &str| {
            let letters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
            letters && !part.is_empty() && !part.bytes().all(|byte| byte == b'.')
        };
        if !plain(name) || !(prefix.is_empty() || prefix.split('/').all(plain)) {
            return Err(format!(
                "{text:?}: s3://bucket/prefix was expected, with letters, digits, '.', '-' and '_' in its names"
            ));
        }
        Ok(Self::Bucket { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for DocumentsAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket { name, prefix } if prefix.is_empty() => write!(f, "s3://{name}"),
            Self::Bucket { name, prefix } => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

impl FromStr for ServiceUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim().trim_end_matches('/');
        let wrong = || format!("{text:?} is not the address of a service, such as https://s3.example:9000");
        let uri: http::Uri = trimmed.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let here = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let named = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        match uri.scheme_str() {
            _ if named => {
                Err("keys stand in access_key_id and secret_access_key, not in the address".to_owned())
            }
            Some("https") => Ok(Self(trimmed.to_owned())),
            Some("http") if here => Ok(Self(trimmed.to_owned())),
            Some("http") => Err(format!(
                "{text:?}: documents of patients leave this machine over https:// only; a CA of your own goes into \
                 s3.trust"
            )),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
