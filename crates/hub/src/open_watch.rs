use dostyq_speech::RoomId;
use tokio::sync::watch;

use crate::hub::Hub;
use crate::open_lines::Version;
use crate::room::RoomState;
use crate::wire::Partial;

/// Sees the open lines of a room change, for who tells other machines of them. It holds nothing: who looks late sees the
/// newest.
pub struct OpenWatch {
    changes: watch::Receiver<RoomState>,
    seen: Version,
}

impl Hub {
    /// Watches the open lines of a room; None when there is no such room.
    pub fn watch_open_lines(&self, room: &RoomId) -> Option<OpenWatch> {
        let changes = self.find(room)?.state.subscribe();
        Some(OpenWatch { changes, seen: Version::default() })
    }
}

impl OpenWatch {
    /// Waits until the open lines are others than those that were last taken with [`now`](OpenWatch::now). False when
    /// the hub is gone. A call that is dropped misses none.
    pub async fn changed(&mut self) -> bool {
        let seen = self.seen;
        self.changes.wait_for(|state| state.open.version() != seen).await.is_ok()
    }

    /// The open lines, and how far the log was shown when they were open.
    pub fn now(&mut self) -> Partial {
        let state = self.changes.borrow_and_update();
        self.seen = state.open.version();
        state.partial()
    }
}
