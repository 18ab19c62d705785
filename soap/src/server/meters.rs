//! What a server counts. Its meters are looked up once, for that costs more than counting.

use http::StatusCode;
use metrics::{Counter, Gauge, counter, gauge};

/// The meters of one listener.
pub(super) struct Meters {
    /// Connections that were made, after their handshake.
    pub(super) connections: Counter,
    /// Connections that are open.
    pub(super) open: Gauge,
    /// Connections beyond the limit of all, told to come back later or closed.
    pub(super) too_many: Counter,
    /// Connections beyond the limit of their peer, told to come back later.
    pub(super) too_many_of_a_peer: Counter,
    /// Handshakes that did not succeed.
    pub(super) handshakes_failed: Counter,
    /// Requests that are being answered.
    pub(super) under_way: Gauge,
    /// Requests that wait for a place.
    pub(super) waiting: Gauge,
    /// Bytes of HTTP that came.
    pub(super) received: Counter,
    /// Bytes of HTTP that went.
    pub(super) sent: Counter,
    answered: Counter,
    refused: Counter,
    failed: Counter,
    busy: Counter,
}

impl Default for Meters {
    fn default() -> Self {
        let requests = |result: &'static str| counter!("dosebook_requests_total", "result" => result);
        let refused =
            |reason: &'static str| counter!("dosebook_connections_refused_total", "reason" => reason);
        Self {
            connections: counter!("dosebook_connections_total"),
            open: gauge!("dosebook_connections_open"),
            too_many: refused("too_many"),
            too_many_of_a_peer: refused("too_many_of_a_peer"),
            handshakes_failed: counter!("dosebook_handshakes_failed_total"),
            under_way: gauge!("dosebook_requests_under_way"),
            waiting: gauge!("dosebook_requests_waiting"),
            received: counter!("dosebook_received_bytes_total"),
            sent: counter!("dosebook_sent_bytes_total"),
            answered: requests("answered"),
            refused: requests("refused"),
            failed: requests("failed"),
            busy: requests("busy"),
        }
    }
}

impl Meters {
    /// Counts a request by how it was answered.
    pub(super) fn count(&self, status: StatusCode) {
        let meter = match status {
            StatusCode::SERVICE_UNAVAILABLE => &self.busy,
            _ if status.is_server_error() => &self.failed,
            _ if status.is_client_error() => &self.refused,
            _ => &self.answered,
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
