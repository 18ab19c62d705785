//! What a server counts.

use metrics::{Counter, Gauge, counter, gauge};

use crate::acknowledgement::Code;

/// The meters of one listener.
pub(super) struct Meters {
    /// Connections that are open.
    pub(super) open: Gauge,
    /// Connections beyond the limit, closed.
    pub(super) too_many: Counter,
    /// Handshakes that did not succeed.
    pub(super) handshakes_failed: Counter,
    accepted: Counter,
    errors: Counter,
    rejected: Counter,
}

impl Default for Meters {
    fn default() -> Self {
        let answers = |code: Code| counter!("dosebook_mllp_messages_total", "answer" => code.name());
        Self {
            open: gauge!("dosebook_mllp_connections_open"),
            too_many: counter!("dosebook_mllp_connections_refused_total"),
            handshakes_failed: counter!("dosebook_mllp_handshakes_failed_total"),
            accepted: answers(Code::Accept),
            errors: answers(Code::Error),
            rejected: answers(Code::Reject),
        }
    }
}

impl Meters {
    /// Counts a message by how it was answered.
    pub(super) fn count(&self, code: Code) {
        let meter = match code {
            Code::Accept => &self.accepted,
            Code::Error => &self.errors,
            Code::Reject => &self.rejected,
        };
        meter.increment(1);
    }
}

/// Counts one more in a gauge until it is dropped.
pub(super) struct Within(Gauge);

impl Within {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
