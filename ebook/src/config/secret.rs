//! Values that nobody may see: they are read and used, never shown.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// A secret. It is shown as `(hidden)`, also to whoever debugs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The URL of a PostgreSQL database. It is shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl DatabaseUrl {
    /// All of it, with its password.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err("it is empty"),
            HIDDEN => Err("this stands where a secret is not shown: give the secret itself"),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    /// What is wrong is said without the value.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        let Some(rest) = rest else {
            return Err(
                "a URL such as postgres://user:password@host/database was expected; SQLite files need \
                        none",
            );
        };
        if rest.trim_start_matches('/').is_empty() {
            return Err("it names no database, as postgres://user:password@host/database does");
        }
        if text.contains(HIDDEN) {
            return Err("a password is not shown in it: give the password itself");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, query) = self.0.split_once('?').unwrap_or((&self.0, ""));
        match address.rsplit_once('@') {
            Some((user, host)) => {
                match user.split_once("://").map(|(scheme, user)| (scheme, user.split_once(':'))) {
                    Some((scheme, Some((name, _)))) => write!(f, "{scheme}://{name}:{HIDDEN}@{host}")?,
                    _ => f.write_str(address)?,
                }
            }
            None => f.write_str(address)?,
        }
        for (number, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            f.write_str(if number == 0 { "?" } else { "&" })?;
            match pair.split_once('=') {
                Some(("password", _)) => write!(f, "password={HIDDEN}")?,
                _ => f.write_str(pair)?,
            }
        }
        Ok(())
    }
}

macro_rules! shown_without_its_secret {
    ($($secret:ty),*) => { $(
        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $secret {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $secret {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Whatever else it is, an error must not quote it.
                let text = String::deserialize(deserializer).map_err(|_| D::Error::custom("a text was expected"))?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )* };
}

shown_without_its_secret!(Secret, DatabaseUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let shown = |url: &str| url.parse::<DatabaseUrl>().unwrap().to_string();
        assert_eq!(shown("postgres://ann:s3cret@db:5432/xds"), "postgres://ann:(hidden)@db:5432/xds");
        assert_eq!(shown("postgres://ann:p@ss:w0rd@db/xds"), "postgres://ann:(hidden)@db/xds");
        assert_eq!(
            shown("postgresql://ann@db/xds?sslmode=verify-full"),
            "postgresql://ann@db/xds?sslmode=verify-full"
        );
        assert_eq!(
            shown("postgres:///xds?host=/run/pg&password=s3cret"),
            "postgres:///xds?host=/run/pg&password=(hidden)"
        );
        assert_eq!(
            format!("{:?}", "postgres://a:b@c/d".parse::<DatabaseUrl>()),
            "Ok(postgres://a:(hidden)@c/d)"
        );
        assert_eq!(format!("{:?}", "s3cret".parse::<Secret>()), "Ok((hidden))");
    }

    #[test]
    fn what_is_shown_is_not_taken_for_the_secret() {
        assert!(HIDDEN.parse::<Secret>().is_err());
        assert!("postgres://ann:(hidden)@db/xds".parse::<DatabaseUrl>().is_err());
        assert!("mysql://ann:s3cret@db/xds".parse::<DatabaseUrl>().unwrap_err().contains("postgres://"));
        assert!("postgres://".parse::<DatabaseUrl>().is_err());
    }
}
