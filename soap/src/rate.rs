//! The least that a peer must bring, or take, while we wait for it.

use std::time::Duration;

use crate::limits;

/// Bytes that passed, and the time for which they were waited, since the rate was last looked at.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    bytes: u64,
    waited: Duration,
}

/// Too few bytes passed.
#[derive(Debug, thiserror::Error)]
#[error("only {bytes} bytes in {} s", .waited.as_secs())]
pub(crate) struct TooSlow {
    bytes: u64,
    waited: Duration,
}

impl Rate {
    /// Counts bytes and the time for which they were waited; looks at the rate now and then.
    pub(crate) fn count(&mut self, bytes: u64, waited: Duration) -> Result<(), TooSlow> {
        self.bytes += bytes;
        self.waited += waited;
        if self.waited < limits::IDLE_TIME {
            return Ok(());
        }
        let Self { bytes, waited } = std::mem::take(self);
        if bytes < limits::BODY_RATE * waited.as_secs() { Err(TooSlow { bytes, waited }) } else { Ok(()) }
    }
}
