//! A real PostgreSQL with a cluster of its own, which can be killed, started again, followed and promoted.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::node::free_port;
use crate::peer;

/// Settings of every cluster. Data is as safe as in a hospital: `fsync` and `synchronous_commit` stay on.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "'127.0.0.1'"),
    ("max_connections", "300"),
    ("shared_buffers", "'256MB'"),
    ("max_wal_size", "'4GB'"),
    ("log_min_duration_statement", "1000"),
];
/// Where Debian puts the programs of the server, newest first.
const VERSIONS: [u32; 4] = [18, 17, 16, 15];

/// A running PostgreSQL server.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    address: SocketAddr,
    password: String,
    process: Option<Child>,
}

impl Postgres {
    /// A fresh server; none (and loudly) where PostgreSQL is not installed, unless it must be there (`CI`).
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A server whose every transaction is serializable, as those of distributed engines are.
    pub fn serializable() -> Option<Self> {
        Self::with(&[("default_transaction_isolation", "'serializable'")])
    }

    /// A fresh server with further settings.
    pub fn with(settings: &[(&str, &str)]) -> Option<Self> {
        let programs = programs()?;
        let (folder, password) = (peer::folder(), uuid::Uuid::new_v4().to_string());
        let file = folder.path().join("password");
        fs::write(&file, &password).unwrap();
        peer::give(&file);
        let data = folder.path().join("data");
        let initdb = peer::command(&programs.join("initdb"))
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"])
            .args(["--data-checksums", "--no-sync", "--no-instructions", "--pgdata"])
            .arg(&data)
            .arg("--pwfile")
            .arg(&file)
            .current_dir(folder.path())
            .output();
        succeeded("initdb", &initdb.unwrap());
        let mut server = Self { folder, programs, address: free_port(), password, process: None };
        server.set(SETTINGS);
        server.set(settings);
        server.resume();
        Some(server)
    }

    /// Settings that hold from the next start.
    fn set(&self, settings: &[(&str, &str)]) {
        let file = self.data().join("postgresql.auto.conf");
        let mut text = fs::read_to_string(&file).unwrap();
        for (name, value) in settings {
            text += &format!("{name} = {value}\n");
        }
        fs::write(file, text).unwrap();
    }

    /// Starts the server again where it was, on the same port.
    pub fn resume(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.unwrap();
        let mut serve = peer::command(&self.programs.join("postgres"));
        serve.arg("-D").arg(self.data()).arg("-p").arg(self.address.port().to_string());
        serve.arg("-k").arg(self.folder.path()).current_dir(self.folder.path());
        serve.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(serve.spawn().unwrap());
        peer::wait_until("PostgreSQL takes connections", || {
            let exited = self.process.as_mut().and_then(|process| process.try_wait().unwrap());
            assert!(exited.is_none(), "PostgreSQL has stopped:\n{}", self.log());
            self.ask("postgres", "SELECT 1").is_ok()
        });
    }

    /// Kills every process of the server at once, as a power failure does, but for what the kernel still writes.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        peer::signal("STOP", process.id());
        let children = peer::children(process.id());
        process.kill().unwrap();
        children.iter().for_each(|child| peer::signal("KILL", *child));
        process.wait().unwrap();
        peer::wait_until("the processes of PostgreSQL are gone", || {
            !children.iter().any(|child| peer::exists(*child))
        });
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a database of it.
    pub fn url(&self, database: &str) -> String {
        self.url_through(self.address, database)
    }

    /// The URL of a database of it by another way, such as a pooler or a [`crate::Cut`].
    pub fn url_through(&self, address: SocketAddr, database: &str) -> String {
        format!("postgres://postgres:{}@{address}/{database}", self.password)
    }

    /// The password of its superuser, `postgres`.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The name of a fresh database.
    pub fn database(&self) -> String {
        let name = format!("d{}", uuid::Uuid::new_v4().simple());
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// What a statement answers: a line for each row, columns parted by `|`.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        self.ask(database, statement).unwrap_or_else(|error| panic!("{statement}: {error}\n{}", self.log()))
    }

    fn ask(&self, database: &str, statement: &str) -> Result<String, String> {
        self.ask_through(self.address, database, statement)
    }

    /// What a statement answers by another way, or what went wrong.
    pub fn ask_through(&self, way: SocketAddr, database: &str, statement: &str) -> Result<String, String> {
        psql(&self.programs.join("psql"), &self.url_through(way, database), statement)
    }

    /// Another server that follows this one; from now on no commit is acknowledged before it has it too.
    pub fn replica(&self) -> Self {
        let (folder, address) = (peer::folder(), free_port());
        let source = format!("{} application_name=replica", self.conninfo());
        let backup = peer::command(&self.programs.join("pg_basebackup"))
            .args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--dbname", &source])
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .output();
        succeeded("pg_basebackup", &backup.unwrap());
        let (programs, password) = (self.programs.clone(), self.password.clone());
        let mut replica = Self { folder, programs, address, password, process: None };
        replica.resume();
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'replica'");
        self.sql("postgres", "SELECT pg_reload_conf()");
        peer::wait_until("the replica follows synchronously", || {
            self.sql("postgres", "SELECT sync_state FROM pg_stat_replication") == "sync"
        });
        replica
    }

    fn conninfo(&self) -> String {
        let port = self.address.port();
        format!("host=127.0.0.1 port={port} user=postgres password={}", self.password)
    }

    /// Makes a replica the server that is written to; it waits for no other from now on.
    pub fn promote(&self) {
        self.sql("postgres", "SELECT pg_promote()");
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''");
        self.sql("postgres", "SELECT pg_reload_conf()");
        assert_eq!(self.sql("postgres", "SELECT pg_is_in_recovery()"), "f");
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // An immediate shutdown: nobody needs the data any more, but shared memory is given back.
            peer::signal("QUIT", process.id());
            let _ = process.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let start = log.lines().count().saturating_sub(LAST_LINES);
            let last: Vec<_> = log.lines().skip(start).collect();
            eprintln!("PostgreSQL said at last:\n{}", last.join("\n"));
        }
    }
}

/// How much of its log a server shows when a test fails.
const LAST_LINES: usize = 40;

fn programs() -> Option<PathBuf> {
    let folders = VERSIONS.map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    let server = peer::program("postgres", &folders, "apt-get install postgresql")?;
    Some(server.parent().unwrap().to_owned())
}

/// A fresh database on the server of a URL, dropped in the end.
#[derive(Debug)]
pub struct Fresh {
    psql: PathBuf,
    server: String,
    name: String,
}

impl Fresh {
    /// Makes a database on the server that `DOSEBOOK_TEST_POSTGRES` names; none if nothing is named.
    pub fn asked_for() -> Option<Self> {
        let server = std::env::var("DOSEBOOK_TEST_POSTGRES").ok()?;
        let psql = programs().unwrap().join("psql");
        let fresh = Self { psql, server, name: format!("d{}", uuid::Uuid::new_v4().simple()) };
        psql_or_panic(&fresh, &format!("CREATE DATABASE {}", fresh.name));
        Some(fresh)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let (before, _) = self.server.rsplit_once('/').unwrap();
        format!("{before}/{}", self.name)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = psql(&self.psql, &self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn psql_or_panic(fresh: &Fresh, statement: &str) {
    psql(&fresh.psql, &fresh.server, statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn psql(program: &Path, url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new(program)
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--command", statement, url])
        .env("PGCONNECT_TIMEOUT", "5")
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn succeeded(what: &str, output: &std::process::Output) {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
}
