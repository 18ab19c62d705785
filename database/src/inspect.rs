//! Looks at a database without changing anything in it.

use crate::engine::Running;
use crate::{Database, DatabaseError, Engine, Location, Reader, Schema};

impl Database {
    /// Opens a database to read it, as it is: nothing is made and nothing is migrated, and every write is refused. It
    /// must have the tables of `schema`, neither older nor newer.
    pub async fn look(location: &Location, schema: &Schema) -> Result<Self, DatabaseError> {
        let found = schema.version_at(location).await?;
        let known = schema.known();
        match found {
            found if found > known => Err(DatabaseError::Newer { keeper: schema.keeper, found, known }),
            found if found < known => Err(DatabaseError::Older { keeper: schema.keeper, found, known }),
            _ => Ok(Self::unchanged(location)),
        }
    }

    /// Holds the file against itself, as the engine knows it; what is wrong, a line for each. A server does that
    /// itself, with checksums.
    pub async fn integrity(&self) -> Result<Vec<String>, DatabaseError> {
        if self.engine() == Engine::Postgres {
            return Ok(Vec::new());
        }
        let rows = self.read(|reader| Box::pin(integrity(reader))).await?;
        Ok(rows.into_iter().filter(|line| line != "ok").collect())
    }
}

impl Schema {
    /// The version that this program needs.
    pub fn known(&self) -> i64 {
        i64::try_from(self.migrations.len()).unwrap_or(i64::MAX)
    }

    /// The version of the tables at a location; 0 if there are none.
    pub async fn version_at(&self, location: &Location) -> Result<i64, DatabaseError> {
        Running::version(location, self).await
    }
}

async fn integrity(reader: &mut Reader) -> Result<Vec<String>, DatabaseError> {
    let rows = reader.rows("PRAGMA integrity_check", []).await?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::Migration;

    const SCHEMA: Schema = Schema { keeper: "looked at", migrations: &[THING] };
    const THING: Migration = Migration::same("CREATE TABLE thing (name TEXT)");
    const LATER: Schema = Schema {
        keeper: "looked at",
        migrations: &[THING, Migration::same("ALTER TABLE thing ADD COLUMN note TEXT")],
    };

    #[tokio::test]
    async fn looking_changes_nothing() {
        let folder = TempDir::new().unwrap();
        let location = Location::file(folder.path().join("a.sqlite"));
        assert_eq!(SCHEMA.version_at(&location).await.unwrap(), 0);
        let nothing = Database::look(&location, &SCHEMA).await.unwrap_err();
        assert!(matches!(nothing, DatabaseError::Older { found: 0, known: 1, .. }), "{nothing}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let open = Database::open(&location, &SCHEMA).await.unwrap();
        let looked = Database::look(&location, &SCHEMA).await.unwrap();
        assert_eq!(looked.integrity().await.unwrap(), [] as [String; 0]);
        let write = looked.write(|writer| Box::pin(writer.execute("INSERT INTO thing VALUES ('x')", [])));
        assert!(matches!(write.await, Err(DatabaseError::Stopped)));
        drop(open);
        let older = Database::look(&location, &LATER).await.unwrap_err();
        assert!(older.to_string().contains("dosebook migrate"), "{older}");
        drop(Database::open(&location, &LATER).await.unwrap());
        let newer = Database::look(&location, &SCHEMA).await.unwrap_err();
        assert!(matches!(newer, DatabaseError::Newer { found: 2, known: 1, .. }), "{newer}");
    }

    #[tokio::test]
    async fn a_damaged_file_is_noticed() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.sqlite");
        let location = Location::file(&path);
        let database = Database::open(&location, &SCHEMA).await.unwrap();
        let rows: Vec<_> = (0..2_000).map(|n| vec![format!("{n:0100}").into()]).collect();
        let filled = database
            .write(move |writer| Box::pin(writer.insert("INSERT INTO thing VALUES $rows", rows.clone())));
        filled.await.map_err(|error: DatabaseError| error).unwrap();
        drop(database);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[81_920..81_928].fill(0xAA);
        std::fs::write(&path, bytes).unwrap();
        let looked = Database::look(&location, &SCHEMA).await.unwrap();
        let wrong = looked.integrity().await;
        assert!(wrong.is_err() || !wrong.unwrap().is_empty());
    }
}
