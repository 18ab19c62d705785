//! What stands between a repository and its S3 service in these tests, and fails as it is told.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is answered with this status, and never arrives.
    Answer(u16),
    /// It is cut off after so many bytes of its body.
    CutRequest(usize),
    /// Its answer is cut off after so many bytes of its body.
    CutAnswer(usize),
    /// It arrives; its answer does not.
    LoseAnswer,
    /// It waits so long before it goes on.
    Delay(Duration),
}

/// Faults that wait for the requests that they are for: those whose first line contains a text.
type Plan = Arc<Mutex<VecDeque<(&'static str, Fault)>>>;

pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    plan: Plan,
    seen: Arc<Mutex<Vec<String>>>,
    most: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) async fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (plan, seen) = (Plan::default(), Arc::new(Mutex::new(Vec::new())));
        let (under_way, most) = (UnderWay::default(), Arc::new(AtomicUsize::new(0)));
        let (planned, noted, highest) = (Arc::clone(&plan), Arc::clone(&seen), Arc::clone(&most));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (plan, seen) = (Arc::clone(&planned), Arc::clone(&noted));
                let (under_way, most) = (Arc::clone(&under_way), Arc::clone(&highest));
                tokio::spawn(async move {
                    let exchange = Exchange { client, upstream, plan, seen, under_way, most };
                    // However it ends, the client sees its connection end.
                    let _ = exchange.run().await;
                });
            }
        });
        Self { address, plan, seen, most }
    }

    /// The next request whose first line contains `request` meets this, and so on in this order.
    pub(super) fn plan(&self, faults: impl IntoIterator<Item = (&'static str, Fault)>) {
        *self.plan.lock().unwrap() = faults.into_iter().collect();
    }

    /// Faults that no request has met.
    pub(super) fn left(&self) -> usize {
        self.plan.lock().unwrap().len()
    }

    /// How many requests had this in their first line.
    pub(super) fn seen(&self, request: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|line| line.contains(request)).count()
    }

    /// The most parts of documents that were under way at once.
    pub(super) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// One request and its answer. Connections are not kept.
struct Exchange {
    client: TcpStream,
    upstream: SocketAddr,
    plan: Plan,
    seen: Arc<Mutex<Vec<String>>>,
    under_way: UnderWay,
    most: Arc<AtomicUsize>,
}

impl Exchange {
    async fn run(mut self) -> std::io::Result<()> {
        let (head, rest) = head(&mut self.client).await?;
        let text = String::from_utf8_lossy(&head).to_lowercase();
        let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |length| length.trim().parse().unwrap());
        let fault = self.fault(&line);
        let part = line.contains("partNumber").then(|| self.count(&line));
        self.seen.lock().unwrap().push(line);
        self.exchange(head, rest, length, fault, part).await
    }

    /// Counts a part for as long as the result is kept. An attempt that its client gave up is not under way any more
    /// when the next one of the same part comes, wherever it may still wait.
    fn count(&self, line: &str) -> Counted {
        let attempt = uuid::Uuid::new_v4();
        let mut under_way = self.under_way.lock().unwrap();
        under_way.insert(line.to_owned(), attempt);
        self.most.fetch_max(under_way.len(), Ordering::SeqCst);
        Counted { under_way: Arc::clone(&self.under_way), line: line.to_owned(), attempt }
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        let at = plan.iter().position(|(request, _)| line.contains(request))?;
        plan.remove(at).map(|(_, fault)| fault)
    }

    async fn exchange(
        &mut self,
        head: Vec<u8>,
        rest: Vec<u8>,
        length: usize,
        fault: Option<Fault>,
        part: Option<Counted>,
    ) -> std::io::Result<()> {
        if let Some(Fault::Delay(time)) = fault {
            tokio::time::sleep(time).await;
        }
        let mut body = rest;
        let wanted = match fault {
            Some(Fault::CutRequest(after)) => after.min(length),
            _ => length,
        };
        let mut buffer = vec![0; 64 << 10];
        let mut upstream = TcpStream::connect(self.upstream).await?;
        if !matches!(fault, Some(Fault::Answer(_))) {
            upstream.write_all(&with_close(&head)).await?;
        }
        let mut passed = 0;
        while passed < wanted {
            if body.is_empty() {
                let read = self.client.read(&mut buffer).await?;
                if read == 0 {
                    return Ok(());
                }
                body.extend_from_slice(&buffer[..read]);
            }
            if !matches!(fault, Some(Fault::Answer(_))) {
                upstream.write_all(&body).await?;
            }
            passed += body.len();
            body.clear();
        }
        match fault {
            Some(Fault::CutRequest(_)) => return Ok(()),
            Some(Fault::Answer(status)) => {
                let answer =
                    format!("HTTP/1.1 {status} Planned\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                return self.client.write_all(answer.as_bytes()).await;
            }
            _ => {}
        }
        let (head, mut body) = self::head(&mut upstream).await?;
        if fault == Some(Fault::LoseAnswer) {
            return Ok(());
        }
        // Whoever reads the answer may send the next at once.
        drop(part);
        self.client.write_all(&with_close(&head)).await?;
        let mut left = match fault {
            Some(Fault::CutAnswer(after)) => after,
            _ => usize::MAX,
        };
        loop {
            body.truncate(left);
            self.client.write_all(&body).await?;
            left -= body.len();
            let read = upstream.read(&mut buffer).await?;
            if read == 0 || left == 0 {
                return self.client.flush().await;
            }
            body = buffer[..read].to_vec();
        }
    }
}

/// The parts that are under way, with the latest attempt of each.
type UnderWay = Arc<Mutex<HashMap<String, uuid::Uuid>>>;

struct Counted {
    under_way: UnderWay,
    line: String,
    attempt: uuid::Uuid,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap();
        if under_way.get(&self.line) == Some(&self.attempt) {
            under_way.remove(&self.line);
        }
    }
}

/// The head of a message, and what came with it.
async fn head(stream: &mut TcpStream) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut head, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..read]);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok((head, rest));
        }
    }
}

/// The same head of a message, after which the connection ends.
fn with_close(head: &[u8]) -> Vec<u8> {
    let end = head.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    [&head[..end], b"connection: close\r\n", &head[end..]].concat()
}
