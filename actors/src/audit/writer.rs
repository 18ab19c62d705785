//! The thread that writes audit records: in the order in which they come, as many at once as wait.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Record;

/// Records that may wait to be written; who has more waits with its answer. A second of a busy node.
const QUEUE: usize = 4_096;

/// Time in which further records are gathered behind the first: waking a thread costs more than writing a record.
const GATHER: Duration = Duration::from_millis(2);

/// Bytes of a file after which the next one is begun: about a hundred thousand records.
pub(super) const FILE: u64 = 64 << 20;

/// Where records are handed over. Dropping it writes what still waits.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Entry>>,
    thread: Option<JoinHandle<()>>,
}

enum Entry {
    Record(Box<Record>),
    /// Asks to be told when all before it is written.
    Flush(oneshot::Sender<()>),
}

impl Writer {
    /// Appends to a file, which is made when it is not there, and set aside when it has `limit` bytes.
    pub(super) fn open(path: &Path, limit: Option<u64>) -> io::Result<Self> {
        let mut records = Records::open(path, limit)?;
        let (queue, entries) = mpsc::channel(QUEUE);
        let thread =
            thread::Builder::new().name("audit".to_owned()).spawn(move || records.write_all(entries))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands over a record; waits while the queue is full.
    pub(super) async fn write(&self, record: Record) {
        let transaction = record.transaction;
        if let Some(queue) = &self.queue
            && queue.send(Entry::Record(Box::new(record))).await.is_err()
        {
            lost(1, &format!("the thread that writes has ended ({transaction})"));
        }
    }

    /// Waits until all that was handed over is written.
    pub(super) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if let Some(queue) = &self.queue
            && queue.send(Entry::Flush(done)).await.is_ok()
        {
            // When the thread has ended, nothing more is written.
            let _ = written.await;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes audit records has panicked");
        }
    }
}

/// A record that cannot be written is an error of the node: the transaction has happened.
fn lost(records: u64, error: &dyn std::fmt::Display) {
    metrics::counter!("dosebook_audit_failures_total").increment(records);
    tracing::error!(%error, records, "audit records not written");
}

/// The file that is written to.
struct Records {
    path: PathBuf,
    file: File,
    size: u64,
    limit: Option<u64>,
    /// What is written at once; kept for its memory.
    lines: Vec<u8>,
    /// Whether the last line may lack its end.
    torn: bool,
}

impl Records {
    fn open(path: &Path, limit: Option<u64>) -> io::Result<Self> {
        let mut file = append_to(path)?;
        let size = file.metadata()?.len();
        let mut last = [b'\n'];
        if size > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        let torn = last != [b'\n'];
        Ok(Self { path: path.to_owned(), file, size, limit, lines: Vec::new(), torn })
    }

    /// Writes until nobody hands anything over any more.
    fn write_all(&mut self, mut entries: mpsc::Receiver<Entry>) {
        let written = metrics::counter!("dosebook_audit_records_total");
        let waiting = metrics::gauge!("dosebook_audit_queue_length");
        let mut batch = Vec::new();
        while entries.blocking_recv_many(&mut batch, QUEUE) > 0 {
            if !batch.iter().any(|entry| matches!(entry, Entry::Flush(_))) {
                thread::sleep(GATHER);
            }
            while batch.len() < QUEUE
                && let Ok(entry) = entries.try_recv()
            {
                batch.push(entry);
            }
            waiting.set(batch.len() as f64);
            let records: Vec<&Record> = batch.iter().filter_map(Entry::record).collect();
            match self.append(&records) {
                Ok(()) => written.increment(records.len() as u64),
                Err(error) => lost(records.len() as u64, &error),
            }
            for entry in batch.drain(..) {
                if let Entry::Flush(done) = entry {
                    // Who asked may have gone.
                    let _ = done.send(());
                }
            }
            waiting.set(0.0);
        }
    }

    fn append(&mut self, records: &[&Record]) -> io::Result<()> {
        self.lines.clear();
        if self.torn {
            self.lines.push(b'\n');
        }
        for record in records {
            serde_json::to_writer(&mut self.lines, record)?;
            self.lines.push(b'\n');
        }
        self.torn = true;
        self.file.write_all(&self.lines)?;
        self.torn = false;
        self.size += self.lines.len() as u64;
        if self.limit.is_some_and(|limit| self.size >= limit) {
            // It is tried again when as much more was written.
            self.size = 0;
            if let Err(error) = self.begin_next() {
                tracing::error!(%error, "the audit file is full and could not be set aside; it grows on");
            }
        }
        Ok(())
    }

    /// Sets the file aside under the time at which that happens, and begins the next.
    fn begin_next(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, aside(&self.path))?;
        self.file = append_to(&self.path)?;
        Ok(())
    }
}

impl Entry {
    fn record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            Self::Flush(_) => None,
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A name that is free: `audit-20261123T140509Z.jsonl`, with a number if there was one in that second.
fn aside(path: &Path) -> PathBuf {
    let name = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, extension) = (name(path.file_stem()), name(path.extension()));
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let first = path.with_file_name(format!("{stem}-{time}.{extension}"));
    let further = (2..).map(|number| path.with_file_name(format!("{stem}-{time}-{number}.{extension}")));
    std::iter::once(first.clone()).chain(further).find(|path| !path.exists()).unwrap_or(first)
}

#[cfg(test)]
mod tests;
