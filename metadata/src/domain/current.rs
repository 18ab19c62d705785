//! The domain that holds now: shared by all who ask for it, and replaced whole.

use std::sync::{Arc, PoisonError, RwLock};

use super::Domain;

/// The domain that holds now. Copies are of the same one.
#[derive(Debug, Clone)]
pub struct CurrentDomain(Arc<RwLock<Arc<Domain>>>);

impl CurrentDomain {
    /// This one, until another takes its place.
    pub fn new(domain: Domain) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(domain))))
    }

    /// The one that holds now: whoever judges by it keeps it until the end.
    pub fn get(&self) -> Arc<Domain> {
        // Nobody can panic while holding the lock, and a whole domain is there in any case.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another one holds from now on.
    pub fn replace(&self, domain: Domain) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(domain);
    }
}

/// One in which everything goes.
impl Default for CurrentDomain {
    fn default() -> Self {
        Self::new(Domain::open())
    }
}
