//! How much one server, and each peer of it, may have open at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits;

/// Counts connections.
#[derive(Debug)]
pub(super) struct Admission {
    served: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    peers: Mutex<HashMap<String, Weak<Allowance>>>,
}

/// A place that a connection has until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    /// Only to be told to come back later.
    pub(super) busy: bool,
}

/// What is left to one peer.
#[derive(Debug)]
pub(super) struct Allowance {
    connections: Arc<Semaphore>,
    waiting: Semaphore,
    pub(super) large_bodies: Arc<Semaphore>,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            served: Arc::new(Semaphore::new(limits::CONNECTIONS)),
            turned_away: Arc::new(Semaphore::new(limits::CONNECTIONS_TURNED_AWAY)),
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

    /// What is left to the peer with this certificate.
    pub(super) fn peer(&self, fingerprint: &str) -> Arc<Allowance> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(allowance) = peers.get(fingerprint).and_then(Weak::upgrade) {
            return allowance;
        }
        peers.retain(|_, allowance| allowance.strong_count() > 0);
        let allowance = Arc::new(Allowance {
            connections: Arc::new(Semaphore::new(limits::CONNECTIONS_OF_A_PEER)),
            waiting: Semaphore::new(limits::CONNECTIONS_OF_A_PEER),
            large_bodies: Arc::new(Semaphore::new(limits::LARGE_BODIES_OF_A_PEER)),
        });
        peers.insert(fingerprint.to_owned(), Arc::downgrade(&allowance));
        allowance
    }
}

impl Allowance {
    /// A place for one more connection of this peer, if need be after a while: a client with a pool
    /// opens more connections than it has requests.
    pub(super) async fn connection(&self) -> Option<OwnedSemaphorePermit> {
        let _waiting = self.waiting.try_acquire().ok()?;
        let place = Arc::clone(&self.connections).acquire_owned();
        timeout(limits::PLACE_TIME, place).await.ok()?.ok()
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

    #[tokio::test(start_paused = true)]
    async fn counts_each_peer_by_itself() {
        let admission = Admission::default();
        let one = admission.peer("one");
        let mut taken = Vec::new();
        for _ in 0..limits::CONNECTIONS_OF_A_PEER {
            taken.push(one.connection().await.unwrap());
        }
        assert!(admission.peer("one").connection().await.is_none());
        assert!(admission.peer("two").connection().await.is_some());
        let freed = async {
            tokio::time::sleep(limits::PLACE_TIME / 2).await;
            drop(taken.pop());
        };
        let (place, ()) = tokio::join!(one.connection(), freed);
        assert!(place.is_some());
    }

    #[test]
    fn forgets_peers_that_are_gone() {
        let admission = Admission::default();
        drop(admission.peer("one"));
        let _two = admission.peer("two");
        assert_eq!(admission.peers.lock().unwrap().len(), 1);
    }
}
