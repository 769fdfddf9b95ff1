use std::sync::Arc;

use dostyq_log::EventLog;
use dostyq_speech::{CaptionEvent, Entry, Epoch, Event, Marker, Offset, RoomId, SampleTime};

use crate::HubError;
use crate::encode::{Encoded, EncodedEvent};
use crate::hub::Room;
use crate::limits::RING_EVENTS;
use crate::ring::Ring;

/// The one source of a room's captions. When it is dropped the room's open lines are dropped too, because nobody is
/// there to finish them; the room and its viewers stay.
///
/// A call waits for the disk and never for a viewer. Make it from a plain thread, the one that carries the captions,
/// and not from an asynchronous task, where a slow disk would hold up the sockets.
pub struct RoomPublisher {
    room: Arc<Room>,
    log: Arc<dyn EventLog>,
}

impl RoomPublisher {
    pub(crate) fn new(room: Arc<Room>, log: Arc<dyn EventLog>) -> RoomPublisher {
        RoomPublisher { room, log }
    }

    /// Shows what the caption stage says. A final is on the disk before anyone sees it, and its offset is returned.
    ///
    /// # Errors
    ///
    /// When the log refuses a final, nobody has seen it and it is not in the log: the same call may be made again.
    /// Open lines and drops do not fail.
    pub fn publish(&mut self, event: CaptionEvent) -> Result<Option<Offset>, HubError> {
        match event {
            CaptionEvent::Open(line) => {
                let encoded = Encoded::open(&line);
                self.room.change(|state| state.open.put(&line, encoded));
                Ok(None)
            }
            CaptionEvent::Dropped(segment) => {
                self.room.change(|state| state.open.drop_segment(segment));
                Ok(None)
            }
            CaptionEvent::Final(caption) => self.append(Entry::Final(caption)).map(Some),
        }
    }

    /// Notes what happened to the room, durably, as with a final.
    ///
    /// # Errors
    ///
    /// As for a final.
    pub fn mark(&mut self, at: SampleTime, marker: Marker) -> Result<Offset, HubError> {
        self.append(Entry::Marker { at, marker })
    }

    pub(crate) fn rename(&mut self, title: String) {
        self.room.change(|state| state.title = title);
    }

    fn append(&mut self, entry: Entry) -> Result<Offset, HubError> {
        let shown = self.top();
        match self.log.append(&self.room.id, &entry) {
            Ok(event) if event.offset == shown.next() => {
                self.show(&event);
                Ok(event.offset)
            }
            // Somebody else wrote to this log in between: show that as well, in the order of the log.
            Ok(event) => self.catch_up().map(|_| event.offset),
            // A disk that fails while it writes may have written. The entry is refused only if it is not there, or
            // a second try would double it.
            Err(refusal) => {
                let news = self.catch_up().unwrap_or_default();
                let written = news.iter().find(|event| event.offset > shown && event.entry == entry);
                written.map(|event| event.offset).ok_or(refusal.into())
            }
        }
    }

    /// Shows what the log holds beyond what was shown, and returns it. If that is more than a ring holds, or the log
    /// is another one than before, or was set back, the newest part takes the place of all that was shown, and the
    /// viewers that cannot go on from it come back for a new welcome.
    pub(crate) fn catch_up(&mut self) -> Result<Vec<Event>, HubError> {
        let head = self.log.open(&self.room.id)?;
        let (epoch, shown) = {
            let state = self.room.state.borrow();
            (state.epoch, state.ring.top())
        };
        if head.epoch == epoch && head.top >= shown && head.top.0 - shown.0 <= RING_EVENTS as u64 {
            let missed = read(&*self.log, &self.room.id, shown, head.top)?;
            missed.iter().for_each(|event| self.show(event));
            return Ok(missed);
        }
        let (epoch, newest) = load(&*self.log, &self.room.id)?;
        let ring = ring_of(&newest);
        self.room.change(|state| state.replace_log(epoch, ring, &newest));
        Ok(newest)
    }

    fn show(&self, event: &Event) {
        let encoded = EncodedEvent::new(event);
        self.room.change(|state| state.take(event, encoded));
    }

    fn top(&self) -> Offset {
        self.room.state.borrow().ring.top()
    }
}

impl Drop for RoomPublisher {
    fn drop(&mut self) {
        self.room.change(|state| state.open.drop_all());
        self.room.release();
    }
}

/// The newest part of a room's log, as much as a ring holds.
pub(crate) fn load(log: &dyn EventLog, room: &RoomId) -> Result<(Epoch, Vec<Event>), HubError> {
    let head = log.open(room)?;
    let before = Offset(head.top.0.saturating_sub(RING_EVENTS as u64));
    Ok((head.epoch, read(log, room, before, head.top)?))
}

/// A ring of events that follow one another; an empty log makes an empty ring.
pub(crate) fn ring_of(events: &[Event]) -> Ring {
    let before = events.first().map_or(0, |first| first.offset.0 - 1);
    let mut ring = Ring::after_offset(Offset(before));
    events.iter().for_each(|event| ring.push(EncodedEvent::new(event)));
    ring
}

/// The events `after + 1 ..= top`, all of them; `after` is at most `top`.
fn read(log: &dyn EventLog, room: &RoomId, after: Offset, top: Offset) -> Result<Vec<Event>, HubError> {
    let events = log.read(room, after, (top.0 - after.0) as usize)?;
    let is_missing = |&(offset, at): &(u64, usize)| events.get(at).is_none_or(|event| event.offset.0 != offset);
    match (after.0 + 1..=top.0).zip(0..).find(is_missing) {
        Some((missing, _)) => Err(HubError::BrokenLog { room: room.clone(), missing: Offset(missing) }),
        None => Ok(events),
    }
}
