//! A connection that is given up when the peer does not take what is sent to it.

use std::fmt::Display;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use metrics::Counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Duration, Instant, Sleep, sleep};

use crate::limits;
use crate::rate::Rate;

/// Bounds the time in which nothing at all could be written, and in which little could.
pub(super) struct Stall<T> {
    stream: T,
    /// How long it bears that nothing can be written, and since when.
    patience: Option<(Pin<Box<Sleep>>, Instant)>,
    rate: Rate,
    received: Counter,
    sent: Counter,
}

impl<T> Stall<T> {
    /// Counts what passes.
    pub(super) fn new(stream: T, received: Counter, sent: Counter) -> Self {
        Self { stream, patience: None, rate: Rate::default(), received, sent }
    }

    /// Looks at what became of a write of so many bytes.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(result) = result else {
            let begin = || (Box::pin(sleep(limits::IDLE_TIME)), Instant::now());
            let (patience, _) = self.patience.get_or_insert_with(begin);
            return patience.as_mut().poll(context).map(|()| Err(late("nothing in all that time")));
        };
        let waited = self.patience.take().map_or(Duration::ZERO, |(_, since)| since.elapsed());
        let bytes = result?;
        self.sent.increment(bytes as u64);
        self.rate.count(bytes as u64, waited).map_err(late)?;
        Poll::Ready(Ok(bytes))
    }

    /// Looks at what became of a flush, which writes nothing new.
    fn flushed(&mut self, context: &mut Context<'_>, result: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        self.written(context, result.map_ok(|()| 0)).map_ok(drop)
    }
}

fn late(reason: impl Display) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the peer took {reason}"))
}

impl<T: AsyncRead + Unpin> AsyncRead for Stall<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (this, before) = (self.get_mut(), buffer.filled().len());
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.received.increment((buffer.filled().len() - before) as u64);
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stall<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(context, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.written(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_flush(context);
        this.flushed(context, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_shutdown(context);
        this.flushed(context, result)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn gives_up_a_peer_that_reads_nothing() {
        let (near, _far) = tokio::io::duplex(16);
        let error = Stall::new(near, Counter::noop(), Counter::noop()).write_all(&[0; 17]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn bears_with_a_peer_that_reads_slowly() {
        let (near, mut far) = tokio::io::duplex(64 << 10);
        let writing = tokio::spawn(async move {
            Stall::new(near, Counter::noop(), Counter::noop()).write_all(&[0; 256 << 10]).await
        });
        for _ in 0..4 {
            sleep(limits::IDLE_TIME - limits::IDLE_TIME / 10).await;
            far.read_exact(&mut [0; 64 << 10]).await.unwrap();
        }
        writing.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_a_peer_that_reads_by_the_byte() {
        let (near, mut far) = tokio::io::duplex(16);
        let writing = tokio::spawn(async move {
            Stall::new(near, Counter::noop(), Counter::noop()).write_all(&[0; 20]).await
        });
        for _ in 0..4 {
            sleep(limits::IDLE_TIME - limits::IDLE_TIME / 10).await;
            let _ = far.read_u8().await;
        }
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
