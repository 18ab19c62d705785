//! What a database counts. Its meters are looked up once, for that costs more than counting.

use std::time::Instant;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The meters of the database of one keeper, on SQLite.
pub(crate) struct Meters {
    waiting: Gauge,
    writes: Histogram,
    seconds: Histogram,
    errors: Counter,
}

/// Those of one on PostgreSQL.
pub(crate) struct PoolMeters {
    in_use: Gauge,
    idle: Gauge,
    /// Transactions that wait for a connection.
    pub(crate) waiting: Gauge,
    /// Transactions that another one stood in the way of, or whose connection was lost: they are run again.
    pub(crate) repeated: Counter,
    writes: Histogram,
    seconds: Histogram,
    errors: Counter,
}

impl PoolMeters {
    pub(crate) fn of(keeper: &'static str) -> Self {
        let connections = |state: &'static str| gauge!("dosebook_database_connections", "keeper" => keeper, "state" => state);
        Self {
            in_use: connections("in_use"),
            idle: connections("idle"),
            waiting: gauge!("dosebook_database_waiting", "keeper" => keeper),
            repeated: counter!("dosebook_database_repeats_total", "keeper" => keeper),
            writes: histogram!("dosebook_commit_writes", "keeper" => keeper),
            seconds: histogram!("dosebook_commit_seconds", "keeper" => keeper),
            errors: counter!("dosebook_storage_errors_total", "kind" => "database"),
        }
    }

    /// For who only looks: nothing is counted.
    pub(crate) fn none() -> Self {
        let none = Gauge::noop;
        let (repeated, errors) = (Counter::noop(), Counter::noop());
        let (writes, seconds) = (Histogram::noop(), Histogram::noop());
        Self { in_use: none(), idle: none(), waiting: none(), repeated, writes, seconds, errors }
    }

    /// So many connections are used, and so many are not.
    pub(crate) fn connections(&self, in_use: usize, idle: usize) {
        self.in_use.set(in_use as f64);
        self.idle.set(idle as f64);
    }

    /// Counts a transaction that was committed. It shares its commit with no other.
    pub(crate) fn committed(&self, begun: Instant) {
        self.writes.record(1.0);
        self.seconds.record(begun.elapsed());
    }

    /// Counts a transaction that failed.
    pub(crate) fn failed(&self) {
        self.errors.increment(1);
    }
}

impl Meters {
    pub(crate) fn of(keeper: &'static str) -> Self {
        Self {
            waiting: gauge!("dosebook_write_queue_length", "keeper" => keeper),
            writes: histogram!("dosebook_commit_writes", "keeper" => keeper),
            seconds: histogram!("dosebook_commit_seconds", "keeper" => keeper),
            errors: counter!("dosebook_storage_errors_total", "kind" => "database"),
        }
    }

    /// Counts a commit of so many writes, behind which so many more waited.
    pub(crate) fn commit(&self, writes: usize, waiting: usize, begun: Instant, succeeded: bool) {
        self.waiting.set(waiting as f64);
        self.writes.record(writes as f64);
        self.seconds.record(begun.elapsed());
        if !succeeded {
            self.errors.increment(1);
        }
    }
}
