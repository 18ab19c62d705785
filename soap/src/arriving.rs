//! A body as it comes from the network: bounded in size, and in the time that the peer may take.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::limits;
use crate::parts::Content;
use crate::rate::Rate;

/// Where large bodies wait for their turn: behind those of the same peer, then behind all.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    pub(crate) of_peer: Arc<Semaphore>,
    pub(crate) of_all: Arc<Semaphore>,
}

impl Turns {
    async fn take(&self) -> Option<Turn> {
        let take = |turns: &Arc<Semaphore>| Arc::clone(turns).acquire_owned();
        let both = async { Some((take(&self.of_peer).await.ok()?, take(&self.of_all).await.ok()?)) };
        timeout(limits::LARGE_BODY_TIME, both).await.ok().flatten()
    }
}

type Turn = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// A body that is read by whoever holds it; clones read the same.
#[derive(Debug)]
pub(crate) struct Arriving<B>(Arc<Mutex<State<B>>>);

#[derive(Debug)]
struct State<B> {
    body: B,
    received: u64,
    ended: bool,
    rate: Rate,
    turns: Option<Turns>,
    turn: Option<Turn>,
    /// What is given back when all of the body was read.
    held: Option<OwnedSemaphorePermit>,
}

impl<B> Clone for Arriving<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B> Arriving<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    /// A body. Large ones take `turns`: before anything of them is read if they announce their length. What is
    /// `held` is given back when all was read.
    pub(crate) fn new(body: B, turns: Option<Turns>, held: Option<OwnedSemaphorePermit>) -> Self {
        let rate = Rate::default();
        Self(Arc::new(Mutex::new(State { body, received: 0, ended: false, rate, turns, turn: None, held })))
    }

    /// Takes the turn of a body that announces that it is large; others take theirs when they turn out to be.
    pub(crate) async fn take_turn(&self) -> io::Result<()> {
        self.0.lock().await.take_turn().await
    }

    /// What is still to be read.
    pub(crate) fn content(&self) -> Content {
        Content::from_stream(stream::try_unfold(self.clone(), |arriving| async {
            let chunk = arriving.0.lock().await.chunk().await?;
            Ok(chunk.map(|chunk| (chunk, arriving)))
        }))
    }

    /// Bytes that came so far.
    pub(crate) async fn received(&self) -> u64 {
        self.0.lock().await.received
    }

    /// Whether nothing more is to come.
    pub(crate) async fn ended(&self) -> bool {
        let state = self.0.lock().await;
        state.ended || state.body.is_end_stream()
    }

    /// Reads past what is left, as long and as fast as any message may be, so that a peer that is
    /// still sending gets to its answer. That costs nothing which it would have to wait for.
    pub(crate) async fn drain(&self) {
        let mut state = self.0.lock().await;
        (state.turns, state.turn) = (None, None);
        loop {
            match state.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => {
                    return tracing::debug!(%error, "a request was answered and not read to its end");
                }
            }
        }
    }
}

impl<B> State<B>
where
    B: Body<Data = Bytes> + Send + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        while !self.ended {
            self.take_turn().await?;
            let started = Instant::now();
            let frame = timeout(limits::IDLE_TIME, self.body.frame()).await;
            let Ok(frame) = frame else {
                self.ended = true;
                return Err(late(format!("nothing came for {} s", limits::IDLE_TIME.as_secs())));
            };
            let Some(frame) = frame.transpose().map_err(io::Error::other)? else {
                self.ended = true;
                self.held = None;
                break;
            };
            let Ok(bytes) = frame.into_data() else { continue };
            self.count(bytes.len() as u64, started.elapsed())?;
            return Ok(Some(bytes));
        }
        Ok(None)
    }

    fn count(&mut self, bytes: u64, waited: Duration) -> io::Result<()> {
        self.received += bytes;
        if self.received > limits::MESSAGE {
            let reason = format!("the message is longer than {} bytes", limits::MESSAGE);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        self.rate.count(bytes, waited).map_err(|error| late(error.to_string()))
    }

    async fn take_turn(&mut self) -> io::Result<()> {
        let Some(turns) = self.turns.as_ref().filter(|_| self.turn.is_none()) else { return Ok(()) };
        if self.received.saturating_add(self.body.size_hint().lower()) < limits::LARGE_BODY {
            return Ok(());
        }
        self.turn = turns.take().await;
        if self.turn.is_none() {
            let reason = format!("{} large messages are under way already", limits::LARGE_BODIES);
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, reason));
        }
        Ok(())
    }
}

fn late(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    /// A body of frames of this size, each after a pause.
    fn body(
        frames: usize,
        size: usize,
        pause: Duration,
    ) -> impl Body<Data = Bytes, Error = io::Error> + Send + Unpin {
        let bytes = Bytes::from(vec![0; size]);
        StreamBody::new(Box::pin(stream::unfold(0, move |number| {
            let bytes = bytes.clone();
            async move {
                tokio::time::sleep(pause).await;
                (number < frames).then(|| (Ok(Frame::data(bytes)), number + 1))
            }
        })))
    }

    async fn read(arriving: Content) -> io::Result<u64> {
        let mut arriving = arriving;
        let mut total = 0;
        while let Some(chunk) = arriving.chunk().await? {
            total += chunk.len() as u64;
        }
        Ok(total)
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_a_peer_that_sends_nothing() {
        let stuck = Arriving::new(body(2, 1 << 20, limits::IDLE_TIME + Duration::from_secs(1)), None, None);
        assert_eq!(read(stuck.content()).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let slow = Arriving::new(body(3, 1 << 20, limits::IDLE_TIME - Duration::from_secs(1)), None, None);
        assert_eq!(read(slow.content()).await.unwrap(), 3 << 20);
        assert!(slow.ended().await);
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_a_peer_that_trickles() {
        let trickle = Arriving::new(body(1_000, 1, Duration::from_secs(10)), None, None);
        assert_eq!(read(trickle.content()).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(trickle.received().await < 10);
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_count_the_time_that_the_reader_takes() {
        let arriving = Arriving::new(body(9, 10, Duration::ZERO), None, None);
        let mut content = arriving.content();
        while let Some(chunk) = content.chunk().await.unwrap() {
            assert_eq!(chunk.len(), 10);
            tokio::time::sleep(2 * limits::IDLE_TIME).await;
        }
    }

    #[tokio::test]
    async fn refuses_a_message_beyond_the_limit() {
        let size = 64 << 20;
        let frames = (limits::MESSAGE / size as u64) as usize;
        assert_eq!(
            read(Arriving::new(body(frames, size, Duration::ZERO), None, None).content()).await.unwrap(),
            limits::MESSAGE
        );
        let over = Arriving::new(body(frames + 1, size, Duration::ZERO), None, None);
        assert_eq!(read(over.content()).await.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    fn turns(of_peer: usize, of_all: usize) -> Turns {
        Turns { of_peer: Arc::new(Semaphore::new(of_peer)), of_all: Arc::new(Semaphore::new(of_all)) }
    }

    fn large(turns: &Turns) -> Arriving<impl Body<Data = Bytes, Error = io::Error> + Send + Unpin + 'static> {
        Arriving::new(body(2, limits::LARGE_BODY as usize, Duration::ZERO), Some(turns.clone()), None)
    }

    #[tokio::test(start_paused = true)]
    async fn lets_large_bodies_take_turns() {
        let turns = turns(1, 2);
        let first = large(&turns);
        let mut open = first.content();
        open.chunk().await.unwrap();
        open.chunk().await.unwrap();
        assert_eq!(read(large(&turns).content()).await.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        let small = Arriving::new(body(5, 1000, Duration::ZERO), Some(turns.clone()), None);
        assert_eq!(read(small.content()).await.unwrap(), 5000);
        drop((open, first));
        assert_eq!(read(large(&turns).content()).await.unwrap(), 2 * limits::LARGE_BODY);
    }

    #[tokio::test(start_paused = true)]
    async fn lets_large_bodies_of_many_peers_take_turns() {
        let one = turns(9, 1);
        let other = Turns { of_peer: Arc::new(Semaphore::new(9)), ..one.clone() };
        let mut open = large(&one).content();
        open.chunk().await.unwrap();
        open.chunk().await.unwrap();
        assert_eq!(read(large(&other).content()).await.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        let waiting = large(&other);
        let (read, ()) = tokio::join!(read(waiting.content()), async {
            tokio::time::sleep(limits::LARGE_BODY_TIME / 2).await;
            drop(open);
        });
        assert_eq!(read.unwrap(), 2 * limits::LARGE_BODY);
    }

    /// Whoever sends many large bodies holds up none but their own.
    #[tokio::test(start_paused = true)]
    async fn large_bodies_get_their_turns_in_the_order_in_which_they_came() {
        let many = turns(2, 3);
        let other = Turns { of_peer: Arc::new(Semaphore::new(2)), ..many.clone() };
        let done = Arc::new(std::sync::Mutex::new(Vec::new()));
        let upload = |name: String, turns: &Turns| {
            let whole = http_body_util::Full::new(Bytes::from(vec![0; limits::LARGE_BODY as usize]));
            let (arriving, done) = (Arriving::new(whole, Some(turns.clone()), None), Arc::clone(&done));
            tokio::spawn(async move {
                arriving.take_turn().await.unwrap();
                tokio::time::sleep(Duration::from_secs(9)).await;
                read(arriving.content()).await.unwrap();
                done.lock().unwrap().push(name);
            })
        };
        let mut uploads = Vec::new();
        for number in 0..6 {
            uploads.push(upload(format!("many {number}"), &many));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        uploads.push(upload("other".to_owned(), &other));
        for upload in uploads {
            upload.await.unwrap();
        }
        let order = ["many 0", "many 1", "other", "many 2", "many 3", "many 4", "many 5"];
        assert_eq!(*done.lock().unwrap(), order);
    }

    #[tokio::test(start_paused = true)]
    async fn reads_nothing_of_a_body_that_is_announced_as_large_before_its_turn() {
        let turns = turns(1, 1);
        let taken = Arc::clone(&turns.of_all).acquire_owned().await.unwrap();
        let whole = http_body_util::Full::new(Bytes::from(vec![0; limits::LARGE_BODY as usize]));
        let announced = Arriving::new(whole, Some(turns.clone()), None);
        assert_eq!(read(announced.content()).await.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(announced.received().await, 0);
        drop(taken);
        assert_eq!(read(announced.content()).await.unwrap(), limits::LARGE_BODY);
    }

    #[tokio::test(start_paused = true)]
    async fn drains_what_any_message_may_bring() {
        let endless = Arriving::new(body(usize::MAX, 16 << 20, Duration::ZERO), None, None);
        endless.drain().await;
        assert_eq!(endless.received().await, limits::MESSAGE + (16 << 20));
        let stuck = Arriving::new(body(2, 1, limits::IDLE_TIME * 2), None, None);
        stuck.drain().await;
        assert_eq!(stuck.received().await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn drains_without_waiting_for_a_turn() {
        let turns = turns(1, 1);
        let taken = Arc::clone(&turns.of_peer).acquire_owned().await.unwrap();
        let large = Arriving::new(body(9, 1 << 20, Duration::ZERO), Some(turns), None);
        large.drain().await;
        assert_eq!(large.received().await, 9 << 20);
        drop(taken);
    }
}
