//! Where a database is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::{DatabaseError, Engine};

/// Connections of one PostgreSQL database at most, unless said otherwise.
const CONNECTIONS: u32 = 16;

/// Where a database is: the path of a file, with or without `sqlite:` before it, or a `postgres://` URL.
///
/// What it displays has no secrets.
#[derive(Clone)]
pub struct Location {
    pub(crate) place: Place,
}

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Box<Server>),
}

/// A PostgreSQL database, and how to use it.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) options: PgConnectOptions,
    /// A connection may belong to somebody else after every transaction.
    pub(crate) pooler: bool,
    pub(crate) connections: u32,
}

impl Location {
    /// A SQLite database in a file, which is made when it is not there.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::Sqlite(path.into()) }
    }

    /// Whether a pooler in transaction mode, such as PgBouncer, stands before a PostgreSQL server.
    #[must_use]
    pub fn through_pooler(mut self, pooler: bool) -> Self {
        if let Place::Postgres(server) = &mut self.place {
            server.pooler = pooler;
        }
        self
    }

    /// How many connections to a PostgreSQL server may be open.
    #[must_use]
    pub fn with_connections(mut self, connections: u32) -> Self {
        if let Place::Postgres(server) = &mut self.place {
            server.connections = connections.max(1);
        }
        self
    }

    /// The engine that is there.
    pub fn engine(&self) -> Engine {
        match self.place {
            Place::Sqlite(_) => Engine::Sqlite,
            Place::Postgres(_) => Engine::Postgres,
        }
    }
}

impl FromStr for Location {
    type Err = DatabaseError;

    /// What is wrong is said without the text, which may hold a password.
    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        match text.split_once(':') {
            Some(("sqlite", path)) => Ok(Self::file(path.strip_prefix("//").unwrap_or(path))),
            Some((scheme @ ("postgres" | "postgresql"), _)) => {
                let options: PgConnectOptions =
                    text.parse().map_err(|error| DatabaseError::Location(format!("{scheme}: {error}")))?;
                let server = Server { options, pooler: false, connections: CONNECTIONS };
                Ok(Self { place: Place::Postgres(Box::new(server)) })
            }
            Some((scheme, rest)) if rest.starts_with("//") => {
                Err(DatabaseError::Location(format!("{scheme}:")))
            }
            _ => Ok(Self::file(text)),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Sqlite(path) => path.display().fmt(f),
            Place::Postgres(server) => {
                let options = &server.options;
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                match options.get_socket() {
                    Some(folder) => write!(f, "postgres:///{database}?host={}", folder.display()),
                    None => write!(f, "postgres://{}:{}/{database}", options.get_host(), options.get_port()),
                }
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_without_an_engine_is_refused_without_its_password() {
        for text in ["mysql://user:secret@host/db", "postgres://user:secret@host:port/db"] {
            let refused = text.parse::<Location>().unwrap_err();
            assert!(matches!(refused, DatabaseError::Location(_)));
            assert!(!refused.to_string().contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_location_is_shown_without_its_password() {
        let shown = |text: &str| text.parse::<Location>().unwrap().to_string();
        assert_eq!(shown("postgres://ann:s3cret@db:5433/xds?sslmode=require"), "postgres://db:5433/xds");
        assert_eq!(shown("postgres://ann@%2Frun%2Fpg/xds"), "postgres:///xds?host=/run/pg");
        assert_eq!(shown("sqlite:/var/lib/xds.sqlite"), "/var/lib/xds.sqlite");
    }
}
