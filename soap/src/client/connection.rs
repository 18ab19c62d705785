//! A connection of the client, which knows whether anything of a request has gone out on it.
//!
//! A peer may close a connection that was kept just when it is used again. A request of which nothing went out has
//! never been: it goes out on another connection, whatever it asks for.

use std::error::Error;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use http::{Extensions, Uri};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Error as RequestError;
use hyper_util::client::legacy::connect::{self, Connected, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

/// Bytes of a request that are written first: one TLS record, of which a peer reads nothing unless all of it arrived.
const FIRST: usize = 16 << 10;

/// Makes connections.
#[derive(Debug, Clone)]
pub(super) struct Connector(pub(super) HttpsConnector<HttpConnector>);

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Connection, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let stream = connecting.await?;
            Ok(Connection { stream, traffic: Traffic::default(), early: Vec::new() })
        })
    }
}

/// What has passed over one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic(Arc<Passed>);

#[derive(Debug, Default)]
struct Passed {
    /// Bytes of requests that went out.
    written: AtomicU64,
    /// Those of them that belong to requests that were answered.
    answered: AtomicU64,
    /// Whether any request was.
    is_kept: AtomicBool,
}

impl Traffic {
    /// What has passed over the connection on which a request failed.
    pub(super) fn of(error: &RequestError) -> Option<Self> {
        let mut extensions = Extensions::new();
        error.connect_info()?.get_extras(&mut extensions);
        extensions.get::<Self>().cloned()
    }

    /// An answer has begun. If more of its request goes out after that, it counts as one without an answer.
    pub(super) fn answered(&self) {
        self.0.answered.store(self.0.written.load(Ordering::Acquire), Ordering::Release);
        self.0.is_kept.store(true, Ordering::Release);
    }

    /// Whether it was kept after an answer, and nothing went out since.
    pub(super) fn was_only_kept(&self) -> bool {
        self.0.is_kept.load(Ordering::Acquire)
            && self.0.written.load(Ordering::Acquire) == self.0.answered.load(Ordering::Acquire)
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    traffic: Traffic,
    /// What came before it was asked for.
    early: Vec<u8>,
}

impl Connection {
    /// Whether the peer has closed it while it was kept, as far as that has arrived.
    fn is_closed(&mut self, context: &mut Context<'_>) -> bool {
        if !self.early.is_empty() {
            return false;
        }
        let mut bytes = [0; 64];
        let mut buffer = ReadBuf::new(&mut bytes);
        match Pin::new(&mut self.stream).poll_read(context, buffer.unfilled()) {
            Poll::Pending => false,
            Poll::Ready(Err(_)) => true,
            Poll::Ready(Ok(())) => {
                self.early.extend_from_slice(buffer.filled());
                self.early.is_empty()
            }
        }
    }
}

impl connect::Connection for Connection {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.traffic.clone())
    }
}

impl Read for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let rest = this.early.split_off(this.early.len().min(buffer.remaining()));
        buffer.put_slice(&std::mem::replace(&mut this.early, rest));
        Poll::Ready(Ok(()))
    }
}

impl Write for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut bytes = bytes;
        if this.traffic.was_only_kept() {
            if this.is_closed(context) {
                return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
            }
            bytes = bytes.get(..FIRST).unwrap_or(bytes);
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        this.traffic.0.written.fetch_add(written as u64, Ordering::AcqRel);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.traffic.was_only_kept() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.poll_write(context, first.map_or(&[], |first| first));
        }
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, slices))?;
        this.traffic.0.written.fetch_add(written as u64, Ordering::AcqRel);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = MaybeHttpsStream::Http(TokioIo::new(stream));
        let near = Connection { stream, traffic: Traffic::default(), early: Vec::new() };
        (near, listener.accept().await.unwrap().0)
    }

    async fn write(near: &mut Connection, bytes: &[u8]) -> io::Result<usize> {
        poll_fn(|context| {
            let slices = [IoSlice::new(&[]), IoSlice::new(bytes)];
            Pin::new(&mut *near).poll_write_vectored(context, &slices)
        })
        .await
    }

    async fn read(near: &mut Connection, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let mut buffer = ReadBuf::new(&mut bytes);
        poll_fn(|context| Pin::new(&mut *near).poll_read(context, buffer.unfilled())).await.unwrap();
        buffer.filled().to_vec()
    }

    /// Until something has arrived.
    async fn arrived(near: &Connection) {
        let MaybeHttpsStream::Http(stream) = &near.stream else { unreachable!() };
        stream.inner().readable().await.unwrap();
    }

    #[tokio::test]
    async fn writes_nothing_into_what_was_closed_while_it_was_kept() {
        let (mut near, mut far) = pair().await;
        assert!(!near.traffic.was_only_kept(), "nothing was answered yet");
        assert_eq!(write(&mut near, b"question").await.unwrap(), 8);
        far.read_exact(&mut [0; 8]).await.unwrap();
        assert!(!near.traffic.was_only_kept());
        near.traffic.answered();
        drop(far);
        arrived(&near).await;
        assert_eq!(write(&mut near, b"another").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert!(near.traffic.was_only_kept());
    }

    #[tokio::test]
    async fn writes_little_at_first_and_loses_nothing_that_came_early() {
        let (mut near, mut far) = pair().await;
        near.traffic.answered();
        far.write_all(b"HTTP/1.1 408").await.unwrap();
        arrived(&near).await;
        assert_eq!(write(&mut near, &[0; 9 * FIRST]).await.unwrap(), FIRST);
        assert!(!near.traffic.was_only_kept());
        assert!(write(&mut near, &[0; 2 * FIRST]).await.unwrap() > FIRST);
        assert_eq!(read(&mut near, 4).await, b"HTTP");
        assert_eq!(read(&mut near, 99).await, b"/1.1 408");
        far.write_all(b"!").await.unwrap();
        assert_eq!(read(&mut near, 99).await, b"!");
    }
}
