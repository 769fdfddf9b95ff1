use dostyq_log::{Anchor, EventLog, RoomHead};
use dostyq_speech::{Caption, Entry, Event, Offset, RoomId};

use crate::Result;

/// Events that are read from the log at a time, so that a long session does not hold up the log's other readers.
const PAGE: usize = 256;

/// Everything that a log knows of a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The room.
    pub room: RoomId,
    /// Where its log stood when it was read.
    pub head: RoomHead,
    /// How its clock ran.
    pub anchors: Vec<Anchor>,
    /// Its events, from the first to `head.top`.
    pub events: Vec<Event>,
}

impl Session {
    /// The captions, in the order of the log, with those that were corrected later.
    pub fn captions(&self) -> impl Iterator<Item = &Caption> {
        self.events.iter().filter_map(|event| match &event.entry {
            Entry::Final(caption) => Some(caption),
            Entry::Marker { .. } => None,
        })
    }
}

/// Reads the whole log of a room, as far as it goes now. Blocks as the log does.
///
/// # Errors
///
/// When the log cannot be read, or knows no such room: a room is not created by asking for its archive.
pub fn read_session(log: &dyn EventLog, room: &RoomId) -> Result<Session> {
    // The anchors come first because a log refuses a room that it does not know, where `open` would create it.
    let anchors = log.anchors(room)?;
    let head = log.open(room)?;
    let mut events: Vec<Event> = Vec::new();
    let mut last = Offset(0);
    while last < head.top {
        let page = log.read(room, last, PAGE)?;
        let Some(newest) = page.last() else { break };
        last = newest.offset;
        events.extend(page);
    }
    // What came while we read belongs to the next export.
    events.retain(|event| event.offset <= head.top);
    Ok(Session { room: room.clone(), head, anchors, events })
}

/// The captions of a room, out of its whole log; as [`read_session`] otherwise.
pub fn collect(log: &dyn EventLog, room: &RoomId) -> Result<Vec<Caption>> {
    Ok(read_session(log, room)?.captions().cloned().collect())
}
