//! Databases on a PostgreSQL server, and what CPU the server uses.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use crate::process;

/// The URL of another database of the same server.
pub(crate) fn with_database(server: &str, name: &str) -> String {
    let (before, database) = server.rsplit_once('/').unwrap();
    let parameters = database.find('?').and_then(|at| database.get(at..)).unwrap_or_default();
    format!("{before}/{name}{parameters}")
}

/// Connects without a log of every statement.
pub(crate) async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.disable_statement_logging().connect().await.unwrap()
}

/// Makes a database, as a copy of another if there is one, to which nobody may be connected.
pub(crate) async fn create(server: &str, url: &str, copied: Option<&String>) {
    let template = copied.map_or(String::new(), |url| format!(" TEMPLATE {}", name(url)));
    run(server, format!("CREATE DATABASE {}{template}", name(url))).await;
}

/// Removes a database, whoever is connected to it.
pub(crate) async fn drop(server: &str, url: &str) {
    run(server, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(url))).await;
}

/// Runs statements.
pub(crate) async fn run(url: &str, statements: String) {
    let mut connection = connect(url).await;
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The first process of a server on this machine: the parent of the one that answers.
pub(crate) async fn process(url: &str) -> u32 {
    let mut connection = connect(url).await;
    let row = sqlx::query("SELECT pg_backend_pid()").fetch_one(&mut connection).await.unwrap();
    let process = u32::try_from(row.get::<i32, _>(0)).unwrap();
    process::parent(process).unwrap_or(process)
}

/// User and system time of all processes of a server, in seconds; 0 without one.
pub(crate) fn cpu_seconds(server: Option<u32>) -> f64 {
    server.map_or(0.0, process::cpu_seconds_of_family)
}

fn name(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1.split('?').next().unwrap()
}
