//! Every bound of the hub, with its reason; what an operator or a test may change is in [`HubOptions`].

use std::thread::available_parallelism;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Events that a room keeps encoded in memory: about a quarter of an hour of speech in two languages. Who was away
/// for longer starts from the newest [`WELCOME_EVENTS`].
pub const RING_EVENTS: usize = 512;

/// Bytes of encoded events that a room keeps at most; whichever of the two bounds comes first holds. Events with all
/// their words measure about 1.5 KB.
pub const RING_BYTES: usize = 2 * 1024 * 1024;

/// Events in the welcome of a viewer that has nothing: a few minutes to scroll back through.
pub const WELCOME_EVENTS: usize = 200;

/// Events that may wait for a viewer before it is closed with 3008.
pub const BACKLOG_EVENTS: usize = 128;

/// Bytes that may wait for a viewer before it is closed with 3008.
pub const BACKLOG_BYTES: usize = 64 * 1024;

/// Bytes of events that are handed to a socket before the viewer is looked at again.
pub(crate) const BATCH_BYTES: usize = 16 * 1024;

/// Open lines of a room: one speaker needs two. When one more comes the oldest segment is dropped, so that a stage
/// that forgets to finish its segments cannot fill the screens.
pub const OPEN_LINES: usize = 16;

/// Drops that a room remembers for viewers that have not been told; who missed more is closed with 3008.
pub(crate) const DROPS_KEPT: usize = 64;

/// Finished lines that a room remembers by name, so that an open line that another machine told of before it knew is not
/// opened again. Such a line is a few lines late at most; what is later than this is left out.
pub(crate) const FINISHED_KEPT: usize = 64;

/// Payload of a frame of a welcome, which may have some 100 KB and is put together for one viewer at a time.
pub(crate) const FRAGMENT_BYTES: usize = 8 * 1024;

/// How long an answer to a poll waits for more when nothing but open lines has changed.
pub(crate) const POLL_PAUSE: Duration = Duration::from_millis(250);

/// Longest message that a viewer may send; a hello takes 100 bytes.
pub const MESSAGE_BYTES: usize = 4096;

/// Messages that a viewer may send from one ping to the next; it has reason to send one.
pub(crate) const MESSAGES_PER_PING: u32 = 64;

/// Bytes of an oversized message that are read and thrown away, so that its sender gets to read the close code
/// before the kernel resets the connection.
pub(crate) const DRAIN_BYTES: u64 = 1024 * 1024;

/// Times and sizes that an operator or a test may change.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// Viewers of all rooms together, those that have not said hello included; 1 or more.
    pub max_viewers: u32,
    /// Threads that write to viewers, 1 or more. By default one less than there are processors: listening, recognising
    /// and translating go on while a hall is told.
    pub fan_out_threads: usize,
    /// How long a new connection may take to say hello.
    pub hello_within: Duration,
    /// How often a viewer is asked whether it is there.
    pub ping_every: Duration,
    /// How long a viewer may send nothing; more than two pings, so that one may be lost.
    pub silence_limit: Duration,
    /// How long a socket may take to accept one batch of messages (16 KB, or one that is longer) or 8 KB of a welcome.
    pub write_within: Duration,
    /// How long a viewer may take to answer a close frame.
    pub close_within: Duration,
    /// How long a shutdown waits for the viewers to be gone.
    pub shutdown_within: Duration,
}

impl Default for HubOptions {
    fn default() -> Self {
        HubOptions {
            max_viewers: 10_000,
            fan_out_threads: available_parallelism().map_or(1, |count| count.get().saturating_sub(1).max(1)),
            hello_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(25),
            silence_limit: Duration::from_secs(60),
            write_within: Duration::from_secs(20),
            close_within: Duration::from_secs(2),
            shutdown_within: Duration::from_secs(5),
        }
    }
}

/// Read at a time: a hello fits, and every viewer has such a buffer.
const READ_BUFFER_BYTES: usize = 256;

/// How a viewer's socket must be set up: small buffers, because there are many, and small messages in.
///
/// The frame limit matters as much as the message limit: tungstenite makes room for a whole frame as soon as it has
/// read its header.
pub fn websocket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        // Nothing but pongs and close frames goes through it.
        .max_write_buffer_size(MESSAGE_BYTES)
        .max_message_size(Some(MESSAGE_BYTES))
        .max_frame_size(Some(MESSAGE_BYTES))
}
