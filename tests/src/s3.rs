//! A real S3 server (`s3s-fs`) that keeps its objects in a temporary folder.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::node::free_port;
use crate::peer;

/// Who may use a server under test.
const ACCESS_KEY: &str = "dosebook-test";
/// The secret of [`ACCESS_KEY`].
const SECRET_KEY: &str = "a secret of tests";
/// The bucket of every server under test.
const BUCKET: &str = "documents";

/// A running S3 server.
#[derive(Debug)]
pub struct S3 {
    folder: TempDir,
    program: PathBuf,
    address: SocketAddr,
    process: Option<Child>,
}

impl S3 {
    /// A server with an empty bucket; none (and loudly) where it is not installed, unless `CI` is set.
    ///
    /// It is looked for at `DOSEBOOK_S3_SERVER`, in `target/tools/bin` and in `PATH`.
    pub fn start() -> Option<Self> {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin");
        let program = match std::env::var_os("DOSEBOOK_S3_SERVER") {
            Some(program) => program.into(),
            None => peer::program("s3s-fs", &[tools], "bash .ci/tools")?,
        };
        let mut server =
            Self { folder: tempfile::tempdir().unwrap(), program, address: free_port(), process: None };
        fs::create_dir_all(server.objects()).unwrap();
        server.resume();
        Some(server)
    }

    /// Starts the server again where it was, on the same port.
    pub fn resume(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.unwrap();
        let mut serve = Command::new(&self.program);
        serve.args(["--host", "127.0.0.1", "--port", &self.address.port().to_string()]);
        serve
            .args(["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY])
            .arg(self.folder.path().join("root"));
        serve.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(serve.spawn().unwrap());
        peer::wait_until("the S3 server takes connections", || {
            let exited = self.process.as_mut().and_then(|process| process.try_wait().unwrap());
            assert!(exited.is_none(), "the S3 server has stopped:\n{}", self.log());
            peer::listens(self.address)
        });
    }

    /// Kills the server where it stands.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The section `[s3]` of a node that reaches it there, or at another address such as that of a [`crate::Cut`].
    pub fn section(&self, address: SocketAddr) -> String {
        format!(
            "[s3]\nendpoint = \"http://{address}\"\nregion = \"us-east-1\"\n\
             access_key_id = \"{ACCESS_KEY}\"\nsecret_access_key = \"{SECRET_KEY}\"\n"
        )
    }

    /// Its bucket, as a node is told where documents go.
    pub fn bucket(&self) -> String {
        format!("s3://{BUCKET}")
    }

    /// The folder in which the objects of its bucket lie.
    pub fn objects(&self) -> PathBuf {
        self.folder.path().join("root").join(BUCKET)
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.kill();
    }
}
