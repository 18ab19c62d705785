//! The engine that node and floor keep their rows in: SQLite files, or two databases of one PostgreSQL server.

use std::fmt;
use std::path::Path;

use tests::{Node, Postgres, Settings};

use crate::plan::Plan;
use crate::postgres;

/// An engine, chosen by `--database`; without databases of a server it is SQLite.
pub(crate) struct Engine {
    databases: Option<Databases>,
}

/// Databases of a PostgreSQL server.
struct Databases {
    /// A server that was started for this.
    own: Option<Postgres>,
    /// Where both databases are made.
    server: String,
    /// The first process of the server.
    process: u32,
    /// The URLs of the databases that node and floor use.
    node: String,
    floor: String,
}

impl Engine {
    /// Files in the folders of node and floor.
    pub(crate) const SQLITE: Self = Self { databases: None };

    /// `postgres` starts a server, a URL names one where databases may be created.
    pub(crate) async fn of(plan: &Plan) -> Self {
        let (own, server) = match plan.value("--database") {
            None | Some("sqlite") => return Self::SQLITE,
            Some("postgres") => {
                let own = Postgres::with(&[("shared_buffers", "'2GB'")]).unwrap();
                let url = own.url("postgres");
                (Some(own), url)
            }
            Some(url) => (None, url.to_owned()),
        };
        let run = std::process::id();
        let database = |what: &str| postgres::with_database(&server, &format!("load_{what}_{run}"));
        let (node, floor) = (database("node"), database("floor"));
        postgres::create(&server, &node, None).await;
        let process = postgres::process(&server).await;
        Self { databases: Some(Databases { own, server, process, node, floor }) }
    }

    /// A node on this engine.
    pub(crate) fn node(&self) -> Node {
        let database = self.databases.as_ref().map(|databases| databases.node.clone());
        Node::with(&Settings { database, ..Settings::default() })
    }

    /// Gives the floor the rows of a node that does not run; tells where the floor finds them.
    pub(crate) async fn copy(&self, node: &Node, folder: &Path) -> String {
        if let Some(databases) = &self.databases {
            postgres::create(&databases.server, &databases.floor, Some(&databases.node)).await;
            return databases.floor.clone();
        }
        for path in sqlite_files(&node.folder().join("data")) {
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        folder.display().to_string()
    }

    /// Whether it is PostgreSQL.
    pub(crate) const fn is_postgres(&self) -> bool {
        self.databases.is_some()
    }

    /// The first process of the PostgreSQL server, to count its CPU.
    pub(crate) fn process(&self) -> Option<u32> {
        self.databases.as_ref().map(|databases| databases.process)
    }

    /// Leaves a server as it was.
    pub(crate) async fn clean(self) {
        let Some(databases) = self.databases.filter(|databases| databases.own.is_none()) else { return };
        postgres::drop(&databases.server, &databases.node).await;
        postgres::drop(&databases.server, &databases.floor).await;
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_postgres() { "PostgreSQL" } else { "SQLite" })
    }
}

/// The database files below a folder, with what a write-ahead log still holds.
pub(crate) fn sqlite_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".sqlite") || name.ends_with(".sqlite-wal") {
                found.push(path);
            }
        }
    }
    found
}
