//! MLLP: a message between 0x0B and 0x1C 0x0D (HL7 transport specification, release 1).

use memchr::memchr;
use memchr::memmem;
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::limits;
use crate::message::Defect;

const START: u8 = 0x0B;
const END: &[u8] = &[0x1C, 0x0D];

/// Bytes that are asked for at a time.
const READ: usize = 8 << 10;

/// The frames of a connection.
#[derive(Debug)]
pub(crate) struct Frames<S> {
    stream: S,
    /// What came and was not given yet. In a frame it begins with the frame's first byte.
    buffer: Vec<u8>,
}

/// Why there is no further frame.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Between two frames, or by an error of the connection: there is nothing to say, or nobody to say it to.
    Closed,
    /// The peer can still be told, but not understood any more.
    Lost(Defect),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Waits for the first byte of a frame. Who stops to wait loses nothing.
    pub(crate) async fn begin(&mut self) -> Result<(), Ended> {
        let (mut strayed, mut since) = (0, Instant::now());
        loop {
            if let Some(at) = memchr(START, &self.buffer) {
                self.buffer.drain(..=at);
                return Ok(());
            }
            // Between frames some send the ends of lines.
            strayed += self.buffer.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
            self.buffer.clear();
            let stray = || Ended::Lost(Defect::NoStart);
            if strayed > limits::MESSAGE {
                return Err(stray());
            }
            let patience = if strayed == 0 { limits::IDLE_TIME } else { limits::BYTE_TIME };
            match timeout_at(since + patience, self.read()).await {
                Ok(Ok(1..)) => since = if strayed == 0 { Instant::now() } else { since },
                Ok(Ok(0)) | Err(_) if strayed > 0 => return Err(stray()),
                Ok(_) | Err(_) => return Err(Ended::Closed),
            }
        }
    }

    /// The message of the frame that has begun.
    pub(crate) async fn message(&mut self) -> Result<Vec<u8>, Ended> {
        let lost = |defect| Err(Ended::Lost(defect));
        let whole = Instant::now() + limits::MESSAGE_TIME;
        let mut searched = 0;
        loop {
            let unsearched = self.buffer.get(searched..).unwrap_or_default();
            if let Some(at) = memmem::find(unsearched, END).map(|at| at + searched) {
                if at > limits::MESSAGE {
                    return lost(Defect::TooLarge);
                }
                let rest = self.buffer.split_off(at + END.len());
                let mut message = std::mem::replace(&mut self.buffer, rest);
                message.truncate(at);
                return Ok(message);
            }
            if self.buffer.len() > limits::MESSAGE {
                return lost(Defect::TooLarge);
            }
            searched = self.buffer.len().saturating_sub(1);
            let next = (Instant::now() + limits::BYTE_TIME).min(whole);
            match timeout_at(next, self.read()).await {
                Ok(Ok(1..)) => {}
                Ok(Ok(0)) | Err(_) => return lost(Defect::NoEnd),
                Ok(Err(_)) => return Err(Ended::Closed),
            }
        }
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ);
        (&mut self.stream).take(READ as u64).read_buf(&mut self.buffer).await
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(message.len() + 3);
        frame.push(START);
        frame.extend_from_slice(message);
        frame.extend_from_slice(END);
        let sent = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await
        };
        timeout(limits::TAKE_TIME, sent).await?
    }

    /// Says that nothing more comes; and where frames were lost, reads past what is still under way: who closes while
    /// bytes come takes back what it has sent.
    pub(crate) async fn close(mut self, lost: bool) {
        let closing = async {
            self.stream.shutdown().await?;
            if lost {
                io::copy(&mut (&mut self.stream).take(limits::LINGER), &mut io::sink()).await?;
            }
            io::Result::Ok(())
        };
        // The peer may have gone before.
        let _ = timeout(limits::LINGER_TIME, closing).await;
    }
}

#[cfg(test)]
mod tests;
