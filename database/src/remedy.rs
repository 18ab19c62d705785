//! What can be done about a failure by whoever asked, if anything.

use std::io::ErrorKind;

use crate::DatabaseError;

/// What can be done about a failure that changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It may succeed later.
    Later,
    /// It needs room on the disk of the database.
    Room,
}

impl DatabaseError {
    /// What can be done about it; none when nothing can, and when it is not known whether something was changed.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Busy(_) | Self::Silent(_) => Some(Remedy::Later),
            Self::Sql(error) => match error.downcast_ref() {
                Some(error) => of_sqlite(error),
                None => error.downcast_ref().and_then(of_postgres),
            },
            _ => None,
        }
    }
}

fn of_sqlite(error: &rusqlite::Error) -> Option<Remedy> {
    match error.sqlite_error_code()? {
        rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => Some(Remedy::Later),
        rusqlite::ErrorCode::DiskFull => Some(Remedy::Room),
        _ => None,
    }
}

/// An answer to COMMIT that got lost is an error of another kind.
fn of_postgres(error: &sqlx::Error) -> Option<Remedy> {
    match error {
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => None,
        sqlx::Error::Io(_) => Some(Remedy::Later),
        sqlx::Error::Database(error) => of_state(error.code().as_deref().unwrap_or_default()),
        _ => None,
    }
}

/// What a SQLSTATE means (PostgreSQL, appendix A).
fn of_state(code: &str) -> Option<Remedy> {
    match code {
        "53100" => Some(Remedy::Room),
        // A row that another has locked for long; transactions that stood in each other's way again and again; a server
        // that goes down, comes up or has become a standby; a statement that was ended because it took too long.
        "55P03" | "40001" | "40P01" | "57P01" | "57P02" | "57P03" | "25006" | "57014" => Some(Remedy::Later),
        // No connection, or no memory or connections left.
        code if code.starts_with("08") || code.starts_with("53") => Some(Remedy::Later),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Location};

    const SCHEMA: crate::Schema = crate::Schema {
        keeper: "test",
        migrations: &[crate::Migration::same(
            "CREATE TABLE t (a BIGINT NOT NULL PRIMARY KEY, b TEXT NOT NULL)",
        )],
    };

    #[tokio::test]
    async fn a_server_that_is_away_may_be_there_later() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let location: Location = format!("postgres://nobody@{closed}/nothing").parse().unwrap();
        let error = Database::open(&location, &SCHEMA).await.unwrap_err();
        assert_eq!(error.remedy(), Some(Remedy::Later), "{error}");
    }

    #[tokio::test]
    async fn a_disk_without_room_and_a_file_that_another_holds_can_be_helped() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::file(folder.path().join("database"));
        let database = Database::open(&location, &SCHEMA).await.unwrap();
        let full = database.write::<_, DatabaseError, _>(|writer| {
            Box::pin(async move {
                writer.rows("PRAGMA max_page_count = 1", []).await?;
                let row = [1.into(), "x".repeat(1 << 20).as_str().into()];
                writer.execute("INSERT INTO t (a, b) VALUES ($1, $2)", row).await
            })
        });
        assert_eq!(full.await.unwrap_err().remedy(), Some(Remedy::Room));
        let other = rusqlite::Connection::open(folder.path().join("database")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let held = database.write::<_, DatabaseError, _>(|writer| {
            Box::pin(writer.execute("INSERT INTO t (a, b) VALUES ($1, $2)", [1.into(), "x".into()]))
        });
        assert_eq!(held.await.unwrap_err().remedy(), Some(Remedy::Later));
    }

    #[tokio::test]
    async fn a_statement_that_is_wrong_cannot_be_helped() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::file(folder.path().join("database"));
        let database = Database::open(&location, &SCHEMA).await.unwrap();
        let wrong = database.write::<_, DatabaseError, _>(|writer| Box::pin(writer.execute("INSERT", [])));
        assert_eq!(wrong.await.unwrap_err().remedy(), None);
        assert_eq!(DatabaseError::OutcomeUnknown.remedy(), None);
        assert_eq!((of_state("55P03"), of_state("53100")), (Some(Remedy::Later), Some(Remedy::Room)));
        assert_eq!((of_state("53300"), of_state("23505")), (Some(Remedy::Later), None));
    }
}
