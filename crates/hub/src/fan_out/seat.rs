use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use super::dues::Dues;
use super::stream::SharedStream;
use crate::encode::Encoded;
use crate::room::{Cursor, Due, RoomState};

/// A viewer whose socket the fan-out threads write to, for as long as that never has to wait.
///
/// The viewer's task hands the socket over when the viewer has everything, and is called when it has to take it back:
/// because the socket takes no more at once, or because the viewer's connection is to end.
pub(crate) struct Seat {
    stream: SharedStream,
    turn: Mutex<Turn>,
    called: Notify,
}

/// Who writes.
enum Turn {
    /// The fan-out threads; the viewer has everything before the cursor.
    FanOut(Cursor),
    /// Nobody, until the viewer's task takes over what is left.
    Returned(Left),
    /// The viewer's task.
    Task,
}

/// Where the viewer's task goes on.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) cursor: Cursor,
    /// The rest of a frame of which the socket took the beginning.
    pub(crate) begun: Bytes,
    /// What follows it, before what is due at the cursor.
    pub(crate) messages: Vec<Encoded>,
}

impl Left {
    fn at(cursor: Cursor) -> Left {
        Left { cursor, begun: Bytes::new(), messages: Vec::new() }
    }
}

impl Seat {
    pub(super) fn new(stream: SharedStream) -> Seat {
        Seat { stream, turn: Mutex::new(Turn::Task), called: Notify::new() }
    }

    /// The viewer's task lets the fan-out threads write. Refused when something is due by now.
    pub(crate) fn hand_over(&self, cursor: &Cursor, state: &watch::Receiver<RoomState>) -> bool {
        let mut turn = self.turn();
        // Looked at while the turn is held: what changes later is seen by a pass that finds the turn changed.
        let mut cursor = cursor.clone();
        let has_everything = state.borrow().due(&mut cursor) == Due::Nothing;
        if has_everything {
            *turn = Turn::FanOut(cursor);
        }
        has_everything
    }

    /// The viewer's task writes again. Nothing when it did already.
    pub(crate) fn take_back(&self) -> Option<Left> {
        match std::mem::replace(&mut *self.turn(), Turn::Task) {
            Turn::FanOut(cursor) => Some(Left::at(cursor)),
            Turn::Returned(left) => Some(left),
            Turn::Task => None,
        }
    }

    /// Waits until the viewer's task has to take its turn back.
    pub(crate) async fn called(&self) {
        self.called.notified().await;
    }

    /// The viewer's task says something between two passes. While its turn is on its way back nothing is said.
    pub(crate) fn say(&self, message: &Encoded) {
        let mut turn = self.turn();
        if let Turn::FanOut(cursor) = &*turn {
            let cursor = cursor.clone();
            self.write(&mut turn, std::slice::from_ref(message), cursor);
        }
    }

    /// Writes all that is due; returns how many messages the socket took or began to take.
    pub(super) fn push(&self, dues: &mut Dues<'_>) -> usize {
        let mut turn = self.turn();
        let mut count = 0;
        while let Turn::FanOut(cursor) = &*turn {
            let found = dues.of(cursor);
            match &found.due {
                Due::Nothing => {}
                Due::Messages(messages) => count += self.write(&mut turn, messages, found.after.clone()),
                // The viewer's task finds the same, from the same place.
                Due::Fallen | Due::Closing => {
                    let cursor = cursor.clone();
                    self.give_back(&mut turn, Left::at(cursor));
                }
            }
            if found.is_all {
                break;
            }
        }
        count
    }

    fn write(&self, turn: &mut Turn, messages: &[Encoded], after: Cursor) -> usize {
        for (place, message) in messages.iter().enumerate() {
            let frame = message.frame();
            // A connection that is broken is found so by the viewer's task when it writes the same.
            let taken = self.stream.write_now(frame).unwrap_or(0);
            if taken < frame.len() {
                let (begun, messages) = (frame.slice(taken..), messages[place + 1..].to_vec());
                self.give_back(turn, Left { cursor: after, begun, messages });
                return place + 1;
            }
        }
        *turn = Turn::FanOut(after);
        messages.len()
    }

    fn give_back(&self, turn: &mut Turn, left: Left) {
        *turn = Turn::Returned(left);
        self.called.notify_one();
    }

    /// Nobody panics while holding the lock.
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
