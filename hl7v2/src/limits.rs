//! Every bound on what a peer may send or take its time over: named here, crossed in a test.

use std::time::Duration;

/// Bytes of one message.
pub const MESSAGE: usize = 1 << 20;

/// Segments of one message.
pub const SEGMENTS: usize = 500;

/// Bytes of the header segment, which an acknowledgement repeats in part.
pub const HEADER: usize = 4 << 10;

/// Bytes of a field that is looked into: taken apart, it may fill several hundred times as many.
pub const FIELD: usize = 32 << 10;

/// Time without a byte in the middle of a message.
pub const BYTE_TIME: Duration = Duration::from_secs(30);

/// Time from the first byte of a message to its last.
pub const MESSAGE_TIME: Duration = Duration::from_secs(300);

/// Time for which a connection may be unused between two messages: a hospital at night sends little.
pub const IDLE_TIME: Duration = Duration::from_secs(60 * 60);

/// Time in which a peer must take its acknowledgement.
pub const TAKE_TIME: Duration = Duration::from_secs(30);

/// Connections of all peers together.
pub const CONNECTIONS: usize = 256;

/// Connections from one address.
pub const CONNECTIONS_OF_A_PEER: usize = 64;

/// Bytes that are read past before a connection is closed whose frames were lost, so that the peer can still read
/// why; and the time for that.
pub const LINGER: u64 = 4 << 20;
/// See [`LINGER`].
pub const LINGER_TIME: Duration = Duration::from_secs(2);

/// Time for which an acknowledgement is waited for.
pub const ANSWER_TIME: Duration = Duration::from_secs(60);
