//! What a node counts of itself, as Prometheus reads it at `/metrics` (design D14). `docs/operations.md` says what
//! each meter means; a test holds that table, and the code that counts, against the list here.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// One meter: its name, its kind, what it counts. Its labels stand where it counts.
struct Meter {
    name: &'static str,
    kind: Kind,
    meaning: &'static str,
}

enum Kind {
    Counter,
    Gauge,
    /// With the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

/// From a read in memory to the longest that a client waits.
const SECONDS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// Up to the most writes that share a commit.
const WRITES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// How often what histograms have been told is counted, so that it does not pile up while nobody asks.
pub(crate) const UPKEEP: Duration = Duration::from_secs(5);

const fn counter(name: &'static str, meaning: &'static str) -> Meter {
    Meter { name, kind: Kind::Counter, meaning }
}

const fn gauge(name: &'static str, meaning: &'static str) -> Meter {
    Meter { name, kind: Kind::Gauge, meaning }
}

const fn histogram(name: &'static str, buckets: &'static [f64], meaning: &'static str) -> Meter {
    Meter { name, kind: Kind::Histogram(buckets), meaning }
}

const METERS: &[Meter] = &[
    counter("dosebook_transactions_total", "Transactions that ended"),
    histogram("dosebook_transaction_seconds", SECONDS, "Time from the envelope of a request to its answer"),
    counter("dosebook_requests_total", "Requests to the SOAP listener, by how they were answered"),
    gauge("dosebook_requests_under_way", "Requests that are being answered"),
    gauge("dosebook_requests_waiting", "Requests that wait for a place"),
    counter("dosebook_requests_repeated_total", "Requests of ours that were sent again"),
    counter("dosebook_connections_total", "Connections to the SOAP listener, after their handshake"),
    gauge("dosebook_connections_open", "Connections to the SOAP listener that are open"),
    counter("dosebook_connections_refused_total", "Connections told to come back later, or closed"),
    counter("dosebook_handshakes_failed_total", "TLS handshakes that did not succeed"),
    counter("dosebook_received_bytes_total", "Bytes of HTTP that came over the SOAP listener"),
    counter("dosebook_sent_bytes_total", "Bytes of HTTP that went over the SOAP listener"),
    counter("dosebook_mllp_messages_total", "HL7 messages to the MLLP listener, by how they were answered"),
    gauge("dosebook_mllp_connections_open", "Connections to the MLLP listener that are open"),
    counter("dosebook_mllp_connections_refused_total", "Connections to the MLLP listener that were closed"),
    counter("dosebook_mllp_handshakes_failed_total", "TLS handshakes for MLLP that did not succeed"),
    counter("dosebook_documents_kept_total", "Documents that were made durable"),
    counter("dosebook_documents_kept_bytes_total", "Their bytes"),
    counter("dosebook_documents_given_total", "Documents that were given to who asked"),
    counter("dosebook_documents_given_bytes_total", "Their bytes"),
    gauge("dosebook_write_queue_length", "Writes that waited behind the last commit"),
    histogram("dosebook_commit_writes", WRITES, "Writes that shared a commit"),
    histogram("dosebook_commit_seconds", SECONDS, "Time that a commit took"),
    gauge("dosebook_database_connections", "Connections to PostgreSQL"),
    gauge("dosebook_database_waiting", "Transactions that wait for a connection to PostgreSQL"),
    counter("dosebook_database_repeats_total", "Transactions on PostgreSQL that were run again"),
    counter("dosebook_storage_errors_total", "Failures of what keeps data"),
    counter("dosebook_swept_total", "What the sweeper has settled"),
    gauge("dosebook_objects_condemned", "Objects that no document names and that are not removed yet"),
    gauge("dosebook_documents_in_doubt", "Documents that the last sweep could not settle"),
    gauge("dosebook_last_sweep_timestamp_seconds", "When something was swept last"),
    counter("dosebook_documents_scrubbed_total", "Documents that were read again in the background"),
    gauge("dosebook_documents_damaged", "Documents that are known to be damaged"),
    counter("dosebook_domain_reads_total", "Times that the folder of the affinity domain was read again"),
    gauge("dosebook_domain_outdated", "1 while that folder cannot be used, and what it said before holds"),
    counter("dosebook_audit_records_total", "Audit records that were written"),
    counter("dosebook_audit_failures_total", "Audit records that could not be written"),
    gauge("dosebook_audit_queue_length", "Audit records that are being written"),
    gauge("dosebook_build_info", "1, with the version of the program"),
    gauge("process_resident_memory_bytes", "Memory that the process has resident"),
    gauge("process_open_fds", "File descriptors that the process has open"),
    gauge("process_start_time_seconds", "When the process was started"),
];

/// Where everything in this process is counted; installed when it is first asked for.
pub(crate) fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let histogram = |builder: PrometheusBuilder, meter: &Meter| match meter.kind {
            Kind::Histogram(buckets) => {
                let name = Matcher::Full(meter.name.to_owned());
                // It fails without buckets only.
                builder.set_buckets_for_metric(name, buckets).unwrap_or_default()
            }
            Kind::Counter | Kind::Gauge => builder,
        };
        let recorder = METERS.iter().fold(PrometheusBuilder::new(), histogram).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("somebody else counts in this process: /metrics will be empty");
        }
        for Meter { name, kind, meaning } in METERS {
            match kind {
                Kind::Counter => metrics::describe_counter!(*name, *meaning),
                Kind::Gauge => metrics::describe_gauge!(*name, *meaning),
                Kind::Histogram(_) => metrics::describe_histogram!(*name, *meaning),
            }
        }
        gauge!("dosebook_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        gauge!("process_start_time_seconds").set(started.as_secs_f64());
        handle
    })
}

/// All meters in the text format of Prometheus.
pub(crate) fn text() -> String {
    let recorder = recorder();
    // A system without /proc has no such numbers.
    if let Some(bytes) = resident() {
        gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
    recorder.render()
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests;
