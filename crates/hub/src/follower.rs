//! Viewers without a WebSocket: venues whose proxies block it get the same messages over plain HTTP.

use std::time::Duration;

use dostyq_speech::{Epoch, Offset, RoomId};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout_at};

use crate::counters::Counters;
use crate::encode::Encoded;
use crate::hub::{Hub, Present};
use crate::limits::POLL_PAUSE;
use crate::room::{Cursor, Due, News, Recovery, RoomState};
use crate::wire::{CloseCode, Hello};

/// Follows a room for one viewer, as [`serve_viewer`](crate::serve_viewer) does over a WebSocket: same welcome, same
/// messages, same limits. Dropping it is leaving.
///
/// It holds no message between two calls: who does not call [`next`](Follower::next) costs nothing and falls behind.
pub struct Follower {
    hub: Hub,
    changes: watch::Receiver<RoomState>,
    cursor: Cursor,
    _present: Present,
    _place: OwnedSemaphorePermit,
}

impl Hub {
    /// Lets a viewer in: its welcome as JSON, and what follows it.
    ///
    /// # Errors
    ///
    /// The code that a WebSocket would be closed with: no such room, no place, or the hub is shutting down.
    pub fn join(&self, room: &RoomId, hello: &Hello) -> Result<(Vec<u8>, Follower), CloseCode> {
        let place = self.place().inspect_err(|code| self.refused(*code))?;
        let room = self.find(room).ok_or(CloseCode::UnknownRoom).inspect_err(|code| self.refused(*code))?;
        let mut changes = room.state.subscribe();
        let (welcome, cursor, recovery) = changes.borrow_and_update().welcome(&room.id, hello);
        recovery.count(self.counters());
        let follower = Follower { hub: self.clone(), changes, cursor, _present: room.count_viewer(), _place: place };
        Ok((welcome.to_vec(), follower))
    }

    /// Answers a poll: a welcome with what the viewer lacks, at once if there is something, else as soon as there is,
    /// at the latest after `patience`. `seen` is the `n` of the answer before.
    ///
    /// # Errors
    ///
    /// As for [`join`](Hub::join).
    pub async fn poll(
        &self,
        room: &RoomId,
        hello: &Hello,
        seen: Option<u64>,
        patience: Duration,
    ) -> Result<Vec<u8>, CloseCode> {
        let _place = self.place().inspect_err(|code| self.refused(*code))?;
        let room = self.find(room).ok_or(CloseCode::UnknownRoom).inspect_err(|code| self.refused(*code))?;
        let _present = room.count_viewer();
        let mut changes = room.state.subscribe();
        let mut deadline = Instant::now() + patience;
        loop {
            let (news, is_closing) = {
                let state = changes.borrow_and_update();
                (state.news(hello, seen), state.closing)
            };
            match news {
                News::Events => break,
                // Drafts change ten times a second; a request for each would cost more than it shows.
                News::OpenLines => deadline = deadline.min(Instant::now() + POLL_PAUSE),
                News::None if is_closing => return Err(CloseCode::Restart),
                News::None => {}
            }
            if timeout_at(deadline, changes.changed()).await.is_err() {
                break;
            }
        }
        let (answer, recovery) = changes.borrow().poll_answer(&room.id, hello);
        // A poll always says what it has; only one that lost it is worth counting.
        if recovery == Recovery::Lost {
            recovery.count(self.counters());
        }
        Ok(answer.to_vec())
    }

    fn refused(&self, code: CloseCode) {
        match code {
            CloseCode::Busy => self.counters().busy_closes.add(1),
            CloseCode::Restart => {}
            _ => self.counters().bad_hellos.add(1),
        }
    }
}

impl Follower {
    /// The epoch that its offsets belong to.
    pub fn epoch(&self) -> Epoch {
        self.cursor.epoch()
    }

    /// The offset up to which it has been given the log.
    pub fn offset(&self) -> Offset {
        self.cursor.offset()
    }

    /// The next messages, in order, as soon as there are some.
    ///
    /// # Errors
    ///
    /// The code that a WebSocket would be closed with: the viewer was too slow (3008) or the hub is shutting down
    /// (1012). It is to come back either way.
    pub async fn next(&mut self) -> Result<Vec<Encoded>, CloseCode> {
        loop {
            let due = self.changes.borrow_and_update().due(&mut self.cursor);
            match due {
                Due::Messages(messages) => {
                    self.hub.counters().delivered.add(messages.len() as u64);
                    return Ok(messages);
                }
                Due::Fallen => {
                    self.hub.counters().slow_closes.add(1);
                    return Err(CloseCode::Slow);
                }
                Due::Closing => return Err(CloseCode::Restart),
                Due::Nothing => self.changes.changed().await.map_err(|_| CloseCode::Restart)?,
            }
        }
    }
}

impl Recovery {
    pub(crate) fn count(self, counters: &Counters) {
        match self {
            Recovery::FirstVisit => {}
            Recovery::Recovered => counters.recovered.add(1),
            Recovery::Lost => counters.not_recovered.add(1),
        }
    }
}
