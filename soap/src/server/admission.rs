//! How much one server, and each peer of it, may have open at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::arriving::Turns;
use crate::limits;
use crate::peer::Certificate;

/// What is left to all.
#[derive(Debug)]
pub(super) struct Admission {
    served: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    /// For requests.
    pub(super) requests: Queue,
    large_bodies: Arc<Semaphore>,
    /// For large bodies that wait for their turn in the middle.
    pub(super) large_bodies_begun: Semaphore,
    /// By the SHA-256 of their certificates.
    peers: Mutex<HashMap<[u8; 32], Arc<Known>>>,
}

/// A place that a connection has until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    /// Only to be told to come back later.
    pub(super) busy: bool,
}

/// A peer, and what is left to it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) certificate: Arc<Certificate>,
    /// For connections: a client with a pool opens more of them than it has requests.
    pub(super) connections: Queue,
    pub(super) turns: Turns,
}

/// Places, and a queue of bounded length and patience for those who wait for one.
#[derive(Debug)]
pub(super) struct Queue {
    places: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Queue {
    fn new(places: usize, waiting: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), waiting: Semaphore::new(waiting) }
    }

    /// A place, if need be after a while.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        timeout(limits::PLACE_TIME, Arc::clone(&self.places).acquire_owned()).await.ok()?.ok()
    }
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            served: Arc::new(Semaphore::new(limits::CONNECTIONS)),
            turned_away: Arc::new(Semaphore::new(limits::CONNECTIONS_TURNED_AWAY)),
            requests: Queue::new(limits::REQUESTS, limits::REQUESTS_WAITING),
            large_bodies: Arc::new(Semaphore::new(limits::LARGE_BODIES)),
            large_bodies_begun: Semaphore::new(limits::LARGE_BODIES_BEGUN),
            peers: Mutex::default(),
        }
    }
}

impl Admission {
    /// A place for one more connection, if there is any.
    pub(super) fn connection(&self) -> Option<Place> {
        let place = |semaphore: &Arc<Semaphore>, busy| {
            let permit = Arc::clone(semaphore).try_acquire_owned().ok()?;
            Some(Place { _permit: permit, busy })
        };
        place(&self.served, false).or_else(|| place(&self.turned_away, true))
    }

    /// The peer with this certificate.
    pub(super) fn peer(&self, der: &[u8]) -> Result<Arc<Known>, String> {
        let fingerprint = Sha256::digest(der).into();
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = peers.get(&fingerprint) {
            return Ok(Arc::clone(known));
        }
        let of_peer = Arc::new(Semaphore::new(limits::LARGE_BODIES_OF_A_PEER));
        let known = Arc::new(Known {
            certificate: Arc::new(Certificate::from_der(der)?),
            connections: Queue::new(limits::CONNECTIONS_OF_A_PEER, limits::CONNECTIONS_OF_A_PEER),
            turns: Turns { of_peer, of_all: Arc::clone(&self.large_bodies) },
        });
        if peers.len() >= limits::PEERS_REMEMBERED {
            peers.retain(|_, known| Arc::strong_count(known) > 1);
        }
        peers.insert(fingerprint, Arc::clone(&known));
        Ok(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_away_beyond_the_limit_and_closes_beyond_that() {
        let admission = Admission::default();
        let served: Vec<_> = (0..limits::CONNECTIONS).map(|_| admission.connection().unwrap()).collect();
        assert!(served.iter().all(|place| !place.busy));
        let away: Vec<_> =
            (0..limits::CONNECTIONS_TURNED_AWAY).map(|_| admission.connection().unwrap()).collect();
        assert!(away.iter().all(|place| place.busy));
        assert!(admission.connection().is_none());
        drop(served);
        assert!(!admission.connection().unwrap().busy);
    }

    fn certificate() -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::default().self_signed(&key).unwrap().der().to_vec()
    }

    #[tokio::test(start_paused = true)]
    async fn counts_each_peer_by_itself() {
        let admission = Admission::default();
        let (one, two) = (certificate(), certificate());
        let mut taken = Vec::new();
        for _ in 0..limits::CONNECTIONS_OF_A_PEER {
            taken.push(admission.peer(&one).unwrap().connections.place().await.unwrap());
        }
        assert!(admission.peer(&one).unwrap().connections.place().await.is_none());
        assert!(admission.peer(&two).unwrap().connections.place().await.is_some());
        let freed = async {
            tokio::time::sleep(limits::PLACE_TIME / 2).await;
            drop(taken.pop());
        };
        let one = admission.peer(&one).unwrap();
        let (place, ()) = tokio::join!(one.connections.place(), freed);
        assert!(place.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn lets_so_many_wait_and_no_more() {
        let queue = Queue::new(2, 3);
        let _taken = (queue.place().await.unwrap(), queue.place().await.unwrap());
        let start = tokio::time::Instant::now();
        let refused = async |wanted| {
            let place = queue.place().await;
            assert!(place.is_none());
            assert_eq!(start.elapsed(), wanted);
        };
        let wait = limits::PLACE_TIME;
        tokio::join!(refused(wait), refused(wait), refused(wait), refused(std::time::Duration::ZERO));
    }

    #[test]
    fn forgets_peers_that_are_gone() {
        let admission = Admission::default();
        let stays = admission.peer(&certificate()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        for number in 0..limits::PEERS_REMEMBERED as u64 {
            let mut params = rcgen::CertificateParams::default();
            params.serial_number = Some(number.into());
            admission.peer(params.self_signed(&key).unwrap().der()).unwrap();
        }
        assert_eq!(admission.peers.lock().unwrap().len(), 2);
        assert_eq!(Arc::strong_count(&stays), 2);
    }
}
