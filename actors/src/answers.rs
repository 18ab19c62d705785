//! What answers hold in memory until they have gone out. It is bounded: a peer may ask for much and take it slowly, and
//! so may many.

use std::sync::Arc;
use std::time::Duration;

use soap::message::Held;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Questions with large answers that are worked on at a time: each may come to hold some fifteen mebibytes.
pub(crate) const WORKED_ON: usize = 16;

/// Bytes that large answers hold together on their way out.
pub(crate) const HELD: usize = 128 << 20;

/// Bytes from which an answer is large. Others are not counted: so much of an answer is written at once anyway.
pub(crate) const LARGE: usize = 256 << 10;

/// Large answers that wait until others have gone out; while as many do, there is none for the next. They are fewer than
/// those that are worked on, so that small ones never wait for them.
pub(crate) const WAITING: usize = 8;

/// How long they wait: less than a client waits for its answer.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// What is left to the answers of one actor.
#[derive(Debug)]
pub(crate) struct Answers {
    worked_on: Semaphore,
    waiting: Semaphore,
    kibibytes: Arc<Semaphore>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            worked_on: Semaphore::new(WORKED_ON),
            waiting: Semaphore::new(WAITING),
            kibibytes: Arc::new(Semaphore::new(HELD >> 10)),
        }
    }
}

impl Answers {
    /// Works on a question when it is its turn, and then finds room for its answer, of which `held` says how many bytes
    /// it holds: none if there is no room in time.
    pub(crate) async fn work<T>(
        &self,
        work: impl Future<Output = T>,
        held: impl FnOnce(&T) -> usize,
    ) -> (T, Option<Held>) {
        // They are never closed.
        let _turn = self.worked_on.acquire().await;
        let answer = work.await;
        let room = self.room(held(&answer)).await;
        (answer, room)
    }

    async fn room(&self, bytes: usize) -> Option<Held> {
        if bytes < LARGE {
            return Some(Held::nothing());
        }
        let wanted = u32::try_from(bytes.min(HELD) >> 10).unwrap_or(u32::MAX);
        let taken = match Arc::clone(&self.kibibytes).try_acquire_many_owned(wanted) {
            Ok(taken) => taken,
            Err(_) => self.wait(wanted).await?,
        };
        Some(Held::new(taken))
    }

    async fn wait(&self, wanted: u32) -> Option<OwnedSemaphorePermit> {
        let _waiting = self.waiting.try_acquire().ok()?;
        timeout(WAIT, Arc::clone(&self.kibibytes).acquire_many_owned(wanted)).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const SIZE: usize = HELD / 8;

    async fn answer(answers: &Answers, bytes: usize) -> Option<Held> {
        answers.work(async { bytes }, |bytes| *bytes).await.1
    }

    #[tokio::test(start_paused = true)]
    async fn large_answers_wait_for_room_and_small_ones_do_not() {
        let answers = Arc::new(Answers::default());
        let mut held = Vec::new();
        for _ in 0..8 {
            held.push(answer(&answers, SIZE).await.unwrap());
        }
        let begun = Instant::now();
        assert!(answer(&answers, LARGE - 1).await.is_some());
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(answer(&answers, LARGE).await.is_none());
        assert_eq!(begun.elapsed(), WAIT);
        let (waiting, ()) = tokio::join!(answer(&answers, SIZE), async {
            tokio::time::sleep(WAIT / 2).await;
            held.pop();
        });
        assert!(waiting.is_some());
        drop((waiting, held));
        assert!(answer(&answers, 2 * HELD).await.is_some(), "what is larger than all room can go alone");
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_and_small_ones_go_on_meanwhile() {
        let answers = Answers::default();
        let _all = answer(&answers, HELD).await.unwrap();
        let begun = Instant::now();
        let large = futures_util::future::join_all((0..WAITING).map(|_| answer(&answers, SIZE)));
        let others = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            for _ in 0..9 * WORKED_ON {
                assert!(answer(&answers, 1).await.is_some());
                assert!(answer(&answers, SIZE).await.is_none(), "one more waits");
            }
            assert_eq!(begun.elapsed(), Duration::from_secs(1));
        };
        let (large, ()) = tokio::join!(large, others);
        assert!(large.iter().all(Option::is_none));
    }

    #[tokio::test(start_paused = true)]
    async fn works_on_so_many_at_a_time() {
        let answers = Answers::default();
        let begun = Instant::now();
        let work = || answers.work(async { tokio::time::sleep(Duration::from_secs(1)).await }, |()| 0);
        futures_util::future::join_all((0..2 * WORKED_ON).map(|_| work())).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }
}
