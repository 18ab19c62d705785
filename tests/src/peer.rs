//! Real servers that are not ours: where they are, as whom they run, and what to do where one is missing.

use std::env;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to start or to stop: a cold disk takes seconds, one that is broken takes for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program of this name in one of these folders or in `PATH`.
///
/// With `CI` set a missing program is a failure; elsewhere the test says aloud that it is skipped.
pub(crate) fn program(name: &str, folders: &[PathBuf], install: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = folders.iter().cloned().chain(env::split_paths(&path)).map(|folder| folder.join(name));
    let found = found.into_iter().find(|program| program.is_file());
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "{name} is missing: {install}");
        // Not `eprintln`: the test harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {name} is missing: {install}");
    }
    found
}

/// A temporary folder of the user that servers run as.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    give(folder.path());
    folder
}

/// Gives a file or folder to the user that servers run as.
pub(crate) fn give(path: &Path) {
    if is_root() {
        let id = |option| {
            let output = Command::new("id").args([option, "postgres"]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
        };
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
    }
}

/// A command that runs a server: PostgreSQL and `PgBouncer` refuse to run as root.
pub(crate) fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether something listens there.
pub(crate) fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// Sends a signal to a process, if there is one.
pub(crate) fn signal(signal: &str, process: u32) {
    let _ = Command::new("kill").args([&format!("-{signal}"), &process.to_string()]).output();
}

/// The processes that a process has started.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // proc(5): pid (name) state parent ...
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if parent == Some(process) {
            found.push(id);
        }
    }
    found
}

/// Whether a process is there, be it as a zombie.
pub(crate) fn exists(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}
