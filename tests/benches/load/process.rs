//! What a process has used: CPU and memory, from `/proc` (proc(5)).

use std::fs;

/// Clock ticks in a second, as `/proc` counts them on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Fields of `/proc/PID/stat` behind the name: the parent; own user and system time; that of children that ended.
const PARENT: usize = 1;
const OWN: [usize; 2] = [11, 12];
const CHILDREN: [usize; 2] = [13, 14];

/// User and system time of a process, in seconds.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    fields(process).map_or(0.0, |fields| sum(&fields, &OWN)) / TICKS
}

/// User and system time of a process and of all that it has started, in seconds: what a PostgreSQL server used,
/// whose first process starts one for each connection.
pub(crate) fn cpu_seconds_of_family(parent: u32) -> f64 {
    let own = fields(parent).map_or(0.0, |fields| sum(&fields, &OWN) + sum(&fields, &CHILDREN));
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let living = processes.filter_map(fields).filter(|fields| fields.get(PARENT) == Some(&u64::from(parent)));
    (own + living.map(|fields| sum(&fields, &OWN)).sum::<f64>()) / TICKS
}

/// The parent of a process.
pub(crate) fn parent(process: u32) -> Option<u32> {
    fields(process)?.get(PARENT).and_then(|parent| u32::try_from(*parent).ok())
}

/// Memory that a process has resident now, in bytes.
pub(crate) fn resident(process: u32) -> u64 {
    status(process, "VmRSS:")
}

/// The most memory that a process has had resident, in bytes.
pub(crate) fn peak_resident(process: u32) -> u64 {
    status(process, "VmHWM:")
}

fn status(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

/// The numbers behind the name; what is no number (the state) is 0.
fn fields(process: u32) -> Option<Vec<u64>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind_name) = stat.rsplit_once(')')?;
    Some(behind_name.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
}

fn sum(fields: &[u64], which: &[usize]) -> f64 {
    which.iter().filter_map(|field| fields.get(*field)).map(|ticks| *ticks as f64).sum()
}
