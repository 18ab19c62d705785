//! Migrations: an ordered list of texts, each applied once, never undone.

use crate::{DatabaseError, Writer};

/// The tables of one keeper: every migration that ever was, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Whose tables; keepers may share a database.
    pub keeper: &'static str,
    /// What each version adds. A text that was released never changes.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// Applies what is missing.
    pub(crate) async fn apply(&self, writer: &mut Writer) -> Result<(), DatabaseError> {
        writer.script(TABLE).await?;
        let found = self.version(writer).await?;
        let known = i64::try_from(self.migrations.len()).unwrap_or(i64::MAX);
        if found > known {
            return Err(DatabaseError::Newer { keeper: self.keeper, found, known });
        }
        for migration in self.migrations.iter().skip(usize::try_from(found).unwrap_or_default()) {
            writer.script(migration).await?;
        }
        if found < known {
            tracing::info!(keeper = self.keeper, from = found, to = known, "database migrated");
            writer.execute(RECORD, [self.keeper.into(), known.into()]).await?;
        }
        Ok(())
    }

    async fn version(&self, writer: &mut Writer) -> Result<i64, DatabaseError> {
        let row =
            writer.row("SELECT version FROM schema_version WHERE keeper = $1", [self.keeper.into()]).await?;
        row.map_or(Ok(0), |mut row| row.take())
    }
}

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (keeper TEXT PRIMARY KEY, version BIGINT NOT NULL)";

const RECORD: &str = "INSERT INTO schema_version (keeper, version) VALUES ($1, $2)
    ON CONFLICT (keeper) DO UPDATE SET version = excluded.version";
