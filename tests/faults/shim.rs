//! A disk that fails when it is told to: a library that is preloaded into a node (`shim.c`).

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::random::Random;

/// No room left on the device.
pub(crate) const ENOSPC: u32 = 28;
/// The device failed.
pub(crate) const EIO: u32 = 5;

/// Which calls count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `write` and its kin.
    Write = 1,
    /// `fsync`, `fdatasync`.
    Sync = 2,
    /// `rename`, `link`.
    Rename = 4,
    /// `ftruncate`.
    Truncate = 8,
    /// `open` to write, `mkdir`.
    Open = 16,
    /// `read`, `pread`.
    Read = 32,
}

/// Which call fails, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    /// Which calls count.
    pub(crate) kind: Kind,
    /// How many of them succeed first.
    pub(crate) position: u32,
    /// How many fail then.
    pub(crate) times: u32,
    /// With which number.
    pub(crate) error: u32,
    /// Whether a failing fsync loses what it should have kept.
    pub(crate) lose: bool,
}

/// The library, and the file through which it is told what to do.
pub(crate) struct Shim {
    folder: TempDir,
    control: File,
}

impl Shim {
    /// Compiles the library; none where there is no C compiler, which is an error where `CI` is set.
    pub(crate) fn compile() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/faults/shim.c");
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(folder.path().join("shim.so")).args([source, "-ldl"]);
        match cc.output() {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "cc: {error}");
                println!("SKIPPED: without a C compiler no disk fails (cc: {error})");
                return None;
            }
        }
        let control = folder.path().join("control");
        fs::write(&control, [0; 64]).unwrap();
        let control = File::options().read(true).write(true).open(control).unwrap();
        Some(Self { folder, control })
    }

    /// What a node finds in its environment so that calls below its data folder may fail.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let path = |name: &str| self.path(name).display().to_string();
        [
            ("LD_PRELOAD", path("shim.so")),
            ("DOSEBOOK_SHIM_CONTROL", path("control")),
            // Where the node runs: its data folder is made before the library looks for it.
            ("DOSEBOOK_SHIM_FOLDER", "data".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets calls fail from now on.
    pub(crate) fn arm(&self, fault: Fault) {
        let Fault { kind, position, times, error, lose } = fault;
        self.disarm();
        for (number, value) in (1..).zip([position, times, error, u32::from(lose), 0, 0]) {
            self.write(number, value);
        }
        self.write(0, kind as u32);
    }

    /// Lets all calls succeed.
    pub(crate) fn disarm(&self) {
        self.write(0, 0);
    }

    /// From its next start on, a node forgets what no fsync has confirmed when the power is cut.
    pub(crate) fn power_may_be_cut(&self) {
        self.write(7, 1);
    }

    /// Cuts the power of a node: what no fsync has confirmed is lost, in all files or, by chance, in half of them.
    pub(crate) fn cut_power(&self, random: &mut Random) {
        self.write(1, u32::from(random.percent(50)));
        self.write(8, 1 + u32::from(random.percent(50)));
    }

    /// The power is back.
    pub(crate) fn power_is_back(&self) {
        self.write(8, 0);
    }

    /// How many calls have failed.
    pub(crate) fn failed(&self) -> u32 {
        self.read(6)
    }

    /// How many changes were lost, in all power cuts and failed fsyncs.
    pub(crate) fn undone(&self) -> u32 {
        self.read(9)
    }

    fn read(&self, number: u64) -> u32 {
        let mut bytes = [0; 4];
        self.control.read_exact_at(&mut bytes, number * 4).unwrap();
        u32::from_ne_bytes(bytes)
    }

    fn write(&self, number: u64, value: u32) {
        self.control.write_all_at(&value.to_ne_bytes(), number * 4).unwrap();
    }
}
