//! Values of a configuration that cannot be wrong once they are read: addresses, codes, time zones.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a repository's registry is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RegistryAt {
    /// On the same node, asked in values.
    #[default]
    Local,
    /// At a URL.
    Url(Url),
}

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

impl fmt::Display for RegistryAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Url(url) => url.fmt(f),
        }
    }
}
