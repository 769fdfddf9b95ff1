//! The log of many machines: a stream of NATS JetStream a room.
//!
//! The first message of a stream says which log it is; the events follow it, so that an event's offset is its sequence in
//! the stream less one. A stream keeps all its messages and lets none be deleted.

mod append;
mod feed;
mod link;
mod names;
mod options;
mod stream;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use dostyq_speech::{Entry, Epoch, Event, Offset, RoomId};

use crate::{Anchor, EventLog, LogError, Result, RoomHead};
pub use append::APPEND_WITHIN;
use append::Writer;
pub use feed::{FeedStep, RoomFeed};
use link::Link;
pub use names::{Tenant, UnfitTenant};
pub use options::{Credentials, NatsOptions, UnfitCredentials};
use stream::Streams;

/// Logs in NATS JetStream.
///
/// The first append of a value of this type to a room claims the room: from then on it expects to be its only writer.
/// Once another one has written, every append is refused with [`LogError::Fenced`] until [`claim`](JetStreamLog::claim)
/// is called, so that a server that was thought dead cannot mix its lines into those of its successor.
///
/// The blocking calls must not be made on a thread that carries asynchronous tasks. Everything on the network happens on
/// a thread of its own, `nats`.
pub struct JetStreamLog {
    streams: Arc<Streams>,
    /// Behind a lock a room: appends to a room wait for one another, and never for those of another room.
    writers: Mutex<BTreeMap<RoomId, Arc<Mutex<Writer>>>>,
}

impl JetStreamLog {
    /// Connects; from then on the connection comes back by itself whenever it is lost. Blocks for some seconds when no
    /// server answers.
    pub fn connect(options: &NatsOptions) -> Result<JetStreamLog> {
        Ok(JetStreamLog::over(Link::connect(options, false)?, options))
    }

    /// As [`connect`](JetStreamLog::connect), but goes on trying in the background when no server answers: calls fail
    /// with [`LogError::Away`] until one does.
    pub fn connect_when_there(options: &NatsOptions) -> Result<JetStreamLog> {
        match JetStreamLog::connect(options) {
            Err(LogError::Away { .. }) => Ok(JetStreamLog::over(Link::connect(options, true)?, options)),
            connected => connected,
        }
    }

    fn over(link: Link, options: &NatsOptions) -> JetStreamLog {
        let streams = Streams::new(link, options.tenant.clone(), options.replicas);
        JetStreamLog { streams: Arc::new(streams), writers: Mutex::default() }
    }

    /// Gives up what this value knows of its own writing to a room: the next append goes to the end that it finds then.
    /// For a server that has taken the room over.
    pub fn claim(&self, room: &RoomId) {
        let writer = self.writer(room);
        *writer.lock().unwrap_or_else(PoisonError::into_inner) = Writer::default();
    }

    /// Whether a server of NATS is connected at this moment.
    pub fn is_connected(&self) -> bool {
        self.streams.link.is_connected()
    }

    /// Whose rooms these are.
    pub fn tenant(&self) -> &Tenant {
        &self.streams.tenant
    }

    /// The connection, for what a cluster says besides the log.
    pub fn client(&self) -> async_nats::Client {
        self.streams.link.client()
    }

    /// JetStream over that connection.
    pub fn jetstream(&self) -> async_nats::jetstream::Context {
        self.streams.link.context().clone()
    }

    /// Waits for something asynchronous on the calling thread, which must be one that may block.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.streams.link.wait(work)
    }

    /// Makes a stream of one newest message a subject, or finds it.
    pub async fn newest_only(&self, stream: String, subjects: String) -> Result<()> {
        self.streams.newest_only(stream, subjects).await
    }

    /// What follows the event `after` in a room's log, whoever writes it, in order and without gaps. `epoch` is the one
    /// that `after` belongs to.
    pub fn feed(&self, room: &RoomId, epoch: Epoch, after: Offset) -> RoomFeed {
        RoomFeed::new(Arc::clone(&self.streams), room.clone(), epoch, after)
    }

    fn writer(&self, room: &RoomId) -> Arc<Mutex<Writer>> {
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(writers.entry(room.clone()).or_default())
    }
}

impl EventLog for JetStreamLog {
    fn open(&self, room: &RoomId) -> Result<RoomHead> {
        // An append of unknown outcome is looked for first: whoever asks for the top takes what is below it as written.
        if let Ok(mut writer) = self.writer(room).try_lock() {
            self.streams.link.wait(writer.settle(&self.streams, room))?;
        }
        self.streams.link.wait(self.streams.open(room))
    }

    fn append(&self, room: &RoomId, entry: &Entry) -> Result<Event> {
        let text = crate::entry_text::encode(room, entry)?;
        let writer = self.writer(room);
        // A thread that panicked with the lock left a position that the stream itself checks.
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = self.streams.link.wait(writer.append(&self.streams, room, text))?;
        Ok(Event { offset, entry: entry.clone() })
    }

    fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>> {
        self.streams.link.wait(self.streams.read(room, after, limit))
    }

    fn rooms(&self) -> Result<Vec<RoomId>> {
        self.streams.link.wait(self.streams.rooms())
    }

    fn anchor(&self, room: &RoomId, anchor: Anchor) -> Result<()> {
        self.streams.link.wait(self.streams.anchor(room, anchor))
    }

    fn anchors(&self, room: &RoomId) -> Result<Vec<Anchor>> {
        self.streams.link.wait(self.streams.anchors(room))
    }
}

impl fmt::Debug for JetStreamLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamLog").field("tenant", &self.streams.tenant).finish_non_exhaustive()
    }
}

/// The offset of the event at a sequence of its stream: the first message is no event.
fn offset_at(sequence: u64) -> Offset {
    Offset(sequence.saturating_sub(1))
}

/// The sequence of the event at an offset.
fn sequence_at(offset: Offset) -> u64 {
    offset.0.saturating_add(1)
}

/// The error of a stream that holds what no log holds.
fn bad_stream(stream: String, cause: impl ToString) -> LogError {
    LogError::BadStream { stream, cause: cause.to_string() }
}
