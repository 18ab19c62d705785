//! Fresh places for databases, for the tests of keepers: SQLite files, or databases of the PostgreSQL server that
//! `DOSEBOOK_TEST_POSTGRES` names. With `DOSEBOOK_TEST_POOLER` set, its URL leads through a pooler.

pub(crate) mod plans;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

use crate::{Database, DatabaseError, Engine, Location, Table};

/// A place for a database, which goes away with all that is in it.
#[derive(Debug)]
pub struct Place {
    location: Location,
    _folder: TempDir,
    /// A database that was made on a server, and how to reach the server.
    made: Option<(PgConnectOptions, String)>,
}

impl Place {
    /// A place where nothing is yet, and where no statement may read a whole table that does not say so.
    #[expect(clippy::expect_used, reason = "only tests call this")]
    pub async fn fresh() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let Ok(url) = std::env::var("DOSEBOOK_TEST_POSTGRES") else {
            let file = folder.path().join("test.sqlite");
            watch(&file.to_string_lossy());
            return Self { location: Location::file(file), _folder: folder, made: None };
        };
        let options =
            PgConnectOptions::from_str(&url).expect("DOSEBOOK_TEST_POSTGRES is the URL of a server");
        let options = options.extra_float_digits(None).disable_statement_logging();
        let name = folder.path().file_name().and_then(std::ffi::OsStr::to_str).unwrap_or("t");
        let name = format!("t{}_{}", std::process::id(), name.trim_matches('.').to_lowercase());
        run(&options, format!("CREATE DATABASE \"{name}\"")).await.expect("a database can be made");
        watch(&name);
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

/// The columns of every table that a database has, in the order of their names; partitions belong to their table.
#[expect(clippy::expect_used, reason = "only tests call this")]
pub async fn columns(database: &Database) -> BTreeMap<String, BTreeSet<String>> {
    let statement = match database.engine() {
        Engine::Sqlite => {
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' $walk"
        }
        Engine::Postgres => {
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
             AND a.attnum > 0 AND NOT a.attisdropped $walk"
        }
    };
    let rows = database.read(move |reader| reader.rows(statement, [])).await;
    let rows = rows.map_err(|error: DatabaseError| error).expect("a database that answers");
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mut row in rows {
        let (table, column) = (row.take().expect("a name"), row.take().expect("a name"));
        tables.entry(table).or_default().insert(column);
    }
    tables
}

/// The columns of tables that are copied.
pub fn saved(tables: &[Table]) -> BTreeMap<String, BTreeSet<String>> {
    let columns = |table: &Table| {
        let selected = table.first.strip_prefix("SELECT ").and_then(|text| text.split(" FROM ").next());
        selected.unwrap_or_default().split(", ").map(str::to_owned).collect()
    };
    tables.iter().map(|table| (table.name.to_owned(), columns(table))).collect()
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

/// Our own tests have tables that are small.
fn watch(database: &str) {
    if !cfg!(test) {
        plans::watch(database);
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
