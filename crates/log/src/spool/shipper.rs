//! What waits on the disk goes to NATS, oldest first.

use std::sync::PoisonError;
use std::time::Duration;

use dostyq_speech::{Offset, RoomId};

use super::Shared;
use super::store::Kept;
use crate::{EventLog, LogError, Result, RoomHead};

/// The pause before NATS is tried again.
const PAUSE: Duration = Duration::from_millis(500);

/// Ships until the spool is dropped.
pub(super) fn run(shared: &Shared) {
    while !shared.is_ending() {
        let waiting: Vec<RoomId> = {
            let lines = shared.lines();
            let waits = |(room, line): (&RoomId, &super::Line)| (line.waiting > 0).then(|| room.clone());
            lines.iter().filter_map(waits).collect()
        };
        if shared.stream.is_connected() {
            waiting.iter().for_each(|room| ship_all(shared, room));
        }
        let lines = shared.lines();
        if !shared.is_ending() {
            // Woken by the first event that waits, or looking again whether NATS is back.
            drop(shared.changed.wait_timeout(lines, PAUSE).unwrap_or_else(PoisonError::into_inner));
        }
    }
}

fn ship_all(shared: &Shared, room: &RoomId) {
    while !shared.is_ending() {
        match ship_next(shared, room) {
            Ok(true) => {}
            Ok(false) => {
                if shared.lines().get(room).is_some_and(|line| !line.is_fenced) {
                    tracing::info!("room {room}: all that waited for NATS is in the log");
                }
                return;
            }
            Err(error) => return tracing::debug!("room {room}: captions still wait for NATS: {error}"),
        }
    }
}

/// Ships the oldest event of a room that waits; false when none does, or none may.
pub(super) fn ship_next(shared: &Shared, room: &RoomId) -> Result<bool> {
    let Some(kept) = shared.store().first(room)? else { return Ok(false) };
    let head = shared.stream.open(room)?;
    let is_shipped = match place(&head, &kept) {
        Place::Next => match shared.stream.append(room, &kept.event.entry) {
            Ok(_) => true,
            Err(LogError::Fenced(_)) => false,
            Err(error) => return Err(error),
        },
        Place::Taken => {
            let before = Offset(kept.event.offset.0 - 1);
            shared.stream.read(room, before, 1)?.first().is_some_and(|there| there.entry == kept.event.entry)
        }
        Place::Lost => false,
    };
    if !is_shipped {
        shared.fence(room)?;
        return Ok(false);
    }
    let mut lines = shared.lines();
    shared.store().remove(room, kept.event.offset)?;
    if let Some(line) = lines.get_mut(room) {
        line.waiting = line.waiting.saturating_sub(1);
    }
    Ok(true)
}

/// Where an event that waits belongs in the stream as it is now.
#[derive(Debug, PartialEq)]
enum Place {
    /// At its end.
    Next,
    /// Something stands there: this event, whose answer was lost, or another one.
    Taken,
    /// Nowhere: the log is another one, or lost events that this one follows.
    Lost,
}

fn place(head: &RoomHead, kept: &Kept) -> Place {
    let next = head.top.next();
    if head.epoch != kept.epoch || kept.event.offset > next {
        Place::Lost
    } else if kept.event.offset == next {
        Place::Next
    } else {
        Place::Taken
    }
}

#[cfg(test)]
mod tests {
    use dostyq_speech::{Entry, Epoch, Event, Marker, SampleTime};

    use super::*;

    #[test]
    fn an_event_goes_where_its_offset_says_or_nowhere() {
        let check = |epoch, top, offset, expect| {
            let head = RoomHead { epoch: Epoch(1), top: Offset(top), started_at_millis: 0 };
            let entry = Entry::Marker { at: SampleTime::ZERO, marker: Marker::Started };
            let kept = Kept { epoch: Epoch(epoch), event: Event { offset: Offset(offset), entry } };
            assert_eq!(place(&head, &kept), expect, "top {top}, offset {offset}");
        };
        check(1, 5, 6, Place::Next);
        check(1, 5, 5, Place::Taken);
        check(1, 5, 7, Place::Lost);
        check(2, 5, 6, Place::Lost);
    }
}
