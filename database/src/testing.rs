//! Fresh places for databases, for the tests of keepers: SQLite files, or databases of the PostgreSQL server that
//! `DOSEBOOK_TEST_POSTGRES` names. With `DOSEBOOK_TEST_POOLER` set, its URL leads through a pooler.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

use crate::Location;

/// A place for a database, which goes away with all that is in it.
#[derive(Debug)]
pub struct Place {
    location: Location,
    _folder: TempDir,
    /// A database that was made on a server, and how to reach the server.
    made: Option<(PgConnectOptions, String)>,
}

impl Place {
    /// A place where nothing is yet.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    pub async fn fresh() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let Ok(url) = std::env::var("DOSEBOOK_TEST_POSTGRES") else {
            return Self {
                location: Location::file(folder.path().join("test.sqlite")),
                _folder: folder,
                made: None,
            };
        };
        let options =
            PgConnectOptions::from_str(&url).expect("DOSEBOOK_TEST_POSTGRES is the URL of a server");
        let options = options.extra_float_digits(None).disable_statement_logging();
        let name = folder.path().file_name().and_then(std::ffi::OsStr::to_str).unwrap_or("t");
        let name = format!("t{}_{}", std::process::id(), name.trim_matches('.').to_lowercase());
        run(&options, format!("CREATE DATABASE \"{name}\"")).await.expect("a database can be made");
        let location = url_of(&url, &name).parse::<Location>().expect("a URL");
        let location = location.through_pooler(std::env::var_os("DOSEBOOK_TEST_POOLER").is_some());
        Self {
            location: location.with_connections(CONNECTIONS),
            _folder: folder,
            made: Some((options, name)),
        }
    }

    /// Where it is.
    pub const fn location(&self) -> &Location {
        &self.location
    }
}

/// Enough for a test, few enough for many tests at a time.
const CONNECTIONS: u32 = 8;

impl Drop for Place {
    fn drop(&mut self) {
        let Some((options, name)) = self.made.take() else { return };
        let remove = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let removed = runtime.block_on(run(&options, format!("DROP DATABASE \"{name}\" WITH (FORCE)")));
            removed.map_err(std::io::Error::other)
        };
        if let Ok(Err(error)) = std::thread::spawn(remove).join() {
            tracing::warn!(%error, "a test has left its database behind");
        }
    }
}

async fn run(options: &PgConnectOptions, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

/// The URL of another database on the same server.
fn url_of(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(left, right)| (left, Some(right)));
    let server = address.split_once("://").map_or(address, |(_, rest)| rest);
    let server = server.split('/').next().unwrap_or(server);
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("postgres://{server}/{database}{parameters}")
}
