//! What answers hold in memory until they have gone out. It is bounded, for each peer and for all: a peer may ask for
//! much and take it slowly, and so may many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soap::message::Held;
use soap::peer::Peer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Questions with large answers that are worked on at a time: each may come to hold some fifteen mebibytes.
pub(crate) const WORKED_ON: usize = 16;

/// Bytes that large answers hold together on their way out.
pub(crate) const HELD: usize = 128 << 20;

/// The same of one peer, so that one who takes them slowly keeps nobody else from theirs. Three of the largest fit.
pub(crate) const HELD_OF_A_PEER: usize = 48 << 20;

/// Bytes from which an answer is large. Others are not counted: so much of an answer is written at once anyway.
pub(crate) const LARGE: usize = 256 << 10;

/// Large answers that wait until others have gone out; while as many do, there is none for the next. They are fewer than
/// those that are worked on, so that small ones never wait for them.
pub(crate) const WAITING: usize = 8;

/// The same of one peer.
pub(crate) const WAITING_OF_A_PEER: usize = 3;

/// How long they wait: less than a client waits for its answer.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// What is left to the answers of one actor.
#[derive(Debug)]
pub(crate) struct Answers {
    worked_on: Semaphore,
    all: Room,
    /// What is left to those who have large answers, by the fingerprints of their certificates.
    peers: Mutex<HashMap<Option<String>, Arc<Room>>>,
}

/// What is left of what large answers may hold.
#[derive(Debug)]
struct Room {
    bytes: usize,
    kibibytes: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Room {
    fn new(bytes: usize, waiting: usize) -> Self {
        let kibibytes = Arc::new(Semaphore::new(bytes >> 10));
        Self { bytes, kibibytes, waiting: Semaphore::new(waiting) }
    }

    /// What is larger than all of it can go alone.
    fn kibibytes_of(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.bytes) >> 10).unwrap_or(u32::MAX)
    }

    fn try_take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.kibibytes).try_acquire_many_owned(self.kibibytes_of(bytes)).ok()
    }

    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.kibibytes).acquire_many_owned(self.kibibytes_of(bytes)).await.ok()
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self { worked_on: Semaphore::new(WORKED_ON), all: Room::new(HELD, WAITING), peers: Mutex::default() }
    }
}

impl Answers {
    /// Works on a question of a peer when it is its turn, and then finds room for its answer, of which `held` says how
    /// many bytes it holds: none if there is no room in time.
    pub(crate) async fn work<T>(
        &self,
        peer: &Peer,
        work: impl Future<Output = T>,
        held: impl FnOnce(&T) -> usize,
    ) -> (T, Option<Held>) {
        // They are never closed.
        let _turn = self.worked_on.acquire().await;
        let answer = work.await;
        let room = match held(&answer) {
            ..LARGE => Some(Held::nothing()),
            bytes => self.room(peer, bytes).await,
        };
        (answer, room)
    }

    async fn room(&self, peer: &Peer, bytes: usize) -> Option<Held> {
        let of_peer = self.of(peer);
        let at_once = of_peer.try_take(bytes).and_then(|own| Some((own, self.all.try_take(bytes)?)));
        let taken = match at_once {
            Some(taken) => taken,
            None => {
                let _waiting = (of_peer.waiting.try_acquire().ok()?, self.all.waiting.try_acquire().ok()?);
                // Nothing is taken from all while the peer must make room first.
                let both = async { Some((of_peer.take(bytes).await?, self.all.take(bytes).await?)) };
                timeout(WAIT, both).await.ok()??
            }
        };
        Some(Held::new((taken, of_peer)))
    }

    /// What is left to a peer. It is forgotten when nothing of it waits or is on its way out.
    fn of(&self, peer: &Peer) -> Arc<Room> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|_, room| Arc::strong_count(room) > 1);
        let fingerprint = peer.certificate.as_ref().map(|certificate| certificate.fingerprint.clone());
        let room = peers.entry(fingerprint);
        Arc::clone(room.or_insert_with(|| Arc::new(Room::new(HELD_OF_A_PEER, WAITING_OF_A_PEER))))
    }
}

#[cfg(test)]
mod tests {
    use soap::peer::Certificate;
    use tokio::time::Instant;

    use super::*;

    const SIZE: usize = 12 << 20;

    /// A peer of its own.
    fn peer(number: usize) -> Peer {
        let certificate = Certificate {
            subject: String::new(),
            issuer: String::new(),
            names: Vec::new(),
            fingerprint: number.to_string(),
            not_before: 0,
            not_after: 0,
        };
        Peer { address: None, certificate: Some(Arc::new(certificate)) }
    }

    async fn answer(answers: &Answers, number: usize, bytes: usize) -> Option<Held> {
        answers.work(&peer(number), async { bytes }, |bytes| *bytes).await.1
    }

    /// Answers that hold all that there is.
    async fn all(answers: &Answers) -> Vec<Held> {
        let mut held = Vec::new();
        for number in 0..HELD / SIZE {
            held.push(answer(answers, number, SIZE).await.unwrap());
        }
        held.push(answer(answers, HELD, HELD % SIZE).await.unwrap());
        held
    }

    #[tokio::test(start_paused = true)]
    async fn large_answers_wait_for_room_and_small_ones_do_not() {
        let answers = Answers::default();
        let mut held = all(&answers).await;
        let begun = Instant::now();
        assert!(answer(&answers, 99, LARGE - 1).await.is_some());
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert!(answer(&answers, 99, LARGE).await.is_none());
        assert_eq!(begun.elapsed(), WAIT);
        let (waiting, ()) = tokio::join!(answer(&answers, 99, SIZE), async {
            tokio::time::sleep(WAIT / 2).await;
            held.swap_remove(0);
        });
        assert!(waiting.is_some());
        drop((waiting, held));
        assert!(answer(&answers, 99, 2 * HELD).await.is_some(), "what is larger than all room can go alone");
    }

    #[tokio::test(start_paused = true)]
    async fn one_peer_holds_and_waits_for_no_more_than_its_share() {
        let answers = Answers::default();
        let mut held = Vec::new();
        for _ in 0..HELD_OF_A_PEER / SIZE {
            held.push(answer(&answers, 1, SIZE).await.unwrap());
        }
        let begun = Instant::now();
        let waiting =
            futures_util::future::join_all((0..WAITING_OF_A_PEER).map(|_| answer(&answers, 1, SIZE)));
        let others = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(answer(&answers, 1, LARGE).await.is_none(), "one more of the same waits");
            for number in 2..6 {
                assert!(answer(&answers, number, SIZE).await.is_some());
            }
            assert_eq!(begun.elapsed(), Duration::from_secs(1));
            held.pop();
        };
        let (waiting, ()) = tokio::join!(waiting, others);
        assert_eq!(waiting.iter().flatten().count(), 1, "for one of them there was room again");
        assert_eq!(begun.elapsed(), WAIT);
        drop((waiting, held));
        answer(&answers, 2, SIZE).await.unwrap();
        assert_eq!(answers.peers.lock().unwrap().len(), 1, "who holds nothing is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_wait_and_small_ones_go_on_meanwhile() {
        let answers = Answers::default();
        let _all = all(&answers).await;
        let begun = Instant::now();
        let large = futures_util::future::join_all((0..WAITING).map(|number| answer(&answers, number, SIZE)));
        let others = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            for _ in 0..9 * WORKED_ON {
                assert!(answer(&answers, 99, 1).await.is_some());
                assert!(answer(&answers, 99, SIZE).await.is_none(), "one more waits");
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
        let peer = peer(1);
        let work = || answers.work(&peer, async { tokio::time::sleep(Duration::from_secs(1)).await }, |()| 0);
        futures_util::future::join_all((0..2 * WORKED_ON).map(|_| work())).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }
}
