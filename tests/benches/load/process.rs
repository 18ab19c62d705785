//! Rate and CPU of a serving process while something is asked of it.

use std::fs;

use crate::timed;

/// One measurement.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Megabytes (10^6) a second.
    pub(crate) rate: f64,
    /// Microseconds of CPU of the serving process for a megabyte.
    pub(crate) cpu: f64,
}

/// Measures `work`, which moves `size` bytes through a process.
pub(crate) async fn measured(process: u32, size: u64, work: impl Future<Output = ()>) -> Sample {
    let before = cpu_seconds(process);
    let seconds = timed(work).await;
    let megabytes = size as f64 / 1e6;
    let cpu = (cpu_seconds(process) - before) * 1e6 / megabytes;
    Sample { rate: megabytes / seconds, cpu }
}

/// User and system time of a process (`proc(5)`, fields 14 and 15, in hundredths of a second).
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Prints a row: floor, node, ratio.
pub(crate) fn print(what: &str, floor: &[Sample], node: &[Sample]) {
    let rate = |samples: &[Sample]| median(samples.iter().map(|sample| sample.rate).collect());
    let cpu = |samples: &[Sample]| median(samples.iter().map(|sample| sample.cpu).collect());
    println!(
        "{what}: floor {:.0} MB/s, node {:.0} MB/s, ratio {:.2}; CPU floor {:.0} us/MB, node {:.0} us/MB",
        rate(floor),
        rate(node),
        rate(node) / rate(floor),
        cpu(floor),
        cpu(node)
    );
}
