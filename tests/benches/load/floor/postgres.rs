//! The rows of the floor in PostgreSQL: a pool of connections, one transaction for each registration.

use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, PgConnection, Row, TypeInfo};

use super::PATTERN;
use super::documents::Kept;
use super::statements::{
    ADD_PATIENT, FIND_DOCUMENT, INSERT_DOCUMENT, OBJECTS, ORDINAL_BITS, Pattern, RESERVE, SAME_BYTES, TABLES,
    Table, UNIQUE_IDS, Value, patient, unique_id,
};

/// As many connections as each keeper of the product opens when nothing is configured.
const CONNECTIONS: u32 = 16;

/// Connections to the database of the floor.
pub(super) struct Pool {
    pool: PgPool,
    pattern: Pattern,
}

impl Pool {
    pub(super) async fn open(url: &str) -> Self {
        let options: PgConnectOptions = url.parse().unwrap();
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        let pool = pool.connect_with(options.disable_statement_logging()).await.unwrap();
        let pattern = pattern(&pool).await;
        Self { pool, pattern }
    }

    /// Writes the rows of a submission; when this returns, they are durable.
    pub(super) async fn register(&self) {
        let mut transaction = self.pool.begin().await.unwrap();
        let connection = &mut *transaction;
        let patient = vec![Value::Text(self.pattern.authority.clone()), Value::Text(patient())];
        let reserve = [vec![Value::Integer(OBJECTS)], patient.clone()].concat();
        let mut first = one(connection, RESERVE, reserve.clone()).await;
        if first.is_none() {
            query(ADD_PATIENT, patient).execute(&mut *connection).await.unwrap();
            first = one(connection, RESERVE, reserve).await;
        }
        one(connection, UNIQUE_IDS, vec![Value::Text(unique_id()), Value::Text(unique_id())]).await;
        for (statement, values) in self.pattern.inserts(first.unwrap()) {
            query(statement, values).execute(&mut *connection).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }

    /// Writes the row of a document.
    pub(super) async fn file(&self, kept: Kept) {
        let mut transaction = self.pool.begin().await.unwrap();
        let unique_id = Value::Text(unique_id());
        one(&mut transaction, FIND_DOCUMENT, vec![unique_id.clone()]).await;
        let (sha256, size) = (Value::Bytes(kept.sha256), Value::Integer(kept.size));
        one(&mut transaction, SAME_BYTES, vec![sha256.clone(), size.clone()]).await;
        let values = vec![
            unique_id,
            Value::Text(kept.key),
            sha256,
            Value::Bytes(kept.sha1),
            size,
            Value::Text("application/dicom".to_owned()),
            Value::Integer(1_700_000_000),
        ];
        query(INSERT_DOCUMENT, values).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }
}

/// The rows that the node wrote.
async fn pattern(pool: &PgPool) -> Pattern {
    let find = "SELECT no, authority FROM patient WHERE id = $1";
    let row = sqlx::query(find).bind(PATTERN).fetch_one(pool).await.unwrap();
    let (number, authority): (i64, String) = (row.get(0), row.get(1));
    let first = number << ORDINAL_BITS;
    let mut tables = Vec::new();
    for (name, statement) in TABLES {
        let rows = sqlx::query(statement).bind(first).bind(first + OBJECTS).fetch_all(pool).await.unwrap();
        let columns = rows.first().unwrap().columns().iter().map(|column| column.name().to_owned()).collect();
        let rows = rows.iter().map(|row| (0..row.len()).map(|column| value(row, column)).collect());
        tables.push(Table::new(name, columns, rows.collect()));
    }
    Pattern::new(authority, first, tables)
}

fn value(row: &PgRow, column: usize) -> Value {
    let value = match row.column(column).type_info().name() {
        "INT8" => row.get::<Option<i64>, _>(column).map(Value::Integer),
        "INT4" => row.get::<Option<i32>, _>(column).map(|number| Value::Integer(number.into())),
        "INT2" => row.get::<Option<i16>, _>(column).map(|number| Value::Integer(number.into())),
        "BYTEA" => row.get::<Option<Vec<u8>>, _>(column).map(Value::Bytes),
        _ => row.get::<Option<String>, _>(column).map(Value::Text),
    };
    value.unwrap_or(Value::Null)
}

/// The number that a statement finds, if it finds a row with one.
async fn one(connection: &mut PgConnection, statement: &str, values: Vec<Value>) -> Option<i64> {
    let row = query(statement, values).fetch_optional(connection).await.unwrap();
    row.and_then(|row| row.try_get(0).ok())
}

fn query(statement: &str, values: Vec<Value>) -> Query<'_, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(statement.to_owned()));
    values.into_iter().fold(query, |query, value| match value {
        Value::Null => query,
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}
