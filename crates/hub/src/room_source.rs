use std::sync::Arc;

use dostyq_log::EventLog;
use dostyq_speech::{Epoch, Event, Offset, RoomId};

use crate::HubError;
use crate::encode::EncodedEvent;
use crate::hub::Room;
use crate::limits::RING_EVENTS;
use crate::ring::Ring;

/// Whoever brings a room its events, here or from another machine; there is one at a time. When it is dropped the room's
/// open lines are dropped too, because nobody is there to finish them; the room and its viewers stay.
pub(crate) struct RoomSource {
    pub(crate) room: Arc<Room>,
    pub(crate) log: Arc<dyn EventLog>,
}

impl RoomSource {
    pub(crate) fn rename(&self, title: String) {
        if self.room.state.borrow().title != title {
            self.room.change(|state| state.title = title);
        }
    }

    /// Shows what the log holds beyond what was shown, and returns it. If that is more than a ring holds, or the log
    /// is another one than before, was set back, or does not hold what was shown, the newest part takes the place of all that was shown, and the
    /// viewers that cannot go on from it come back for a new welcome.
    pub(crate) fn catch_up(&self) -> Result<Vec<Event>, HubError> {
        let head = self.log.open(&self.room.id)?;
        let (epoch, shown) = {
            let state = self.room.state.borrow();
            (state.epoch, state.ring.top())
        };
        if head.epoch == epoch && head.top >= shown && head.top.0 - shown.0 <= RING_EVENTS as u64 {
            // The last one that was shown comes along, to see that it is what the log holds.
            let before = Offset(shown.0.saturating_sub(1));
            let mut missed = read(&*self.log, &self.room.id, before, head.top)?;
            let was_shown: Vec<Event> = missed.drain(..(shown.0 - before.0) as usize).collect();
            if was_shown.iter().all(|event| self.has_shown(event)) {
                missed.iter().for_each(|event| self.show(event));
                return Ok(missed);
            }
        }
        let (epoch, newest) = load(&*self.log, &self.room.id)?;
        let ring = ring_of(&newest);
        self.room.change(|state| state.replace_log(epoch, ring, &newest));
        Ok(newest)
    }

    /// Whether the newest event that is shown is this one, as far as that is still known.
    fn has_shown(&self, event: &Event) -> bool {
        let encoded = EncodedEvent::new(event);
        self.room.state.borrow().ring.last().is_none_or(|last| last.is_same(&encoded))
    }

    pub(crate) fn show(&self, event: &Event) {
        let encoded = EncodedEvent::new(event);
        self.room.change(|state| state.take(event, encoded));
    }

    pub(crate) fn top(&self) -> Offset {
        self.room.state.borrow().ring.top()
    }
}

impl Drop for RoomSource {
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
