//! What an error of the server or of the way there means for a transaction.

use crate::DatabaseError;

/// Why a transaction did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another transaction stood in its way: it may be run again.
    Again(DatabaseError),
    /// The connection is of no use any more; on another it may be run again.
    Lost(DatabaseError),
    /// The connection is of no use any more, and it took so long to find out that nobody waits for another try.
    Silent(DatabaseError),
    /// It would fail again.
    Final(DatabaseError),
}

impl Failure {
    /// What an error means before COMMIT was sent.
    pub(super) fn of(error: sqlx::Error) -> Self {
        let meaning = match &error {
            sqlx::Error::Database(database) => meaning(database.code().as_deref().unwrap_or_default()),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Self::Lost,
            _ => Self::Final,
        };
        meaning(error.into())
    }

    /// What an error means after COMMIT was sent: only some say that it has not happened.
    pub(super) fn of_commit(error: sqlx::Error) -> Self {
        match Self::of(error) {
            Self::Again(error) => Self::Again(error),
            Self::Lost(error) | Self::Silent(error) => {
                tracing::error!(%error, "a connection was lost while it committed");
                Self::Final(DatabaseError::OutcomeUnknown)
            }
            Self::Final(error) => Self::Final(error),
        }
    }

    pub(super) const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Silent(_))
    }

    /// The error itself.
    pub(super) fn error(&self) -> &DatabaseError {
        let (Self::Again(error) | Self::Lost(error) | Self::Silent(error) | Self::Final(error)) = self;
        error
    }
}

/// What a SQLSTATE means (PostgreSQL, appendix A).
fn meaning(code: &str) -> fn(DatabaseError) -> Failure {
    match code {
        // Serialization failure, deadlock. Or an id that was free a moment ago, or a table that was not there, as when
        // nodes start together: who runs again sees whose it is.
        "40001" | "40P01" | "23505" | "42P07" | "42710" => Failure::Again,
        // The server goes down or comes up, has become a standby, or has ended a session that said nothing; somebody
        // has changed tables or statements under this connection.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006" | "26000" | "0A000" => Failure::Lost,
        code if code.starts_with("08") => Failure::Lost,
        _ => Failure::Final,
    }
}

/// Whether a transaction waited too long for what another has locked.
pub(super) fn is_locked(error: &DatabaseError) -> bool {
    let DatabaseError::Sql(error) = error else { return false };
    matches!(error.downcast_ref(), Some(sqlx::Error::Database(error)) if error.code().as_deref() == Some("55P03"))
}
