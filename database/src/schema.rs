//! Migrations: an ordered list of texts, each applied once, never undone.

use crate::{DatabaseError, Engine, Reader, Writer};

/// The tables of one keeper: every migration that ever was, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Whose tables; keepers may share a database.
    pub keeper: &'static str,
    /// What each version adds. A text that was released never changes.
    pub migrations: &'static [Migration],
}

/// What one version adds, for each engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

impl Migration {
    /// The same for every engine.
    pub const fn same(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }

    /// What it is for an engine.
    pub const fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

/// What a database lacks that a program needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The version of the tables that are there; 0 for none.
    pub found: i64,
    /// The version that the program needs.
    pub known: i64,
    /// What would be run to get there.
    pub texts: Vec<&'static str>,
}

impl Schema {
    /// What would be applied to tables of version `found`; an error if they are newer than what we know.
    pub(crate) fn pending(&self, found: i64, engine: Engine) -> Result<Pending, DatabaseError> {
        let known = self.known();
        if found > known {
            return Err(DatabaseError::Newer { keeper: self.keeper, found, known });
        }
        let missing = self.migrations.iter().skip(usize::try_from(found).unwrap_or_default());
        Ok(Pending { found, known, texts: missing.map(|migration| migration.text(engine)).collect() })
    }

    /// Applies what is missing. Whoever comes second waits for the first, and finds it done.
    pub(crate) async fn apply(&self, writer: &mut Writer, engine: Engine) -> Result<(), DatabaseError> {
        writer.script(TABLE).await?;
        writer.execute(BEGIN, [self.keeper.into()]).await?;
        let row = writer.row(LOCK, [self.keeper.into()]).await?;
        let found = row.map_or(Ok(0), |mut row| row.take())?;
        let pending = self.pending(found, engine)?;
        for text in &pending.texts {
            writer.script(text).await?;
        }
        if !pending.texts.is_empty() {
            tracing::info!(keeper = self.keeper, from = found, to = pending.known, "database migrated");
            writer.execute(RECORD, [pending.known.into(), self.keeper.into()]).await?;
        }
        Ok(())
    }

    /// The version of the tables that are there; 0 for none.
    pub(crate) async fn version(&self, reader: &mut Reader, engine: Engine) -> Result<i64, DatabaseError> {
        let is_there = match engine {
            Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE name = 'schema_version' $walk",
            Engine::Postgres => "SELECT 'schema_version' WHERE to_regclass('schema_version') IS NOT NULL",
        };
        if reader.row(is_there, []).await?.is_none() {
            return Ok(0);
        }
        let row = reader.row(VERSION, [self.keeper.into()]).await?;
        row.map_or(Ok(0), |mut row| row.take())
    }
}

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (keeper TEXT PRIMARY KEY, version BIGINT NOT NULL)";
const BEGIN: &str =
    "INSERT INTO schema_version (keeper, version) VALUES ($1, 0) ON CONFLICT (keeper) DO NOTHING";
const VERSION: &str = "SELECT version FROM schema_version WHERE keeper = $1";
const LOCK: &str = "SELECT version FROM schema_version WHERE keeper = $1 $lock";
const RECORD: &str = "UPDATE schema_version SET version = $1 WHERE keeper = $2";
