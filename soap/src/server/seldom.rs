//! Lines of the log that any stranger can cause, and with which none shall flood it.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::limits;

/// Lets one line pass at a time, then none for a while.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// Whether a line may pass; if so, how many did not since the last one.
    pub fn pass(&self) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| last.elapsed() < limits::LOG_PAUSE) {
            state.unsaid += 1;
            return None;
        }
        state.last = Some(Instant::now());
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn lets_one_line_pass_at_a_time_and_counts_the_others() {
        let seldom = Seldom::default();
        assert_eq!(seldom.pass(), Some(0));
        for _ in 0..2_000 {
            assert_eq!(seldom.pass(), None);
        }
        tokio::time::advance(limits::LOG_PAUSE).await;
        assert_eq!(seldom.pass(), Some(2_000));
        assert_eq!(seldom.pass(), None);
    }
}
