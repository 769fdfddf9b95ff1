use dostyq_speech::{Epoch, Event, Offset, RoomId};

use crate::HubError;
use crate::room_source::RoomSource;
use crate::wire::Partial;

/// The one who brings a room what another machine writes. It takes the place of a [`RoomPublisher`](crate::RoomPublisher):
/// a room has one or the other. When it is dropped the room's open lines are dropped too; the room and its viewers stay.
pub struct RoomFollower {
    source: RoomSource,
}

impl RoomFollower {
    pub(crate) fn new(source: RoomSource) -> RoomFollower {
        RoomFollower { source }
    }

    /// The room.
    pub fn room(&self) -> &RoomId {
        &self.source.room.id
    }

    /// The epoch of what is shown, and the offset up to which it is.
    pub fn shown(&self) -> (Epoch, Offset) {
        let state = self.source.room.state.borrow();
        (state.epoch, state.ring.top())
    }

    /// Shows the event that follows those that are shown; one that is shown already is left out. False when there are
    /// others before it that are not: read on from [`shown`](RoomFollower::shown), or call
    /// [`catch_up`](RoomFollower::catch_up).
    pub fn take(&mut self, event: &Event) -> bool {
        let top = self.source.top();
        if event.offset == top.next() {
            self.source.show(event);
        }
        event.offset <= top.next()
    }

    /// Shows the lines that are being spoken. Where the log is further than the machine that tells of them knew, the
    /// lines that are finished here stay finished.
    pub fn hold(&mut self, partial: Partial) {
        self.source.room.change(|state| state.hold(partial));
    }

    /// Whoever spoke is not heard any more: what was open goes.
    pub fn hush(&mut self) {
        self.source.room.change(|state| state.open.drop_all());
    }

    /// Its name for people has changed.
    pub fn rename(&mut self, title: impl Into<String>) {
        self.source.rename(title.into());
    }

    /// Shows what the log holds beyond what is shown. Where the log is another one, its newest part takes the place of
    /// all that was, and viewers come back for a new welcome. Blocks on the log.
    ///
    /// # Errors
    ///
    /// The log cannot be read; all stays as it was.
    pub fn catch_up(&mut self) -> Result<(), HubError> {
        self.source.catch_up().map(drop)
    }
}
