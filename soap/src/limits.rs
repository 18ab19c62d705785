//! Every bound on what a peer may send or take its time over: named here, crossed in a test.

use std::time::Duration;

/// Bytes of the XML of one message, documents excepted.
pub const ENVELOPE: usize = 16 << 20;

/// Header blocks of one message.
pub const HEADERS: usize = 64;

/// Nodes of the XML of an answer: it may hold a thousand objects that we asked for.
pub const ANSWER_NODES: usize = 1_000_000;

/// Bytes of a whole message as it stands on the wire.
pub const MESSAGE: u64 = 2 << 30;

/// Base64 text inside an element that is longer than this is taken out while it streams.
pub const INLINE: usize = 64 << 10;

/// Bytes of an HTTP head.
pub const HEAD: usize = 64 << 10;

/// Fields of an HTTP head.
pub const HEAD_FIELDS: usize = 100;

/// Parts of one multipart message: a thousand documents behind the root.
pub const PARTS: usize = 1_001;

/// Bytes of the head of one MIME part.
pub const PART_HEAD: usize = 8 << 10;

/// Header fields of one MIME part.
pub const PART_FIELDS: usize = 16;

/// Characters of a multipart boundary (RFC 2046 section 5.1.1).
pub const BOUNDARY: usize = 70;

/// Bytes before the first delimiter of a multipart body.
pub const PREAMBLE: usize = 64 << 10;

/// Bytes after the closing delimiter that are read past so that the connection can be used again.
pub const EPILOGUE: usize = 64 << 10;

/// Time for the TLS handshake.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Time in which an HTTP head must have arrived, and so the time for which a connection may be unused: much longer
/// than a client keeps one, however late it learns that its answer has ended.
pub const HEAD_TIME: Duration = Duration::from_secs(30);

/// Time for a connection to a peer to be made.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Time without a byte of a body, in either direction, after which the peer is given up.
pub const IDLE_TIME: Duration = Duration::from_secs(30);

/// Bytes a second that a body must bring, averaged over [`IDLE_TIME`].
pub const BODY_RATE: u64 = 1 << 10;

/// Time from the last byte of a request to the head of its answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(120);

/// Age at which a connection is closed, so that a certificate withdrawn meanwhile is met again.
pub const CONNECTION_AGE: Duration = Duration::from_secs(3_600);

/// Time for open requests to finish when the server is told to stop.
pub const SHUTDOWN_TIME: Duration = Duration::from_secs(30);

/// Connections to one server.
pub const CONNECTIONS: usize = 2_000;

/// Connections beyond [`CONNECTIONS`] that are still told to come back later; any more are closed.
pub const CONNECTIONS_TURNED_AWAY: usize = 200;

/// Connections of one peer, known by its certificate.
pub const CONNECTIONS_OF_A_PEER: usize = 64;

/// Peers that are remembered when they have no connection, so that their certificates need not be read again.
pub const PEERS_REMEMBERED: usize = 1_000;

/// Requests that one server works on at a time: enough to keep a database busy, and what their envelopes need
/// in memory.
pub const REQUESTS: usize = 256;

/// Requests beyond [`REQUESTS`] that wait for a place; any more are told at once to come back later.
pub const REQUESTS_WAITING: usize = 512;

/// Time that a connection beyond [`CONNECTIONS_OF_A_PEER`], or a request beyond [`REQUESTS`], waits for a place.
pub const PLACE_TIME: Duration = Duration::from_secs(10);

/// Requests that a client sends to one peer at a time; more wait for their turn.
pub const REQUESTS_TO_A_PEER: usize = 32;

/// Time that a request waits for its turn.
pub const TURN_TIME: Duration = Duration::from_secs(120);

/// Unused connections to one peer that a client keeps, and so the times in a row that it can find one closed.
pub const UNUSED_CONNECTIONS: usize = 16;

/// Bytes from which a body is large. Dose reports are not.
pub const LARGE_BODY: u64 = 512 << 10;

/// Large bodies of one peer that are received at a time.
pub const LARGE_BODIES_OF_A_PEER: usize = 8;

/// Large bodies that are received at a time, of whatever peer: each holds some mebibytes on its way to the disk.
pub const LARGE_BODIES: usize = 12;

/// Large bodies that wait for their turn in the middle, for they did not announce how long they are: with those that
/// are received as many as there are places. They have none meanwhile; any more are told at once to come back later.
pub const LARGE_BODIES_BEGUN: usize = REQUESTS - LARGE_BODIES;

/// Time that a large body waits for its turn: less than [`ANSWER_TIME`], in which its sender sees nothing happen.
pub const LARGE_BODY_TIME: Duration = Duration::from_secs(90);

/// Bytes that one connection holds in its read buffer at most.
pub const READ_BUFFER: usize = 128 << 10;

/// Time after which a client closes a connection that it does not use: sooner than a server would,
/// so that no request is sent into a connection that is being closed.
pub const UNUSED_TIME: Duration = Duration::from_secs(5);

/// Time between two lines of the log about strangers who could not connect.
pub const LOG_PAUSE: Duration = Duration::from_secs(1);

/// What a peer that was turned away is told to wait.
pub const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The longest that a client waits because a busy peer asks it to.
pub const RETRY_AFTER_MOST: Duration = Duration::from_secs(30);

/// Times that a client comes back to a busy peer.
pub const REPEATS: usize = 3;
