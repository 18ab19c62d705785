//! A request that is worked on: it has a place among all, except while its body waits for its turn.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use hyper::body::Body;
use tokio::sync::OwnedSemaphorePermit;

use super::connection::Listener;
use super::meters::Within;
use crate::arriving::Arriving;
use crate::limits;
use crate::parts::Content;

/// What a request takes up until it is worked off, whether or not anybody still waits for its answer.
pub(super) struct UnderWay {
    listener: Arc<Listener>,
    place: Mutex<Option<(OwnedSemaphorePermit, Within)>>,
}

impl UnderWay {
    /// One more request, if there comes to be a place for it.
    pub(super) async fn begin(listener: &Arc<Listener>) -> Option<Arc<Self>> {
        let begun = Self { listener: Arc::clone(listener), place: Mutex::default() };
        begun.take_place().await.then(|| Arc::new(begun))
    }

    /// What is still to be read of the body. One that turns out to be large waits for its turn without the place, so
    /// that it keeps nobody else from being answered.
    pub(super) fn content<B>(self: &Arc<Self>, arriving: &Arriving<B>) -> Content
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync + 'static,
    {
        // Who keeps the content does not keep the place.
        let state = (Arc::downgrade(self), arriving.clone(), arriving.content());
        Content::from_stream(stream::try_unfold(state, |(under_way, arriving, mut content)| async {
            if let Some(under_way) = Weak::upgrade(&under_way) {
                under_way.wait(arriving.take_turn()).await?;
            }
            Ok(content.chunk().await?.map(|chunk| (chunk, (under_way, arriving, content))))
        }))
    }

    async fn wait(&self, turn: impl Future<Output = io::Result<()>>) -> io::Result<()> {
        let mut turn = pin!(turn);
        match turn.as_mut().now_or_never() {
            Some(taken) => taken?,
            None => {
                let Listener { admission, meters, .. } = &*self.listener;
                let _begun = admission.large_bodies_begun.try_acquire().map_err(|_| {
                    busy(format!("{} large messages wait already", limits::LARGE_BODIES_BEGUN))
                })?;
                let _waiting = Within::new(&meters.waiting);
                drop(self.place().take());
                turn.await?;
            }
        }
        match self.place().is_some() || self.take_place().await {
            true => Ok(()),
            false => Err(busy(format!("{} requests are under way already", limits::REQUESTS))),
        }
    }

    /// Whether there came to be a place.
    async fn take_place(&self) -> bool {
        let Listener { admission, meters, .. } = &*self.listener;
        let place = {
            let _waiting = Within::new(&meters.waiting);
            admission.requests.place().await
        };
        let place = place.map(|place| (place, Within::new(&meters.under_way)));
        let got = place.is_some();
        *self.place() = place;
        got
    }

    fn place(&self) -> MutexGuard<'_, Option<(OwnedSemaphorePermit, Within)>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn busy(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, reason)
}
