use dostyq_speech::{Entry, Epoch, Event, Offset, RoomId, SampleTime};

use crate::Result;

/// The ordered, durable logs of the rooms.
///
/// Every call blocks, for as long as a disk takes: asynchronous code calls it on a thread that may block. All calls
/// may come from any thread at any time; appends to one room are put in one order, and a reader sees an event
/// either whole or not at all. Readers never wait for an append to reach the disk.
///
/// # Errors
///
/// After an error of [`append`](EventLog::append) or [`anchor`](EventLog::anchor) nothing was written, unless it
/// says otherwise, and the same call may be made again. Each error says what the operator can do about it.
pub trait EventLog: Send + Sync {
    /// Where the room's log stands. The first call for a room creates it, with a fresh epoch, and the present
    /// moment becomes its `started_at_millis`.
    fn open(&self, room: &RoomId) -> Result<RoomHead>;

    /// Puts an entry at the end. When this returns the event is on the disk: it survives a loss of power.
    ///
    /// The offset is the previous one plus 1, and 1 for the first event. The room must have been opened once.
    fn append(&self, room: &RoomId, entry: &Entry) -> Result<Event>;

    /// The events that follow the offset `after`, in order, at most `limit` of them; fewer only at the end.
    ///
    /// `Offset(0)` reads from the first one. The room must have been opened once.
    fn read(&self, room: &RoomId, after: Offset, limit: usize) -> Result<Vec<Event>>;

    /// Every room that was ever opened, by name.
    fn rooms(&self) -> Result<Vec<RoomId>>;

    /// Notes which wall time a moment of the room's clock was, durably. A second note of the same moment replaces
    /// the first. The room must have been opened once.
    fn anchor(&self, room: &RoomId, anchor: Anchor) -> Result<()>;

    /// The notes made by [`anchor`](EventLog::anchor), in the order of the room's clock: about one a minute.
    fn anchors(&self, room: &RoomId) -> Result<Vec<Anchor>>;
}

/// Where a room's log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomHead {
    /// The life of the log that offsets belong to.
    pub epoch: Epoch,
    /// The offset of the last event; `Offset(0)` when there is none yet.
    pub top: Offset,
    /// The wall time of the room's sample 0, in Unix milliseconds. It is kept across restarts, so the room's clock
    /// goes on after a crash: the time that passed is counted as silence.
    pub started_at_millis: u64,
}

/// A moment of the room's clock and the wall time it was: between two of them the drift of the sound card is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The moment on the room's clock.
    pub at: SampleTime,
    /// The wall time, in Unix milliseconds.
    pub unix_millis: u64,
}

// The pipeline, the hub and the archive share one log as `Arc<dyn EventLog>`.
const _: Option<&dyn EventLog> = None;
