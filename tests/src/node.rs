//! A node in a process of its own.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use actors::Partner;
use actors::audit::Audit;
use actors::consumer::Consumer;
use certs::{Directory, Request};
use hl7v2::Connection;
use rustls::ClientConfig;
use soap::client::Client;
use soap::tls::{Identity, Trust, client_config};
use tempfile::TempDir;

use crate::postgres::Fresh;
use crate::program::{Output, dosebook, run};

/// The assigning authority of the patients of a node under test.
pub const AUTHORITY: &str = "1.3.6.1.4.1.21367.2005.13.20.1000";
/// The `repositoryUniqueId` of a node under test.
pub const REPOSITORY: &str = "1.3.6.1.4.1.21367.2010.1.2.1125";

/// How a node differs from the usual one.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Patients must be fed before they are accepted.
    pub feed: bool,
    /// The assigning authority of its patients; [`AUTHORITY`] if it is not given.
    pub authority: Option<&'static str>,
    /// The folder of its affinity domain; none is enforced if it is not given.
    pub domain: Option<PathBuf>,
    /// The URL of its database. If it is not given: a fresh one on the server that `DOSEBOOK_TEST_POSTGRES` names,
    /// and without that SQLite in its folder.
    pub database: Option<String>,
    /// Whether a pooler stands before its database.
    pub pooler: bool,
    /// Where its documents go; into its folder if it is not given.
    pub documents: Option<String>,
    /// Whether it is fed patients over MLLP, and if so, whether over TLS.
    pub mllp: Option<bool>,
    /// Further lines of the configuration.
    pub more: String,
    /// What it finds in its environment.
    pub environment: Vec<(String, String)>,
}

impl Settings {
    /// Those of nodes that share a database and a folder for documents.
    pub fn shared(database: String, documents: &Path) -> Self {
        Self { database: Some(database), documents: Some(documents.display().to_string()), ..Self::default() }
    }
}

/// A running node.
pub struct Node {
    folder: TempDir,
    process: Option<Child>,
    soap: SocketAddr,
    web: SocketAddr,
    mllp: SocketAddr,
    settings: Settings,
    // Dropped last: nobody can drop a database that is in use.
    database: Option<Fresh>,
}

impl Node {
    /// A node as a hospital would have it: registry, repository and book.
    pub fn start() -> Self {
        Self::with(&Settings::default())
    }

    /// A node that differs.
    pub fn with(settings: &Settings) -> Self {
        let mut settings = settings.clone();
        let fresh = if settings.database.is_none() { Fresh::asked_for() } else { None };
        if let Some(fresh) = &fresh {
            settings.database = Some(fresh.url());
            settings.pooler = std::env::var_os("DOSEBOOK_TEST_POOLER").is_some();
        }
        let mut node = Self::prepare(settings, fresh);
        node.resume();
        node
    }

    /// Two nodes of one hospital: the settings name a database and a place for documents.
    pub fn two(settings: &Settings) -> [Self; 2] {
        let one = Self::with(settings);
        [one.beside(), one]
    }

    /// Another node with the same settings and identity.
    pub fn beside(&self) -> Self {
        let mut node = Self::prepare(self.settings.clone(), None);
        let certificates = |folder: &Path| folder.join("data/certs");
        let (own, theirs) = (certificates(node.folder()), certificates(self.folder()));
        fs::create_dir_all(&own).unwrap();
        for file in fs::read_dir(theirs).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), own.join(file.file_name())).unwrap();
        }
        node.resume();
        node
    }

    /// A node that does not run yet.
    fn prepare(settings: Settings, database: Option<Fresh>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (soap, web, mllp) = (free_port(), free_port(), free_port());
        fs::write(folder.path().join("node.toml"), configuration(&settings, [soap, web, mllp])).unwrap();
        Self { folder, process: None, soap, web, mllp, settings, database }
    }

    /// Starts the node again where it was.
    pub fn resume(&mut self) {
        assert!(self.try_resume(), "the node did not start:\n{}", self.log());
    }

    /// Starts the node again where it was; whether it came to serve, and did not end by itself.
    pub fn try_resume(&mut self) -> bool {
        let log =
            fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut serve = Command::new(dosebook());
        serve.args(["serve", "--config", "node.toml"]).current_dir(self.folder.path());
        serve.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        serve.envs(self.settings.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(serve.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.web("/readyz").is_none_or(|(status, _)| status != 200) {
            if self.has_ended() {
                return false;
            }
            assert!(Instant::now() < deadline, "the node neither serves nor ends:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Whether its process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| process.try_wait().unwrap().is_some())
    }

    /// Asks the node to stop, and waits for it.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let id = process.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
            assert!(process.wait().unwrap().success(), "the node did not stop cleanly:\n{}", self.log());
        }
    }

    /// Loses all that a stopped node keeps: its data folder lies at `lost`, and in place of its database, if it had one
    /// of its own, is an empty one.
    pub fn lose_everything(&mut self) {
        fs::rename(self.folder().join("data"), self.folder().join("lost")).unwrap();
        self.lose_database();
    }

    /// Loses the database of a stopped node, if it had one of its own on a server: in its place is an empty one.
    pub fn lose_database(&mut self) {
        if let Some(lost) = self.database.take() {
            let fresh = Fresh::asked_for().unwrap();
            self.configure(&lost.url(), &fresh.url());
            self.database = Some(fresh);
        }
    }

    /// Puts something else into its configuration, which holds from the next start.
    pub fn configure(&mut self, old: &str, new: &str) {
        let file = self.folder().join("node.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "{old} is not in {text}");
        fs::write(&file, text.replace(old, new)).unwrap();
    }

    /// Kills the node where it stands.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// The folder with its configuration and data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The end of what it has printed, without the transactions that went well.
    pub fn last_words(&self) -> String {
        const LINES: usize = 30;
        let log = self.log();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains(" INFO transaction")).collect();
        lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
    }

    /// The address of an actor of the node.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.soap.port())
    }

    /// Its development CA.
    pub fn authority(&self) -> Directory {
        Directory::open(self.folder.path().join("data/certs")).unwrap()
    }

    /// A client that the node's CA has issued an identity to.
    pub fn client(&self) -> Client {
        let authority = self.authority();
        self.client_as(&authority.authority().issue(&Request::person("test")).unwrap())
    }

    /// A client with any identity, which trusts the node's CA.
    pub fn client_as(&self, identity: &certs::Identity) -> Client {
        Client::new(self.tls_as(identity))
    }

    fn tls_as(&self, identity: &certs::Identity) -> ClientConfig {
        let identity = Identity::from_pem(identity.certificates.as_bytes(), identity.key.as_bytes()).unwrap();
        let trust = Trust::from_pem(self.authority().authority().certificate().as_bytes()).unwrap();
        client_config(&identity, &trust).unwrap()
    }

    /// Where it is fed patients over MLLP.
    pub const fn mllp(&self) -> SocketAddr {
        self.mllp
    }

    /// A source of patients that the node's CA has issued an identity to.
    pub async fn source(&self) -> Connection {
        let identity = self.authority().authority().issue(&Request::person("adt")).unwrap();
        let tls = (self.settings.mllp == Some(true)).then(|| self.tls_as(&identity));
        let address = format!("localhost:{}", self.mllp.port());
        Connection::open(&address, tls.as_ref()).await.unwrap()
    }

    /// Its registry.
    pub fn registry(&self) -> Partner {
        Partner::remote(&self.url("/registry"), self.client(), Audit::none())
    }

    /// Its repository.
    pub fn repository(&self) -> Partner {
        Partner::remote(&self.url("/repository"), self.client(), Audit::none())
    }

    /// Someone who looks for documents in it.
    pub fn consumer(&self) -> Consumer {
        Consumer::new(self.registry()).with_repository(REPOSITORY, self.repository())
    }

    /// Runs `dosebook` as someone of this hospital.
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        run(self.folder.path(), arguments.into_iter().chain(["--config", "node.toml"]))
    }

    /// Status and body of a page; none if the node does not answer.
    pub fn web(&self, path: &str) -> Option<(u16, String)> {
        get(self.web, path)
    }

    /// The id of its process.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// The most memory that the node has had resident, in bytes.
    pub fn peak_resident(&self) -> u64 {
        let id = self.process_id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
    }

    /// The files that the repository holds, half-written ones included.
    pub fn stored_files(&self) -> Vec<PathBuf> {
        let repository = self.folder.path().join("data/repository");
        let mut found = Vec::new();
        let mut folders = vec![repository.join("documents"), repository.join("incoming")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the node said at last:\n{}", self.last_words());
        }
    }
}

/// Status and body of a page over plain HTTP; none if nobody answers.
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut connection = TcpStream::connect(address).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some((status, body.to_owned()))
}

/// A port that nobody listens on, below those that the system gives to outgoing connections: one of these may
/// take a port in the moment between its choice and its use.
pub(crate) fn free_port() -> SocketAddr {
    const PORTS: Range<u16> = 12_000..32_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in PORTS {
        // Test programs run side by side: each begins elsewhere.
        let step = std::process::id().wrapping_mul(97).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + u16::try_from(step % PORTS.len() as u32).unwrap();
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr().unwrap();
        }
    }
    panic!("no port of {PORTS:?} is free");
}

fn configuration(settings: &Settings, [soap, web, mllp]: [SocketAddr; 3]) -> String {
    let patients = if settings.feed { "feed" } else { "accept" };
    let authority = settings.authority.unwrap_or(AUTHORITY);
    let mut text = format!(
        "[node]\nname = \"test\"\ndata = \"data\"\n[soap]\nlisten = \"{soap}\"\n[web]\nlisten = \"{web}\"\n\
         [registry]\npatients = \"{patients}\"\n[domain]\npatient_authority = \"{authority}\"\n\
         [repository]\nunique_id = \"{REPOSITORY}\"\n"
    );
    if let Some(folder) = &settings.domain {
        text = text.replace("[domain]\n", &format!("[domain]\nfolder = \"{}\"\n", folder.display()));
    }
    if let Some(documents) = &settings.documents {
        let _ = writeln!(text, "documents = \"{documents}\"");
    }
    if let Some(url) = &settings.database {
        let _ = write!(text, "[database]\nurl = \"{url}\"\npooler = {}\n", settings.pooler);
    }
    if let Some(tls) = settings.mllp {
        let _ = write!(text, "[mllp]\nenabled = true\nlisten = \"{mllp}\"\ntls = {tls}\n");
    }
    text + &settings.more
}
