//! The state of a room, and what it means for one viewer: plain functions from a state and a cursor to what to send.
//!
//! A viewer is a cursor over the ring: the last offset it was sent and the last version of the open lines it saw. So
//! a slow viewer costs no memory, a line that changes ten times while it reads is sent once, and recovery is nothing
//! but a cursor that starts further back: what a viewer missed and what comes live are the same events of the same
//! ring, taken in one order, with no second path that could lose or double one.

use dostyq_speech::{Entry, Epoch, Event, Lang, Offset, RoomId};

use crate::encode::{Encoded, EncodedEvent, EncodedWelcome, Languages};
use crate::finished::Finished;
use crate::limits::{BACKLOG_BYTES, BACKLOG_EVENTS, BATCH_BYTES, WELCOME_EVENTS};
use crate::open_lines::{OpenLines, Version};
use crate::ring::Ring;
use crate::wire::{Hello, PROTOCOL_VERSION, Partial, ServerMessage, Welcome};

/// What is known of a room. It is watched: a viewer's task wakes when it changes.
#[derive(Debug)]
pub(crate) struct RoomState {
    pub(crate) title: String,
    pub(crate) epoch: Epoch,
    pub(crate) ring: Ring,
    pub(crate) open: OpenLines,
    finished: Finished,
    /// Raised when another log, or another version of it, takes the place of what was shown.
    life: u64,
    /// Offsets, from the first to the last, under which something was shown here that is not in the log: a machine that
    /// wrote while it was cut off had lost the room to another one. Who holds one of them starts afresh.
    disowned: Option<(Offset, Offset)>,
    /// The hub shuts down: viewers get what is left, then 1012.
    pub(crate) closing: bool,
}

/// How far a viewer has come.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cursor {
    languages: Languages,
    /// Whether it wants open lines.
    tail: bool,
    epoch: Epoch,
    life: u64,
    offset: Offset,
    version: Version,
}

impl Cursor {
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }
}

/// What a viewer is due.
#[derive(Debug, PartialEq)]
pub(crate) enum Due {
    /// It has everything.
    Nothing,
    /// These messages, in this order.
    Messages(Vec<Encoded>),
    /// It cannot be kept live: it must come back and recover.
    Fallen,
    /// The room is closing and it has everything.
    Closing,
}

/// What a poll waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It has everything.
    None,
    /// Lines that are still being spoken have changed.
    OpenLines,
    /// The log has gone on, or is another one.
    Events,
}

/// What came of a viewer's claim to have a part of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// It claimed nothing.
    FirstVisit,
    /// It gets exactly what it missed.
    Recovered,
    /// It has to start afresh.
    Lost,
}

impl RoomState {
    pub(crate) fn new(title: String, epoch: Epoch, ring: Ring) -> RoomState {
        let finished = Finished::after_offset(ring.top());
        let open = OpenLines::default();
        RoomState { title, epoch, ring, open, finished, life: 0, disowned: None, closing: false }
    }

    /// Takes the event that follows the top of the ring.
    pub(crate) fn take(&mut self, event: &Event, encoded: EncodedEvent) {
        self.finish_line(event);
        self.ring.push(encoded);
    }

    /// Takes the newest part of a log, `ring` being the encoded form of `newest`, in place of all events so far.
    pub(crate) fn replace_log(&mut self, epoch: Epoch, ring: Ring, newest: &[Event]) {
        newest.iter().for_each(|event| self.finish_line(event));
        let others = self.ring.first_other(&ring).map(|first| (first, self.ring.top()));
        self.disowned = match (self.disowned, others) {
            _ if epoch != self.epoch => None,
            (Some((first, last)), Some((its_first, its_last))) => Some((first.min(its_first), last.max(its_last))),
            (disowned, others) => disowned.or(others),
        };
        self.life += 1;
        self.epoch = epoch;
        self.ring = ring;
        self.finished = Finished::after_offset(self.ring.top());
    }

    /// Takes the open lines of a machine whose log had got as far as the partial says. That may be less than is shown
    /// here, and more: the two come on different ways.
    pub(crate) fn hold(&mut self, partial: Partial) {
        let (after, top) = (partial.after, self.ring.top());
        if partial.epoch != self.epoch.to_string() || (after < top && !self.finished.knows(after)) {
            return;
        }
        // A line that is not told of any more was finished or dropped. If its final is still on the way, the final takes
        // it away.
        if after <= top {
            self.open.keep_lines(&partial.open.iter().map(|line| (line.segment, line.lang)).collect());
        }
        for line in partial.open {
            if !self.finished.is_since(after, line.segment, line.lang) {
                self.open.put_told(line);
            }
        }
    }

    /// What a partial tells of this room now.
    pub(crate) fn partial(&self) -> Partial {
        let read = |line: Encoded| match serde_json::from_slice(line.text()) {
            Ok(ServerMessage::Open(line)) => Some(line),
            _ => None,
        };
        let open = self.open.all(Lang::ALL.into_iter().collect()).into_iter().filter_map(read).collect();
        Partial { epoch: self.epoch.to_string(), after: self.ring.top(), open }
    }

    fn is_disowned(&self, offset: Offset) -> bool {
        self.disowned.is_some_and(|(first, last)| (first..=last).contains(&offset))
    }

    /// A line that is final is open no longer.
    fn finish_line(&mut self, event: &Event) {
        if let Entry::Final(line) = &event.entry {
            self.open.finish(line.segment, line.lang);
            self.finished.push(event.offset, line.segment, line.lang);
        }
    }

    /// The answer to a hello, and the cursor that goes on from it.
    ///
    /// The rule is Centrifugo's: an epoch of old is not recovered; what a viewer missed is sent whole or not at all.
    pub(crate) fn welcome(&self, room: &RoomId, hello: &Hello) -> (EncodedWelcome, Cursor, Recovery) {
        self.answer(room, hello, None)
    }

    fn answer(&self, room: &RoomId, hello: &Hello, open_version: Option<u64>) -> (EncodedWelcome, Cursor, Recovery) {
        let languages: Languages = hello.languages.iter().copied().collect();
        let epoch = self.epoch.to_string();
        let missed = match (&hello.epoch, hello.offset) {
            (Some(held), Some(offset)) if *held == epoch && !self.is_disowned(offset) => self.ring.after(offset),
            _ => None,
        };
        let recovery = match missed {
            Some(_) => Recovery::Recovered,
            None if hello.epoch.is_none() && hello.offset.is_none() => Recovery::FirstVisit,
            None => Recovery::Lost,
        };
        let encoded = |event: &EncodedEvent| event.for_languages(languages).clone();
        let events: Vec<Encoded> = match missed {
            Some(missed) => missed.map(encoded).collect(),
            None => self.ring.newest(WELCOME_EVENTS).map(encoded).collect(),
        };
        let open = if hello.tail { self.open.all(languages) } else { Vec::new() };
        let welcome = Welcome {
            version: PROTOCOL_VERSION,
            room: room.clone(),
            title: self.title.clone(),
            epoch,
            top: self.ring.top(),
            recovered: recovery == Recovery::Recovered,
            open_version,
            events: Vec::new(),
            open: Vec::new(),
        };
        let (epoch, life, offset, version) = (self.epoch, self.life, self.ring.top(), self.open.version());
        let cursor = Cursor { languages, tail: hello.tail, epoch, life, offset, version };
        (EncodedWelcome::new(welcome, events, open), cursor, recovery)
    }

    /// The answer to a poll, which also says which state of the open lines it tells of.
    pub(crate) fn poll_answer(&self, room: &RoomId, hello: &Hello) -> (EncodedWelcome, Recovery) {
        let (welcome, _, recovery) = self.answer(room, hello, Some(self.open.public_version()));
        (welcome, recovery)
    }

    /// What there is to tell a poll that has seen the state `seen` of the open lines.
    pub(crate) fn news(&self, hello: &Hello, seen: Option<u64>) -> News {
        let is_at_top = hello.offset == Some(self.ring.top()) && !self.is_disowned(self.ring.top());
        if hello.epoch.as_deref() != Some(&self.epoch.to_string()) || !is_at_top {
            News::Events
        } else if !hello.tail || seen == Some(self.open.public_version()) {
            News::None
        } else {
            News::OpenLines
        }
    }

    /// Whether nothing more is due to a viewer that was just sent its due, until the room changes again.
    pub(crate) fn is_done(&self, cursor: &Cursor) -> bool {
        cursor.offset == self.ring.top() && !self.closing
    }

    /// What the viewer at `cursor` is due; the cursor moves past it.
    ///
    /// Open lines come after all events: a line that was open before an event may be finished by it.
    pub(crate) fn due(&self, cursor: &mut Cursor) -> Due {
        if cursor.life != self.life {
            return Due::Fallen;
        }
        let Some(waiting) = self.ring.after(cursor.offset) else { return Due::Fallen };
        let mut messages = Vec::new();
        let (mut bytes, count) = (0, waiting.len());
        for event in waiting {
            let message = event.for_languages(cursor.languages);
            bytes += message.len();
            if messages.is_empty() || bytes <= BATCH_BYTES {
                cursor.offset = event.offset;
                messages.push(message.clone());
            }
        }
        // One event of any size is no backlog: closing for it would only bring it again in the next welcome.
        if count > BACKLOG_EVENTS || (count > 1 && bytes > BACKLOG_BYTES) {
            return Due::Fallen;
        }
        if cursor.offset == self.ring.top() && cursor.tail {
            let Some(changes) = self.open.since(cursor.version, cursor.languages) else { return Due::Fallen };
            cursor.version = self.open.version();
            messages.extend(changes);
        }
        match (messages.is_empty(), self.closing) {
            (false, _) => Due::Messages(messages),
            (true, false) => Due::Nothing,
            (true, true) => Due::Closing,
        }
    }
}

#[cfg(test)]
mod following_tests;
#[cfg(test)]
mod tests;
