//! Where a database is.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::{DatabaseError, Engine};

/// Connections of one PostgreSQL database at most, unless said otherwise.
const CONNECTIONS: u32 = 16;

/// How long a statement may take on a server: whoever asked has given up by then.
const STATEMENT: Duration = Duration::from_secs(60);

/// How long it may take where nobody waits: counting some hundred million rows takes minutes. Only a server that is
/// gone takes longer than this.
const UNHURRIED: Duration = Duration::from_secs(24 * 3_600);

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
    /// How long a statement may take.
    pub(crate) statement: Duration,
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

    /// For who reads all of it while nobody waits: statements take what they take.
    #[must_use]
    pub fn unhurried(mut self) -> Self {
        if let Place::Postgres(server) = &mut self.place {
            server.statement = UNHURRIED;
        }
        self
    }

    /// Whether nobody on the way there can read what is said, or pretend to be there: it stays on this machine, or the
    /// server has to show a certificate that we trust.
    pub fn is_private(&self) -> bool {
        let Place::Postgres(server) = &self.place else { return true };
        let options = &server.options;
        let host = options.get_host();
        let is_loopback = |host: &str| host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_here =
            host == "localhost" || host.starts_with('/') || is_loopback(host.trim_matches(['[', ']']));
        let is_checked = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
        options.get_socket().is_some() || is_here || is_checked
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
                let server =
                    Server { options, pooler: false, connections: CONNECTIONS, statement: STATEMENT };
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
    fn only_a_server_on_this_machine_or_with_a_checked_certificate_is_private() {
        let is_private = |text: &str| text.parse::<Location>().unwrap().is_private();
        for here in [
            "xds.sqlite",
            "postgres://ann:s3cret@localhost/xds",
            "postgres://ann@127.0.0.1:5433/xds",
            "postgres://ann@[::1]/xds?sslmode=disable",
            "postgres://ann@%2Frun%2Fpg/xds",
            "postgres:///xds?host=/run/pg",
            "postgres://ann@db.example/xds?sslmode=verify-full&sslrootcert=ca.pem",
            "postgres://ann@192.0.2.1/xds?sslmode=verify-ca",
        ] {
            assert!(is_private(here), "{here}");
        }
        for open in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require"] {
            for host in ["db.example", "192.0.2.1", "[2001:db8::1]", "localhost.example", "127.0.0.1.example"]
            {
                assert!(
                    !is_private(&format!("postgres://ann:s3cret@{host}:5432/xds{open}")),
                    "{host} {open}"
                );
            }
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
