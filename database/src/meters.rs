//! What a database counts. Its meters are looked up once, for that costs more than counting.

use std::time::Instant;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// The meters of the database of one keeper.
pub(crate) struct Meters {
    waiting: Gauge,
    writes: Histogram,
    seconds: Histogram,
    errors: Counter,
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
