use tokio::sync::watch;

use crate::room::{Cursor, Due, RoomState};

/// Cursors that are told apart in one pass: viewers of a room differ in their languages and in whether they want open
/// lines, and nearly all of them have come equally far.
const CURSORS: usize = 16;

/// What is due to viewers, found once for all whose cursors are the same.
pub(super) struct Dues<'a> {
    state: &'a watch::Sender<RoomState>,
    known: Vec<Found>,
}

/// What is due to a viewer.
pub(super) struct Found {
    /// Where it stands.
    before: Cursor,
    pub(super) due: Due,
    /// Where it stands when it has been given that.
    pub(super) after: Cursor,
    /// Nothing more is due then, until the room changes again.
    pub(super) is_all: bool,
}

impl Dues<'_> {
    pub(super) fn new(state: &watch::Sender<RoomState>) -> Dues<'_> {
        Dues { state, known: Vec::with_capacity(CURSORS) }
    }

    /// What is due to a viewer that stands at `cursor`.
    pub(super) fn of(&mut self, cursor: &Cursor) -> &Found {
        let place = match self.known.iter().position(|found| found.before == *cursor) {
            Some(place) => place,
            None => {
                if self.known.len() == CURSORS {
                    self.known.clear();
                }
                let mut after = cursor.clone();
                let state = self.state.borrow();
                let due = state.due(&mut after);
                let is_all = due == Due::Nothing || state.is_done(&after);
                drop(state);
                self.known.push(Found { before: cursor.clone(), due, after, is_all });
                self.known.len() - 1
            }
        };
        &self.known[place]
    }

    /// From here on the room is looked at anew.
    pub(super) fn renew(&mut self) {
        self.known.clear();
    }
}
