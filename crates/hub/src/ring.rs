//! The newest events of a room, encoded, in the order of the log.

use std::collections::VecDeque;

use dostyq_speech::Offset;

use crate::encode::EncodedEvent;
use crate::limits::{RING_BYTES, RING_EVENTS};

/// Events `top - len + 1 ..= top`. At most [`RING_EVENTS`] and [`RING_BYTES`], though never fewer than one.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    top: Offset,
    events: VecDeque<EncodedEvent>,
    bytes: usize,
}

impl Ring {
    /// A ring that follows the event at `top`.
    pub(crate) fn after_offset(top: Offset) -> Ring {
        Ring { top, ..Ring::default() }
    }

    /// The offset of the newest event of the log; 0 before the first.
    pub(crate) fn top(&self) -> Offset {
        self.top
    }

    /// Adds the event that follows the top.
    pub(crate) fn push(&mut self, event: EncodedEvent) {
        debug_assert_eq!(event.offset, self.top.next(), "a ring has no gaps");
        self.top = event.offset;
        self.bytes += event.len();
        self.events.push_back(event);
        while self.events.len() > RING_EVENTS || (self.bytes > RING_BYTES && self.events.len() > 1) {
            self.bytes -= self.events.pop_front().map_or(0, |oldest| oldest.len());
        }
    }

    /// What follows `offset`, up to the top. None when some of it is gone, and when the log never got that far: the
    /// answer is all or nothing.
    pub(crate) fn after(&self, offset: Offset) -> Option<impl ExactSizeIterator<Item = &EncodedEvent>> {
        let missed = usize::try_from(self.top.0.checked_sub(offset.0)?).ok()?;
        let start = self.events.len().checked_sub(missed)?;
        Some(self.events.range(start..))
    }

    /// The newest event, if it is held.
    pub(crate) fn last(&self) -> Option<&EncodedEvent> {
        self.events.back()
    }

    /// The first offset under which the other one has not the event of this one. What is older than the other one is
    /// taken for the same; where the oldest of this one is not, nothing before it is known to be.
    pub(crate) fn first_other(&self, other: &Ring) -> Option<Offset> {
        let begin = other.events.front().map_or(other.top.next(), |first| first.offset);
        let later = self.events.iter().filter(|event| event.offset >= begin);
        let is_other = |event: &&EncodedEvent| {
            let at = usize::try_from(event.offset.0 - begin.0).ok().and_then(|at| other.events.get(at));
            at.is_none_or(|its| !its.is_same(event))
        };
        let first = later.into_iter().find(is_other)?.offset;
        let oldest = self.events.front()?.offset;
        Some(if first == oldest { Offset(1) } else { first })
    }

    /// The newest `count` events, fewer when there are not so many.
    pub(crate) fn newest(&self, count: usize) -> impl ExactSizeIterator<Item = &EncodedEvent> {
        self.events.range(self.events.len().saturating_sub(count)..)
    }
}

#[cfg(test)]
mod tests {
    use dostyq_speech::{Entry, Event, Marker, SampleTime};

    use super::*;

    fn ring(base: u64, count: u64) -> Ring {
        let mut ring = Ring::after_offset(Offset(base));
        for offset in base + 1..=base + count {
            let entry = Entry::Marker { at: SampleTime(offset), marker: Marker::Started };
            ring.push(EncodedEvent::new(&Event { offset: Offset(offset), entry }));
        }
        ring
    }

    #[test]
    fn what_follows_an_offset_is_whole_or_nothing() {
        // Events of the log before the ring, events in it, an offset, and the offsets that follow it.
        let check = |base, count, offset, expect: Option<std::ops::Range<u64>>| {
            let ring = ring(base, count);
            let after = ring.after(Offset(offset)).map(|events| events.map(|event| event.offset.0).collect::<Vec<_>>());
            assert_eq!(after, expect.map(Iterator::collect), "{base} + {count} after {offset}");
        };
        check(0, 0, 0, Some(1..1));
        check(0, 3, 0, Some(1..4));
        check(0, 3, 2, Some(3..4));
        check(0, 3, 3, Some(4..4));
        check(0, 3, 4, None);
        check(0, 3, u64::MAX, None);
        check(10, 3, 10, Some(11..14));
        check(10, 3, 9, None);
        check(10, 0, 10, Some(11..11));
        check(10, 0, 9, None);
    }

    #[test]
    fn the_oldest_events_make_room_for_the_newest() {
        let events = RING_EVENTS as u64;
        let ring = ring(0, events + 5);
        assert_eq!(ring.top(), Offset(events + 5));
        assert!(ring.after(Offset(4)).is_none());
        assert_eq!(ring.after(Offset(5)).map(|after| after.len()), Some(RING_EVENTS));
        assert_eq!(
            ring.newest(3).map(|event| event.offset.0).collect::<Vec<_>>(),
            [events + 3, events + 4, events + 5]
        );
        assert_eq!(ring.bytes, ring.events.iter().map(EncodedEvent::len).sum::<usize>());
    }
}
