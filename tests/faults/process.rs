//! What a process takes (`proc(5)`).

use std::fs;

/// What a process has now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Bytes of memory that are its own: what it has allocated, not the files that it has mapped.
    pub(crate) own: u64,
    /// Bytes of memory that are resident, mapped files included.
    pub(crate) resident: u64,
    /// Open descriptors, but for those of databases.
    pub(crate) descriptors: usize,
    /// Open descriptors of SQLite's files.
    pub(crate) databases: usize,
}

impl Taken {
    /// By the process of that id.
    pub(crate) fn by(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
        };
        let is_database = |descriptor: fs::DirEntry| {
            // It may be closed by now.
            let target = fs::read_link(descriptor.path()).unwrap_or_default();
            target.to_string_lossy().contains(".sqlite")
        };
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
        let (databases, others): (Vec<bool>, Vec<bool>) = descriptors
            .map(|descriptor| is_database(descriptor.unwrap()))
            .partition(|is_database| *is_database);
        Self {
            own: bytes("RssAnon:"),
            resident: bytes("VmRSS:"),
            descriptors: others.len(),
            databases: databases.len(),
        }
    }
}
