//! A way between a node and a server that can be cut, stalled and restored, as networks do.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch::{self, Receiver, Sender};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// Everything passes.
    Open,
    /// Everything passes, in small pieces with long pauses.
    Slow,
    /// Connections are reset, and so is every new one.
    Reset,
    /// Connections stay, new ones are taken, and nothing passes.
    Stalled,
}

/// A TCP proxy that can fail.
#[derive(Debug)]
pub struct Cut {
    address: SocketAddr,
    way: Sender<Way>,
    server: Sender<SocketAddr>,
    runtime: Option<Runtime>,
}

impl Cut {
    /// An open way to a server.
    pub fn before(server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (way, state) = watch::channel(Way::Open);
        let (server, target) = watch::channel(server);
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                let server = *target.borrow();
                tokio::spawn(join(client, server, state.clone()));
            }
        });
        Self { address, way, server, runtime: Some(runtime) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection, and every new one, until it is restored.
    pub fn reset(&self) {
        self.way.send_replace(Way::Reset);
    }

    /// Lets everything pass slowly: 64 KiB every tenth of a second.
    pub fn slow_down(&self) {
        self.way.send_replace(Way::Slow);
    }

    /// Swallows everything without a word until it is restored.
    pub fn stall(&self) {
        self.way.send_replace(Way::Stalled);
    }

    /// Leads new connections to another server.
    pub fn lead_to(&self, server: SocketAddr) {
        self.server.send_replace(server);
    }

    /// Lets everything pass again. What a stalled connection has not delivered arrives now.
    pub fn restore(&self) {
        self.way.send_replace(Way::Open);
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn join(client: TcpStream, server: SocketAddr, way: Receiver<Way>) {
    // What is dropped is reset, so that both ends learn at once what a broken network tells them.
    let _ = client.set_zero_linger();
    if !open(&mut way.clone()).await {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = server.set_zero_linger();
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = pass(from_client, to_server, way.clone()) => {}
        () = pass(from_server, to_client, way) => {}
    }
}

/// What passes at once.
const PIECE: usize = 64 << 10;
/// How long a slow way rests before it passes anything on.
const PAUSE: Duration = Duration::from_millis(100);

/// Passes bytes on until either end closes or the way is cut.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut way: Receiver<Way>) {
    let mut buffer = vec![0; PIECE];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = way.wait_for(|way| *way == Way::Reset) => return,
        };
        let Some(bytes @ [_, ..]) = read.ok().and_then(|length| buffer.get(..length)) else { return };
        if *way.borrow() == Way::Slow {
            tokio::time::sleep(PAUSE).await;
        }
        if !open(&mut way).await || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// Waits while the way is stalled; whether it is open then.
async fn open(way: &mut Receiver<Way>) -> bool {
    way.wait_for(|way| *way != Way::Stalled).await.is_ok_and(|way| *way != Way::Reset)
}
